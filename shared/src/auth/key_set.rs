//! The keys of a foreign issuer: a JWK Set (RFC 7517), of which only what can check our kinds of signatures is kept.

use jsonwebtoken::{Algorithm, DecodingKey, DecodingKeyKind};
use serde::Deserialize;
use serde_json::Value;

use super::{
    AuthError,
    keys::{Key, is_usable},
};

/// The most keys of one set; honest ones have a handful.
const KEYS_MAX: usize = 100;
/// The longest key id, in bytes.
const KEY_ID_MAX: usize = 255;
/// RFC 7518, section 3.3, puts the line here; the upper end bounds the work of one check.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=4096;

/// The usable keys of an issuer.
#[derive(Debug)]
pub struct KeySet {
    keys: Vec<(Option<String>, Key)>,
}

/// Why an answer is no key set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeySetError {
    /// It is not `{"keys": [...]}`.
    #[error("it is not a JSON Web Key Set")]
    Malformed,
    /// It has too many keys.
    #[error("it holds more than {KEYS_MAX} keys")]
    TooMany,
    /// It has no key that can check a signature here.
    #[error("it holds no public key for RS256 (2048 to 4096 bits), ES256 or EdDSA (Ed25519) signatures")]
    NothingUsable,
}

#[derive(Deserialize)]
struct Document {
    keys: Vec<Value>,
}

/// The members of a JWK that have a say. Certificates (`x5c`, `x5u`) have none.
#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    alg: Option<String>,
    #[serde(rename = "use")]
    purpose: Option<String>,
    key_ops: Option<Vec<String>>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
    /// Only private keys have it.
    d: Option<Value>,
}

impl KeySet {
    /// Reads a JWK Set. Keys for other purposes or algorithms are passed over, as RFC 7517, section 5, asks for.
    ///
    /// # Errors
    /// [`KeySetError`] when it is none, or none with a usable key.
    pub fn parse(json: &[u8]) -> Result<Self, KeySetError> {
        let document: Document = serde_json::from_slice(json).map_err(|_| KeySetError::Malformed)?;
        if document.keys.len() > KEYS_MAX {
            return Err(KeySetError::TooMany);
        }
        let keys: Vec<_> =
            document.keys.into_iter().filter_map(|key| usable(serde_json::from_value(key).ok()?)).collect();
        if keys.is_empty() { Err(KeySetError::NothingUsable) } else { Ok(Self { keys }) }
    }

    /// The key for a signature with this algorithm: the one with the id, or without an id the only one that fits.
    ///
    /// # Errors
    /// [`AuthError::UnknownKey`] when there is none, or no telling which, and [`AuthError::WrongAlgorithm`] when the key
    /// with the id is for another algorithm.
    pub(super) fn get(&self, id: Option<&str>, algorithm: Algorithm) -> Result<&Key, AuthError> {
        let named =
            || self.keys.iter().filter(|(key_id, _)| id.is_none() || key_id.as_deref() == id).map(|(_, key)| key);
        let mut fitting = named().filter(|key| key.algorithm == algorithm);
        match (fitting.next(), fitting.next()) {
            (Some(key), None) => Ok(key),
            (None, _) if id.is_some() && named().next().is_some() => Err(AuthError::WrongAlgorithm),
            _ => Err(AuthError::UnknownKey),
        }
    }
}

/// A key that can check signatures, bound to the one algorithm it is for (RFC 8725, section 3.1).
fn usable(jwk: Jwk) -> Option<(Option<String>, Key)> {
    let is_for_signatures = jwk.purpose.as_deref().is_none_or(|purpose| purpose == "sig")
        && jwk.key_ops.as_ref().is_none_or(|operations| operations.iter().any(|operation| operation == "verify"));
    let id_fits = jwk.kid.as_ref().is_none_or(|id| (1..=KEY_ID_MAX).contains(&id.len()));
    // Whoever publishes a private key has published a signature for everything.
    if !is_for_signatures || !id_fits || jwk.d.is_some() {
        return None;
    }
    let is_for = |names: &[&str]| jwk.alg.as_deref().is_none_or(|algorithm| names.contains(&algorithm));
    let (algorithm, decoding) = match (jwk.kty.as_str(), jwk.crv.as_deref()) {
        ("RSA", None) if is_for(&["RS256"]) => {
            let key = DecodingKey::from_rsa_components(jwk.n.as_deref()?, jwk.e.as_deref()?).ok()?;
            is_sound_rsa(&key).then_some((Algorithm::RS256, key))?
        }
        ("EC", Some("P-256")) if is_for(&["ES256"]) => {
            let key = DecodingKey::from_ec_components(jwk.x.as_deref()?, jwk.y.as_deref()?).ok()?;
            is_usable(Algorithm::ES256, &key, 65..=65).then_some((Algorithm::ES256, key))?
        }
        // RFC 9864 gives the algorithm the name of the curve.
        ("OKP", Some("Ed25519")) if is_for(&["EdDSA", "Ed25519"]) => {
            let key = DecodingKey::from_ed_components(jwk.x.as_deref()?).ok()?;
            is_usable(Algorithm::EdDSA, &key, 32..=32).then_some((Algorithm::EdDSA, key))?
        }
        _ => return None,
    };
    Some((jwk.kid, Key { algorithm, decoding }))
}

/// An odd modulus of a sound length, and an odd exponent from 3 to 2³³ - 1: more the library does not take.
fn is_sound_rsa(key: &DecodingKey) -> bool {
    let DecodingKeyKind::RsaModulusExponent { n, e } = key.kind() else { return false };
    let bits = |bytes: &[u8]| {
        let significant = bytes.iter().skip_while(|byte| **byte == 0);
        significant.clone().next().map_or(0, |first| {
            let zeros = usize::try_from(first.leading_zeros()).unwrap_or(0);
            significant.count() * 8 - zeros
        })
    };
    let is_odd = |bytes: &[u8]| bytes.last().is_some_and(|byte| byte % 2 == 1);
    RSA_BITS.contains(&bits(n)) && (2..=33).contains(&bits(e)) && is_odd(n) && is_odd(e)
}
