//! The bytes of a message (RFC 5322). The same input always makes the same bytes, so a second copy is a copy.

use chrono::{DateTime, Datelike, Utc};
use lettre::{
    Address, Message,
    message::{
        Mailbox, MessageBuilder, MultiPart, SinglePart,
        header::{ContentType, HeaderName, HeaderValue},
    },
};

use super::{Rendered, text};

/// Readers show one line of a subject; what is longer is an accident or an attack.
const LONGEST_SUBJECT: usize = 200;
/// The same for a name.
const LONGEST_NAME: usize = 120;

/// Who writes to whom, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// Without angle brackets: the id of the message's row, `@`, and the sending domain.
    pub message_id: String,
    /// When the mail was asked for; not when it is sent, or a second copy would differ.
    pub date: DateTime<Utc>,
    /// Shown as the sender; may be empty.
    pub from_name: String,
    /// The sender's address.
    pub from_address: String,
    /// Where an answer goes, if not to the sender.
    pub reply_to: Option<String>,
    /// The recipient's name; may be empty.
    pub to_name: String,
    /// The recipient's address.
    pub to_address: String,
    /// Identifies the program's mails to filters (RFC 2919), without angle brackets.
    pub list_id: Option<String>,
    /// Where one POST switches such mails off (RFC 8058); an `https://` address.
    pub unsubscribe: Option<String>,
}

/// Why a message cannot be built. No variant repeats an address, so the text may be logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ComposeError {
    /// The sender's address.
    #[error("the sender's address is not a valid mail address")]
    FromAddress,
    /// The address for answers.
    #[error("the address for answers is not a valid mail address")]
    ReplyTo,
    /// The recipient's address.
    #[error("the recipient's address is not a valid mail address")]
    ToAddress,
    /// The message id.
    #[error("the message id must look like `id@domain`")]
    MessageId,
    /// The list id.
    #[error("the list id may contain only letters, digits, dots and hyphens")]
    ListId,
    /// The address to unsubscribe at.
    #[error("the address to unsubscribe at cannot stand in a header")]
    Unsubscribe,
    /// The date.
    #[error("the date is before 1970 or after 9999")]
    Date,
    /// Anything the message builder refuses beyond that.
    #[error("the message cannot be built")]
    Message,
}

/// Builds the message: text and HTML as alternatives, every header on folded lines, everything in ASCII.
///
/// Names and the subject are user input: they are brought to one line before they come near a header.
///
/// # Errors
///
/// When an address, an id or the date cannot stand in a header.
pub fn compose(envelope: &Envelope, rendered: &Rendered) -> Result<Vec<u8>, ComposeError> {
    let from = mailbox(&envelope.from_name, &envelope.from_address).ok_or(ComposeError::FromAddress)?;
    let to = mailbox(&envelope.to_name, &envelope.to_address).ok_or(ComposeError::ToAddress)?;
    if !(1970..=9999).contains(&envelope.date.year()) {
        return Err(ComposeError::Date);
    }
    let mut message = Message::builder()
        .message_id(Some(message_id(&envelope.message_id)?))
        .date(envelope.date.into())
        .from(from.clone())
        .to(to.clone())
        .subject(text::for_header(&rendered.subject, LONGEST_SUBJECT))
        .raw_header(header("Auto-Submitted", "auto-generated"));
    message = quoted(quoted(message, "From", &from), "To", &to);
    if let Some(address) = &envelope.reply_to {
        message = message.reply_to(mailbox("", address).ok_or(ComposeError::ReplyTo)?);
    }
    if let Some(id) = &envelope.list_id {
        let plain = !id.is_empty() && id.len() <= 200 && id.chars().all(in_domain);
        let id = plain.then(|| format!("<{id}>")).ok_or(ComposeError::ListId)?;
        message = message.raw_header(header("List-Id", &id));
    }
    if let Some(address) = &envelope.unsubscribe {
        let plain =
            address.len() <= 900 && address.bytes().all(|byte| byte.is_ascii_graphic() && !b"<>,".contains(&byte));
        let address = plain.then(|| format!("<{address}>")).ok_or(ComposeError::Unsubscribe)?;
        message = message
            .raw_header(header("List-Unsubscribe", &address))
            .raw_header(header("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"));
    }
    let mut parts = MultiPart::alternative()
        .boundary(boundary(&envelope.message_id, rendered))
        .singlepart(part(ContentType::TEXT_PLAIN, &rendered.text))
        .singlepart(part(ContentType::TEXT_HTML, &rendered.html));
    if let Some(calendar) = &rendered.calendar {
        let kind = format!("text/calendar; method={}; charset=utf-8", calendar.method.as_str());
        parts = parts.singlepart(part(ContentType::parse(&kind).map_err(|_| ComposeError::Message)?, &calendar.text));
    }
    message.multipart(parts).map(|message| message.formatted()).map_err(|_| ComposeError::Message)
}

fn header(name: &'static str, value: &str) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), String::from(value))
}

fn part(kind: ContentType, body: &str) -> SinglePart {
    SinglePart::builder().header(kind).body(String::from(body))
}

fn mailbox(name: &str, address: &str) -> Option<Mailbox> {
    let name = text::for_header(name, LONGEST_NAME);
    let name = (!name.is_empty()).then_some(name);
    Some(Mailbox::new(name, parse_address(address)?))
}

/// Puts a name with dots and nothing else to quote it for into quotes, where it belongs (RFC 5322, 3.2.5): the library
/// leaves it bare, and a reader may stumble over that.
fn quoted(message: MessageBuilder, header: &'static str, mailbox: &Mailbox) -> MessageBuilder {
    let Some(name) = mailbox.name.as_deref().filter(|name| name.contains('.') && name.chars().all(in_domain)) else {
        return message;
    };
    let value = format!("\"{name}\" <{}>", mailbox.email);
    message.raw_header(HeaderValue::dangerous_new_pre_encoded(
        HeaderName::new_from_ascii_str(header),
        value.clone(),
        value,
    ))
}

/// An address that can stand in a header and in an SMTP command as it is. Domains with umlauts are written in their
/// ASCII form (`xn--`), which every relay understands.
pub(super) fn parse_address(address: &str) -> Option<Address> {
    let safe = address.chars().all(|c| c.is_ascii_graphic() && !"<>\"\\,;:()".contains(c));
    if !safe || address.len() > 254 {
        return None;
    }
    address.parse().ok()
}

fn message_id(id: &str) -> Result<String, ComposeError> {
    let (local, domain) = id.split_once('@').ok_or(ComposeError::MessageId)?;
    let plain = |part: &str| !part.is_empty() && part.chars().all(in_domain);
    if plain(local) && plain(domain) && id.len() <= 200 { Ok(format!("<{id}>")) } else { Err(ComposeError::MessageId) }
}

fn in_domain(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '.' || c == '-' || c == '_'
}

/// A boundary that is the same for the same message and occurs in none of its parts.
fn boundary(message_id: &str, rendered: &Rendered) -> String {
    let id = message_id.chars().filter(char::is_ascii_alphanumeric).take(40);
    let mut boundary: String = "part-".chars().chain(id).collect();
    let calendar = rendered.calendar.as_ref().map_or("", |calendar| calendar.text.as_str());
    while [&rendered.text, &rendered.html, calendar].iter().any(|part| part.contains(&boundary)) {
        boundary.push('x');
    }
    boundary
}
