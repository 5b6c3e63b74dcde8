//! Tokens that somebody made who should not have been able to (RFC 8725).

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};

use super::{AUDIENCE, present, refused, register, token};
use crate::{
    on_both_databases,
    support::{
        house::House,
        provider::{Provider, SigningKey},
    },
};

on_both_databases!(
    algorithm_confusion,
    keys_that_a_token_brings_along,
    claims_that_do_not_hold,
    keys_for_other_purposes
);

const RSA_PUBLIC: &str = include_str!("../../../shared/src/auth/test_keys/rsa2048.public.pem");

/// A token with a header of any form, and any signature.
fn forged(header: &Value, claims: &Value, signature: &str) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.{signature}", part(header), part(claims))
}

async fn algorithm_confusion(house: House) {
    let (rsa, ec) = (SigningKey::rsa("rsa-1"), SigningKey::p256("ec-1"));
    let provider = Provider::start(&[&rsa, &ec]).await;
    register(&house.admin(), &provider, &json!({})).await;
    let person = house.person("Paula Portal", "DE").await;
    let good = token(&house, &provider, &rsa, &person, &json!({}));
    let claims = json!({ "email": person.email, "email_verified": true });
    let claims = provider.claims(house.clock.now(), AUDIENCE, "x", &claims);

    for name in ["none", "None", "NONE", "nOnE", "", "HS256 ", "rs256"] {
        let token = forged(&json!({ "alg": name, "kid": "rsa-1" }), &claims, "");
        refused(present(&house, &token).await, 401, "malformed");
    }
    // The public key, in every form, as the secret of a symmetric signature.
    let jwk = rsa.jwk();
    for secret in [RSA_PUBLIC, RSA_PUBLIC.trim(), jwk["n"].as_str().unwrap(), &jwk.to_string()] {
        for algorithm in [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512] {
            let mut header = Header::new(algorithm);
            header.kid = Some("rsa-1".to_owned());
            let token = encode(&header, &claims, &EncodingKey::from_secret(secret.as_bytes())).unwrap();
            refused(present(&house, &token).await, 401, "an algorithm that its key does not allow");
            header.kid = None;
            let token = encode(&header, &claims, &EncodingKey::from_secret(secret.as_bytes())).unwrap();
            refused(present(&house, &token).await, 401, "an unknown key");
        }
    }
    // One key's id with the other key's signature and algorithm, and the other algorithms of the same key.
    let mut header = ec.header();
    header.kid = Some("rsa-1".to_owned());
    refused(present(&house, &ec.sign_with(&header, &claims)).await, 401, "an algorithm that its key does not allow");
    for algorithm in [Algorithm::RS384, Algorithm::RS512, Algorithm::PS256] {
        header = rsa.header();
        header.alg = algorithm;
        let token = rsa.sign_with(&header, &claims);
        refused(present(&house, &token).await, 401, "an algorithm that its key does not allow");
    }
    let (head, _) = good.rsplit_once('.').unwrap();
    refused(
        present(&house, &format!("{head}.{}", URL_SAFE_NO_PAD.encode([0; 256]))).await,
        401,
        "signature is invalid",
    );
    // A signature over other claims.
    let (_, signature) = good.rsplit_once('.').unwrap();
    let token = forged(&json!({ "alg": "RS256", "kid": "rsa-1" }), &claims, signature);
    refused(present(&house, &token).await, 401, "signature is invalid");
    // Our own key does not speak for the issuer, nor the issuer's for us.
    let ours = provider.claims(
        house.clock.now(),
        "counterpart",
        &person.id.to_string(),
        &json!({ "iss": "counterpart",
        "org": house.organization.id }),
    );
    refused(present(&house, &rsa.sign(&ours)).await, 401, "an unknown key");
    assert_eq!(present(&house, &good).await, Ok("Paula Portal".to_owned()));
}

async fn keys_that_a_token_brings_along(house: House) {
    let (own, thief) = (SigningKey::rsa("key-1"), SigningKey::p256("key-1"));
    let provider = Provider::start(&[&own]).await;
    let trap = Provider::start(&[&thief]).await;
    register(&house.admin(), &provider, &json!({})).await;
    let person = house.person("Paula Portal", "DE").await;
    let claims = json!({ "email": person.email, "email_verified": true });
    let claims = provider.claims(house.clock.now(), AUDIENCE, "x", &claims);
    let certificate = URL_SAFE_NO_PAD.encode("not one");
    for kid in [Some("key-1"), Some("key-2"), None, Some("../../keys/key-1"), Some("' OR 1=1 --")] {
        let mut header = thief.header();
        header.kid = kid.map(str::to_owned);
        header.jku = Some(trap.jwks_url());
        header.x5u = Some(trap.jwks_url());
        header.x5c = Some(vec![certificate.clone()]);
        header.jwk = Some(serde_json::from_value(thief.jwk()).unwrap());
        let outcome = present(&house, &thief.sign_with(&header, &claims)).await;
        assert_eq!(outcome.expect_err("a thief's key").0, 401, "{kid:?}");
    }
    assert_eq!(trap.requests(), 0, "nobody goes where a token points to");

    // Of an honest token they are not read, and what a recipient must understand is not understood.
    let mut header = own.header();
    header.jku = Some(trap.jwks_url());
    assert_eq!(present(&house, &own.sign_with(&header, &claims)).await, Ok("Paula Portal".to_owned()));
    header.crit = Some(vec!["exp".to_owned()]);
    refused(present(&house, &own.sign_with(&header, &claims)).await, 401, "malformed");
    header = own.header();
    header.typ = Some("logout+jwt".to_owned());
    refused(present(&house, &own.sign_with(&header, &claims)).await, 401, "malformed");
    assert_eq!(trap.requests(), 0);
}

