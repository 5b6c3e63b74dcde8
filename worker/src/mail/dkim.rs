//! DKIM signatures (RFC 6376) with RSA and SHA-256 (RFC 8301) or Ed25519 (RFC 8463).
//!
//! Ours, a hundred lines, because a second copy of a message must be a copy to the byte: the libraries stamp a signature
//! with the time of signing, and here `t=` is when the mail was asked for. Both algorithms make the same signature of the
//! same bytes. The primitives are those of the TLS library.
//!
//! Header and body are canonicalized "relaxed", so relays may fold and unfold lines.

mod keys;
#[cfg(test)]
mod tests;

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use chrono::{DateTime, Utc};
use sha2::{Digest as _, Sha256};
use shared::config::MailConfig;

use self::keys::Key;
pub use self::keys::{DkimError, Record};

/// Fields that are named once more than they occur, also when they do not occur: nobody on the way can add one that a
/// mail program would show instead, or read the message differently by (RFC 6376, section 8.15).
const SEALED: [&str; 9] =
    ["from", "reply-to", "to", "cc", "subject", "date", "message-id", "mime-version", "content-type"];
/// Fields that are sealed in the same way where they occur. One-click unsubscribing needs the second and third under the
/// signature (RFC 8058, section 4); where we have none, a relay that adds its own does no harm.
const SEALED_IF_PRESENT: [&str; 5] =
    ["list-id", "list-unsubscribe", "list-unsubscribe-post", "auto-submitted", "content-transfer-encoding"];
/// Lines of our own field stay shorter than 78 characters (RFC 5322, section 2.1.1).
const LINE: usize = 74;

/// The keys that sign for one domain; none, and messages stay as they are.
#[derive(Debug, Default)]
pub struct Dkim {
    domain: String,
    keys: Vec<Key>,
}

impl Dkim {
    /// Reads the keys that the settings name. Blocks.
    ///
    /// # Errors
    /// [`DkimError`] when a file cannot be read, or holds no private key that can sign.
    pub fn load(config: &MailConfig) -> Result<Self, DkimError> {
        let keys = config.dkim_keys.iter().map(Key::load).collect::<Result<_, _>>()?;
        Ok(Self { domain: config.signing_domain().to_ascii_lowercase(), keys })
    }

    /// What has to be published in DNS, one record a key, in the order of the settings.
    pub fn records(&self) -> Vec<Record> {
        self.keys.iter().map(|key| key.record(&self.domain)).collect()
    }

    /// The message with a signature of each key before it. `at` is the time of signing as told, in whole seconds. The
    /// same input makes the same bytes.
    ///
    /// # Errors
    /// [`DkimError::Sign`] when the message is not one of ours (a header of ASCII lines that end with CR LF), or the
    /// system has no randomness.
    pub fn sign(&self, message: Vec<u8>, at: DateTime<Utc>) -> Result<Vec<u8>, DkimError> {
        if self.keys.is_empty() {
            return Ok(message);
        }
        let text = std::str::from_utf8(&message).map_err(|_| DkimError::Sign)?;
        let (header, body) = text.split_once("\r\n\r\n").ok_or(DkimError::Sign)?;
        let fields = fields(header).ok_or(DkimError::Sign)?;
        let names = names(&fields);
        let body_hash = BASE64.encode(Sha256::digest(relaxed_body(body)));
        let mut signed = String::with_capacity(message.len() + 1_500 * self.keys.len());
        for key in &self.keys {
            let mut value = unsigned(key, &self.domain, at, &names, &body_hash);
            let signature = key.sign(&signing_input(&fields, &names, &value))?;
            fold_into(&mut value, &BASE64.encode(signature));
            signed.push_str("DKIM-Signature:");
            signed.push_str(&value);
            signed.push_str("\r\n");
        }
        signed.push_str(text);
        Ok(signed.into_bytes())
    }
}

/// A header field: its name in lower case, and everything after the colon, folds included.
type Field<'a> = (String, &'a str);

