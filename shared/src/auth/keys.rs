//! The folder of public keys.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jsonwebtoken::crypto::rust_crypto::DEFAULT_PROVIDER;
use jsonwebtoken::{Algorithm, DecodingKey};

/// The end of a private key's file name; such files may lie beside the public keys and are not read as such.
pub(super) const SIGNING_SUFFIX: &str = ".signing.pem";

/// RFC 8725 asks for keys that cannot be guessed; RFC 7518 puts the line for RSA here.
const SHORTEST_RSA_BYTES: usize = 2048 / 8;

/// Public keys by key id, each bound to one algorithm. Clones share the keys.
#[derive(Clone)]
pub struct Keys {
    by_id: Arc<BTreeMap<String, Key>>,
}

#[derive(Debug)]
pub(super) struct Key {
    pub(super) algorithm: Algorithm,
    pub(super) decoding: DecodingKey,
}

/// Why a keys folder, or a key in it, cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The folder or a file in it cannot be read or written.
    #[error("{} cannot be used: {source}", path.display())]
    Io {
        /// The folder or file.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// There is no public key at all, so nobody could be let in.
    #[error("{} holds no public key; expected files named <key id>.<eddsa|es256|rs256>.pem", .0.display())]
    Empty(PathBuf),
    /// A `.pem` file is not named `<key id>.<algorithm>.pem`.
    #[error(
        "{} is not named <key id>.<eddsa|es256|rs256>.pem, with a key id of 1 to 128 letters, digits, `-`, `_` or `.`",
        .0.display()
    )]
    Name(PathBuf),
    /// Two files claim one key id.
    #[error("{} repeats the key id of another file", .0.display())]
    Duplicate(PathBuf),
    /// The content is not a usable key.
    #[error("{} is not usable: {reason}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What was expected.
        reason: &'static str,
    },
    /// There is no private key to sign with.
    #[error("{} holds no private key to sign with (<key id>.signing.pem)", .0.display())]
    NoSigningKey(PathBuf),
    /// There is more than one private key, and no telling which to use.
    #[error("{} holds more than one private key (<key id>.signing.pem); keep one", .0.display())]
    ManySigningKeys(PathBuf),
    /// A key could not be made, or did not sign.
    #[error("cannot sign: {0}")]
    Signing(String),
}

impl Keys {
    /// Reads every public key in `dir`: SPKI PEM files (`BEGIN PUBLIC KEY`) named `<kid>.<eddsa|es256|rs256>.pem`.
    /// Private keys (`*.signing.pem`) and files that are not `.pem` are passed over. Blocks: called once, at the
    /// start.
    ///
    /// # Errors
    ///
    /// [`KeyError`] when the folder cannot be read or is empty, or any file is misnamed, repeats a key id, is not a
    /// public key of its algorithm, or is an RSA key below 2048 bits. One bad file stops the start: a key that is
    /// silently missing shuts people out.
    pub fn load(dir: &Path) -> Result<Self, KeyError> {
        let mut by_id = BTreeMap::new();
        for path in pem_files(dir)? {
            let name = path.file_name().and_then(|name| name.to_str());
            if name.is_some_and(|name| name.ends_with(SIGNING_SUFFIX)) {
                continue;
            }
            let Some((id, algorithm)) = name.and_then(parse_name) else {
                return Err(KeyError::Name(path));
            };
            let pem = std::fs::read(&path).map_err(|source| KeyError::Io { path: path.clone(), source })?;
            let key = match parse_key(algorithm, &pem) {
                Ok(decoding) => Key { algorithm, decoding },
                Err(reason) => return Err(KeyError::Content { path, reason }),
            };
            if by_id.insert(id.to_owned(), key).is_some() {
                return Err(KeyError::Duplicate(path));
            }
        }
        if by_id.is_empty() {
            return Err(KeyError::Empty(dir.to_path_buf()));
        }
        Ok(Self { by_id: Arc::new(by_id) })
    }

    /// The key ids, sorted.
    pub fn ids(&self) -> Vec<&str> {
        self.by_id.keys().map(String::as_str).collect()
    }

    pub(super) fn get(&self, id: &str) -> Option<&Key> {
        self.by_id.get(id)
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Keys").field(&self.ids()).finish()
    }
}

/// The `.pem` files of a folder, sorted by name.
pub(super) fn pem_files(dir: &Path) -> Result<Vec<PathBuf>, KeyError> {
    let unreadable = |source| KeyError::Io { path: dir.to_path_buf(), source };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.extension().is_some_and(|extension| extension == "pem") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn parse_name(name: &str) -> Option<(&str, Algorithm)> {
    let (id, algorithm) = name.strip_suffix(".pem")?.rsplit_once('.')?;
    let algorithm = match algorithm {
        "eddsa" => Algorithm::EdDSA,
        "es256" => Algorithm::ES256,
        "rs256" => Algorithm::RS256,
        _ => return None,
    };
    let is_plain = id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'));
    ((1..=128).contains(&id.len()) && is_plain).then_some((id, algorithm))
}

/// Reads a key and proves that it can be used: the library would otherwise notice at the first token.
fn parse_key(algorithm: Algorithm, pem: &[u8]) -> Result<DecodingKey, &'static str> {
    const BEGIN: &[u8] = b"-----BEGIN PUBLIC KEY-----";
    if !pem.trim_ascii_start().starts_with(BEGIN) {
        return Err("expected a PEM file that begins with -----BEGIN PUBLIC KEY-----");
    }
    if algorithm == Algorithm::RS256 {
        let key = DecodingKey::from_rsa_pem(pem).map_err(|_| "expected an RSA public key")?;
        let bytes = key.try_get_as_bytes().map_err(|_| "expected an RSA public key")?;
        let (modulus, _) = (DEFAULT_PROVIDER.key_utils.rsa_pub_components_from_public_key)(bytes)
            .map_err(|_| "expected an RSA public key")?;
        return if modulus.len() < SHORTEST_RSA_BYTES {
            Err("expected an RSA key of at least 2048 bits")
        } else {
            Ok(key)
        };
    }
    let (key, length, reason) = if algorithm == Algorithm::EdDSA {
        (DecodingKey::from_ed_pem(pem), 32..=32, "expected an Ed25519 public key")
    } else {
        (DecodingKey::from_ec_pem(pem), 33..=65, "expected a P-256 public key")
    };
    let key = key.map_err(|_| reason)?;
    if is_usable(algorithm, &key, length) { Ok(key) } else { Err(reason) }
}

/// Whether a key on a curve, of so many bytes, can check signatures.
pub(super) fn is_usable(algorithm: Algorithm, key: &DecodingKey, length: RangeInclusive<usize>) -> bool {
    // The length comes first: the library cuts the bytes without looking.
    key.try_get_as_bytes().is_ok_and(|bytes| length.contains(&bytes.len()))
        && (DEFAULT_PROVIDER.verifier_factory)(&algorithm, key).is_ok()
}
