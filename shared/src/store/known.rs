//! Programs that were read before.
//!
//! A program changes rarely, and every page of matches needs its questions. Whoever changes a program counts its version
//! up in the same transaction, so what was read at a version stays true of it: only the version has to be read anew, in
//! the statement that reads whatever points at the program. No replica has to tell another one anything.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use uuid::Uuid;

use crate::domain::programs::Program;

/// More programs than this are not kept; one takes a few kilobytes.
const MOST: usize = 1_000;

/// Each program as it was when it was last read, by id.
#[derive(Debug, Default)]
pub(in crate::store) struct Known {
    programs: Mutex<HashMap<Uuid, Arc<Program>>>,
}

impl Known {
    fn programs(&self) -> MutexGuard<'_, HashMap<Uuid, Arc<Program>>> {
        self.programs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The programs of this organization that are known at these versions, and the ids of the others.
    pub(super) fn find(&self, organization_id: Uuid, versions: &[(Uuid, i32)]) -> (Vec<Arc<Program>>, Vec<Uuid>) {
        let programs = self.programs();
        let mut found = Vec::with_capacity(versions.len());
        let mut missing = Vec::new();
        for (id, version) in versions {
            match programs.get(id) {
                Some(known) if known.version == *version && known.organization_id == organization_id => {
                    found.push(Arc::clone(known));
                }
                _ => missing.push(*id),
            }
        }
        (found, missing)
    }

    /// Keeps what was read outside of transactions. Questions are read after the version: should the program change in
    /// between, the next reader sees a newer version than the one kept here, and reads it again.
    pub(super) fn remember(&self, read: &[Arc<Program>]) {
        let mut programs = self.programs();
        if programs.len() + read.len() > MOST {
            programs.clear();
        }
        for program in read.iter().take(MOST) {
            programs.insert(program.id, Arc::clone(program));
        }
    }
}
