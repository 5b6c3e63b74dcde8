//! The keys of foreign issuers: fetched when needed, kept in this process, and renewed without making anybody wait.
//!
//! A token says by which key it was signed, so whoever sends tokens can ask for keys that nobody has. What that may cost
//! is bounded: one fetch at a time and one in [`PAUSE`] for each source, by whatever it is asked for and however it ends,
//! and for everything else a look into a map. A fetch goes on when the request that began it is given up; otherwise
//! someone who hangs up quickly could keep keys from ever arriving.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::header::{AGE, CACHE_CONTROL, HeaderMap};
use serde::Deserialize;
use tokio::sync::watch;
use tokio_util::task::TaskTracker;

use super::{KeySet, KeySetError};
use crate::{
    clock::Clock,
    outbound::{Answer, Limits, Outbound, OutboundError},
};

/// Between two fetches of one source.
const PAUSE: TimeDelta = TimeDelta::seconds(30);
/// How long keys are good when the answer does not say, and the least and the most it may say.
const LIFETIME: TimeDelta = TimeDelta::minutes(10);
const SHORTEST: TimeDelta = TimeDelta::minutes(1);
const LONGEST: TimeDelta = TimeDelta::hours(24);
/// How long keys are used when their source no longer answers.
const LAST_GOOD: TimeDelta = TimeDelta::hours(24);
/// The most sources that are remembered; the one that was not used for longest is forgotten.
const SOURCES_MAX: usize = 2000;
/// What one answer of an identity provider may take.
const LIMITS: Limits = Limits { time: Duration::from_secs(5), body: 256 * 1024, cut: false };

/// Where the keys of an issuer come from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Source {
    /// The issuer's `iss`.
    pub issuer: String,
    /// The address of its JWK Set; `None`: by `OpenID` Connect Discovery 1.0, below the `iss`.
    pub jwks_url: Option<String>,
}

/// Why there are no new keys.
#[derive(Debug, thiserror::Error)]
enum FetchError {
    #[error(transparent)]
    Outbound(#[from] OutboundError),
    #[error("{0} was answered with status {1}; redirects are not followed")]
    Status(&'static str, u16),
    #[error("the discovery document is not JSON with `issuer` and `jwks_uri`")]
    Discovery,
    #[error("the discovery document speaks for another issuer")]
    WrongIssuer,
    #[error("the key set cannot be used: {0}")]
    KeySet(#[from] KeySetError),
}

/// The part of a discovery document that is read.
#[derive(Deserialize)]
struct Discovered {
    issuer: String,
    jwks_uri: String,
}

/// What is known about one source.
#[derive(Debug)]
struct Held {
    keys: Option<Known>,
    /// The last fetch began then.
    asked_at: Option<DateTime<Utc>>,
    /// Ends, without a value, when the fetch in hand does.
    flight: Option<watch::Receiver<()>>,
    used_at: DateTime<Utc>,
}

impl Held {
    /// The last good keys, unless they are too old to be trusted.
    fn usable(&self, now: DateTime<Utc>) -> Option<Arc<KeySet>> {
        self.keys.as_ref().filter(|known| now < known.fetched_at + LAST_GOOD).map(|known| Arc::clone(&known.set))
    }
}

#[derive(Clone, Debug)]
struct Known {
    set: Arc<KeySet>,
    fetched_at: DateTime<Utc>,
    fresh_until: DateTime<Utc>,
}

/// The keys of foreign issuers. Clones share them.
#[derive(Clone)]
pub struct IssuerKeys {
    outbound: Outbound,
    clock: Clock,
    held: Arc<Mutex<BTreeMap<Source, Held>>>,
    tasks: TaskTracker,
}

impl fmt::Debug for IssuerKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IssuerKeys").finish_non_exhaustive()
    }
}

impl IssuerKeys {
    /// Fetches through this client, and counts time by this clock.
    pub fn new(outbound: Outbound, clock: Clock) -> Self {
        Self { outbound, clock, held: Arc::default(), tasks: TaskTracker::new() }
    }

