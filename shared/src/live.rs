//! What live subscribers are told: which matches changed and how far a run is. A message names things and carries
//! nothing of them, so whoever hears it reads them again, as far as they may.
//!
//! The store notes in each transaction what it changes; whoever commits announces that. So nothing is told that did not
//! happen.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    bus::{Bus, Topic},
    domain::{
        match_runs::{MatchRun, RunPhase, RunStatus},
        matches::Match,
        sessions::Session,
    },
};

/// How many matches one message names. A night may make thousands, and subscribers keep 256 messages.
const MATCHES_A_MESSAGE: usize = 100;

/// A message on [`Topic::MatchUpdated`]: matches of one program that were made or changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MatchesUpdated {
    /// The tenant.
    pub organization_id: Uuid,
    /// The program.
    pub program_id: Uuid,
    /// The matches, at most 100.
    pub match_ids: Vec<Uuid>,
}

/// A message on [`Topic::RunProgress`]: a run changed its state or got further.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunProgress {
    /// The tenant.
    pub organization_id: Uuid,
    /// The program.
    pub program_id: Uuid,
    /// The run.
    pub run_id: Uuid,
    /// Where it stands.
    pub status: RunStatus,
    /// What is being done; only while it is planned.
    pub phase: Option<RunPhase>,
    /// How much of the planning is done, 0 to 100; only while it is planned.
    pub percent: Option<u8>,
}

impl RunProgress {
    /// Where a run stands, without how far its planning is.
    pub fn of(run: &MatchRun) -> Self {
        Self {
            organization_id: run.organization_id,
            program_id: run.program_id,
            run_id: run.id,
            status: run.status,
            phase: None,
            percent: None,
        }
    }
}

/// What a transaction changed that somebody may be watching.
#[derive(Debug, Default)]
pub struct Changes {
    /// By tenant and program, in the order of their first change.
    matches: BTreeMap<(Uuid, Uuid), Vec<Uuid>>,
    runs: Vec<RunProgress>,
}

/// Changes in the making.
#[derive(Debug, Default)]
pub(crate) struct Noted(Mutex<Changes>);

impl Noted {
    pub(crate) fn note_match(&self, found: &Match) {
        self.note((found.organization_id, found.program_id), found.id);
    }

    /// Its sessions are part of a match.
    pub(crate) fn note_session(&self, session: &Session) {
        self.note((session.organization_id, session.program_id), session.match_id);
    }

    fn note(&self, whose: (Uuid, Uuid), match_id: Uuid) {
        let mut changes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let ids = changes.matches.entry(whose).or_default();
        // A match that is made and begins at once is written twice in a row.
        if ids.last() != Some(&match_id) {
            ids.push(match_id);
        }
    }

    pub(crate) fn note_run(&self, run: &MatchRun) {
        let mut changes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        changes.runs.push(RunProgress::of(run));
    }

    pub(crate) fn absorb(&self, part: Changes) {
        let mut changes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (whose, ids) in part.matches {
            changes.matches.entry(whose).or_default().extend(ids);
        }
        changes.runs.extend(part.runs);
    }

    pub(crate) fn into_changes(self) -> Changes {
        self.0.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Bus {
    /// Tells live subscribers what a transaction changed; after its commit.
    pub async fn announce(&self, changes: Changes) {
        for ((organization_id, program_id), match_ids) in changes.matches {
            for match_ids in match_ids.chunks(MATCHES_A_MESSAGE) {
                let message = MatchesUpdated { organization_id, program_id, match_ids: match_ids.to_vec() };
                self.tell(Topic::MatchUpdated, &message).await;
            }
        }
        for progress in changes.runs {
            self.announce_progress(progress).await;
        }
    }

    /// Tells live subscribers how far a run is.
    pub async fn announce_progress(&self, progress: RunProgress) {
        self.tell(Topic::RunProgress, &progress).await;
    }

    async fn tell(&self, topic: Topic, message: &(impl Serialize + Sync)) {
        match serde_json::to_string(message) {
            Ok(payload) => self.publish(topic, &payload).await,
            Err(error) => tracing::error!(%error, topic = topic.as_str(), "a message cannot be written as JSON"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bus::Notice;

    #[tokio::test]
    async fn thousands_of_matches_are_told_in_few_messages() {
        let bus = Bus::in_process();
        let mut heard = bus.subscribe(Topic::MatchUpdated);
        let (organization_id, program_id) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let match_ids: Vec<Uuid> = (0..250).map(Uuid::from_u128).collect();
        let changes = Changes { matches: [((organization_id, program_id), match_ids.clone())].into(), runs: vec![] };
        bus.announce(changes).await;
        drop(bus);
        let mut told = Vec::new();
        let mut messages = 0;
        while let Some(Notice::Message(payload)) = heard.next().await {
            let message: MatchesUpdated = serde_json::from_str(&payload).unwrap();
            assert_eq!((message.organization_id, message.program_id), (organization_id, program_id));
            told.extend(message.match_ids);
            messages += 1;
        }
        assert_eq!((messages, told), (3, match_ids));
    }
}
