//! A delivery status notification (RFC 3464; in UTF-8, RFC 6533) in its multipart/report (RFC 6522), as a value.

use mail_parser::HeaderValue;
use uuid::Uuid;

use super::mime::{headers, parts, split};
use crate::{
    domain::{mail_status::EnhancedCode, messages::id_of, states::words},
    text::{one_line, shorten},
};

/// Our mails have one recipient; a report about more is none about us, or an attempt to keep us busy.
const MOST_RECIPIENTS: usize = 50;
/// The longest diagnostic that is kept, in characters: as long as the reply of a relay.
const LONGEST_DIAGNOSTIC: usize = 500;

words! {
    /// What the reporter did with the message (RFC 3464, section 2.3.3).
    Action {
        /// It could not be delivered, and nobody tries any more.
        Failed = "failed",
        /// It could not be delivered yet; the reporter goes on trying.
        Delayed = "delayed",
        /// It was delivered.
        Delivered = "delivered",
        /// It was handed on to somebody who sends no reports.
        Relayed = "relayed",
        /// It was delivered, and handed on to others.
        Expanded = "expanded",
    }
}

/// What is wrong with what should be a report. The text may be logged: it repeats nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAReport {
    /// Not a mail at all.
    #[error("it has no headers of a mail")]
    NoMail,
    /// A mail, but an automatic answer, a complaint or something a person wrote.
    #[error("it has no part of the type message/delivery-status (RFC 3464)")]
    NoStatus,
    /// Nothing that can be applied to anybody.
    #[error("its message/delivery-status names no recipient with an action")]
    NoRecipient,
}

/// What a report says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Its own Message-ID, without angle brackets.
    pub id: Option<String>,
    /// The row of the message it is about; `None` when it does not say, or means a mail of somebody else.
    pub about: Option<Uuid>,
    /// What it says about each recipient, at least one.
    pub recipients: Vec<RecipientReport>,
}

/// What a report says about one recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecipientReport {
    /// The address it was delivered to, or would have been (Final-Recipient), and the one that the sender gave
    /// (Original-Recipient), which differ where mail is forwarded. At least one.
    pub addresses: Vec<String>,
    /// What the reporter did.
    pub action: Action,
    /// The most telling code: Status, or where that is as good as nothing, the one in the diagnostic.
    pub code: Option<EnhancedCode>,
    /// The words of whoever refused it, on one line, shortened. May repeat the address.
    pub diagnostic: Option<String>,
}

impl Report {
    /// Reads a report as it came, headers and all, in any encoding and of any origin.
    ///
    /// # Errors
    /// When it is none.
    pub fn read(bytes: &[u8]) -> Result<Self, NotAReport> {
        let (head, _) = split(bytes);
        let head = headers(head).ok_or(NotAReport::NoMail)?;
        let parts = parts(bytes);
        let is_status = |kind: &str| matches!(kind, "message/delivery-status" | "message/global-delivery-status");
        let status = parts.iter().find(|part| is_status(&part.kind)).ok_or(NotAReport::NoStatus)?;
        let groups = groups(&String::from_utf8_lossy(&status.body));
        let recipients: Vec<RecipientReport> =
            groups.iter().filter_map(Group::recipient).take(MOST_RECIPIENTS).collect();
        if recipients.is_empty() {
            return Err(NotAReport::NoRecipient);
        }
        let is_returned = |kind: &str| {
            matches!(
                kind,
                "message/rfc822" | "text/rfc822-headers" | "text/rfc822" | "message/global" | "message/global-headers"
            )
        };
        let returned = parts.iter().filter(|part| is_returned(&part.kind)).find_map(|part| {
            // As headers alone, also where the part holds nothing else and has no empty line at its end.
            let (head, _) = split(&part.body);
            headers(head)?.message_id().map(id_of)
        });
        // What is returned says it best, also that it is not ours.
        let about = returned.unwrap_or_else(|| {
            let envelope = groups.iter().find_map(|group| group.get("original-envelope-id"));
            let mentioned = || {
                let lists = [head.in_reply_to(), head.references()];
                lists.into_iter().flat_map(ids).find_map(|id| id_of(&id))
            };
            envelope.and_then(|id| id_of(id).or_else(|| Uuid::try_parse(id.trim()).ok())).or_else(mentioned)
        });
        Ok(Self { id: head.message_id().map(|id| shorten(&one_line(id), 200)), about, recipients })
    }
}

/// The ids in a header that may hold several.
fn ids(value: &HeaderValue<'_>) -> Vec<String> {
    match (value.as_text_list(), value.as_text()) {
        (Some(list), _) => list.iter().map(ToString::to_string).collect(),
        (None, Some(one)) => vec![one.to_owned()],
        (None, None) => Vec::new(),
    }
}

/// Fields that stand together: those about the message, or about one recipient. Names are in lower case.
#[derive(Debug, Default)]
struct Group(Vec<(String, String)>);

/// The groups of a status, which empty lines part.
fn groups(text: &str) -> Vec<Group> {
    let mut groups = vec![Group::default()];
    for line in text.lines() {
        let Some(Group(fields)) = groups.last_mut() else { break };
        if line.trim().is_empty() {
            if !fields.is_empty() {
                groups.push(Group::default());
            }
        } else if line.starts_with([' ', '\t']) {
            // A folded line goes on; it cannot become a field of its own.
            if let Some((_, value)) = fields.last_mut() {
                value.push(' ');
                value.push_str(line.trim());
            }
        } else if let Some((name, value)) = line.split_once(':') {
            fields.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
        }
    }
    groups
}

impl Group {
    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str())
    }

    /// What it says about a recipient; `None` when it is about the message, or says nothing that is defined.
    fn recipient(&self) -> Option<RecipientReport> {
        let named = ["final-recipient", "original-recipient"].iter().filter_map(|name| address(self.get(name)?));
        let addresses: Vec<String> = named.collect();
        let word = self.get("action")?.split_ascii_whitespace().next()?.to_ascii_lowercase();
        let action = word.parse().ok().filter(|_| !addresses.is_empty())?;
        let diagnostic = self.get("diagnostic-code").map(|code| {
            // `smtp; 550 5.1.1 no such user`: the type in front is not for people.
            let words = code.split_once(';').map_or(code, |(_, words)| words);
            shorten(&one_line(words), LONGEST_DIAGNOSTIC)
        });
        let diagnostic = diagnostic.filter(|words| !words.is_empty());
        let status = self.get("status").and_then(EnhancedCode::of_text);
        let told = diagnostic.as_deref().and_then(EnhancedCode::of_reply);
        Some(RecipientReport { addresses, action, code: most_telling(status, told), diagnostic })
    }
}

/// Many reporters write 5.0.0 as soon as a reply is negative, and leave the reason to the diagnostic.
fn most_telling(status: Option<EnhancedCode>, told: Option<EnhancedCode>) -> Option<EnhancedCode> {
    let says_little = status.is_none_or(|status| status.class == 5 && status.is_vague());
    told.filter(|told| says_little && !told.is_vague()).or(status).or(told)
}

/// The address in `rfc822; somebody@example.org`; `None` for other types than those of the internet.
fn address(field: &str) -> Option<String> {
    let (kind, address) = field.split_once(';')?;
    let is_mail = ["rfc822", "utf-8"].iter().any(|known| kind.trim().eq_ignore_ascii_case(known));
    let bare = address.trim().trim_start_matches('<').trim_end_matches('>');
    let plain = !bare.is_empty() && bare.len() <= 254 && !bare.contains(|c: char| c.is_control() || c.is_whitespace());
    (is_mail && plain).then(|| bare.to_owned())
}
