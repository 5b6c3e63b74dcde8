//! Wake-ups and live updates between the API and the worker.
//!
//! Nothing here is a promise: a message may be lost, repeated or late, and the service must do the same things
//! without it, only later. The database is the truth; a message says "look now". In one process the bus is a set of
//! channels, between processes it is Redis publish/subscribe, and a Redis that goes away costs speed and nothing
//! else.

use std::sync::Arc;

use futures_util::{Stream, stream};
use tokio::sync::broadcast::{self, error::RecvError};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use self::redis_bus::RedisBus;
use crate::config::RedisConfig;

mod redis_bus;
#[cfg(test)]
mod tests;

/// How many messages a slow subscriber may fall behind before it is told [`Notice::Missed`].
const CAPACITY: usize = 256;

/// What a message is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Topic {
    /// Somebody asked for a match run; the worker should look now.
    RunRequested,
    /// Messages were put into the outbox or events into the log; the mailer and the webhooks should look now.
    MessagesDue,
    /// A match changed; live subscribers should read it again.
    MatchUpdated,
    /// A match run got further; live subscribers may show it.
    RunProgress,
}

impl Topic {
    /// Every topic.
    pub const ALL: [Self; 4] = [Self::RunRequested, Self::MessagesDue, Self::MatchUpdated, Self::RunProgress];

    /// The topic's name, as it stands in logs and in the Redis channel.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RunRequested => "run-requested",
            Self::MessagesDue => "messages-due",
            Self::MatchUpdated => "match-updated",
            Self::RunProgress => "run-progress",
        }
    }
}

/// What a subscriber hears.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// A message's payload, a small JSON text.
    Message(Arc<str>),
    /// Messages may have been lost: the subscriber was too slow, or the connection was away and is back. Treat it as
    /// "anything may have changed". A Redis bus also says it once when it first connects.
    Missed,
}

/// The bus of one process. Clones are cheap and share it.
#[derive(Clone, Debug)]
pub struct Bus {
    local: Local,
    redis: Option<Arc<RedisBus>>,
}

/// The bus cannot be set up. The message holds no passwords.
#[derive(Debug, thiserror::Error)]
#[error("redis.url cannot be used: {0}")]
pub struct BusError(String);

impl Bus {
    /// A bus within this process.
    pub fn in_process() -> Self {
        Self { local: Local::new(), redis: None }
    }

    /// A bus over the Redis at `url`. Returns at once, whether Redis can be reached or not, and must be called inside
    /// a Tokio runtime: a task in `tasks` keeps the subscription alive until `shutdown`.
    ///
    /// # Errors
    ///
    /// [`BusError`] when `url` is not a Redis URL.
    pub fn redis(url: &str, tasks: &TaskTracker, shutdown: CancellationToken) -> Result<Self, BusError> {
        let local = Local::new();
        let redis = RedisBus::start(url, local.clone(), tasks, shutdown)?;
        Ok(Self { local, redis: Some(Arc::new(redis)) })
    }

    /// The bus that the settings ask for: over Redis when `redis.url` is set, otherwise within this process.
    ///
    /// # Errors
    ///
    /// As [`redis`](Self::redis).
    pub fn from_config(
        config: &RedisConfig,
        tasks: &TaskTracker,
        shutdown: CancellationToken,
    ) -> Result<Self, BusError> {
        if config.url.is_empty() { Ok(Self::in_process()) } else { Self::redis(config.url.expose(), tasks, shutdown) }
    }

    /// Tells every subscriber of `topic`, here and in the other processes, and never fails.
    ///
    /// When Redis does not take the message within 200 ms it is dropped and that is logged; for a second after such a
    /// failure messages are dropped without waiting. Call it after the commit that the message speaks of.
    pub async fn publish(&self, topic: Topic, payload: &str) {
        match &self.redis {
            Some(redis) => redis.publish(topic, payload).await,
            None => self.local.send(topic, &Notice::Message(Arc::from(payload))),
        }
    }

    /// Everything that is published on `topic` from now on.
    pub fn subscribe(&self, topic: Topic) -> Subscription {
        Subscription { receiver: self.local.sender(topic).subscribe() }
    }
}

/// A subscriber's end of the bus. It stays good for as long as the bus lives, whatever happens to Redis.
#[derive(Debug)]
pub struct Subscription {
    receiver: broadcast::Receiver<Notice>,
}

impl Subscription {
    /// The next notice; `None` when the bus itself is gone. Safe to cancel: nothing is lost.
    pub async fn next(&mut self) -> Option<Notice> {
        match self.receiver.recv().await {
            Ok(notice) => Some(notice),
            Err(RecvError::Lagged(_)) => Some(Notice::Missed),
            Err(RecvError::Closed) => None,
        }
    }

    /// The same as a stream.
    pub fn into_stream(self) -> impl Stream<Item = Notice> + Send + 'static {
        stream::unfold(self, async |mut subscription| {
            let notice = subscription.next().await?;
            Some((notice, subscription))
        })
    }
}

/// One channel a topic, within this process.
#[derive(Clone, Debug)]
struct Local {
    run_requested: broadcast::Sender<Notice>,
    messages_due: broadcast::Sender<Notice>,
    match_updated: broadcast::Sender<Notice>,
    run_progress: broadcast::Sender<Notice>,
}

impl Local {
    fn new() -> Self {
        let channel = || broadcast::channel(CAPACITY).0;
        Self { run_requested: channel(), messages_due: channel(), match_updated: channel(), run_progress: channel() }
    }

    fn sender(&self, topic: Topic) -> &broadcast::Sender<Notice> {
        match topic {
            Topic::RunRequested => &self.run_requested,
            Topic::MessagesDue => &self.messages_due,
            Topic::MatchUpdated => &self.match_updated,
            Topic::RunProgress => &self.run_progress,
        }
    }

    fn send(&self, topic: Topic, notice: &Notice) {
        // An error only says that nobody listens, and that is fine.
        let _listeners = self.sender(topic).send(notice.clone());
    }
}
