//! Tokens in the links by which people switch mail off without signing in (RFC 8058).
//!
//! A token is signed, not stored: every attempt to send a mail must make the same bytes, so it cannot be random, and it
//! works for as long as mails lie in mailboxes. All it can do is switch off, or back on, mail to one person.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use uuid::Uuid;

use super::NoRandomness;
use crate::domain::mail::MailCategory;

/// An organization's key for these tokens.
#[derive(Clone)]
pub struct UnsubscribeKey([u8; 32]);

impl std::fmt::Debug for UnsubscribeKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("UnsubscribeKey(..)")
    }
}

impl UnsubscribeKey {
    /// A new key.
    ///
    /// # Errors
    /// When the system has no randomness.
    pub fn generate() -> Result<Self, NoRandomness> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).map_err(NoRandomness)?;
        Ok(Self(bytes))
    }

    /// The key as it is stored.
    pub fn to_text(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    /// A stored key; `None` for anything else.
    pub fn from_text(text: &str) -> Option<Self> {
        Some(Self(URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()?))
    }

    fn mac(&self, claim: &[u8]) -> Option<Hmac<Sha256>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).ok()?;
        mac.update(b"counterpart unsubscribe 1");
        mac.update(claim);
        Some(mac)
    }
}

const CLAIM: usize = 33;
const SIGNATURE: usize = 16;

/// What a token says. It is to be believed only when [`is_signed_by`](Self::is_signed_by) says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnsubscribeToken {
    /// Whose key it must be signed with.
    pub organization_id: Uuid,
    /// Whose mail.
    pub person_id: Uuid,
    /// The category of the mail that the link is in.
    pub category: MailCategory,
    signature: [u8; SIGNATURE],
}

impl UnsubscribeToken {
    /// A signed token; `None` never, but for a key that the algorithm refuses.
    pub fn sign(key: &UnsubscribeKey, organization_id: Uuid, person_id: Uuid, category: MailCategory) -> Option<Self> {
        let unsigned = Self { organization_id, person_id, category, signature: [0; SIGNATURE] };
        let mac = key.mac(&unsigned.claim())?.finalize().into_bytes();
        let signature = mac.get(..SIGNATURE)?.try_into().ok()?;
        Some(Self { signature, ..unsigned })
    }

    /// As it stands in a link.
    pub fn to_text(&self) -> String {
        let mut bytes = self.claim().to_vec();
        bytes.extend_from_slice(&self.signature);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Reads a token; `None` for anything that is none.
    pub fn read(text: &str) -> Option<Self> {
        if text.len() > 100 {
            return None;
        }
        let bytes: [u8; CLAIM + SIGNATURE] = URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()?;
        Some(Self {
            organization_id: Uuid::from_slice(bytes.get(..16)?).ok()?,
            person_id: Uuid::from_slice(bytes.get(16..32)?).ok()?,
            category: MailCategory::ALL.iter().copied().find(|category| Some(&number(*category)) == bytes.get(32))?,
            signature: bytes.get(CLAIM..)?.try_into().ok()?,
        })
    }

    /// Whether this key signed it; compared in constant time.
    pub fn is_signed_by(&self, key: &UnsubscribeKey) -> bool {
        key.mac(&self.claim()).is_some_and(|mac| mac.verify_truncated_left(&self.signature).is_ok())
    }

    fn claim(&self) -> [u8; CLAIM] {
        let mut claim = [0; CLAIM];
        let (organization, rest) = claim.split_at_mut(16);
        let (person, category) = rest.split_at_mut(16);
        organization.copy_from_slice(self.organization_id.as_bytes());
        person.copy_from_slice(self.person_id.as_bytes());
        category.fill(number(self.category));
        claim
    }
}

/// Links in old mails must go on meaning the same.
const fn number(category: MailCategory) -> u8 {
    match category {
        MailCategory::Reminders => 1,
        MailCategory::News => 2,
        MailCategory::StaffNotes => 3,
        MailCategory::Prompts => 4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_says_what_was_signed_and_nothing_else() {
        let (key, other) = (UnsubscribeKey::generate().unwrap(), UnsubscribeKey::generate().unwrap());
        let (organization, person) = (Uuid::from_u128(1), Uuid::from_u128(2));
        for &category in MailCategory::ALL {
            let token = UnsubscribeToken::sign(&key, organization, person, category).unwrap();
            let read = UnsubscribeToken::read(&token.to_text()).unwrap();
            assert_eq!(read, token);
            assert!(read.is_signed_by(&key) && !read.is_signed_by(&other));
            assert!(!UnsubscribeToken { person_id: Uuid::from_u128(3), ..read }.is_signed_by(&key));
        }
        for garbage in ["", "x", "AAAA", &"A".repeat(66), &"A".repeat(5_000), "é"] {
            assert!(UnsubscribeToken::read(garbage).is_none(), "{garbage}");
        }
        assert!(UnsubscribeKey::from_text(&key.to_text()).is_some() && UnsubscribeKey::from_text("x").is_none());
    }
}