/// The fields of a header, from the top; `None` when a line is neither a field nor the rest of one.
fn fields(header: &str) -> Option<Vec<Field<'_>>> {
    let mut fields = Vec::new();
    let mut rest = header;
    while !rest.is_empty() {
        // A field ends where the next line does not begin with a space.
        let end = rest.match_indices("\r\n").map(|(at, _)| at).find(|at| !rest[at + 2..].starts_with([' ', '\t']));
        let (field, next) = end.map_or((rest, ""), |at| (&rest[..at], &rest[at + 2..]));
        let (name, value) = field.split_once(':')?;
        fields.push((name.trim_end().to_ascii_lowercase(), value));
        rest = next;
    }
    Some(fields)
}

/// What `h=` lists.
fn names(fields: &[Field<'_>]) -> Vec<&'static str> {
    let occurs = |wanted: &str| fields.iter().filter(|(name, _)| name == wanted).count();
    let always = SEALED.into_iter().flat_map(|name| std::iter::repeat_n(name, occurs(name) + 1));
    let present = SEALED_IF_PRESENT.into_iter().filter(|name| occurs(name) > 0);
    always.chain(present.flat_map(|name| std::iter::repeat_n(name, occurs(name) + 1))).collect()
}

/// The value of our field up to the signature, which `b=` at its end waits for.
fn unsigned(key: &Key, domain: &str, at: DateTime<Utc>, names: &[&str], body_hash: &str) -> String {
    let mut value = format!(
        " v=1; a={}; c=relaxed/relaxed; q=dns/txt;\r\n\td={domain}; s={};\r\n\tt={};\r\n\th=",
        key.algorithm(),
        key.selector(),
        at.timestamp().max(0),
    );
    let mut length = 4;
    for (index, name) in names.iter().enumerate() {
        if index > 0 {
            value.push(':');
        }
        if length + name.len() > LINE {
            value.push_str("\r\n\t ");
            length = 2;
        }
        value.push_str(name);
        length += name.len() + 1;
    }
    value.push_str(";\r\n\tbh=");
    value.push_str(body_hash);
    value.push_str(";\r\n\tb=");
    value
}

/// What is signed (RFC 6376, section 3.7): of each name the lowest field not taken yet, then our own without its
/// signature and without a line end.
fn signing_input(fields: &[Field<'_>], names: &[&str], unsigned: &str) -> Vec<u8> {
    let mut input = String::new();
    for (index, name) in names.iter().enumerate() {
        let taken = names[..index].iter().filter(|earlier| *earlier == name).count();
        // One that is not there stands for nothing, and breaks the signature once it is.
        if let Some((_, value)) = fields.iter().rev().filter(|(found, _)| found == name).nth(taken) {
            relaxed_field(&mut input, name, value);
            input.push_str("\r\n");
        }
    }
    relaxed_field(&mut input, "dkim-signature", unsigned);
    input.into_bytes()
}

/// A field as RFC 6376, section 3.4.2 has it: unfolded, spaces made one, none at either end.
fn relaxed_field(out: &mut String, name: &str, value: &str) {
    out.push_str(name);
    out.push(':');
    for (index, word) in words(value).enumerate() {
        if index > 0 {
            out.push(' ');
        }
        out.push_str(word);
    }
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split([' ', '\t', '\r', '\n']).filter(|word| !word.is_empty())
}

/// A body as RFC 6376, section 3.4.4 has it: spaces within a line made one, none at its end, no empty lines at the end.
fn relaxed_body(body: &str) -> String {
    let mut out = String::with_capacity(body.len() + 2);
    let mut empty_lines = 0;
    for line in body.split("\r\n") {
        let inner = line.trim_end_matches([' ', '\t']);
        if inner.is_empty() {
            empty_lines += 1;
            continue;
        }
        for _ in 0..std::mem::take(&mut empty_lines) {
            out.push_str("\r\n");
        }
        let mut space = false;
        for letter in inner.chars() {
            if matches!(letter, ' ' | '\t') {
                space = true;
                continue;
            }
            if std::mem::take(&mut space) {
                out.push(' ');
            }
            out.push(letter);
        }
        out.push_str("\r\n");
    }
    out
}

/// Adds a long word in pieces, each on a line of its own but the first.
fn fold_into(value: &mut String, word: &str) {
    let mut room = LINE - 4;
    for letter in word.chars() {
        if room == 0 {
            value.push_str("\r\n\t ");
            room = LINE - 2;
        }
        value.push(letter);
        room -= 1;
    }
}
