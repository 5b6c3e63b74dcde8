//! Secrets of our own making: API keys, the codes of mailed links, refresh tokens.
//!
//! Each is `<kind>_<id>_<secret>`: the id finds the row, and the row holds the SHA-256 of the secret. 256 random bits need
//! no slow hash, for there is nothing to try in order.

use std::fmt::{self, Write as _};

use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use uuid::Uuid;

/// What a credential is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CredentialKind {
    /// An API client's key.
    ApiKey,
    /// The code of a mailed link.
    SignInCode,
    /// A refresh token.
    RefreshToken,
}

impl CredentialKind {
    /// How it begins. Scanners for leaked secrets can look for it.
    const fn prefix(self) -> &'static str {
        match self {
            Self::ApiKey => "cpk",
            Self::SignInCode => "cpc",
            Self::RefreshToken => "cpr",
        }
    }
}

/// A credential as its holder knows it. It is shown once, never stored and never logged.
#[derive(Clone)]
pub struct Credential {
    kind: CredentialKind,
    id: Uuid,
    /// 64 hexadecimal digits, in lower case.
    secret: String,
}

/// The system has no randomness to offer.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the system gave no random bytes: {0}")]
pub struct NoRandomness(pub(super) getrandom::Error);

impl Credential {
    /// A new one for the row with this id.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub fn generate(kind: CredentialKind, id: Uuid) -> Result<Self, NoRandomness> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).map_err(NoRandomness)?;
        Ok(Self { kind, id, secret: hexadecimal(&bytes) })
    }

    /// Reads one of this kind; `None` for anything that is not spelled to the letter as [`text`](Self::text) spells it.
    pub fn read(kind: CredentialKind, text: &str) -> Option<Self> {
        let (id, secret) = text.strip_prefix(kind.prefix())?.strip_prefix('_')?.split_once('_')?;
        Self::of_halves(kind, id, secret)
    }

    /// The same from a [`name`](Self::name) and the secret half, as HTTP Basic carries them.
    pub fn of_pair(kind: CredentialKind, name: &str, secret: &str) -> Option<Self> {
        Self::of_halves(kind, name.strip_prefix(kind.prefix())?.strip_prefix('_')?, secret)
    }

    fn of_halves(kind: CredentialKind, id: &str, secret: &str) -> Option<Self> {
        let is_plain = |text: &str, length| {
            text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
        };
        if !is_plain(id, 32) || !is_plain(secret, 64) {
            return None;
        }
        Some(Self { kind, id: Uuid::try_parse(id).ok()?, secret: secret.to_owned() })
    }

    /// The half that is no secret, by which it is recognized.
    pub fn name(kind: CredentialKind, id: Uuid) -> String {
        format!("{}_{}", kind.prefix(), id.simple())
    }

    /// The row it belongs to.
    pub fn id(&self) -> Uuid {
        self.id
    }

    /// The whole, to be handed to its holder.
    pub fn text(&self) -> String {
        format!("{}_{}", Self::name(self.kind, self.id), self.secret)
    }

    /// What is stored: the SHA-256 of the secret half, in hexadecimal.
    pub fn hash(&self) -> String {
        hash(&self.secret)
    }

    /// Whether a stored hash is of this secret. How long it takes says nothing about where they differ.
    pub fn fits(&self, stored: &str) -> bool {
        self.hash().as_bytes().ct_eq(stored.as_bytes()).into()
    }
}

/// Without the secret.
impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credential").field("kind", &self.kind).field("id", &self.id).finish_non_exhaustive()
    }
}

/// The SHA-256 of a text, in hexadecimal.
pub fn hash(text: &str) -> String {
    hexadecimal(&Sha256::digest(text.as_bytes()))
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing into a String cannot fail.
        write!(text, "{byte:02x}").ok();
        text
    })
}

#[cfg(test)]
mod tests {
    use super::{Credential, CredentialKind, Uuid, hash};

    #[test]
    fn a_credential_comes_back_as_what_it_was() {
        let id = Uuid::from_u128(7);
        let made = Credential::generate(CredentialKind::ApiKey, id).unwrap();
        let text = made.text();
        assert!(text.starts_with("cpk_00000000000000000000000000000007_") && text.len() == 4 + 32 + 1 + 64, "{text}");
        let read = Credential::read(CredentialKind::ApiKey, &text).unwrap();
        assert_eq!((read.id(), read.hash()), (id, made.hash()));
        assert!(read.fits(&made.hash()) && !read.fits("") && !read.fits(&hash("another")));
        let other = Credential::generate(CredentialKind::ApiKey, id).unwrap();
        assert!(!other.fits(&made.hash()), "no two have the same secret");
        assert!(!format!("{made:?}").contains(&text[40..]), "{made:?}");
        let (name, secret) = text.rsplit_once('_').unwrap();
        assert!(Credential::of_pair(CredentialKind::ApiKey, name, secret).is_some_and(|pair| pair.fits(&made.hash())));
    }

    #[test]
    fn another_spelling_or_kind_is_none() {
        let text = Credential::generate(CredentialKind::SignInCode, Uuid::from_u128(7)).unwrap().text();
        assert!(Credential::read(CredentialKind::RefreshToken, &text).is_none());
        let spelled = [
            text.to_uppercase(),
            format!("{text}0"),
            format!(" {text}"),
            text.replacen('_', "-", 1),
            text[1..].to_owned(),
        ];
        for other in spelled.iter().map(String::as_str).chain(["", "cpc", "cpc_", "cpc__", "cpc_é_é"]) {
            assert!(Credential::read(CredentialKind::SignInCode, other).is_none(), "{other}");
        }
    }

    #[test]
    fn the_hash_is_that_of_the_standard() {
        assert_eq!(hash("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
