//! How a relay is told to misbehave.

use std::{fmt, sync::Arc, time::Duration};

use super::State;

/// The moment of a conversation at which a rule applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// The connection was opened: instead of `220`.
    Greeting,
    /// `EHLO` or `HELO`.
    Hello,
    /// `AUTH`.
    Auth,
    /// `MAIL FROM`; `to()` compares the sender.
    Mail,
    /// `RCPT TO`; `to()` compares this recipient.
    Rcpt,
    /// `DATA`; `to()` compares the recipients so far.
    Data,
    /// The final dot; `to()` compares the recipients. Only [`Rule::accept_and_drop`] accepts the message.
    Dot,
}

/// One way to misbehave, once unless told otherwise.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    stage: Stage,
    fault: Fault,
    after: usize,
    times: usize,
    address: Option<String>,
}

#[derive(Clone, Debug)]
pub(super) enum Fault {
    Reply(String),
    LateReply(Duration, String),
    Delay(Duration),
    Drop,
    AcceptAndDrop,
    Call(Call),
}

/// Something that a test does in the middle of a conversation.
#[derive(Clone)]
pub(super) struct Call(pub(super) Arc<dyn Fn() + Send + Sync>);

impl fmt::Debug for Call {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Call")
    }
}

impl Rule {
    /// Answers with this instead, such as `451 4.7.1 try again later`.
    pub(crate) fn reply(stage: Stage, reply: &str) -> Self {
        Self::new(stage, Fault::Reply(reply.to_owned()))
    }

    /// Waits, then answers with this instead.
    pub(crate) fn late_reply(stage: Stage, delay: Duration, reply: &str) -> Self {
        Self::new(stage, Fault::LateReply(delay, reply.to_owned()))
    }

    /// Calls this, then does what the next rule says; at the final dot when the message is accepted, and before that is said.
    pub(crate) fn call(stage: Stage, call: impl Fn() + Send + Sync + 'static) -> Self {
        Self::new(stage, Fault::Call(Call(Arc::new(call))))
    }

    /// Says nothing more, and does not hang up.
    pub(crate) fn silence(stage: Stage) -> Self {
        Self::delay(stage, Duration::from_hours(1))
    }

    /// Waits, then goes on as usual.
    pub(crate) fn delay(stage: Stage, delay: Duration) -> Self {
        Self::new(stage, Fault::Delay(delay))
    }

    /// Closes the connection without an answer. After the final dot the message is not accepted.
    pub(crate) fn drop(stage: Stage) -> Self {
        Self::new(stage, Fault::Drop)
    }

    /// Accepts the message at the final dot, and closes the connection without saying so.
    pub(crate) fn accept_and_drop() -> Self {
        Self::new(Stage::Dot, Fault::AcceptAndDrop)
    }

    /// Applies to the next `times` occasions instead of one.
    pub(crate) fn times(mut self, times: usize) -> Self {
        self.times = times;
        self
    }

    /// Lets so many occasions pass first.
    pub(crate) fn after(mut self, occasions: usize) -> Self {
        self.after = occasions;
        self
    }

    /// Applies only to this address.
    pub(crate) fn to(mut self, address: &str) -> Self {
        self.address = Some(address.to_owned());
        self
    }

    fn new(stage: Stage, fault: Fault) -> Self {
        Self { stage, fault, after: 0, times: 1, address: None }
    }

    fn applies(&self, stage: Stage, addresses: &[String]) -> bool {
        let named = |wanted: &String| addresses.iter().any(|one| one.eq_ignore_ascii_case(wanted));
        self.stage == stage && self.times > 0 && self.address.as_ref().is_none_or(named)
    }
}

impl State {
    /// The fault to commit now, which uses up one of its times.
    pub(super) fn fault(&self, stage: Stage, addresses: &[String]) -> Option<Fault> {
        let mut rules = self.rules.lock().unwrap();
        for rule in rules.iter_mut().filter(|rule| rule.applies(stage, addresses)) {
            if rule.after == 0 {
                rule.times -= 1;
                return Some(rule.fault.clone());
            }
            rule.after -= 1;
        }
        None
    }
}
