//! Tokens that were never issued, or not for this.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use shared::store;
use uuid::Uuid;

use crate::{
    on_both_databases,
    support::{graphql::Client, house::House},
};

on_both_databases!(
    algorithm_none,
    algorithm_confusion,
    keys_named_by_the_token,
    claims_of_somebody_else,
    tokens_out_of_time,
    tokens_in_the_wrong_place,
    a_person_who_left_and_a_role_that_was_taken,
);

/// The house's keys, as whoever got into its folder would find them.
struct Keys {
    signing: EncodingKey,
    public_pem: Vec<u8>,
    id: String,
}

fn keys(house: &House) -> Keys {
    let files = || std::fs::read_dir(&house.config.auth.keys_dir).unwrap().map(|entry| entry.unwrap().path());
    let ending = |ending: &str| files().find(|path| path.to_string_lossy().ends_with(ending)).unwrap();
    let signing = std::fs::read(ending(".signing.pem")).unwrap();
    let public = ending(".eddsa.pem");
    let id = public.file_name().unwrap().to_string_lossy().trim_end_matches(".eddsa.pem").to_owned();
    Keys { signing: EncodingKey::from_ed_pem(&signing).unwrap(), public_pem: std::fs::read(public).unwrap(), id }
}

/// What an honest token of the administrator says.
fn claims(house: &House) -> Value {
    let now = house.clock.now().timestamp();
    json!({ "iss": house.config.auth.issuer, "aud": house.config.auth.audience, "sub": house.administrator.id,
        "org": house.organization.id, "iat": now, "exp": now + 600 })
}

fn signed(keys: &Keys, claims: &Value) -> String {
    let mut header = Header::new(Algorithm::EdDSA);
    header.kid = Some(keys.id.clone());
    encode(&header, claims, &keys.signing).unwrap()
}

/// A token put together by hand.
fn pasted(header: &Value, claims: &Value, signature: &[u8]) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.{}", part(header), part(claims), URL_SAFE_NO_PAD.encode(signature))
}

const ME: &str = "{ viewer { person { id } } }";

async fn is_refused(house: &House, token: &str, what: &str) {
    let answer = Client::new(house.base(), token).raw(ME, json!({})).await;
    assert_eq!(answer.status, 401, "{what}: {answer:#?}");
    assert_eq!(answer.body["errors"][0]["extensions"]["code"], "UNAUTHENTICATED", "{what}");
    assert!(answer.body.get("data").is_none(), "{what}");
    assert!(answer.headers["www-authenticate"].to_str().unwrap().starts_with("Bearer"), "{what}");
}

async fn algorithm_none(house: House) {
    let keys = keys(&house);
    Client::new(house.base(), &signed(&keys, &claims(&house))).query(ME, json!({})).await;
    for name in ["none", "None", "NONE", "nOnE", "", "null"] {
        for kid in [json!(keys.id), Value::Null] {
            let header = json!({ "alg": name, "typ": "JWT", "kid": kid });
            for signature in [&b""[..], b"x"] {
                is_refused(&house, &pasted(&header, &claims(&house), signature), name).await;
            }
        }
    }
    let honest = signed(&keys, &claims(&house));
    let (unsigned, _) = honest.rsplit_once('.').unwrap();
    is_refused(&house, &format!("{unsigned}."), "no signature").await;
    is_refused(&house, unsigned, "two parts").await;
}

async fn algorithm_confusion(house: House) {
    let keys = keys(&house);
    // The public key is no secret: as the secret of an HMAC it must be worth nothing.
    let der = keys.public_pem.clone();
    let trimmed: Vec<u8> = String::from_utf8(der.clone()).unwrap().trim().bytes().collect();
    for secret in [der, trimmed] {
        for algorithm in [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512] {
            let mut header = Header::new(algorithm);
            header.kid = Some(keys.id.clone());
            let token = encode(&header, &claims(&house), &EncodingKey::from_secret(&secret)).unwrap();
            is_refused(&house, &token, "HMAC with the public key").await;
        }
    }
    for name in ["RS256", "ES256", "PS256", "RS512", "ES384", "HS256"] {
        let honest = signed(&keys, &claims(&house));
        let signature = URL_SAFE_NO_PAD.decode(honest.rsplit('.').next().unwrap()).unwrap();
        let header = json!({ "alg": name, "typ": "JWT", "kid": keys.id });
        is_refused(&house, &pasted(&header, &claims(&house), &signature), name).await;
    }
}

