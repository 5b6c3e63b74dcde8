use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use chrono::TimeDelta;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::*;
use crate::config::AuthConfig;

// Made for these tests and used nowhere else.
const P256_PRIVATE: &str = include_str!("test_keys/p256.private.pem");
const P256_PUBLIC: &str = include_str!("test_keys/p256.public.pem");
const P384_PUBLIC: &str = include_str!("test_keys/p384.public.pem");
const ED448_PUBLIC: &str = include_str!("test_keys/ed448.public.pem");
const RSA_PRIVATE: &str = include_str!("test_keys/rsa2048.private.pem");
const RSA_PUBLIC: &str = include_str!("test_keys/rsa2048.public.pem");
const RSA_PKCS1: &str = include_str!("test_keys/rsa2048.pkcs1.pem");
const RSA_SHORT: &str = include_str!("test_keys/rsa1024.public.pem");

const NOW: i64 = 1_800_000_000;

fn now() -> DateTime<Utc> {
    at(0)
}

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(NOW + seconds, 0).unwrap()
}

fn config(dir: &Path) -> AuthConfig {
    AuthConfig {
        issuer: "https://id.example.org".to_owned(),
        audience: "counterpart".to_owned(),
        keys_dir: dir.to_path_buf(),
        leeway_seconds: 30,
    }
}

/// A folder with one RSA and one P-256 key, and a verifier over it.
fn verifier() -> Verifier {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("rsa.rs256.pem"), RSA_PUBLIC).unwrap();
    fs::write(dir.path().join("ec.v2.es256.pem"), P256_PUBLIC).unwrap();
    fs::write(dir.path().join("README.md"), "not a key").unwrap();
    let keys = Keys::load(dir.path()).unwrap();
    assert_eq!(keys.ids(), ["ec.v2", "rsa"]);
    Verifier::new(&config(dir.path()), keys)
}

fn ids() -> (Uuid, Uuid) {
    (Uuid::from_u128(1), Uuid::from_u128(2))
}

fn payload() -> Value {
    let (org, sub) = ids();
    json!({ "iss": "https://id.example.org", "aud": "counterpart", "sub": sub, "org": org, "exp": NOW + 600 })
}

fn with(changes: &Value) -> Value {
    let mut payload = payload();
    for (claim, value) in changes.as_object().unwrap() {
        if value.is_null() {
            payload.as_object_mut().unwrap().remove(claim);
        } else {
            payload[claim] = value.clone();
        }
    }
    payload
}

fn header(algorithm: Algorithm, kid: &str) -> Header {
    let mut header = Header::new(algorithm);
    header.kid = Some(kid.to_owned());
    header
}

fn es256(payload: &Value) -> String {
    let key = EncodingKey::from_ec_pem(P256_PRIVATE.as_bytes()).unwrap();
    encode(&header(Algorithm::ES256, "ec.v2"), payload, &key).unwrap()
}

fn rsa(algorithm: Algorithm, kid: &str) -> String {
    let key = EncodingKey::from_rsa_pem(RSA_PRIVATE.as_bytes()).unwrap();
    encode(&header(algorithm, kid), &payload(), &key).unwrap()
}

/// A token with a header of any form, signed with nothing.
fn unsigned(header: &Value) -> String {
    // The library encodes a payload, and a payload is all that is needed to encode a header.
    let part = |value: &Value| {
        let token = encode(&Header::default(), value, &EncodingKey::from_secret(b"x")).unwrap();
        token.split('.').nth(1).unwrap().to_owned()
    };
    format!("{}.{}.", part(header), part(&payload()))
}

#[test]
fn a_good_token_says_who_calls() {
    let claims = verifier().verify(&es256(&payload()), now()).unwrap();
    let (organization_id, person_id) = ids();
    assert_eq!(claims, Claims { organization_id, person_id, expires_at: at(600), basis: None });
    assert_eq!(verifier().verify(&rsa(Algorithm::RS256, "rsa"), now()), Ok(claims));
}

