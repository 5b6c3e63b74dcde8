//! Matches that are made or changed.

use std::{collections::VecDeque, sync::Arc};

use chrono::{DateTime, TimeDelta, Utc};
use shared::{
    bus::{Notice, Subscription, Topic},
    clock::Clock,
    domain::matches::Match,
    live::MatchesUpdated,
    store::{
        StoreError,
        lists::{
            self, Key, Position, Stretch,
            matches::{MatchList, MatchOrder},
        },
    },
};
use uuid::Uuid;

use crate::{graphql::reader::Reader, use_cases::State};

/// How many changed matches wait for a slow subscriber. Beyond, they are found again in the database.
const WAITING_MAX: usize = 1_000;
/// How many changed matches are looked up at once after notices were missed.
const PAGE: u32 = 100;
/// A change is stored a little after the moment it is dated, and the clocks of two hosts differ.
const MARGIN: TimeDelta = TimeDelta::seconds(60);

/// Changes of matches of one organization, or of some of them.
pub(in crate::graphql) struct MatchSource {
    pub(super) heard: Subscription,
    clock: Clock,
    organization_id: Uuid,
    match_id: Option<Uuid>,
    list: MatchList,
    waiting: VecDeque<Uuid>,
    /// Notices were missed: what changed after this place in the list is looked up.
    missed: Option<Position>,
    /// Every change until then was heard of.
    until: DateTime<Utc>,
}

impl MatchSource {
    /// Listens from now on.
    pub(in crate::graphql) fn new(
        state: &State,
        organization_id: Uuid,
        program_id: Option<Uuid>,
        match_id: Option<Uuid>,
    ) -> Self {
        Self {
            heard: state.bus.subscribe(Topic::MatchUpdated),
            clock: state.clock.clone(),
            organization_id,
            match_id,
            list: MatchList { program_id, ..MatchList::default() },
            waiting: VecDeque::new(),
            missed: None,
            until: state.clock.now(),
        }
    }

    pub(super) fn take(&mut self, notice: &Notice) -> bool {
        let Notice::Message(payload) = notice else {
            self.look_up();
            return true;
        };
        // Notices come in order: nothing was missed before this one.
        if self.missed.is_none() {
            self.until = self.clock.now();
        }
        let Ok(message) = serde_json::from_str::<MatchesUpdated>(payload) else {
            tracing::debug!("a notice about matches cannot be read");
            return false;
        };
        let is_wanted = message.organization_id == self.organization_id
            && self.list.program_id.is_none_or(|program_id| program_id == message.program_id);
        is_wanted && message.match_ids.into_iter().filter(|id| self.add(*id)).count() > 0
    }

    fn add(&mut self, id: Uuid) -> bool {
        if self.match_id.is_some_and(|only| only != id) {
            return false;
        }
        if self.waiting.len() >= WAITING_MAX {
            self.waiting.clear();
            self.look_up();
        } else if !self.waiting.contains(&id) {
            self.waiting.push_back(id);
        }
        true
    }

    fn look_up(&mut self) {
        if self.missed.is_none() {
            let since = self.until.checked_sub_signed(MARGIN).unwrap_or(self.until);
            self.missed = Some(Position { key: Key::Instant(since), id: Uuid::nil() });
        }
    }

    pub(super) fn has_news(&self) -> bool {
        !self.waiting.is_empty() || self.missed.is_some()
    }

    pub(super) async fn next(&mut self, reader: &Reader) -> Result<Option<Arc<Match>>, StoreError> {
        if self.waiting.is_empty() {
            self.find_missed(reader).await?;
        }
        let Some(id) = self.waiting.front() else { return Ok(None) };
        let found = lists::find_visible(&reader.state.store, &reader.sight, &self.list, &[*id]).await?;
        self.waiting.pop_front();
        Ok(found.into_iter().next())
    }

    /// Looks up what was missed, a page at a time.
    async fn find_missed(&mut self, reader: &Reader) -> Result<(), StoreError> {
        let Some(after) = self.missed.clone() else { return Ok(()) };
        if let Some(only) = self.match_id {
            self.waiting.push_back(only);
            self.missed = None;
            return Ok(());
        }
        let begun_at = self.clock.now();
        let stretch = Stretch {
            order: MatchOrder::UpdatedAt,
            descending: false,
            after: Some(after),
            before: None,
            limit: PAGE,
            from_end: false,
        };
        let page = lists::page(&reader.state.store, &reader.sight, &self.list, &stretch, None).await?;
        self.missed = page
            .items
            .last()
            .filter(|_| page.has_next)
            .map(|last| lists::position::<MatchList>(last, MatchOrder::UpdatedAt));
        if self.missed.is_none() {
            self.until = begun_at;
        }
        self.waiting.extend(page.items.iter().map(|found| found.id));
        Ok(())
    }
}