async fn claims_that_do_not_hold(house: House) {
    let key = SigningKey::p256("ec-1");
    let provider = Provider::start(&[&key]).await;
    register(&house.admin(), &provider, &json!({})).await;
    let person = house.person("Paula Portal", "DE").await;
    let now = house.clock.now().timestamp();
    for (claims, told) in [
        (json!({ "exp": now - 31 }), "has expired"),
        (json!({ "exp": null }), "malformed"),
        (json!({ "exp": "tomorrow" }), "malformed"),
        (json!({ "nbf": now + 31 }), "not valid yet"),
        (json!({ "nbf": "now" }), "malformed"),
        (json!({ "aud": "another" }), "another audience"),
        (json!({ "aud": ["another", "counterpart-api2"] }), "another audience"),
        (json!({ "aud": null }), "another audience"),
        (json!({ "aud": [] }), "another audience"),
        (json!({ "aud": { "x": AUDIENCE } }), ""),
        (json!({ "iss": format!("{}/", provider.issuer()) }), "unexpected issuer"),
        (json!({ "iss": [provider.issuer()] }), ""),
        (json!({ "iss": null }), ""),
        (json!({ "sub": null }), "malformed"),
        (json!({ "sub": "" }), "malformed"),
        (json!({ "sub": 17 }), "malformed"),
        (json!({ "sub": "x".repeat(256) }), "malformed"),
        (json!({ "sub": "a\u{0}b" }), "malformed"),
    ] {
        let token = token(&house, &provider, &key, &person, &claims);
        refused(present(&house, &token).await, 401, told);
    }
    // Within the leeway, in a list, and as long as may be.
    let longest = "x".repeat(255);
    let lucky = token(
        &house,
        &provider,
        &key,
        &person,
        &json!({ "exp": now - 29, "nbf": now + 29, "sub": longest,
        "aud": ["another", AUDIENCE] }),
    );
    assert_eq!(present(&house, &lucky).await, Ok("Paula Portal".to_owned()));
    let huge = token(&house, &provider, &key, &person, &json!({ "padding": "x".repeat(8 * 1024) }));
    refused(present(&house, &huge).await, 401, "malformed");
}

async fn keys_for_other_purposes(house: House) {
    let (rsa, ec) = (SigningKey::rsa("rsa-1"), SigningKey::p256("ec-1"));
    let provider = Provider::start(&[]).await;
    register(&house.admin(), &provider, &json!({})).await;
    let person = house.person("Paula Portal", "DE").await;
    let with = |changes: Value| {
        let mut jwk = rsa.jwk();
        for (name, value) in changes.as_object().unwrap() {
            jwk[name] = value.clone();
        }
        jwk
    };
    let honest = token(&house, &provider, &rsa, &person, &json!({}));
    let short = "AL3Zx_2Q".to_owned();
    for jwk in [
        with(json!({ "use": "enc" })),
        with(json!({ "key_ops": ["encrypt"] })),
        with(json!({ "alg": "RS512" })),
        with(json!({ "alg": "HS256" })),
        with(json!({ "kty": "oct", "k": "c2VjcmV0" })),
        with(json!({ "n": short })),
        with(json!({ "e": "AQ" })),
        with(json!({ "d": "c2VjcmV0" })),
    ] {
        // A second key keeps the set from being refused as a whole.
        provider.publishes_raw(vec![jwk.clone(), ec.jwk()]);
        house.clock.advance(chrono::TimeDelta::seconds(31));
        let outcome = present(&house, &honest).await;
        assert!(outcome.is_err(), "{jwk}");
        refused(outcome, 401, "an unknown key");
    }
    provider.publishes_raw(vec![with(json!({ "use": "sig", "key_ops": ["verify"], "alg": "RS256" })), ec.jwk()]);
    house.clock.advance(chrono::TimeDelta::seconds(31));
    let honest = token(&house, &provider, &rsa, &person, &json!({}));
    assert_eq!(present(&house, &honest).await, Ok("Paula Portal".to_owned()));
}