#[test]
fn a_key_works_with_its_own_algorithm_only() {
    let verifier = verifier();
    for algorithm in [Algorithm::RS384, Algorithm::RS512, Algorithm::PS256] {
        assert_eq!(verifier.verify(&rsa(algorithm, "rsa"), now()), Err(AuthError::WrongAlgorithm));
    }
    // The public key as the secret of a symmetric signature: the classic confusion, with every form of the key.
    for secret in [RSA_PUBLIC, RSA_PUBLIC.trim(), RSA_PKCS1, P256_PUBLIC] {
        for (algorithm, kid) in [(Algorithm::HS256, "rsa"), (Algorithm::HS256, "ec.v2"), (Algorithm::HS512, "rsa")] {
            let key = EncodingKey::from_secret(secret.as_bytes());
            let token = encode(&header(algorithm, kid), &payload(), &key).unwrap();
            assert_eq!(verifier.verify(&token, now()), Err(AuthError::WrongAlgorithm));
        }
    }
    // One key's id with the other key's algorithm, and with the other key's signature.
    assert_eq!(verifier.verify(&rsa(Algorithm::RS256, "ec.v2"), now()), Err(AuthError::WrongAlgorithm));
    let token = unsigned(&json!({ "alg": "ES256", "kid": "rsa" }));
    assert_eq!(verifier.verify(&token, now()), Err(AuthError::WrongAlgorithm));
    let (head, _) = es256(&payload()).rsplit_once('.').map(|(head, tail)| (head.to_owned(), tail.to_owned())).unwrap();
    let other = rsa(Algorithm::RS256, "rsa");
    let token = format!("{head}.{}", other.rsplit_once('.').unwrap().1);
    assert_eq!(verifier.verify(&token, now()), Err(AuthError::BadSignature));
}

#[test]
fn unsigned_tokens_are_refused() {
    let verifier = verifier();
    for algorithm in ["none", "None", "NONE", "", "XX512"] {
        let token = unsigned(&json!({ "alg": algorithm, "kid": "ec.v2" }));
        assert_eq!(verifier.verify(&token, now()), Err(AuthError::Malformed), "{algorithm}");
    }
    let token = unsigned(&json!({ "alg": "ES256", "kid": "ec.v2" }));
    assert_eq!(verifier.verify(&token, now()), Err(AuthError::BadSignature));
}

#[test]
fn the_header_has_no_say_in_how_it_is_checked() {
    let verifier = verifier();
    let key = EncodingKey::from_ec_pem(P256_PRIVATE.as_bytes()).unwrap();
    let signed = |change: &dyn Fn(&mut Header)| {
        let mut header = header(Algorithm::ES256, "ec.v2");
        change(&mut header);
        verifier.verify(&encode(&header, &payload(), &key).unwrap(), now()).map(|_| ())
    };
    assert_eq!(signed(&|header| header.jku = Some("https://evil.example".to_owned())), Ok(()), "never fetched");
    assert_eq!(signed(&|header| header.crit = Some(vec!["exp".to_owned()])), Err(AuthError::Malformed));
    assert_eq!(signed(&|header| header.kid = None), Err(AuthError::Malformed));
    assert_eq!(signed(&|header| header.kid = Some("../ec.v2".to_owned())), Err(AuthError::UnknownKey));
    assert_eq!(signed(&|header| header.kid = Some(String::new())), Err(AuthError::UnknownKey));
    for (typ, outcome) in [
        (None, Ok(())),
        (Some("jwt"), Ok(())),
        (Some("at+jwt"), Ok(())),
        (Some("logout+jwt"), Err(AuthError::Malformed)),
    ] {
        assert_eq!(signed(&|header| header.typ = typ.map(str::to_owned)), outcome, "{typ:?}");
    }
    // A key inside the token does not replace the one it names.
    let dir = tempfile::tempdir().unwrap();
    let stranger = Signer::load_or_generate(&config(dir.path())).unwrap();
    let grant = grant(600);
    let token = stranger.sign(&grant, now()).unwrap();
    assert_eq!(verifier.verify(&token, now()), Err(AuthError::UnknownKey));
}

#[test]
fn time_is_the_callers_and_leeway_counts_both_ways() {
    let verifier = verifier();
    let token = es256(&with(&json!({ "nbf": NOW })));
    for (seconds, outcome) in [
        (-31, Some(AuthError::NotYetValid)),
        (-30, None),
        (0, None),
        (629, None),
        (630, Some(AuthError::Expired)),
        (100_000, Some(AuthError::Expired)),
    ] {
        assert_eq!(verifier.verify(&token, at(seconds)).err(), outcome, "{seconds}");
    }
    let fractions = es256(&with(&json!({ "exp": 1_800_000_600.5, "nbf": 1_799_999_999.25 })));
    let claims = verifier.verify(&fractions, now()).unwrap();
    assert_eq!(claims.expires_at, at(600) + TimeDelta::milliseconds(500));
}

