use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};

use super::*;

const P256_PRIVATE: &str = include_str!("test_keys/p256.private.pem");
const RSA_PRIVATE: &str = include_str!("test_keys/rsa2048.private.pem");
const NOW: i64 = 1_800_000_000;

fn key(algorithm: Algorithm) -> EncodingKey {
    if algorithm == Algorithm::ES256 {
        EncodingKey::from_ec_pem(P256_PRIVATE.as_bytes()).unwrap()
    } else {
        EncodingKey::from_rsa_pem(RSA_PRIVATE.as_bytes()).unwrap()
    }
}

fn jwk(algorithm: Algorithm, changes: &Value) -> Value {
    let mut jwk = serde_json::to_value(Jwk::from_encoding_key(&key(algorithm), algorithm).unwrap()).unwrap();
    for (name, value) in changes.as_object().unwrap() {
        jwk[name] = value.clone();
    }
    jwk
}

fn set(keys: &[Value]) -> Result<KeySet, KeySetError> {
    KeySet::parse(json!({ "keys": keys }).to_string().as_bytes())
}

#[test]
fn only_keys_for_our_signatures_are_kept() {
    for (algorithm, changes) in [
        (Algorithm::RS256, json!({})),
        (Algorithm::RS256, json!({ "use": "sig", "alg": "RS256", "key_ops": ["sign", "verify"] })),
        (Algorithm::RS256, json!({ "x5u": "https://evil.example", "x5c": ["nonsense"] })),
        (Algorithm::ES256, json!({ "alg": "ES256" })),
    ] {
        assert!(set(&[jwk(algorithm, &changes)]).is_ok(), "{changes}");
    }
    let even = {
        let modulus = jwk(Algorithm::RS256, &json!({}))["n"].as_str().unwrap().to_owned();
        format!("{}A", modulus.strip_suffix(|_: char| true).unwrap())
    };
    for (algorithm, changes) in [
        (Algorithm::RS256, json!({ "use": "enc" })),
        (Algorithm::RS256, json!({ "use": "tls" })),
        (Algorithm::RS256, json!({ "key_ops": ["sign"] })),
        (Algorithm::RS256, json!({ "key_ops": "verify" })),
        (Algorithm::RS256, json!({ "alg": "RS384" })),
        (Algorithm::RS256, json!({ "alg": "RSA-OAEP" })),
        (Algorithm::RS256, json!({ "alg": "HS256" })),
        (Algorithm::RS256, json!({ "alg": "none" })),
        (Algorithm::RS256, json!({ "kid": "" })),
        (Algorithm::RS256, json!({ "kid": "x".repeat(256) })),
        (Algorithm::RS256, json!({ "d": "AQAB" })),
        (Algorithm::RS256, json!({ "n": "AQAB" })),
        (Algorithm::RS256, json!({ "n": even })),
        (Algorithm::RS256, json!({ "n": "_".repeat(344 * 4) })),
        (Algorithm::RS256, json!({ "e": "AQ" })),
        (Algorithm::RS256, json!({ "e": "AQAA" })),
        (Algorithm::RS256, json!({ "e": "AQAAAAAB" })),
        (Algorithm::RS256, json!({ "kty": "oct", "k": "c2VjcmV0" })),
        (Algorithm::ES256, json!({ "kty": "RSA" })),
        (Algorithm::ES256, json!({ "crv": "P-384" })),
        (Algorithm::ES256, json!({ "crv": "secp256k1" })),
        (Algorithm::ES256, json!({ "alg": "ES384" })),
        (Algorithm::ES256, json!({ "x": "AAAA" })),
        (Algorithm::ES256, json!({ "y": "A".repeat(43) })),
        (Algorithm::ES256, json!({ "kty": "OKP", "crv": "Ed25519", "x": "AAAA" })),
        (Algorithm::ES256, json!({ "kty": "OKP", "crv": "Ed448" })),
    ] {
        assert_eq!(set(&[jwk(algorithm, &changes)]).unwrap_err(), KeySetError::NothingUsable, "{changes}");
    }
    assert_eq!(KeySet::parse(b"[]").unwrap_err(), KeySetError::Malformed);
    assert_eq!(KeySet::parse(&"[".repeat(100_000).into_bytes()).unwrap_err(), KeySetError::Malformed);
    assert_eq!(set(&vec![json!(null); 101]).unwrap_err(), KeySetError::TooMany);
}

#[test]
fn a_key_is_chosen_by_its_id_and_bound_to_its_algorithm() {
    let keys = set(&[
        jwk(Algorithm::RS256, &json!({ "kid": "same" })),
        jwk(Algorithm::ES256, &json!({ "kid": "same" })),
        jwk(Algorithm::RS256, &json!({ "kid": "twice" })),
        jwk(Algorithm::RS256, &json!({ "kid": "twice" })),
    ])
    .unwrap();
    let get = |id: Option<&str>, algorithm| keys.get(id, algorithm).map(|key| key.algorithm);
    assert_eq!(get(Some("same"), Algorithm::RS256), Ok(Algorithm::RS256));
    assert_eq!(get(Some("same"), Algorithm::ES256), Ok(Algorithm::ES256));
    assert_eq!(get(Some("same"), Algorithm::HS256), Err(AuthError::WrongAlgorithm));
    assert_eq!(get(Some("Same"), Algorithm::RS256), Err(AuthError::UnknownKey));
    assert_eq!(get(Some("twice"), Algorithm::RS256), Err(AuthError::UnknownKey), "no telling which");
    assert_eq!(get(None, Algorithm::ES256), Ok(Algorithm::ES256), "the only one that fits");
    assert_eq!(get(None, Algorithm::RS256), Err(AuthError::UnknownKey));
}

#[test]
fn claims_are_read_for_what_they_are() {
    let keys = set(&[jwk(Algorithm::ES256, &json!({ "kid": "one" }))]).unwrap();
    let mut header = Header::new(Algorithm::ES256);
    header.kid = Some("one".to_owned());
    let claims = json!({ "iss": "https://id.example.org", "aud": ["other", "api"], "sub": "s", "exp": NOW + 60,
        "email": " Ana@Example.org ", "email_verified": "true", "upn": "ana", "matriculation": 17, "staff": -1,
        "empty": " ", "bad": "a\u{0}@b" });
    let token = encode(&header, &claims, &key(Algorithm::ES256)).unwrap();
    let addressed = Addressed::peek(&token).unwrap();
    assert!(addressed.is_for("api") && addressed.is_for("other") && !addressed.is_for("ap"));
    let now = DateTime::from_timestamp(NOW, 0).unwrap();
    let verify = |audience| {
        ForeignClaims::verify(&token, &keys, "https://id.example.org", audience, chrono::TimeDelta::zero(), now)
    };
    let read = verify("api").unwrap();
    assert_eq!((read.subject.as_str(), read.expires_at.timestamp()), ("s", NOW + 60));
    assert_eq!(read.email("email"), Some("Ana@Example.org"));
    assert!(read.is_email_verified("email") && !read.is_email_verified("upn"));
    assert_eq!((read.email("upn"), read.email("bad"), read.email("none")), (None, None, None));
    assert_eq!(read.id("matriculation"), Some("17".to_owned()));
    assert_eq!((read.id("staff"), read.id("empty"), read.id("bad"), read.id("aud")), (None, None, None, None));
    assert_eq!(verify("another"), Err(AuthError::WrongAudience));
    assert_eq!(Addressed::peek("nonsense"), None);
}
