//! How a relay is told to misbehave.

use std::time::Duration;

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
    times: usize,
    address: Option<String>,
}

#[derive(Clone, Debug)]
pub(super) enum Fault {
    Reply(String),
    Delay(Duration),
    Drop,
    AcceptAndDrop,
}

impl Rule {
    /// Answers with this instead, such as `451 4.7.1 try again later`.
    pub(crate) fn reply(stage: Stage, reply: &str) -> Self {
        Self::new(stage, Fault::Reply(reply.to_owned()))
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

    /// Applies only to this address.
    pub(crate) fn to(mut self, address: &str) -> Self {
        self.address = Some(address.to_owned());
        self
    }

    fn new(stage: Stage, fault: Fault) -> Self {
        Self { stage, fault, times: 1, address: None }
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
        let rule = rules.iter_mut().find(|rule| rule.applies(stage, addresses))?;
        rule.times -= 1;
        Some(rule.fault.clone())
    }
}
