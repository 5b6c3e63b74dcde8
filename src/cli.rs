//! The command line: which subcommands there are, and what they have in common.

mod api;
mod config;
mod dev;
mod dkim;
mod failure;
mod health;
mod import;
mod keys;
mod matching;
mod migrate;
mod organization;
mod output;
mod process;
mod progress;
mod settings;
mod signals;
mod simulate;
mod token;
mod worker;

use std::path::PathBuf;

use clap::{CommandFactory, Parser, Subcommand, error::ErrorKind};

pub(crate) use self::failure::Failure;

/// Peer and career mentoring as a service.
///
/// Without a subcommand, API and worker run in this one process and keep everything in ./data: a SQLite file, signing
/// keys and a mailbox. The first start fills it with two sample organizations.
#[derive(Debug, Parser)]
#[command(version)]
pub(crate) struct Cli {
    /// A TOML file with settings; `counterpart config` prints one to start from
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(flatten)]
    dev: dev::Options,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// API and worker in one process, with sample data (the default)
    Dev(dev::Options),
    /// Serve the API
    Api,
    /// Plan the nights, send mail and reminders
    Worker,
    /// Bring the database to the newest schema
    Migrate(migrate::Options),
    /// Sign a token for a person and print it
    Token(token::Options),
    /// Signing keys
    #[command(subcommand)]
    Keys(keys::Command),
    /// Print the DNS records that the keys in `mail.dkim_keys` need
    Dkim,
    /// Organizations, each a world of its own
    #[command(subcommand)]
    Organization(organization::Command),
    /// Enroll people from a CSV file
    Import(import::Options),
    /// Pair people from a spreadsheet, or from scores of your own; no server, no database
    Match(Box<matching::Options>),
    /// Work out beforehand what a night would need
    #[command(subcommand)]
    Simulate(simulate::Command),
    /// Print every setting with its meaning and its default
    Config,
    /// Ask a running API whether it is well
    Health(health::Options),
}

impl Cli {
    /// Does what was asked for.
    pub(crate) async fn run(self) -> Result<(), Failure> {
        let file = self.config.as_deref();
        if self.command.is_some() && self.dev.are_given() {
            let message = "--port, --data-dir and --no-seed come after the subcommand, and only some have them";
            Self::command().error(ErrorKind::ArgumentConflict, message).exit();
        }
        settings::set_failpoints()?;
        match self.command.unwrap_or(Command::Dev(self.dev)) {
            Command::Dev(options) => dev::run(file, options).await,
            Command::Api => api::run(file).await,
            Command::Worker => worker::run(file).await,
            Command::Migrate(options) => migrate::run(file, &options).await,
            Command::Token(options) => token::run(file, options).await,
            Command::Keys(command) => keys::run(file, command),
            Command::Dkim => dkim::run(file),
            Command::Organization(command) => organization::run(file, command).await,
            Command::Import(options) => import::run(file, options).await,
            Command::Match(options) => matching::run(&options),
            Command::Simulate(command) => simulate::run(&command),
            Command::Config => {
                config::run();
                Ok(())
            }
            Command::Health(options) => health::run(&options).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn the_default_takes_the_options_of_dev_and_a_settings_file() {
        let cli = Cli::try_parse_from(["counterpart", "--port", "0", "--no-seed"]).unwrap();
        assert!(cli.command.is_none() && cli.dev.are_given());
        let cli = Cli::try_parse_from(["counterpart", "dev", "--data-dir", "x", "--config", "c.toml"]).unwrap();
        assert!(matches!(&cli.command, Some(Command::Dev(options)) if options.are_given()));
        assert!(!cli.dev.are_given() && cli.config.is_some());
        let cli = Cli::try_parse_from(["counterpart", "--config", "c.toml", "api"]).unwrap();
        assert!(matches!(cli.command, Some(Command::Api)) && cli.config.is_some());
        assert!(Cli::try_parse_from(["counterpart", "api", "--port", "1"]).is_err());
    }
}