#[test]
fn every_claim_is_needed_and_checked() {
    let verifier = verifier();
    for (changes, error) in [
        (json!({ "exp": null }), AuthError::Malformed),
        (json!({ "exp": "soon" }), AuthError::Malformed),
        (json!({ "exp": -1 }), AuthError::Malformed),
        (json!({ "exp": u64::MAX }), AuthError::Malformed),
        (json!({ "nbf": "now" }), AuthError::Malformed),
        (json!({ "nbf": 1e300 }), AuthError::Malformed),
        (json!({ "iss": null }), AuthError::WrongIssuer),
        (json!({ "iss": "https://id.example.org/" }), AuthError::WrongIssuer),
        (json!({ "aud": null }), AuthError::WrongAudience),
        (json!({ "aud": "other" }), AuthError::WrongAudience),
        (json!({ "aud": [] }), AuthError::WrongAudience),
        (json!({ "aud": ["other", "Counterpart"] }), AuthError::WrongAudience),
        (json!({ "sub": null }), AuthError::Malformed),
        (json!({ "sub": "ana" }), AuthError::Malformed),
        (json!({ "org": null }), AuthError::Malformed),
        (json!({ "org": 1 }), AuthError::Malformed),
    ] {
        assert_eq!(verifier.verify(&es256(&with(&changes)), now()), Err(error), "{changes}");
    }
    assert!(verifier.verify(&es256(&with(&json!({ "aud": ["other", "counterpart"] }))), now()).is_ok());
}

#[test]
fn a_changed_token_is_refused() {
    let verifier = verifier();
    let (good, other) = (es256(&payload()), es256(&with(&json!({ "sub": Uuid::from_u128(3) }))));
    let (good, other): (Vec<&str>, Vec<&str>) = (good.split('.').collect(), other.split('.').collect());
    let token = format!("{}.{}.{}", good[0], other[1], good[2]);
    assert_eq!(verifier.verify(&token, now()), Err(AuthError::BadSignature));
    // Even when the claims are wrong too: whoever cannot sign does not learn which.
    let expired = es256(&with(&json!({ "exp": 1, "aud": "other" })));
    let token = format!("{}.{}.{}", good[0], expired.split('.').nth(1).unwrap(), good[2]);
    assert_eq!(verifier.verify(&token, now()), Err(AuthError::BadSignature));
}

#[test]
fn garbage_is_malformed() {
    let verifier = verifier();
    assert_eq!(verifier.verify("", now()), Err(AuthError::Missing));
    let good = es256(&payload());
    for token in [
        "x",
        ".",
        "..",
        "...",
        "a.b.c",
        "\0\0.\u{1f600}.x",
        "Bearer x",
        "e30.e30.",
        "eyJhbGciOiJFUzI1NiJ9.e30.x",
        &format!("{good}.{good}"),
        &format!(" {good}"),
        &good[1..],
        &"x".repeat(9000),
    ] {
        assert_eq!(verifier.verify(token, now()), Err(AuthError::Malformed), "{token:.40}");
    }
    for length in 1..good.len() {
        assert!(verifier.verify(&good[..length], now()).is_err());
    }
}

fn grant(seconds: i64) -> Grant {
    let (organization_id, person_id) = ids();
    Grant { organization_id, person_id, ttl: TimeDelta::seconds(seconds) }
}

#[test]
fn a_signer_makes_its_key_once_and_its_tokens_are_believed() {
    let home = tempfile::tempdir().unwrap();
    let config = config(&home.path().join("data/keys"));
    assert!(matches!(Signer::load(&config), Err(KeyError::Io { .. })));
    let first = Signer::load_or_generate(&config).unwrap();
    let second = Signer::load_or_generate(&config).unwrap();
    assert_eq!(first.key_id(), second.key_id());
    assert_eq!(Signer::load(&config).unwrap().key_id(), first.key_id());

    let private = config.keys_dir.join(format!("{}.signing.pem", first.key_id()));
    assert_eq!(fs::metadata(&private).unwrap().permissions().mode() & 0o777, 0o600);
    let keys = Keys::load(&config.keys_dir).unwrap();
    assert_eq!(keys.ids(), [first.key_id()]);
    let claims = Verifier::new(&config, keys).verify(&second.sign(&grant(60), now()).unwrap(), now()).unwrap();
    assert_eq!((claims.organization_id, claims.person_id), ids());
    assert_eq!(claims.expires_at, at(60));

    // The public half is put back when it is gone.
    fs::remove_file(config.keys_dir.join(format!("{}.eddsa.pem", first.key_id()))).unwrap();
    assert!(matches!(Keys::load(&config.keys_dir), Err(KeyError::Empty(_))));
    Signer::load_or_generate(&config).unwrap();
    assert_eq!(Keys::load(&config.keys_dir).unwrap().ids(), [first.key_id()]);
    assert!(!format!("{first:?}").contains("key: "), "{first:?}");
}

