//! `counterpart migrate`

use std::path::Path;

use clap::Args;

use super::{
    Failure, output, process,
    settings::{self, Place},
};

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Change nothing; fail when migrations are missing
    #[arg(long)]
    check: bool,
    #[command(flatten)]
    place: Place,
}

/// Applies what is missing and names it.
pub(super) async fn run(file: Option<&Path>, options: &Options) -> Result<(), Failure> {
    let config = settings::load_at(&options.place, file)?;
    let applied = if options.check {
        process::check_schema(&config).await?;
        Vec::new()
    } else {
        migrations::migrate(config.database.url.expose()).await.map_err(Failure::database)?
    };
    for name in &applied {
        output::line(format!("applied {name}"));
    }
    if applied.is_empty() {
        output::line("The schema is current.");
    }
    Ok(())
}
