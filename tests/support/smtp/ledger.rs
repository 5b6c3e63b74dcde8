//! What relays accepted, on disk and line by line, so that it can be compared with the database by whoever comes later.

use std::{
    fs::{self, File, OpenOptions},
    hash::{DefaultHasher, Hasher as _},
    io::Write as _,
    path::PathBuf,
    sync::{Arc, Mutex},
    time::{SystemTime, UNIX_EPOCH},
};

use serde::{Deserialize, Serialize};
use tempfile::TempDir;

use super::Received;

/// A file that any number of relays write to.
#[derive(Clone)]
pub(crate) struct Ledger {
    file: Arc<Mutex<File>>,
    folder: Arc<TempDir>,
}

/// One line: a message was begun (`MAIL`), or accepted.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Entry {
    /// Microseconds since 1970.
    pub(crate) at: i64,
    /// The relay's port.
    pub(crate) relay: u16,
    /// The relay's connection, counted from 1.
    pub(crate) connection: usize,
    /// `None` where a message was only begun.
    pub(crate) accepted: Option<Copy>,
}

/// One copy of a message.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Copy {
    /// With its angle brackets.
    pub(crate) message_id: String,
    /// The envelope's recipients.
    pub(crate) to: Vec<String>,
    /// The same for the same bytes.
    pub(crate) fingerprint: String,
    /// Whether the relay was going to say so.
    pub(crate) confirmed: bool,
}

impl Ledger {
    /// An empty one.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let file = OpenOptions::new().create(true).append(true).open(path(&folder)).expect("a ledger");
        Self { file: Arc::new(Mutex::new(file)), folder: Arc::new(folder) }
    }

    /// All entries so far, in the order in which they were made.
    pub(crate) fn read(&self) -> Vec<Entry> {
        let text = fs::read_to_string(path(&self.folder)).expect("a ledger");
        text.lines().map(|line| serde_json::from_str(line).expect("an entry")).collect()
    }

    pub(super) fn begun(&self, relay: u16, connection: usize) {
        self.add(&Entry { at: now(), relay, connection, accepted: None });
    }

    pub(super) fn accepted(&self, relay: u16, message: &Received) {
        let mut hasher = DefaultHasher::new();
        hasher.write(&message.raw);
        let copy = Copy {
            message_id: message.header("Message-ID").unwrap_or_default(),
            to: message.to.clone(),
            fingerprint: format!("{}-{:016x}", message.raw.len(), hasher.finish()),
            confirmed: message.confirmed,
        };
        self.add(&Entry { at: now(), relay, connection: message.connection, accepted: Some(copy) });
    }

    fn add(&self, entry: &Entry) {
        let mut line = serde_json::to_vec(entry).expect("an entry");
        line.push(b'\n');
        self.file.lock().unwrap().write_all(&line).expect("room for the ledger");
    }
}

fn path(folder: &TempDir) -> PathBuf {
    folder.path().join("ledger")
}

/// Microseconds since 1970.
pub(crate) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970");
    i64::try_from(since.as_micros()).expect("a clock before the year 294247")
}
