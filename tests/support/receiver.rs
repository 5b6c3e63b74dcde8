//! A receiver of webhooks that remembers every request, and misbehaves when it is told to.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;
use standardwebhooks::Webhook;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::watch,
};

/// What a receiver does with a request once it has read it.
#[derive(Clone, Debug)]
pub(crate) enum Behavior {
    /// Answers with this status line's rest, further headers and body.
    Answer(&'static str, String, String),
    /// Hangs up.
    Drop,
    /// Never answers.
    Silence,
    /// Answers 200 with a body that never ends.
    Endless,
}

impl Behavior {
    pub(crate) fn ok() -> Self {
        Self::status("204 No Content")
    }

    pub(crate) fn status(status: &'static str) -> Self {
        Self::Answer(status, String::new(), String::new())
    }
}

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Delivered {
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Delivered {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().expect("text")
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }

    /// Whether one of the signatures is what the reference library makes with this secret.
    pub(crate) fn is_signed_with(&self, secret: &str) -> bool {
        let timestamp: i64 = self.header("webhook-timestamp").parse().expect("seconds");
        let webhook = Webhook::new(secret).expect("a secret");
        let expected = webhook.sign(self.header("webhook-id"), timestamp, &self.body).expect("a signature");
        self.header("webhook-signature").split(' ').any(|signature| signature == expected)
    }
}

/// A server on a port of its own.
pub(crate) struct Receiver {
    address: SocketAddr,
    behavior: Arc<Mutex<Behavior>>,
    received: Arc<Mutex<Vec<Delivered>>>,
    count: watch::Receiver<usize>,
}

impl Receiver {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let behavior = Arc::new(Mutex::new(Behavior::ok()));
        let received = Arc::new(Mutex::new(Vec::new()));
        let (counter, count) = watch::channel(0);
        let (shown, kept) = (Arc::clone(&behavior), Arc::clone(&received));
        tokio::spawn(async move {
            loop {
                let Ok((mut socket, _)) = listener.accept().await else { return };
                let (behavior, received, counter) = (Arc::clone(&shown), Arc::clone(&kept), counter.clone());
                tokio::spawn(async move {
                    while let Some(request) = read(&mut socket).await {
                        let todo = behavior.lock().expect("a lock").clone();
                        received.lock().expect("a lock").push(request);
                        counter.send_modify(|count| *count += 1);
                        if !answer(&mut socket, todo).await {
                            return;
                        }
                    }
                });
            }
        });
        Self { address, behavior, received, count }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/hooks", self.address)
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    pub(crate) fn will(&self, behavior: Behavior) {
        *self.behavior.lock().expect("a lock") = behavior;
    }

    /// Everything so far, in the order it came.
    pub(crate) fn received(&self) -> Vec<Delivered> {
        self.received.lock().expect("a lock").clone()
    }

    /// The `webhook-id` of everything so far.
    pub(crate) fn ids(&self) -> Vec<String> {
        self.received().iter().map(|request| request.header("webhook-id").to_owned()).collect()
    }

    /// The `type` of everything so far.
    pub(crate) fn kinds(&self) -> Vec<String> {
        self.received().iter().map(|request| request.json()["type"].as_str().expect("a type").to_owned()).collect()
    }

    pub(crate) fn forget(&self) {
        self.received.lock().expect("a lock").clear();
    }

    /// Waits until so many requests came in all, since the start.
    pub(crate) async fn wait_for(&self, count: usize) {
        let mut seen = self.count.clone();
        let waited = tokio::time::timeout(Duration::from_secs(30), seen.wait_for(|seen| *seen >= count)).await;
        waited.expect("in time").expect("a receiver");
    }
}

async fn read(socket: &mut TcpStream) -> Option<Delivered> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
        if socket.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(bytes[..end].to_vec()).expect("text");
    let mut lines = head.lines();
    assert_eq!(lines.next(), Some("POST /hooks HTTP/1.1"));
    let headers: HeaderMap = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| {
            (name.parse::<HeaderName>().expect("a name"), value.parse::<HeaderValue>().expect("a value"))
        })
        .collect();
    let length: usize = headers["content-length"].to_str().expect("text").parse().expect("a length");
    let mut body = bytes[end + 4..].to_vec();
    while body.len() < length {
        if socket.read_buf(&mut body).await.ok()? == 0 {
            return None;
        }
    }
    Some(Delivered { headers, body })
}

/// False when the connection is of no more use.
async fn answer(socket: &mut TcpStream, behavior: Behavior) -> bool {
    match behavior {
        Behavior::Answer(status, headers, body) => {
            let length =
                if status.starts_with("204") { String::new() } else { format!("content-length: {}\r\n", body.len()) };
            let text = format!("HTTP/1.1 {status}\r\n{length}{headers}\r\n{body}");
            socket.write_all(text.as_bytes()).await.is_ok()
        }
        Behavior::Drop => false,
        Behavior::Silence => {
            // Until the other side gives up.
            let mut rest = Vec::new();
            socket.read_to_end(&mut rest).await.ok();
            false
        }
        Behavior::Endless => {
            let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
            let mut goes_on = socket.write_all(head.as_bytes()).await.is_ok();
            let chunk = format!("400\r\n{}\r\n", "x".repeat(1_024));
            while goes_on {
                goes_on = socket.write_all(chunk.as_bytes()).await.is_ok();
            }
            false
        }
    }
}