#[test]
fn two_keys_live_side_by_side_until_the_old_one_is_removed() {
    let (old_home, new_home) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let old = Signer::load_or_generate(&config(old_home.path())).unwrap();
    let new = Signer::load_or_generate(&config(new_home.path())).unwrap();
    assert_ne!(old.key_id(), new.key_id());
    let shared = tempfile::tempdir().unwrap();
    let public = |home: &TempDir, signer: &Signer| {
        let name = format!("{}.eddsa.pem", signer.key_id());
        fs::copy(home.path().join(&name), shared.path().join(&name)).unwrap();
        shared.path().join(name)
    };
    let old_file = public(&old_home, &old);
    public(&new_home, &new);

    let verify = |signer: &Signer| {
        let config = config(shared.path());
        let verifier = Verifier::new(&config, Keys::load(&config.keys_dir).unwrap());
        verifier.verify(&signer.sign(&grant(60), now()).unwrap(), now()).map(|_| ())
    };
    assert_eq!((verify(&old), verify(&new)), (Ok(()), Ok(())));
    fs::remove_file(old_file).unwrap();
    assert_eq!((verify(&old), verify(&new)), (Err(AuthError::UnknownKey), Ok(())));
}

#[test]
fn a_signer_needs_exactly_one_usable_key() {
    let home = tempfile::tempdir().unwrap();
    let config = config(home.path());
    assert!(matches!(Signer::load(&config), Err(KeyError::NoSigningKey(_))));
    fs::write(home.path().join("a.signing.pem"), P256_PRIVATE).unwrap();
    assert!(matches!(Signer::load(&config), Err(KeyError::Content { .. })));
    fs::write(home.path().join("b.signing.pem"), P256_PRIVATE).unwrap();
    assert!(matches!(Signer::load_or_generate(&config), Err(KeyError::ManySigningKeys(_))));
}

#[test]
fn unusable_key_files_stop_the_start_by_name() {
    let ed25519_short = "-----BEGIN PUBLIC KEY-----\nMBUwBQYDK2VwAwwAAAAAAAAAAAAAAAA=\n-----END PUBLIC KEY-----\n";
    for (name, content, reason) in [
        ("a.pem", RSA_PUBLIC, "is not named"),
        ("a.hs256.pem", RSA_PUBLIC, "is not named"),
        ("a.RS256.pem", RSA_PUBLIC, "is not named"),
        (".rs256.pem", RSA_PUBLIC, "is not named"),
        ("a b.rs256.pem", RSA_PUBLIC, "is not named"),
        ("a.rs256.pem", "", "-----BEGIN PUBLIC KEY-----"),
        ("a.rs256.pem", RSA_PRIVATE, "-----BEGIN PUBLIC KEY-----"),
        ("a.rs256.pem", RSA_PKCS1, "-----BEGIN PUBLIC KEY-----"),
        ("a.rs256.pem", P256_PUBLIC, "expected an RSA public key"),
        ("a.rs256.pem", RSA_SHORT, "at least 2048 bits"),
        ("a.es256.pem", RSA_PUBLIC, "expected a P-256 public key"),
        ("a.es256.pem", P384_PUBLIC, "expected a P-256 public key"),
        ("a.es256.pem", P256_PRIVATE, "-----BEGIN PUBLIC KEY-----"),
        ("a.eddsa.pem", P256_PUBLIC, "expected an Ed25519 public key"),
        ("a.eddsa.pem", ED448_PUBLIC, "expected an Ed25519 public key"),
        ("a.eddsa.pem", ed25519_short, "expected an Ed25519 public key"),
        ("a.eddsa.pem", &P256_PUBLIC[..60], "expected an Ed25519 public key"),
    ] {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(name), content).unwrap();
        let message = Keys::load(dir.path()).unwrap_err().to_string();
        assert!(message.contains(name) && message.contains(reason), "{name}: {message}");
    }
    let dir = tempfile::tempdir().unwrap();
    assert!(matches!(Keys::load(dir.path()), Err(KeyError::Empty(_))));
    assert!(matches!(Keys::load(&dir.path().join("missing")), Err(KeyError::Io { .. })));
    fs::write(dir.path().join("a.rs256.pem"), RSA_PUBLIC).unwrap();
    fs::write(dir.path().join("a.es256.pem"), P256_PUBLIC).unwrap();
    assert!(matches!(Keys::load(dir.path()), Err(KeyError::Duplicate(_))));
}
