//! The private keys that sign, and what the world must know of them.

use std::{fmt, fs, path::PathBuf};

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use ring::{
    rand::SystemRandom,
    rsa,
    signature::{Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256},
};
use rustls_pki_types::{PrivateKeyDer, pem::PemObject as _};
use sha2::{Digest as _, Sha256};
use shared::config::DkimKey;

/// Why mail cannot be signed. Says what to do, and nothing of a key.
#[derive(Debug, thiserror::Error)]
pub enum DkimError {
    /// A file with a key is not there, or not for us.
    #[error("mail.dkim_keys: the key of selector {selector} in {} cannot be read: {source}", file.display())]
    Unreadable {
        /// The key's selector.
        selector: String,
        /// The file.
        file: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file holds something else.
    #[error("mail.dkim_keys: {} (selector {selector}) {why}", file.display())]
    Unusable {
        /// The key's selector.
        selector: String,
        /// The file.
        file: PathBuf,
        /// What it must hold.
        why: &'static str,
    },
    /// One message cannot be signed.
    #[error("the message cannot be signed (DKIM)")]
    Sign,
}

/// A TXT record of DNS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Where it stands, without a dot at the end.
    pub name: String,
    /// Its text (RFC 6376, section 3.6.1), which may be longer than one string of a record.
    pub value: String,
}

impl fmt::Display for Record {
    /// A line of a zone file (RFC 1035): the text in strings of 255 characters at most, which resolvers put together.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}. IN TXT (", self.name)?;
        let mut rest = self.value.as_str();
        while !rest.is_empty() {
            // All of it is ASCII.
            let (string, next) = rest.split_at(rest.len().min(255));
            write!(f, " \"{string}\"")?;
            rest = next;
        }
        write!(f, " )")
    }
}

/// A private key under its selector.
pub(super) struct Key {
    selector: String,
    secret: Secret,
}

enum Secret {
    Rsa(Box<rsa::KeyPair>),
    Ed25519(Ed25519KeyPair),
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key")
            .field("selector", &self.selector)
            .field("algorithm", &self.algorithm())
            .finish_non_exhaustive()
    }
}

impl Key {
    /// Reads a key from its file.
    pub(super) fn load(setting: &DkimKey) -> Result<Self, DkimError> {
        let DkimKey { selector, file } = setting.clone();
        let pem = match fs::read(&file) {
            Ok(pem) => pem,
            Err(source) => return Err(DkimError::Unreadable { selector, file, source }),
        };
        match Secret::of_pem(&pem) {
            Ok(secret) => Ok(Self { selector, secret }),
            Err(why) => Err(DkimError::Unusable { selector, file, why }),
        }
    }

    pub(super) fn selector(&self) -> &str {
        &self.selector
    }

    /// As `a=` names it.
    pub(super) fn algorithm(&self) -> &'static str {
        match self.secret {
            Secret::Rsa(_) => "rsa-sha256",
            Secret::Ed25519(_) => "ed25519-sha256",
        }
    }

    /// The signature of what RFC 6376 puts together; always the same one of the same bytes. With Ed25519 it is of their
    /// hash (RFC 8463, section 3).
    pub(super) fn sign(&self, input: &[u8]) -> Result<Vec<u8>, DkimError> {
        match &self.secret {
            Secret::Rsa(key) => {
                let mut signature = vec![0; key.public().modulus_len()];
                // Randomness blinds the computation; it does not show in the signature.
                key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), input, &mut signature)
                    .map_err(|_| DkimError::Sign)?;
                Ok(signature)
            }
            Secret::Ed25519(key) => Ok(key.sign(&Sha256::digest(input)).as_ref().to_vec()),
        }
    }

    pub(super) fn record(&self, domain: &str) -> Record {
        let (kind, public) = match &self.secret {
            Secret::Rsa(key) => ("rsa", subject_public_key_info(key.public().as_ref())),
            Secret::Ed25519(key) => ("ed25519", key.public_key().as_ref().to_vec()),
        };
        Record {
            name: format!("{}._domainkey.{domain}", self.selector),
            value: format!("v=DKIM1; k={kind}; p={}", BASE64.encode(public)),
        }
    }
}

impl Secret {
    fn of_pem(pem: &[u8]) -> Result<Self, &'static str> {
        const NONE: &str = "holds no private key in PEM without a password: make one with \
            `openssl genpkey -algorithm ed25519` or `openssl genrsa 2048`";
        const OTHER: &str = "holds a key of another kind: DKIM takes RSA (PKCS#8 or PKCS#1) and Ed25519 (PKCS#8)";
        let rsa = |key: Result<rsa::KeyPair, ring::error::KeyRejected>| match key {
            Ok(key) => Ok(Self::Rsa(Box::new(key))),
            Err(error) if matches!(error.to_string().as_str(), "TooSmall" | "TooLarge") => {
                Err("holds an RSA key of a size that is not taken: make one of 2048 to 4096 bits")
            }
            Err(_) => Err(OTHER),
        };
        match PrivateKeyDer::from_pem_slice(pem).map_err(|_| NONE)? {
            PrivateKeyDer::Pkcs1(der) => rsa(rsa::KeyPair::from_der(der.secret_pkcs1_der())),
            PrivateKeyDer::Pkcs8(der) => {
                // OpenSSL leaves the public half out, which follows from the private one.
                match Ed25519KeyPair::from_pkcs8_maybe_unchecked(der.secret_pkcs8_der()) {
                    Ok(key) => Ok(Self::Ed25519(key)),
                    Err(_) => rsa(rsa::KeyPair::from_pkcs8(der.secret_pkcs8_der())),
                }
            }
            PrivateKeyDer::Sec1(_) | _ => Err(OTHER),
        }
    }
}

/// A public RSA key as DNS holds it and OpenSSL prints it (RFC 5280, section 4.1.2.7; erratum 3017 of RFC 6376), from the
/// bare key (RFC 8017, A.1.1), both in DER.
fn subject_public_key_info(key: &[u8]) -> Vec<u8> {
    /// `rsaEncryption`, without parameters.
    const ALGORITHM: [u8; 15] = [0x30, 13, 0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1, 0x05, 0];
    let bits = tagged(0x03, &[&[0], key].concat());
    tagged(0x30, &[&ALGORITHM, bits.as_slice()].concat())
}

/// Tag, length and content. Keys are longer than 255 bytes and shorter than 65,536.
fn tagged(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).unwrap_or(u16::MAX).to_be_bytes();
    [&[tag, 0x82], length.as_slice(), content].concat()
}
