//! `counterpart keys`

use std::path::{Path, PathBuf};

use clap::Subcommand;
use shared::{
    auth::{Keys, Signer},
    config::{Layers, Role},
};

use super::{Failure, output, settings};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Make a signing key, unless the folder holds keys already
    Generate {
        /// The folder; `auth.keys_dir` unless given
        #[arg(long, value_name = "DIR")]
        dir: Option<PathBuf>,
    },
}

/// Makes sure that there are keys.
pub(super) fn run(file: Option<&Path>, command: Command) -> Result<(), Failure> {
    let Command::Generate { dir } = command;
    // Making a key needs no database; the embedded mode is the one that asks for nothing.
    let layers = Layers::new().role(Role::Tool).embedded(Path::new("."), 0);
    let mut auth = layers.file(file).env(settings::environment()).load()?.auth;
    if let Some(dir) = dir {
        auth.keys_dir = dir;
    }
    let shown = auth.keys_dir.display().to_string();
    if let Ok(signer) = Signer::load(&auth) {
        output::line(format!("{shown} holds the signing key {} already.", signer.key_id()));
        return Ok(());
    }
    // Whoever believes the keys of an identity provider does not want to believe ours as well.
    if Keys::load(&auth.keys_dir).is_ok() {
        output::line(format!("{shown} holds public keys of somebody who signs elsewhere; no key was made."));
        return Ok(());
    }
    let signer = Signer::load_or_generate(&auth)?;
    output::line(format!("Made the signing key {} in {shown}.", signer.key_id()));
    Ok(())
}
