//! From a message to bytes: the same ones at every attempt.

use shared::{
    config::MailConfig,
    domain::{
        messages::{self, Message},
        people::Person,
    },
    outbox::mails::{Mail, Party, Setting},
    store::messages::Outcome,
};

use crate::mail::{
    self, ComposeError, Envelope,
    calendar::{self, Named},
    dkim::Dkim,
};

/// Writes and signs a message to its recipient. Everything but the address was fixed when the mail was asked for.
///
/// # Errors
/// What becomes of the message instead.
pub(super) fn write(
    message: &Message,
    person: &Person,
    unsubscribe: Option<String>,
    config: &MailConfig,
    dkim: &Dkim,
) -> Result<Vec<u8>, Outcome> {
    let mut rendered =
        mail::render(&message.mail, &message.locale).map_err(|error| Outcome::Held(error.to_string()))?;
    let (setting, you) = parts(&message.mail);
    let service = Named { name: &config.from_name, address: &config.from_address };
    rendered.calendar = calendar::of(&message.mail, service, &person.email, message.created_at);
    let domain = config.from_address.rsplit_once('@').map_or("localhost", |(_, domain)| domain);
    let mut envelope = Envelope {
        message_id: messages::message_id(message.id, domain),
        date: message.created_at,
        from_name: config.from_name.clone(),
        from_address: config.from_address.clone(),
        reply_to: setting.contact.clone(),
        to_name: you.name.clone(),
        to_address: person.email.clone(),
        list_id: Some(format!("{}.{domain}", message.organization_id)),
        unsubscribe,
    };
    let mut composed = mail::compose(&envelope, &rendered);
    if matches!(composed, Err(ComposeError::ReplyTo)) {
        // A contact that is no address (a phone number, say) is no reason not to write.
        envelope.reply_to = None;
        composed = mail::compose(&envelope, &rendered);
    }
    let bytes = composed.map_err(|error| match error {
        ComposeError::ToAddress => Outcome::Failed(error.to_string()),
        ComposeError::FromAddress
        | ComposeError::ReplyTo
        | ComposeError::MessageId
        | ComposeError::ListId
        | ComposeError::Unsubscribe
        | ComposeError::Date
        | ComposeError::Message => Outcome::Held(error.to_string()),
    })?;
    dkim.sign(bytes, message.created_at).map_err(|error| Outcome::Held(error.to_string()))
}

/// Where a mail comes from, and its reader.
pub(super) fn parts(mail: &Mail) -> (&Setting, &Party) {
    match mail {
        Mail::Introduction(mail) => (&mail.setting, &mail.you),
        Mail::Proposal(mail) | Mail::ProposalReminder(mail) => (&mail.setting, &mail.you),
        Mail::PairRequest(mail) => (&mail.setting, &mail.you),
        Mail::FirstContactReminder(mail) => (&mail.setting, &mail.you),
        Mail::NotMatchedYet(mail) => (&mail.setting, &mail.you),
        Mail::MatchEnded(mail) => (&mail.setting, &mail.you),
        Mail::RunAwaitsApproval(mail) => (&mail.setting, &mail.you),
        Mail::WebhookDisabled(mail) => (&mail.setting, &mail.you),
        Mail::SignInLink(mail) => (&mail.setting, &mail.you),
        Mail::SessionProposed(mail)
        | Mail::SessionInvitation(mail)
        | Mail::SessionChanged(mail)
        | Mail::SessionCanceled(mail)
        | Mail::SessionReminder(mail) => (&mail.setting, &mail.you),
        Mail::StalledReminder(mail) => (&mail.setting, &mail.you),
        Mail::Topic(mail) => (&mail.setting, &mail.you),
        Mail::CheckIn(mail) | Mail::WrapUp(mail) => (&mail.setting, &mail.you),
        Mail::CoordinatorDigest(mail) => (&mail.setting, &mail.you),
    }
}
