//! What a newcomer reads when everything is ready.

use std::{fmt, path::Path};

use shared::config::{Config, MailTransport};

use super::cast::{Actor, Cast, Part};

/// The first query one can paste; anybody may ask it.
pub(super) const FIRST_QUERY: &str = "{ viewer { matches(first: 3) { nodes { partner { name country } score } } } }";

/// Addresses, tokens and what to do first.
#[derive(Debug)]
pub(super) struct Welcome<'a> {
    /// How this program was called.
    pub(super) program: &'a str,
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
        let Self { url, config, .. } = self;
        let folder = self.folder.display();
        writeln!(f, "\nCounterpart is ready.\n")?;
        if config.http.explorer {
            writeln!(f, "  Explorer         {url}/explorer")?;
        }
        if config.http.explorer && config.mail.transport == MailTransport::Mailbox {
            writeln!(f, "  Mailbox          {url}/mailbox")?;
        }
        writeln!(f, "  API              {url}/graphql")?;
        writeln!(f, "  Data             {folder}")?;
        self.first_steps(f)?;
        write!(f, "\nCtrl-C stops it and keeps the data. To begin anew, delete {folder}.")
    }
}

impl Welcome<'_> {
    fn first_steps(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [
            ("PARTICIPANT", Part::Matched),
            ("COORDINATOR", Part::Coordinator),
            ("ADMINISTRATOR", Part::Administrator),
        ];
        let found: Vec<(&str, &Actor)> =
            parts.into_iter().filter_map(|(name, part)| Some((name, self.cast.first(part)?))).collect();
        let Some((first, _)) = found.first() else { return self.first_organization(f) };
        writeln!(f, "\nPeople to act as, for 30 days; the explorer has more to choose from:\n")?;
        for (name, actor) in &found {
            writeln!(f, "  # {}\n  {name}={}", actor.label(), actor.token)?;
        }
        writeln!(f, "\nA first query, to paste into the explorer:\n\n  {FIRST_QUERY}\n")?;
        writeln!(f, "Or in a terminal, after a line with a token from above:\n")?;
        writeln!(f, "  curl {}/graphql -H 'Content-Type: application/json' \\", self.url)?;
        writeln!(f, "    -H \"Authorization: Bearer ${first}\" -d '{{\"query\": \"{FIRST_QUERY}\"}}'")
    }

    fn first_organization(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { program, .. } = self;
        writeln!(f, "\nThere is nobody yet. In another terminal, make an organization and its administrator:\n")?;
        writeln!(f, "  {program} organization create --data-dir {} --slug example \\", self.folder.display())?;
        writeln!(f, "    --name 'Example' --contact help@example.org \\")?;
        writeln!(f, "    --administrator-name 'Ana Silva' --administrator-email ana.silva@example.org")
    }
}
