//! An identity provider: discovery, keys and tokens, over real HTTP, with whatever can be wrong with them.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard},
};

use chrono::{DateTime, TimeDelta, Utc};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode, jwk::Jwk};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::Notify,
};
use tokio_util::sync::{CancellationToken, DropGuard};

// Made for tests and used nowhere else; the last one is the example of RFC 8410.
const RSA: &str = include_str!("../../shared/src/auth/test_keys/rsa2048.private.pem");
const P256: &str = include_str!("../../shared/src/auth/test_keys/p256.private.pem");
const ED25519: &str = "-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC
-----END PRIVATE KEY-----
";

/// How a provider answers.
#[derive(Clone, Debug, Default)]
pub(crate) enum Mood {
    /// As it should.
    #[default]
    Good,
    /// With a server error.
    Broken,
    /// Not at all, until somebody lets it go on.
    Silent,
    /// With more than anybody wants to read.
    Endless,
    /// From somewhere else.
    Elsewhere(String),
    /// With something that is not JSON.
    Garbage,
    /// As if it were another issuer.
    Impostor,
}

struct State {
    mood: Mood,
    keys: Vec<Value>,
    cache_control: Option<String>,
    requests: BTreeMap<String, usize>,
}

/// A running provider. It stops when this is dropped.
pub(crate) struct Provider {
    base: String,
    state: Arc<Mutex<State>>,
    go_on: Arc<Notify>,
    _stop: DropGuard,
}

/// A key that a provider signs with.
pub(crate) struct SigningKey {
    pub(crate) id: &'static str,
    pub(crate) algorithm: Algorithm,
    key: EncodingKey,
}

impl SigningKey {
    pub(crate) fn rsa(id: &'static str) -> Self {
        Self { id, algorithm: Algorithm::RS256, key: EncodingKey::from_rsa_pem(RSA.as_bytes()).unwrap() }
    }

    pub(crate) fn p256(id: &'static str) -> Self {
        Self { id, algorithm: Algorithm::ES256, key: EncodingKey::from_ec_pem(P256.as_bytes()).unwrap() }
    }

    pub(crate) fn ed25519(id: &'static str) -> Self {
        Self { id, algorithm: Algorithm::EdDSA, key: EncodingKey::from_ed_pem(ED25519.as_bytes()).unwrap() }
    }

    /// The public half, as a provider publishes it.
    pub(crate) fn jwk(&self) -> Value {
        let mut jwk = Jwk::from_encoding_key(&self.key, self.algorithm).unwrap();
        jwk.common.key_id = Some(self.id.to_owned());
        serde_json::to_value(jwk).unwrap()
    }

    /// A token with these claims.
    pub(crate) fn sign(&self, claims: &Value) -> String {
        self.sign_with(&self.header(), claims)
    }

    /// The same with another header.
    pub(crate) fn sign_with(&self, header: &Header, claims: &Value) -> String {
        encode(header, claims, &self.key).unwrap()
    }

    pub(crate) fn header(&self) -> Header {
        let mut header = Header::new(self.algorithm);
        header.kid = Some(self.id.to_owned());
        header
    }
}

impl Provider {
    /// A provider that publishes these keys.
    pub(crate) async fn start(keys: &[&SigningKey]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let base = format!("http://{}", listener.local_addr().expect("an address"));
        let keys = keys.iter().map(|key| key.jwk()).collect();
        let state = State { mood: Mood::Good, keys, cache_control: None, requests: BTreeMap::new() };
        let (state, go_on, stop) = (Arc::new(Mutex::new(state)), Arc::new(Notify::new()), CancellationToken::new());
        let (seen, lets_go, stopped, own) = (Arc::clone(&state), Arc::clone(&go_on), stop.clone(), base.clone());
        tokio::spawn(async move {
            while let Some(Ok((stream, _))) = stopped.run_until_cancelled(listener.accept()).await {
                let (state, go_on, base) = (Arc::clone(&seen), Arc::clone(&lets_go), own.clone());
                tokio::spawn(async move { answer(stream, &state, &go_on, &base).await });
            }
        });
        Self { base, state, go_on, _stop: stop.drop_guard() }
    }

