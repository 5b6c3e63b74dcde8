//! The bus between processes, over Redis publish/subscribe.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::StreamExt as _;
use redis::aio::{ConnectionManager, ConnectionManagerConfig, PubSubSink, PubSubStream};
use redis::{Client, Msg, RedisError};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::{BusError, Local, Notice, Topic};

/// How long a publisher may wait for Redis: a request waits with it.
const PUBLISH_LIMIT: Duration = Duration::from_millis(200);
/// How long publishers do not even try after a failure, so that an outage does not cost every request the limit.
const PAUSE: Duration = Duration::from_secs(1);
/// How long connecting and subscribing may take.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);
/// How often a silent connection is asked whether it still lives.
const PING_EVERY: Duration = Duration::from_secs(15);
/// The first and the longest wait before connecting again.
const BACK_OFF: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(10));

pub(super) struct RedisBus {
    connection: ConnectionManager,
    channels: Channels,
    paused_until: Mutex<Option<Instant>>,
}

impl RedisBus {
    pub(super) fn start(
        url: &str,
        local: Local,
        tasks: &TaskTracker,
        shutdown: CancellationToken,
    ) -> Result<Self, BusError> {
        let refuse = |error: RedisError| BusError(error.to_string());
        let client = Client::open(url).map_err(refuse)?;
        // One attempt: the bus has its own patience. Connecting goes on in the background when a publisher gives up.
        let config = ConnectionManagerConfig::new()
            .set_number_of_retries(0)
            .set_connection_timeout(Some(CONNECT_LIMIT))
            .set_response_timeout(Some(PUBLISH_LIMIT));
        let connection = client.get_connection_manager_lazy(config).map_err(refuse)?;
        let channels = Channels::of(&client);
        let listener = Listener { client, channels: channels.clone(), local };
        tasks.spawn(async move {
            shutdown.run_until_cancelled(listener.run()).await;
        });
        Ok(Self { connection, channels, paused_until: Mutex::new(None) })
    }

    pub(super) async fn publish(&self, topic: Topic, payload: &str) {
        if self.is_paused() {
            tracing::debug!(topic = topic.as_str(), "message dropped: Redis did not answer a moment ago");
            return;
        }
        let reason = match timeout(PUBLISH_LIMIT, self.try_publish(topic, payload)).await {
            Ok(Ok(())) => return self.pause(None),
            Ok(Err(error)) => error.to_string(),
            Err(_) => "no answer in time".to_owned(),
        };
        tracing::warn!(topic = topic.as_str(), reason, "message dropped: Redis is away");
        self.pause(Some(Instant::now() + PAUSE));
    }

    async fn try_publish(&self, topic: Topic, payload: &str) -> Result<(), RedisError> {
        let mut connection = self.connection.clone();
        let command = redis::cmd("PUBLISH").arg(self.channels.name(topic)).arg(payload).to_owned();
        // The first command after a lost connection always fails, and has told the manager to connect again.
        match command.exec_async(&mut connection).await {
            Err(error) if error.is_connection_dropped() => command.exec_async(&mut connection).await,
            outcome => outcome,
        }
    }

    fn is_paused(&self) -> bool {
        let until = *self.paused_until.lock().unwrap_or_else(PoisonError::into_inner);
        until.is_some_and(|until| Instant::now() < until)
    }

    fn pause(&self, until: Option<Instant>) {
        *self.paused_until.lock().unwrap_or_else(PoisonError::into_inner) = until;
    }
}

impl fmt::Debug for RedisBus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisBus").finish_non_exhaustive()
    }
}

/// The names of the channels. Redis publishes across its numbered databases, so the number is part of the name:
/// installations that share a server must not wake each other.
#[derive(Clone)]
struct Channels {
    prefix: Arc<str>,
}

impl Channels {
    fn of(client: &Client) -> Self {
        let database = client.get_connection_info().redis_settings().db();
        Self { prefix: Arc::from(format!("counterpart:{database}:")) }
    }

    fn name(&self, topic: Topic) -> String {
        format!("{}{}", self.prefix, topic.as_str())
    }

    fn topic(&self, name: &str) -> Option<Topic> {
        let topic = name.strip_prefix(&*self.prefix)?;
        Topic::ALL.into_iter().find(|known| known.as_str() == topic)
    }
}

/// Passes what Redis publishes on to the subscribers in this process, and comes back whenever the connection goes.
struct Listener {
    client: Client,
    channels: Channels,
    local: Local,
}

impl Listener {
    async fn run(self) {
        let mut wait = BACK_OFF.0;
        loop {
            let reason = match self.connect().await {
                Ok((sink, messages)) => {
                    tracing::info!("Redis subscriptions are up");
                    wait = BACK_OFF.0;
                    // Whatever was published while nobody listened is gone.
                    for topic in Topic::ALL {
                        self.local.send(topic, &Notice::Missed);
                    }
                    self.forward(sink, messages).await
                }
                Err(reason) => reason,
            };
            tracing::warn!(reason, retry_ms = wait.as_millis(), "Redis subscriptions are down");
            sleep(wait).await;
            wait = (wait * 2).min(BACK_OFF.1);
        }
    }

    async fn connect(&self) -> Result<(PubSubSink, PubSubStream), String> {
        let connecting = async {
            let (mut sink, messages) = self.client.get_async_pubsub().await?.split();
            let names: Vec<String> = Topic::ALL.into_iter().map(|topic| self.channels.name(topic)).collect();
            sink.subscribe(names).await?;
            Ok::<_, RedisError>((sink, messages))
        };
        match timeout(CONNECT_LIMIT, connecting).await {
            Ok(connected) => connected.map_err(|error| error.to_string()),
            Err(_) => Err("no answer in time".to_owned()),
        }
    }

    /// Returns why it ended. A connection can die without a word, so a silent one is pinged.
    async fn forward(&self, mut sink: PubSubSink, mut messages: PubSubStream) -> String {
        let mut ping = interval(PING_EVERY);
        ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                message = messages.next() => match message {
                    Some(message) => self.pass_on(&message),
                    None => return "the connection was closed".to_owned(),
                },
                _ = ping.tick() => match timeout(CONNECT_LIMIT, sink.ping::<redis::Value>()).await {
                    Ok(Ok(_)) => {}
                    Ok(Err(error)) => return error.to_string(),
                    Err(_) => return "no answer to a ping".to_owned(),
                },
            }
        }
    }

    fn pass_on(&self, message: &Msg) {
        let topic = self.channels.topic(message.get_channel_name());
        let payload = std::str::from_utf8(message.get_payload_bytes());
        if let (Some(topic), Ok(payload)) = (topic, payload) {
            self.local.send(topic, &Notice::Message(Arc::from(payload)));
        } else {
            tracing::debug!(channel = message.get_channel_name(), "message dropped: not one of ours");
        }
    }
}
