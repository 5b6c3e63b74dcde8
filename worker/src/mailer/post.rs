//! Where mail goes: a relay or a local mailbox; and whether it takes any at the moment.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use shared::{
    config::{MailConfig, MailTransport, SmtpSecurity},
    metrics::METRICS,
    store::StoreError,
};
use tokio::time::Instant;
use uuid::Uuid;

use crate::mail::{
    mailbox,
    smtp::{Class, Relay, Security, SendError, SmtpSettings},
};

/// The first pause after the relay could not be reached; each further one is twice as long.
const SHORTEST: TimeDelta = TimeDelta::seconds(5);
/// The longest pause.
const LONGEST: TimeDelta = TimeDelta::minutes(5);

/// How many messages are claimed at one time, at first and at least.
const LEAST: u64 = 10;
/// And at most.
const MOST: u64 = 80;
/// A relay that takes a mail within this is brisk: what is stored about a mail takes longer than the mail.
const BRISK: Duration = Duration::from_millis(5);

/// One way out of several, and the present pause of all.
#[derive(Debug)]
pub(crate) struct Post {
    way: Way,
    batch: u64,
    /// Whether the last mail was taken at once.
    brisk: bool,
    pause: Arc<Mutex<Option<Pause>>>,
}

#[derive(Debug)]
enum Way {
    Smtp(Box<Relay>),
    Mailbox(PathBuf),
}

#[derive(Clone, Copy, Debug)]
struct Pause {
    until: DateTime<Utc>,
    length: TimeDelta,
}

impl Post {
    /// The ways out of this process. Each has a connection of its own; what is learned of the relay on one is true for all.
    pub(crate) fn ways(config: &MailConfig) -> Vec<tokio::sync::Mutex<Self>> {
        let pause = Arc::default();
        (0..config.connections).map(|_| tokio::sync::Mutex::new(Self::new(config, Arc::clone(&pause)))).collect()
    }

    fn new(config: &MailConfig, pause: Arc<Mutex<Option<Pause>>>) -> Self {
        let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let way = match config.transport {
            MailTransport::Mailbox => Way::Mailbox(config.mailbox_dir.clone()),
            MailTransport::Smtp => Way::Smtp(Box::new(Relay::new(SmtpSettings {
                host: config.smtp_host.clone(),
                port: config.smtp_port,
                security: match config.smtp_security {
                    SmtpSecurity::None => Security::None,
                    SmtpSecurity::Starttls => Security::StartTls,
                    SmtpSecurity::Tls => Security::Tls,
                },
                user: given(&config.smtp_user),
                password: given(config.smtp_password.expose()),
                command_timeout: Duration::from_secs(config.command_timeout_seconds),
            }))),
        };
        Self { way, batch: LEAST, brisk: false, pause }
    }

    /// Hands a message over. `handing` stores that this is about to happen, just before it cannot be undone.
    ///
    /// # Errors
    /// The outer one when `handing` failed: nothing was sent. The inner one when the message was not, or perhaps not,
    /// accepted. What is accepted comes with the relay's words.
    pub(super) async fn send(
        &mut self,
        from: &str,
        to: &str,
        id: Uuid,
        message: &[u8],
        handing: impl Future<Output = Result<(), StoreError>>,
    ) -> Result<Result<String, SendError>, StoreError> {
        self.brisk = false;
        match &mut self.way {
            Way::Smtp(relay) => {
                let begun = Instant::now();
                let handed = match relay.begin(from, to).await {
                    Ok(handed) => handed,
                    Err(error) => return Ok(Err(error)),
                };
                let announcing = begun.elapsed();
                handing.await?;
                let given = Instant::now();
                let accepted = handed.finish(message).await.map(|accepted| accepted.reply);
                self.brisk = announcing + given.elapsed() < BRISK;
                Ok(accepted)
            }
            Way::Mailbox(dir) => {
                handing.await?;
                let given = Instant::now();
                let delivered = mailbox::deliver(dir, id, message).await;
                self.brisk = given.elapsed() < BRISK;
                // A full or missing disk refuses every message alike.
                Ok(delivered.map(|_| "written to the mailbox folder".to_owned()).map_err(|error| SendError {
                    class: Class::RelayUnreachable,
                    reply: format!("the mailbox folder cannot be written: {error}"),
                }))
            }
        }
    }

    /// How many messages to claim for it at one time.
    pub(super) const fn batch(&self) -> u64 {
        self.batch
    }

    /// Whether it took the last mail at once.
    pub(super) const fn is_brisk(&self) -> bool {
        self.brisk
    }

    /// Learns from a batch of so many: a brisk relay is not kept waiting by claims, and of what goes to another one a worker
    /// shall not lose much with its life.
    pub(super) fn learn(&mut self, messages: usize) {
        if !self.brisk {
            self.batch = (self.batch / 2).max(LEAST);
        } else if messages >= usize::try_from(self.batch).unwrap_or(usize::MAX) {
            self.batch = (self.batch * 2).min(MOST);
        }
    }

    /// Until when nothing is sent; `None` when something may be.
    pub(super) fn closed_until(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.pause().map(|pause| pause.until).filter(|until| *until > now)
    }

    /// Whether the last thing known of the relay is that it took nothing.
    pub(super) fn is_on_trial(&self) -> bool {
        self.pause().is_some()
    }

    /// The relay answers again.
    pub(super) fn open(&mut self) {
        *self.pause() = None;
        METRICS.relay_paused(false);
    }

    /// The relay takes nothing: pauses, twice as long as last time, and returns until when. Whoever finds out while others
    /// have just begun a pause joins theirs.
    pub(super) fn close(&mut self, now: DateTime<Utc>) -> DateTime<Utc> {
        let mut pause = self.pause();
        if let Some(begun) = pause.filter(|pause| pause.until > now) {
            return begun.until;
        }
        let length = pause.map_or(SHORTEST, |pause| (pause.length * 2).min(LONGEST));
        let until = now + length;
        *pause = Some(Pause { until, length });
        METRICS.relay_paused(true);
        until
    }

    fn pause(&self) -> MutexGuard<'_, Option<Pause>> {
        self.pause.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::{iter, path::Path};

    use shared::config::Config;

    use super::*;

    #[test]
    fn a_batch_is_as_large_as_the_relay_is_brisk() {
        let mut post = Post::new(&Config::embedded(Path::new("data"), 0, iter::empty()).unwrap().mail, Arc::default());
        assert_eq!(post.batch(), LEAST);
        // What was not full says nothing.
        post.brisk = true;
        post.learn(9);
        assert_eq!(post.batch(), LEAST);
        for expected in [20, 40, 80, 80] {
            post.learn(usize::try_from(post.batch()).unwrap());
            assert_eq!(post.batch(), expected);
        }
        // Another one makes it smaller, whether it was full or not.
        post.brisk = false;
        for expected in [40, 20, 10, 10] {
            post.learn(3);
            assert_eq!(post.batch(), expected);
        }
    }
}
