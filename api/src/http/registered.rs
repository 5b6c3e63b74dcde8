//! Registered documents: requests that name a document instead of sending it (the persisted documents of GraphQL over
//! HTTP, and the form of them that older clients of Apollo send).

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use async_graphql::Request;
use chrono::{DateTime, TimeDelta, Utc};
use shared::{
    clock::Clock,
    domain::documents::hash,
    store::{Store, StoreError, documents},
};
use uuid::Uuid;

use super::{Service, answers::Fault, documents::Asked};
use crate::caller::Caller;

/// For how long a document that was deleted may still be run.
const REMEMBERED: TimeDelta = TimeDelta::seconds(30);
/// How many bytes of documents are remembered.
const KEPT: usize = 32 * 1024 * 1024;

/// The documents that were asked for lately, by organization and hash.
#[derive(Debug)]
pub(crate) struct Registered {
    store: Store,
    clock: Clock,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    texts: HashMap<(Uuid, String), (DateTime<Utc>, Arc<str>)>,
    bytes: usize,
}

impl Registered {
    pub(crate) fn new(store: Store, clock: Clock) -> Self {
        Self { store, clock, kept: Mutex::default() }
    }

    /// The organization's document with this hash.
    async fn find(&self, organization_id: Uuid, hash: &str) -> Result<Option<Arc<str>>, StoreError> {
        let key = (organization_id, hash.to_owned());
        let now = self.clock.now();
        if let Some(text) = self.remembered(&key, now) {
            return Ok(Some(text));
        }
        let found = documents::with_hashes(&self.store, organization_id, std::slice::from_ref(&key.1)).await?;
        let Some(found) = found.into_iter().next() else { return Ok(None) };
        let text: Arc<str> = found.text.into();
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.bytes.saturating_add(text.len()) > KEPT {
            *kept = Kept::default();
        }
        kept.bytes += text.len();
        if let Some((_, old)) = kept.texts.insert(key, (now, Arc::clone(&text))) {
            kept.bytes = kept.bytes.saturating_sub(old.len());
        }
        Ok(Some(text))
    }

    fn remembered(&self, key: &(Uuid, String), now: DateTime<Utc>) -> Option<Arc<str>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let (read_at, text) = kept.texts.get(key)?;
        ((now - *read_at).abs() < REMEMBERED).then(|| Arc::clone(text))
    }
}

/// The request with its document in it. Participants of an organization that wants it so may only run registered
/// documents, sent by id or as they are; staff, who write reports and try things out, may run any.
pub(super) async fn resolve(service: &Service, caller: Option<&Caller>, asked: Asked) -> Result<Request, Fault> {
    let Asked { mut request, hash: wanted } = asked;
    if let Some(wanted) = &wanted
        && !request.query.is_empty()
        && hash(&request.query) != *wanted
    {
        return Err(Fault::Malformed("`query` is not the document that its hash names; send one of them.".to_owned()));
    }
    let Some(caller) = caller else {
        return match wanted {
            Some(_) if request.query.is_empty() => Err(Fault::UnknownDocument),
            _ => Ok(request),
        };
    };
    let organization_id = caller.organization_id();
    let is_bound = !caller.is_staff() && service.tenants.documents_only(organization_id).await.map_err(unavailable)?;
    if !request.query.is_empty() && !is_bound {
        return Ok(request);
    }
    let wanted = wanted.unwrap_or_else(|| hash(&request.query));
    match service.registered.find(organization_id, &wanted).await.map_err(unavailable)? {
        Some(text) => {
            (*text).clone_into(&mut request.query);
            Ok(request)
        }
        None if request.query.is_empty() => Err(Fault::UnknownDocument),
        None => Err(Fault::DocumentsOnly),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it maps an error")]
fn unavailable(error: StoreError) -> Fault {
    tracing::error!(%error, "registered documents cannot be read");
    Fault::Unavailable
}
