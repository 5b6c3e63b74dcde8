//! Signs tokens, for development and for the command that hands one out.

use std::fmt;
use std::fs::{DirBuilder, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use chrono::{DateTime, TimeDelta, Utc};
use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::spki::EncodePublicKey;
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{DecodePrivateKey, EncodePrivateKey, KeypairBytes};
use jsonwebtoken::jwk::{Jwk, ThumbprintHash};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde::Serialize;
use uuid::Uuid;

use super::keys::{SIGNING_SUFFIX, pem_files};
use super::{Basis, Credential, CredentialKind, KeyError};
use crate::config::AuthConfig;

/// Signs tokens with the one private Ed25519 key in the keys folder, for the configured issuer and audience.
#[derive(Clone)]
pub struct Signer {
    key_id: String,
    key: EncodingKey,
    issuer: String,
    audience: String,
}

/// Whom a token is for, and for how long.
#[derive(Clone, Copy, Debug)]
pub struct Grant {
    /// The caller's organization.
    pub organization_id: Uuid,
    /// The caller.
    pub person_id: Uuid,
    /// How long the token is valid.
    pub ttl: TimeDelta,
}

#[derive(Serialize)]
struct Payload<'a> {
    iss: &'a str,
    aud: &'a str,
    sub: Uuid,
    org: Uuid,
    iat: i64,
    exp: i64,
    #[serde(flatten)]
    actor: Option<Actor>,
    #[serde(rename = "urn:counterpart:basis", skip_serializing_if = "Option::is_none")]
    basis: Option<&'a Basis>,
}

/// Who acts on the person's behalf, in the words of RFC 8693 (section 4), for whoever else reads the token.
#[derive(Serialize)]
struct Actor {
    act: Subject,
    client_id: String,
    scope: String,
}

#[derive(Serialize)]
struct Subject {
    sub: String,
}

impl Actor {
    fn of(basis: Option<&Basis>) -> Option<Self> {
        let Some(Basis::Client { id, scopes }) = basis else { return None };
        let client_id = Credential::name(CredentialKind::ApiKey, *id);
        Some(Self { act: Subject { sub: client_id.clone() }, client_id, scope: scopes.to_string() })
    }
}

impl Signer {
    /// Reads the private key in `config.keys_dir`. Blocks.
    ///
    /// # Errors
    ///
    /// [`KeyError`] when the folder cannot be read, holds no private key or several, or the key is not an Ed25519 key
    /// in PKCS#8 PEM.
    pub fn load(config: &AuthConfig) -> Result<Self, KeyError> {
        let dir = &config.keys_dir;
        match find(dir)? {
            Some(path) => Self::new(config, &read(&path)?),
            None => Err(KeyError::NoSigningKey(dir.clone())),
        }
    }

