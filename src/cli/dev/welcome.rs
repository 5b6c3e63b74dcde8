//! What a newcomer reads when everything is ready.

use std::{fmt, path::Path};

use shared::config::{Config, MailTransport};

use super::cast::{Actor, Cast, Part};

/// The first query one can paste, by anybody.
pub(super) const FIRST_QUERY: &str = "{ viewer { person { name } } }";

/// Addresses, tokens and what to do first.
#[derive(Debug)]
pub(super) struct Welcome<'a> {
    /// Where the API is, without a slash at the end.
    pub(super) url: &'a str,
    /// The data folder.
    pub(super) folder: &'a Path,
    /// The settings.
    pub(super) config: &'a Config,
    /// Whom one can act as.
    pub(super) cast: &'a Cast,
}

impl fmt::Display for Welcome<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { url, folder, config, .. } = self;
        writeln!(f, "\nCounterpart is ready.\n")?;
        if config.http.explorer {
            writeln!(f, "  Explorer   {url}/explorer")?;
        }
        if config.http.explorer && config.mail.transport == MailTransport::Mailbox {
            writeln!(f, "  Mailbox    {url}/mailbox")?;
        }
        writeln!(f, "  API        {url}/graphql")?;
        writeln!(f, "  Data       {}", folder.display())?;
        self.tokens(f)?;
        write!(f, "\nCtrl-C stops it. The data stays; to begin anew, delete {}.", folder.display())
    }
}

impl Welcome<'_> {
    fn tokens(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let first = [Part::Matched, Part::Coordinator, Part::Administrator].map(|part| self.cast.first(part));
        let found: Vec<&Actor> = first.into_iter().flatten().collect();
        let Some(participant) = found.first() else {
            let place = self.folder.display();
            writeln!(f, "\nThere is nobody yet. The first organization and its administrator:\n")?;
            writeln!(f, "  counterpart organization create --data-dir {place} --slug example --name Example \\")?;
            writeln!(
                f,
                "    --contact help@example.org --administrator-name Ana --administrator-email ana@example.org"
            )?;
            return writeln!(
                f,
                "\nWhile this process runs, it has the folder for itself only as a server: commands may use it."
            );
        };
        writeln!(f, "\nTokens to try it with, valid for 30 days (the explorer offers them, and more):")?;
        for actor in &found {
            writeln!(f, "\n  {}\n  {}", actor.label(), actor.token)?;
        }
        writeln!(f, "\nA first query, for the explorer:\n\n  {FIRST_QUERY}\n\nor for a terminal:\n")?;
        writeln!(f, "  curl {}/graphql \\", self.url)?;
        writeln!(f, "    -H 'Content-Type: application/json' -H 'Authorization: Bearer {}' \\", participant.token)?;
        writeln!(f, "    -d '{{\"query\": \"{}\"}}'", FIRST_QUERY.replace('"', "\\\""))
    }
}
