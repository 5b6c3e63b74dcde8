//! The folder of a mailbox, as the mailbox transport fills it: `new/<message id>.eml`. Everything here blocks.

use std::{
    io,
    path::{Path, PathBuf},
};

use serde::Serialize;
use uuid::Uuid;

use super::mails::Line;

/// The folder that mails are delivered into.
#[derive(Clone, Debug)]
pub(super) struct Folder {
    new: PathBuf,
}

/// Some of the mails, newest first.
#[derive(Debug, Serialize)]
pub(super) struct Page {
    messages: Vec<Line>,
    /// Whether there are older ones.
    more: bool,
    /// How many mails fit the search altogether.
    total: usize,
}

impl Folder {
    pub(super) fn new(dir: &Path) -> Self {
        Self { new: dir.join("new") }
    }

    /// The bytes of one mail. The name is made from the id alone, so no request can reach another file.
    pub(super) fn read(&self, id: Uuid) -> io::Result<Vec<u8>> {
        std::fs::read(self.new.join(format!("{}.eml", id.hyphenated())))
    }

    /// At most `limit` mails whose recipient or subject holds `search`, those older than the mail `before` when there is
    /// one.
    pub(super) fn list(&self, search: &str, before: Option<Uuid>, limit: usize) -> io::Result<Page> {
        let wanted = search.trim().to_lowercase();
        let mut ids = self.ids()?;
        let mut lines = Vec::new();
        if !wanted.is_empty() {
            lines = self.lines(&ids);
            lines.retain(|(_, line)| line.holds(&wanted));
            ids = lines.iter().map(|(id, _)| *id).collect();
        }
        let total = ids.len();
        let is_asked_for = |id: &Uuid| before.is_none_or(|before| *id < before);
        ids.retain(is_asked_for);
        lines.retain(|(id, _)| is_asked_for(id));
        let more = ids.len() > limit;
        ids.truncate(limit);
        lines.truncate(limit);
        if wanted.is_empty() {
            lines = self.lines(&ids);
        }
        Ok(Page { messages: lines.into_iter().map(|(_, line)| line).collect(), more, total })
    }

    /// The ids of all mails, newest first: they begin with the time.
    fn ids(&self) -> io::Result<Vec<Uuid>> {
        let entries = match std::fs::read_dir(&self.new) {
            // The folder is made with the first mail.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut ids = Vec::new();
        for entry in entries {
            let name = entry?.file_name();
            let id = name.to_str().and_then(|name| name.strip_suffix(".eml")).and_then(|id| Uuid::try_parse(id).ok());
            ids.extend(id);
        }
        ids.sort_unstable_by(|a, b| b.cmp(a));
        Ok(ids)
    }

    /// What the list shows of these mails. A mail that has been deleted since is left out.
    fn lines(&self, ids: &[Uuid]) -> Vec<(Uuid, Line)> {
        ids.iter().filter_map(|id| Some((*id, Line::read(*id, &self.read(*id).ok()?)))).collect()
    }
}