    /// Reads the private key in `config.keys_dir`, or makes one when there is none: the folder, a private key
    /// `<kid>.signing.pem` that only the owner can read, and its public key `<kid>.eddsa.pem`. Blocks.
    ///
    /// # Errors
    ///
    /// As [`load`](Self::load), and when the folder or a file cannot be written.
    pub fn load_or_generate(config: &AuthConfig) -> Result<Self, KeyError> {
        let dir = &config.keys_dir;
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(dir)
            .map_err(|source| KeyError::Io { path: dir.clone(), source })?;
        if let Some(path) = find(dir)? {
            let key = read(&path)?;
            let signer = Self::new(config, &key)?;
            // Somebody may have tidied the public half away, and then no token would be believed.
            write_public(dir, &signer.key_id, &key)?;
            return Ok(signer);
        }
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).map_err(|error| KeyError::Signing(error.to_string()))?;
        let key = SigningKey::from_bytes(&seed);
        let signer = Self::new(config, &key)?;
        // The public half first: a private key alone would look complete to the next start.
        write_public(dir, &signer.key_id, &key)?;
        let pem =
            private_half(&key).to_pkcs8_pem(LineEnding::LF).map_err(|error| KeyError::Signing(error.to_string()))?;
        write_new(&dir.join(format!("{}{SIGNING_SUFFIX}", signer.key_id)), 0o600, pem.as_bytes())?;
        Ok(signer)
    }

    /// The id of the key, `kid` in the tokens: the RFC 7638 thumbprint of the public key.
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    /// A token for `grant` that is valid from `now` on.
    ///
    /// # Errors
    ///
    /// [`KeyError::Signing`] when the library refuses, which a key that was loaded gives no reason for.
    pub fn sign(&self, grant: &Grant, now: DateTime<Utc>) -> Result<String, KeyError> {
        self.encode(grant, None, now)
    }

    /// The same for a token that ends with what it was issued for.
    ///
    /// # Errors
    ///
    /// As [`sign`](Self::sign).
    pub fn sign_for(&self, grant: &Grant, basis: &Basis, now: DateTime<Utc>) -> Result<String, KeyError> {
        self.encode(grant, Some(basis), now)
    }

    fn encode(&self, grant: &Grant, basis: Option<&Basis>, now: DateTime<Utc>) -> Result<String, KeyError> {
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(self.key_id.clone());
        let payload = Payload {
            iss: &self.issuer,
            aud: &self.audience,
            sub: grant.person_id,
            org: grant.organization_id,
            iat: now.timestamp(),
            exp: now.checked_add_signed(grant.ttl).unwrap_or(now).timestamp(),
            actor: Actor::of(basis),
            basis,
        };
        encode(&header, &payload, &self.key).map_err(|error| KeyError::Signing(error.to_string()))
    }

    fn new(config: &AuthConfig, key: &SigningKey) -> Result<Self, KeyError> {
        let refuse = |reason: String| KeyError::Signing(reason);
        let der = private_half(key).to_pkcs8_der().map_err(|error| refuse(error.to_string()))?;
        let encoding = EncodingKey::from_ed_der(der.as_bytes());
        let key_id = Jwk::from_encoding_key(&encoding, Algorithm::EdDSA)
            .and_then(|jwk| jwk.thumbprint(ThumbprintHash::SHA256))
            .map_err(|error| refuse(error.to_string()))?;
        Ok(Self { key_id, key: encoding, issuer: config.issuer.clone(), audience: config.audience.clone() })
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer").field("key_id", &self.key_id).finish_non_exhaustive()
    }
}

/// The key in the first version of PKCS#8, without the public half: the form that other tools read as well.
fn private_half(key: &SigningKey) -> KeypairBytes {
    KeypairBytes { secret_key: key.to_bytes(), public_key: None }
}

fn find(dir: &Path) -> Result<Option<PathBuf>, KeyError> {
    let mut found = pem_files(dir)?
        .into_iter()
        .filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().ends_with(SIGNING_SUFFIX)));
    match (found.next(), found.next()) {
        (first, None) => Ok(first),
        (_, Some(_)) => Err(KeyError::ManySigningKeys(dir.to_path_buf())),
    }
}

fn read(path: &Path) -> Result<SigningKey, KeyError> {
    let pem = std::fs::read_to_string(path).map_err(|source| KeyError::Io { path: path.to_path_buf(), source })?;
    SigningKey::from_pkcs8_pem(&pem).map_err(|_| KeyError::Content {
        path: path.to_path_buf(),
        reason: "expected an Ed25519 private key that begins with -----BEGIN PRIVATE KEY-----",
    })
}

fn write_public(dir: &Path, key_id: &str, key: &SigningKey) -> Result<(), KeyError> {
    let path = dir.join(format!("{key_id}.eddsa.pem"));
    if path.exists() {
        return Ok(());
    }
    let pem =
        key.verifying_key().to_public_key_pem(LineEnding::LF).map_err(|error| KeyError::Signing(error.to_string()))?;
    write_new(&path, 0o644, pem.as_bytes())
}

fn write_new(path: &Path, mode: u32, content: &[u8]) -> Result<(), KeyError> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(path)
        .and_then(|mut file| file.write_all(content))
        .map_err(|source| KeyError::Io { path: path.to_path_buf(), source })
}
