//! What is learned from an attempt: a row about it, and perhaps that the address is not to be written to.

use chrono::{DateTime, Utc};
use shared::{
    config::MailTransport,
    domain::{
        mail::{AttemptOutcome, MailSuppression, MessageAttempt, SuppressionReason},
        mail_status::EnhancedCode,
        messages::Message,
        people::Person,
    },
};

use crate::{
    Worker,
    mail::smtp::{Class, SendError},
};

impl Worker {
    /// The row about an attempt.
    pub(super) fn attempt(
        &self,
        message: &Message,
        started_at: DateTime<Utc>,
        outcome: AttemptOutcome,
        reply: &str,
    ) -> MessageAttempt {
        MessageAttempt {
            id: self.clock.new_id(),
            organization_id: message.organization_id,
            message_id: message.id,
            person_id: message.person_id,
            outcome,
            status_code: EnhancedCode::of_reply(reply).map(|code| code.to_string()),
            reply: Some(reply.to_owned()),
            started_at,
            ended_at: self.clock.now(),
        }
    }

    /// The suppression that follows from a failure, if a relay said that nobody can be reached at the address.
    pub(super) fn suppression(&self, message: &Message, person: &Person, error: &SendError) -> Option<MailSuppression> {
        let told = error.class == Class::BadAddress && self.config.mail.transport == MailTransport::Smtp;
        told.then(|| MailSuppression {
            id: self.clock.new_id(),
            organization_id: message.organization_id,
            address: person.email.clone(),
            reason: SuppressionReason::BadAddress,
            detail: Some(error.reply.clone()),
            person_id: person.id,
            message_id: Some(message.id),
            created_at: self.clock.now(),
        })
    }
}

/// What a failed attempt came to. None for a relay that takes no mail at all: that is known of the relay, costs the message
/// nothing, and may go on for days.
pub(super) const fn outcome(class: Class) -> Option<AttemptOutcome> {
    match class {
        Class::RelayUnreachable | Class::LoginFailed => None,
        Class::Temporary | Class::TooFast => Some(AttemptOutcome::Deferred),
        Class::BadAddress => Some(AttemptOutcome::BadAddress),
        Class::Refused => Some(AttemptOutcome::Refused),
        Class::Ambiguous => Some(AttemptOutcome::Unknown),
    }
}

/// Why a message to a suppressed address is not sent. The relay's words stay with the suppression: they may repeat the
/// address, and this is logged.
pub(super) fn suppressed(suppression: &MailSuppression) -> String {
    match suppression.reason {
        SuppressionReason::BadAddress => "a relay said that nobody can be reached at the address".to_owned(),
        SuppressionReason::Bounced => "a report said that nobody can be reached at the address".to_owned(),
    }
}
