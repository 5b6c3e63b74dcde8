//! One mail as the mailbox page shows it.

use std::borrow::Cow;

use mail_parser::{Address, Message, MessageParser, MessagePart};
use serde::Serialize;
use uuid::Uuid;

/// A line of the list.
#[derive(Debug, Default, Serialize)]
pub(super) struct Line {
    id: Uuid,
    /// The first recipient's address.
    to: String,
    to_name: Option<String>,
    subject: String,
    /// When it was written, RFC 3339.
    date: Option<String>,
}

/// A mail, opened.
#[derive(Debug, Default, Serialize)]
pub(super) struct Mail {
    id: Uuid,
    subject: String,
    from: String,
    to: String,
    date: Option<String>,
    has_html: bool,
    text: Option<String>,
    /// Name and value as they were sent, unfolded.
    headers: Vec<(String, String)>,
}

impl Line {
    /// Reads what the list shows; whatever cannot be read is left empty, for the page to show all the same.
    pub(super) fn read(id: Uuid, source: &[u8]) -> Self {
        let Some(message) = readable(MessageParser::new().parse_headers(source)) else {
            return Self { id, ..Self::default() };
        };
        let to = message.to().and_then(Address::first);
        Self {
            id,
            to: to.and_then(|to| to.address()).unwrap_or_default().to_owned(),
            to_name: to.and_then(|to| to.name()).map(str::to_owned),
            subject: message.subject().unwrap_or_default().to_owned(),
            date: date(&message),
        }
    }

    /// Whether the recipient or the subject holds `wanted`, which is in lower case.
    pub(super) fn holds(&self, wanted: &str) -> bool {
        [Some(&self.to), self.to_name.as_ref(), Some(&self.subject)]
            .into_iter()
            .flatten()
            .any(|text| text.to_lowercase().contains(wanted))
    }
}

impl Mail {
    /// Reads what the page shows of one mail.
    pub(super) fn read(id: Uuid, source: &[u8]) -> Self {
        let Some(message) = readable(MessageParser::new().parse(source)) else {
            return Self { id, ..Self::default() };
        };
        Self {
            id,
            subject: message.subject().unwrap_or_default().to_owned(),
            from: everybody(message.from()),
            to: everybody(message.to()),
            date: date(&message),
            has_html: message.html_bodies().any(MessagePart::is_text_html),
            text: message.body_text(0).map(Cow::into_owned),
            headers: message.headers_raw().map(|(name, value)| (name.to_owned(), unfold(value))).collect(),
        }
    }
}

/// The HTML part of a mail, when it has one.
pub(super) fn html(source: &[u8]) -> Option<String> {
    let message = readable(MessageParser::new().parse(source))?;
    let part = message.html_bodies().find(|part| part.is_text_html())?;
    part.text_contents().map(str::to_owned)
}

/// `None` for what is no mail at all: the library's own functions reach for a first part and break off without one.
fn readable(message: Option<Message<'_>>) -> Option<Message<'_>> {
    message.filter(|message| !message.parts.is_empty())
}

fn date(message: &Message<'_>) -> Option<String> {
    message.date().map(mail_parser::DateTime::to_rfc3339)
}

fn everybody(addresses: Option<&Address<'_>>) -> String {
    let shown = addresses.into_iter().flat_map(Address::iter).map(|each| match (each.name(), each.address()) {
        (Some(name), Some(address)) => format!("{name} <{address}>"),
        (name, address) => name.or(address).unwrap_or_default().to_owned(),
    });
    shown.collect::<Vec<_>>().join(", ")
}

/// A header value on one line, as it was before it was folded.
fn unfold(value: &str) -> String {
    value.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
}