    /// Its `iss`.
    pub(crate) fn issuer(&self) -> &str {
        &self.base
    }

    /// The address of its keys.
    pub(crate) fn jwks_url(&self) -> String {
        format!("{}/keys", self.base)
    }

    pub(crate) fn is(&self, mood: Mood) {
        self.state().mood = mood;
        self.go_on.notify_waiters();
    }

    /// Publishes other keys.
    pub(crate) fn publishes(&self, keys: &[&SigningKey]) {
        self.publishes_raw(keys.iter().map(|key| key.jwk()).collect());
    }

    pub(crate) fn publishes_raw(&self, keys: Vec<Value>) {
        self.state().keys = keys;
    }

    pub(crate) fn says_cache_control(&self, text: &str) {
        self.state().cache_control = Some(text.to_owned());
    }

    /// How often it was asked for its keys.
    pub(crate) fn fetches(&self) -> usize {
        self.state().requests.get("/keys").copied().unwrap_or(0)
    }

    /// How often it was asked for anything.
    pub(crate) fn requests(&self) -> usize {
        self.state().requests.values().sum()
    }

    /// The claims of a good token for this audience, valid for an hour.
    pub(crate) fn claims(&self, now: DateTime<Utc>, audience: &str, subject: &str, more: &Value) -> Value {
        let mut claims = json!({ "iss": self.base, "aud": audience, "sub": subject, "iat": now.timestamp(),
            "exp": (now + TimeDelta::hours(1)).timestamp() });
        for (name, value) in more.as_object().expect("claims") {
            if value.is_null() {
                claims.as_object_mut().expect("claims").remove(name);
            } else {
                claims[name] = value.clone();
            }
        }
        claims
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("a provider that did not panic")
    }
}

async fn answer(mut stream: TcpStream, state: &Mutex<State>, go_on: &Notify, base: &str) {
    let mut request = Vec::new();
    let mut piece = [0; 2048];
    while !request.windows(4).any(|end| end == b"\r\n\r\n") {
        match stream.read(&mut piece).await {
            Ok(length @ 1..) => request.extend_from_slice(&piece[..length]),
            _ => return,
        }
    }
    let text = String::from_utf8_lossy(&request).into_owned();
    let path = text.split(' ').nth(1).unwrap_or_default().to_owned();
    let waits = go_on.notified();
    let (mood, keys, cache_control) = {
        let mut state = state.lock().expect("a provider that did not panic");
        *state.requests.entry(path.clone()).or_default() += 1;
        (state.mood.clone(), state.keys.clone(), state.cache_control.clone())
    };
    let good = match path.as_str() {
        "/keys" => Some(json!({ "keys": keys }).to_string()),
        "/.well-known/openid-configuration" => {
            let issuer = if matches!(mood, Mood::Impostor) { "https://another.example.org" } else { base };
            Some(json!({ "issuer": issuer, "jwks_uri": format!("{base}/keys") }).to_string())
        }
        _ => None,
    };
    let (status, more, body) = match (&mood, good) {
        (_, None) => ("404 Not Found", String::new(), String::new()),
        (Mood::Broken, _) => ("500 Internal Server Error", String::new(), String::new()),
        (Mood::Silent, _) => {
            waits.await;
            return;
        }
        (Mood::Endless, _) => ("200 OK", String::new(), format!("{{\"keys\": [{}", " ".repeat(300_000))),
        (Mood::Elsewhere(url), _) => ("302 Found", format!("location: {url}\r\n"), String::new()),
        (Mood::Garbage, _) => ("200 OK", String::new(), "<html>".to_owned()),
        (Mood::Good | Mood::Impostor, Some(body)) => {
            let line = cache_control.map(|text| format!("cache-control: {text}\r\n"));
            ("200 OK", line.unwrap_or_default(), body)
        }
    };
    let answer = format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\nconnection: close\r\n{more}content-length: {}\r\n\r\n{body}",
        body.len()
    );
    // Whoever has read enough hangs up.
    stream.write_all(answer.as_bytes()).await.ok();
}