    /// The keys that are here, be they new or the last good ones; `None` when there are none. Those that are no longer
    /// fresh are renewed meanwhile. Must be called inside a Tokio runtime.
    pub fn at_hand(&self, source: &Source) -> Option<Arc<KeySet>> {
        let now = self.clock.now();
        let mut held = self.held();
        let entry = entry(&mut held, source, now);
        if entry.keys.as_ref().is_none_or(|known| known.fresh_until <= now) {
            self.renew(source, entry, now);
        }
        entry.usable(now)
    }

    /// Keys that came after `seen`, for a token whose key is not among those: waits for the fetch in hand, or for a new one
    /// when it is time for that. `None` when there is nothing newer.
    pub async fn newer(&self, source: &Source, seen: Option<&Arc<KeySet>>) -> Option<Arc<KeySet>> {
        let is_newer = |set: &Arc<KeySet>| seen.is_none_or(|seen| !Arc::ptr_eq(seen, set));
        let flight = {
            let now = self.clock.now();
            let mut held = self.held();
            let entry = entry(&mut held, source, now);
            if let Some(known) = entry.keys.as_ref().filter(|known| is_newer(&known.set) && now < known.fresh_until) {
                return Some(Arc::clone(&known.set));
            }
            self.renew(source, entry, now);
            entry.flight.clone()
        };
        // The sender sends nothing: the end of the fetch is the end of the channel.
        flight?.changed().await.err()?;
        self.held().get(source)?.usable(self.clock.now()).filter(is_newer)
    }

    /// Begins a fetch, unless there is one or it is too early for the next.
    fn renew(&self, source: &Source, entry: &mut Held, now: DateTime<Utc>) {
        if entry.flight.is_some() || entry.asked_at.is_some_and(|asked_at| now < asked_at + PAUSE) {
            return;
        }
        entry.asked_at = Some(now);
        let (done, landed) = watch::channel(());
        entry.flight = Some(landed);
        let (this, source) = (self.clone(), source.clone());
        self.tasks.spawn(async move {
            let flight = Flight { keys: &this, source: &source, _done: done };
            let fetched = fetch(&this.outbound, &source).await;
            flight.land(fetched);
        });
    }

    fn held(&self) -> MutexGuard<'_, BTreeMap<Source, Held>> {
        // Every change is one assignment: a panic elsewhere cannot leave it half made.
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A fetch in hand. However it ends, the next one can begin.
struct Flight<'k> {
    keys: &'k IssuerKeys,
    source: &'k Source,
    /// Whoever waits goes on when this is dropped, after everything else of the flight.
    _done: watch::Sender<()>,
}

impl Flight<'_> {
    fn land(&self, fetched: Result<(KeySet, TimeDelta), FetchError>) {
        match fetched {
            Ok((set, lifetime)) => {
                let now = self.keys.clock.now();
                let known = Known { set: Arc::new(set), fetched_at: now, fresh_until: now + lifetime };
                if let Some(entry) = self.keys.held().get_mut(self.source) {
                    entry.keys = Some(known);
                }
            }
            Err(error) => tracing::warn!(issuer = %self.source.issuer, %error, "an issuer's keys cannot be read"),
        }
    }
}

impl Drop for Flight<'_> {
    fn drop(&mut self) {
        if let Some(entry) = self.keys.held().get_mut(self.source) {
            entry.flight = None;
        }
    }
}

fn entry<'h>(held: &'h mut BTreeMap<Source, Held>, source: &Source, now: DateTime<Utc>) -> &'h mut Held {
    if held.len() >= SOURCES_MAX && !held.contains_key(source) {
        let idle = held.iter().min_by_key(|(_, held)| held.used_at).map(|(source, _)| source.clone());
        if let Some(idle) = idle {
            held.remove(&idle);
        }
    }
    let entry = held.entry(source.clone()).or_insert(Held { keys: None, asked_at: None, flight: None, used_at: now });
    entry.used_at = now;
    entry
}

