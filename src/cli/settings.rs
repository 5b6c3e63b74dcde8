//! Where a command takes its settings from.

use std::path::{Path, PathBuf};

use clap::Args;
use shared::{
    config::{Config, ConfigError, Layers, Role},
    failpoints::{self, FailpointError},
};

/// For commands that may also work on the data of `counterpart` alone.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct Place {
    /// Work on the data of `counterpart` alone in this folder, such as ./data, instead of database.url
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
}

impl Place {
    /// The same place, for another command that is suggested.
    pub(super) fn as_arguments(&self) -> String {
        self.data_dir.as_ref().map(|dir| format!(" --data-dir {}", dir.display())).unwrap_or_default()
    }
}

/// The environment as the settings see it. Variables that are not UTF-8 are none of ours.
pub(super) fn environment() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
}

/// Sets the failpoints that the environment asks for.
pub(super) fn set_failpoints() -> Result<(), FailpointError> {
    let list = environment().find(|(name, _)| name == failpoints::VARIABLE);
    list.map_or(Ok(()), |(_, list)| failpoints::set(&list))
}

/// The settings of a deployed process.
pub(super) fn load(file: Option<&Path>, role: Role) -> Result<Config, ConfigError> {
    Layers::new().role(role).file(file).env(environment()).load()
}

/// The settings of a command that works on the database.
pub(super) fn load_at(place: &Place, file: Option<&Path>) -> Result<Config, ConfigError> {
    let layers = Layers::new().role(Role::Tool).file(file).env(environment());
    match &place.data_dir {
        Some(dir) => layers.embedded(dir, 0).load(),
        None => layers.load(),
    }
}
