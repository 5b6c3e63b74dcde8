//! A message as the relay accepted it.

use std::fmt;

use mail_parser::{Message, MessageParser, MimeHeaders as _, PartType};

/// An accepted message and its envelope.
#[derive(Clone)]
pub(crate) struct Received {
    /// The connection on which it came, counted from 1.
    pub(crate) connection: usize,
    /// The envelope's sender; empty for `<>`.
    pub(crate) from: String,
    /// The envelope's recipients.
    pub(crate) to: Vec<String>,
    /// The message, with the dots that SMTP doubles made single again.
    pub(crate) raw: Vec<u8>,
    /// Whether the client was told; not when the connection was dropped after the final dot.
    pub(crate) confirmed: bool,
}

impl Received {
    /// The decoded subject.
    pub(crate) fn subject(&self) -> String {
        let message = self.parsed();
        message.subject().expect("a subject").to_owned()
    }

    /// A header field as it was sent, unfolded; `None` where there is no such field.
    pub(crate) fn header(&self, name: &str) -> Option<String> {
        let message = self.parsed();
        let raw = message.header_raw(name.to_owned())?;
        Some(raw.split("\r\n").collect::<String>().trim().to_owned())
    }

    /// The decoded `text/plain` part.
    pub(crate) fn text(&self) -> String {
        self.part("text", "plain").expect("a text/plain part")
    }

    /// The decoded `text/html` part.
    pub(crate) fn html(&self) -> String {
        self.part("text", "html").expect("a text/html part")
    }

    /// The decoded `text/calendar` part, where there is one.
    pub(crate) fn calendar(&self) -> Option<String> {
        self.part("text", "calendar")
    }

    fn part(&self, kind: &str, subkind: &str) -> Option<String> {
        let message = self.parsed();
        let part = message.parts.iter().find(|part| {
            // Text is what a part without a Content-Type is.
            let plain = part.content_type().is_none() && (kind, subkind) == ("text", "plain");
            plain && part.is_text() || part.is_content_type(kind, subkind)
        })?;
        match &part.body {
            PartType::Text(text) | PartType::Html(text) => Some(text.to_string()),
            PartType::Binary(bytes) | PartType::InlineBinary(bytes) => {
                Some(String::from_utf8_lossy(bytes).into_owned())
            }
            PartType::Message(_) | PartType::Multipart(_) => None,
        }
    }

    fn parsed(&self) -> Message<'_> {
        MessageParser::default().parse(&self.raw).expect("a message with header fields")
    }
}

impl fmt::Debug for Received {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Received")
            .field("connection", &self.connection)
            .field("from", &self.from)
            .field("to", &self.to)
            .field("message_id", &self.header("Message-ID"))
            .field("subject", &self.header("Subject"))
            .field("confirmed", &self.confirmed)
            .finish_non_exhaustive()
    }
}