/// The keys of a source, and how long they are good.
async fn fetch(outbound: &Outbound, source: &Source) -> Result<(KeySet, TimeDelta), FetchError> {
    let discovered;
    let url = if let Some(url) = &source.jwks_url {
        url
    } else {
        discovered = discover(outbound, &source.issuer).await?;
        &discovered
    };
    let answer = outbound.get(url, LIMITS).await?;
    let body = welcome("the address of the keys", &answer)?;
    Ok((KeySet::parse(body)?, lifetime(&answer.headers)))
}

/// Where the issuer says its keys are: `OpenID` Connect Discovery 1.0, section 4.
async fn discover(outbound: &Outbound, issuer: &str) -> Result<String, FetchError> {
    let url = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
    let answer = outbound.get(&url, LIMITS).await?;
    let body = welcome("the discovery document", &answer)?;
    let found: Discovered = serde_json::from_slice(body).map_err(|_| FetchError::Discovery)?;
    // Section 4.3: a document that speaks for somebody else would let one provider impersonate another.
    if found.issuer == issuer { Ok(found.jwks_uri) } else { Err(FetchError::WrongIssuer) }
}

fn welcome<'a>(what: &'static str, answer: &'a Answer) -> Result<&'a [u8], FetchError> {
    if answer.status == 200 { Ok(&answer.body) } else { Err(FetchError::Status(what, answer.status)) }
}

/// How long an answer is good by its `Cache-Control` (RFC 9111), within our own limits.
fn lifetime(headers: &HeaderMap) -> TimeDelta {
    let seconds = |text: &str| text.trim().trim_matches('"').parse::<u32>().ok();
    let texts = headers.get_all(CACHE_CONTROL).iter().filter_map(|value| value.to_str().ok());
    let directives: Vec<String> =
        texts.flat_map(|text| text.split(',')).map(|directive| directive.trim().to_ascii_lowercase()).collect();
    if directives.iter().any(|directive| directive == "no-store" || directive == "no-cache") {
        return SHORTEST;
    }
    let age = headers.get(AGE).and_then(|age| seconds(age.to_str().ok()?)).unwrap_or(0);
    let max_age = directives.iter().find_map(|directive| seconds(directive.strip_prefix("max-age=")?));
    max_age
        .map_or(LIFETIME, |max_age| TimeDelta::seconds(i64::from(max_age.saturating_sub(age))).clamp(SHORTEST, LONGEST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_long_keys_are_good_is_said_by_the_answer_within_limits() {
        let of = |lines: &[(&'static str, &'static str)]| {
            let mut headers = HeaderMap::new();
            for (name, value) in lines {
                headers.append(*name, value.parse().unwrap());
            }
            lifetime(&headers)
        };
        assert_eq!(of(&[]), TimeDelta::minutes(10));
        assert_eq!(of(&[("cache-control", "public, Max-Age=3600")]), TimeDelta::hours(1));
        assert_eq!(of(&[("cache-control", "public"), ("cache-control", "max-age=\"3600\"")]), TimeDelta::hours(1));
        assert_eq!(of(&[("cache-control", "max-age=3600"), ("age", "600")]), TimeDelta::minutes(50));
        assert_eq!(of(&[("cache-control", "max-age=5")]), TimeDelta::minutes(1));
        assert_eq!(of(&[("cache-control", "max-age=99999999")]), TimeDelta::hours(24));
        assert_eq!(of(&[("cache-control", "max-age=99999999999999999999")]), TimeDelta::minutes(10));
        assert_eq!(of(&[("cache-control", "max-age=3600, no-store")]), TimeDelta::minutes(1));
    }

    #[test]
    fn only_so_many_sources_are_remembered() {
        let mut held = BTreeMap::new();
        let start = DateTime::UNIX_EPOCH;
        let source = |number: usize| Source { issuer: number.to_string(), jwks_url: None };
        for (number, second) in (0..SOURCES_MAX + 500).zip(0..) {
            entry(&mut held, &source(number), start + TimeDelta::seconds(second));
            entry(&mut held, &source(0), start + TimeDelta::seconds(second));
        }
        assert_eq!(held.len(), SOURCES_MAX);
        assert!(held.contains_key(&source(0)), "what is used stays");
        assert!(!held.contains_key(&source(1)));
    }
}