async fn keys_named_by_the_token(house: House) {
    let keys = keys(&house);
    let with = |extra: Value| {
        let mut header = json!({ "alg": "EdDSA", "typ": "JWT", "kid": "unknown" });
        for (name, value) in extra.as_object().unwrap() {
            header[name] = value.clone();
        }
        pasted(&header, &claims(&house), &[0; 64])
    };
    for kid in ["../../../../etc/passwd", "' OR '1'='1", "%00", "..", "/dev/null", "\u{0}", &"k".repeat(5000)] {
        is_refused(&house, &with(json!({ "kid": kid })), kid).await;
    }
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/jwks.json", listener.local_addr().unwrap());
    for extra in [
        json!({ "jku": url }),
        json!({ "x5u": url }),
        json!({ "jwk": { "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" } }),
        json!({ "x5c": ["AAAA"] }),
        json!({ "crit": ["exp"] }),
    ] {
        is_refused(&house, &with(extra.clone()), &extra.to_string()).await;
    }
    let asked = tokio::time::timeout(std::time::Duration::from_millis(200), listener.accept()).await;
    assert!(asked.is_err(), "nobody fetches a key that a token names");
    assert!(!keys.id.is_empty());
}

async fn claims_of_somebody_else(house: House) {
    let keys = keys(&house);
    let (foreign, stranger) = house.other_organization("island").await;
    let with = |name: &str, value: Value| {
        let mut claims = claims(&house);
        claims[name] = value;
        signed(&keys, &claims)
    };
    // Even a right signature does not put a person into a tenant they are not of.
    for (name, value) in [
        ("org", json!(foreign.id)),
        ("sub", json!(stranger.id)),
        ("sub", json!(Uuid::nil())),
        ("sub", json!("administrator")),
        ("org", json!(null)),
        ("iss", json!("https://accounts.example.org")),
        ("iss", json!(["counterpart"])),
        ("aud", json!("another-service")),
        ("aud", json!([])),
    ] {
        is_refused(&house, &with(name, value.clone()), &format!("{name}: {value}")).await;
    }
    let honest = signed(&keys, &claims(&house));
    let parts: Vec<&str> = honest.split('.').collect();
    let mut other = claims(&house);
    other["sub"] = json!(stranger.id);
    let swapped = format!("{}.{}.{}", parts[0], URL_SAFE_NO_PAD.encode(other.to_string()), parts[2]);
    is_refused(&house, &swapped, "claims under another's signature").await;
}

async fn tokens_out_of_time(house: House) {
    let keys = keys(&house);
    let now = house.clock.now().timestamp();
    let beyond = i64::try_from(house.config.auth.leeway_seconds).unwrap() + 1;
    for (name, value) in [
        ("exp", json!(now - beyond)),
        ("exp", json!(0)),
        ("exp", json!(-1)),
        ("exp", json!("tomorrow")),
        ("exp", Value::Null),
        ("nbf", json!(now + beyond)),
    ] {
        let mut claims = claims(&house);
        claims[name] = value.clone();
        is_refused(&house, &signed(&keys, &claims), &format!("{name}: {value}")).await;
    }
    let mut endless = claims(&house);
    endless.as_object_mut().unwrap().remove("exp");
    is_refused(&house, &signed(&keys, &endless), "no exp").await;
}

async fn tokens_in_the_wrong_place(house: House) {
    let token = signed(&keys(&house), &claims(&house));
    let http = crate::support::graphql::http();
    let url = format!("{}/graphql", house.base());
    let body = json!({ "query": ME });
    let unauthenticated = async |request: reqwest::RequestBuilder, what: &str| {
        let answer = request.json(&body).send().await.unwrap();
        let body: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
        assert_eq!(body["errors"][0]["extensions"]["code"], "UNAUTHENTICATED", "{what}: {body}");
    };
    unauthenticated(http.post(format!("{url}?access_token={token}")), "a parameter").await;
    unauthenticated(http.post(format!("{url}?authorization=Bearer%20{token}")), "a parameter").await;
    for name in ["cookie", "x-authorization", "proxy-authorization", "x-access-token"] {
        let value = if name == "cookie" {
            format!("access_token={token}; authorization={token}")
        } else {
            format!("Bearer {token}")
        };
        unauthenticated(http.post(&url).header(name, value), name).await;
    }
    for scheme in ["Basic", "Token", "DPoP", ""] {
        unauthenticated(http.post(&url).header("authorization", format!("{scheme} {token}")), scheme).await;
    }
    let twice = http.post(&url).header("authorization", format!("Bearer {token}")).header("authorization", "Bearer x");
    unauthenticated(twice, "two headers").await;
}

async fn a_person_who_left_and_a_role_that_was_taken(house: House) {
    let mut person = house.coordinator("Cora Coordinator", None).await;
    let client = house.client(&person);
    let people = "{ people(first: 1) { totalCount } }";
    client.query(people, json!({})).await;
    let role = store::organizations::roles_of(&house.store, house.organization.id, person.id).await.unwrap().remove(0);
    let tx = house.store.begin().await.unwrap();
    assert!(store::organizations::delete_role(&tx, house.organization.id, role.id).await.unwrap());
    tx.commit().await.unwrap();
    assert_eq!(client.error_codes(people, json!({})).await, ["FORBIDDEN"], "the same token, the next request");
    person.active = false;
    let tx = house.store.begin().await.unwrap();
    store::people::update(&tx, &mut person).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(client.raw(people, json!({})).await.status, 401);
}
