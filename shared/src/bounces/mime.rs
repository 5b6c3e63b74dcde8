//! The parts of a message (RFC 2046), without descending into the mail that a report returns.
//!
//! The library's own reader follows nested messages as deep as they go, and to drop what it found takes a call for each
//! level: a megabyte of them would exhaust the stack. It is asked for headers only.

use mail_parser::{
    HeaderName, HeaderValue, Message, MessageParser, decoders::base64::base64_decode,
    decoders::quoted_printable::quoted_printable_decode,
};

/// A report is a multipart; one that a filter or a list wrapped is two or three deep.
const DEEPEST: usize = 4;
/// A report has three parts.
const MOST_PARTS: usize = 64;

/// A part that is not a multipart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part {
    /// The media type in lower case, such as `message/delivery-status`.
    pub(super) kind: String,
    /// What it holds, decoded.
    pub(super) body: Vec<u8>,
}

/// The headers of a message, and what comes after them.
pub(super) fn split(bytes: &[u8]) -> (&[u8], &[u8]) {
    let mut start = 0;
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let end = start + line.len();
        if matches!(line, b"\n" | b"\r\n") {
            return (&bytes[..start], &bytes[end..]);
        }
        start = end;
    }
    (bytes, &[])
}

/// Reads headers alone; `None` where there are none.
pub(super) fn headers(head: &[u8]) -> Option<Message<'_>> {
    // Without a first part the library's own functions break off.
    MessageParser::new().parse_headers(head).filter(|message| !message.parts.is_empty())
}

/// All parts of a message, in their order; none below the returned mail, and no more than a report can have.
pub(super) fn parts(bytes: &[u8]) -> Vec<Part> {
    let mut found = Vec::new();
    let mut waiting = vec![(bytes, 0)];
    while let Some((entity, depth)) = waiting.pop() {
        if found.len() + waiting.len() > MOST_PARTS {
            break;
        }
        let (head, body) = split(entity);
        let head = headers(head);
        let content = head.as_ref().and_then(|head| head.header(HeaderName::ContentType)?.as_content_type());
        let kind = content.map_or_else(
            || "text/plain".to_owned(),
            |kind| format!("{}/{}", kind.ctype(), kind.subtype().unwrap_or_default()).to_lowercase(),
        );
        let boundary = content.filter(|_| kind.starts_with("multipart/")).and_then(|kind| kind.attribute("boundary"));
        match boundary {
            Some(boundary) if depth < DEEPEST => {
                // The last one in is the first one out.
                waiting.extend(between(body, boundary.as_bytes()).into_iter().rev().map(|entity| (entity, depth + 1)));
            }
            Some(_) => {}
            None => {
                let encoding = head.as_ref().and_then(|head| head.header(HeaderName::ContentTransferEncoding));
                found.push(Part { kind, body: decoded(body, encoding) });
            }
        }
    }
    found
}

/// What stands between the boundaries; of one that was cut off, all there is.
fn between<'x>(body: &'x [u8], boundary: &[u8]) -> Vec<&'x [u8]> {
    let (mut found, mut begun, mut at) = (Vec::new(), None, 0);
    for line in body.split_inclusive(|byte| *byte == b'\n') {
        let (start, end) = (at, at + line.len());
        at = end;
        let Some(rest) = line.strip_prefix(b"--").and_then(|line| line.strip_prefix(boundary)) else { continue };
        let is_last = rest.starts_with(b"--");
        // Another boundary may begin with this one.
        if !is_last && !rest.trim_ascii().is_empty() {
            continue;
        }
        found.extend(begun.take().map(|begun| &body[begun..start]));
        if is_last || found.len() > MOST_PARTS {
            return found;
        }
        begun = Some(end);
    }
    found.extend(begun.map(|begun| &body[begun..]));
    found
}

fn decoded(body: &[u8], encoding: Option<&HeaderValue<'_>>) -> Vec<u8> {
    let encoding = encoding.and_then(HeaderValue::as_text).unwrap_or_default().trim();
    let read = if encoding.eq_ignore_ascii_case("base64") {
        base64_decode(body)
    } else if encoding.eq_ignore_ascii_case("quoted-printable") {
        quoted_printable_decode(body)
    } else {
        None
    };
    read.unwrap_or_else(|| body.to_vec())
}
