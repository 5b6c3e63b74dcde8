//! What a subscriber hears: notices on the bus, and for each of them the thing as the subscriber may see it now.
//!
//! A notice names things and shows nothing. Notices of other organizations are passed over before any statement; the
//! others wait in a short list, each thing once, so that whoever is slow gets the newest state and not every step to it.

mod matches;
mod runs;

use std::{fmt, sync::Arc};

use async_graphql::{Request, Response, Variables, parser::types::ExecutableDocument};
use futures_util::{FutureExt as _, StreamExt as _};
use shared::{
    bus::{Notice, Subscription},
    store::StoreError,
};
use tokio::time::Instant;

pub(super) use self::{
    matches::MatchSource,
    runs::{RunSource, RunState},
};
use super::{Schema, errors::finish, reader::Reader, subscription::Occasion};
use crate::{caller::Caller, use_cases::State};

/// What a subscription listens to.
pub(super) enum Source {
    Matches(MatchSource),
    Run(RunSource),
}

impl Source {
    fn heard(&mut self) -> &mut Subscription {
        match self {
            Self::Matches(source) => &mut source.heard,
            Self::Run(source) => &mut source.heard,
        }
    }

    /// Takes a notice in; false when it says nothing to this subscriber.
    fn take(&mut self, notice: &Notice) -> bool {
        match self {
            Self::Matches(source) => source.take(notice),
            Self::Run(source) => source.take(notice),
        }
    }

    fn has_news(&self) -> bool {
        match self {
            Self::Matches(source) => source.has_news(),
            Self::Run(source) => source.has_news(),
        }
    }

    /// The next thing to tell, as this reader sees it; `None` when there is nothing to see.
    async fn next(&mut self, reader: &Reader) -> Result<Option<Occasion>, StoreError> {
        Ok(match self {
            Self::Matches(source) => source.next(reader).await?.map(Occasion::Match),
            Self::Run(source) => source.next(reader).await?.map(|state| Occasion::Run(Box::new(state))),
        })
    }
}

/// The document of a subscription, to be executed once for each event.
pub(super) struct Asked {
    pub(super) query: String,
    pub(super) document: Arc<ExecutableDocument>,
    pub(super) variables: Variables,
    pub(super) operation_name: Option<String>,
    pub(super) request_id: String,
}

impl Asked {
    fn request(&self) -> Request {
        let mut request = Request::new(self.query.clone()).variables(self.variables.clone());
        request.operation_name.clone_from(&self.operation_name);
        request.set_parsed_query(ExecutableDocument::clone(&self.document));
        request
    }
}

/// A subscription that has begun.
pub struct Feed {
    schema: Schema,
    state: State,
    asked: Asked,
    source: Source,
    /// When the latest notice came in that is yet to be told.
    heard_at: Instant,
}

impl fmt::Debug for Feed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Feed").finish_non_exhaustive()
    }
}

impl Feed {
    pub(super) fn new(schema: Schema, state: State, asked: Asked, source: Source) -> Self {
        Self { schema, state, asked, source, heard_at: Instant::now() }
    }

    /// Waits until there may be something to tell; false when nothing will ever be. Safe to cancel.
    pub async fn changed(&mut self) -> bool {
        // What has come meanwhile is taken in first: of several notices about one thing, one is told.
        while let Some(Some(notice)) = self.source.heard().next().now_or_never() {
            self.take(&notice);
        }
        while !self.source.has_news() {
            let Some(notice) = self.source.heard().next().await else { return false };
            self.take(&notice);
        }
        true
    }

    fn take(&mut self, notice: &Notice) {
        if self.source.take(notice) {
            self.heard_at = Instant::now();
        }
    }

    /// Whoever is told something must have had the right to it at this moment or later.
    pub fn heard_at(&self) -> Instant {
        self.heard_at
    }

    /// The answer for the next thing there is to tell, as this caller sees it now; `None` when that is nothing.
    ///
    /// # Errors
    /// When the database is gone; nothing is lost then, and the next call tries again.
    pub async fn tell(&mut self, caller: Caller) -> Result<Option<Response>, StoreError> {
        let reader = Reader::new(self.state.clone(), caller);
        let Some(occasion) = self.source.next(&reader).await? else { return Ok(None) };
        let request = self.asked.request().data(reader).data(Arc::new(occasion));
        let response = self.schema.execute_stream(request).next().await;
        Ok(response.map(|response| finish(response, &self.asked.request_id)))
    }

    /// Whether there is nothing more to come.
    pub fn is_over(&self) -> bool {
        match &self.source {
            Source::Matches(_) => false,
            Source::Run(source) => source.is_over(),
        }
    }
}
