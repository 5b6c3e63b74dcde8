//! What organizations decided about their front ends, remembered for a moment.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use chrono::{DateTime, TimeDelta, Utc};
use shared::{
    clock::Clock,
    store::{Store, StoreError, organization_settings},
};
use tokio::sync::Mutex;
use uuid::Uuid;

/// For how long a decision may go unnoticed.
const REMEMBERED: TimeDelta = TimeDelta::seconds(10);

/// The decisions of all organizations: few have made any, so one statement reads them.
#[derive(Debug)]
pub(crate) struct Tenants {
    store: Store,
    clock: Clock,
    kept: Mutex<Option<(DateTime<Utc>, Arc<Decisions>)>>,
}

#[derive(Debug, Default)]
struct Decisions {
    allowed: HashMap<String, HashSet<Uuid>>,
    documents_only: HashSet<Uuid>,
}

impl Tenants {
    pub(crate) fn new(store: Store, clock: Clock) -> Self {
        Self { store, clock, kept: Mutex::default() }
    }

    /// Whether a page of this origin (as the browser names it) may read answers to this organization's people; with
    /// `None`, to anybody who has no token, whose answers hold nothing of any organization: then it is enough that one
    /// of them allows the origin.
    ///
    /// # Errors
    /// When the database is gone.
    pub(super) async fn allows(&self, origin: &str, organization_id: Option<Uuid>) -> Result<bool, StoreError> {
        let decisions = self.decisions().await?;
        let allowing = decisions.allowed.get(origin);
        Ok(allowing.is_some_and(|allowing| organization_id.is_none_or(|organization| allowing.contains(&organization))))
    }

    /// Whether participants of this organization may only run registered documents.
    ///
    /// # Errors
    /// When the database is gone.
    pub(super) async fn documents_only(&self, organization_id: Uuid) -> Result<bool, StoreError> {
        Ok(self.decisions().await?.documents_only.contains(&organization_id))
    }

    async fn decisions(&self) -> Result<Arc<Decisions>, StoreError> {
        let now = self.clock.now();
        // Whoever comes while they are read waits for the same reading.
        let mut kept = self.kept.lock().await;
        if let Some((read_at, decisions)) = kept.as_ref()
            && (now - *read_at).abs() < REMEMBERED
        {
            return Ok(Arc::clone(decisions));
        }
        let mut decisions = Decisions::default();
        for settings in organization_settings::every(&self.store).await? {
            for origin in settings.allowed_origins {
                decisions.allowed.entry(origin).or_default().insert(settings.organization_id);
            }
            if settings.documents_only {
                decisions.documents_only.insert(settings.organization_id);
            }
        }
        let decisions = Arc::new(decisions);
        *kept = Some((now, Arc::clone(&decisions)));
        Ok(decisions)
    }
}
