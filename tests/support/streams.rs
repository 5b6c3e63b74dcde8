//! Both ways to listen: a WebSocket that speaks `graphql-transport-ws`, and a stream of server-sent events.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Message, client::IntoClientRequest as _, http::HeaderValue},
};

use super::graphql::Client;

/// Generous: the machine that runs the tests may be busy building something else.
const PATIENCE: Duration = Duration::from_secs(30);

/// A WebSocket that is ready for operations.
pub(crate) struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    /// Opens a socket for this client.
    pub(crate) async fn open(client: &Client) -> Self {
        let url = client.endpoint().replacen("http", "ws", 1);
        let mut request = url.into_client_request().expect("an address");
        let protocol = HeaderValue::from_static("graphql-transport-ws");
        request.headers_mut().insert("sec-websocket-protocol", protocol);
        let mut socket = Self(connect_async(request).await.expect("a socket").0);
        let payload = client.token().map(|token| json!({ "authorization": format!("Bearer {token}") }));
        socket.say(json!({ "type": "connection_init", "payload": payload })).await;
        assert_eq!(socket.hear().await, json!({ "type": "connection_ack" }));
        socket
    }

    /// Begins an operation.
    pub(crate) async fn subscribe(&mut self, id: &str, document: &str, variables: Value) {
        let payload = json!({ "query": document, "variables": variables });
        self.say(json!({ "id": id, "type": "subscribe", "payload": payload })).await;
    }

    async fn say(&mut self, message: Value) {
        self.0.send(Message::text(message.to_string())).await.expect("an open socket");
    }

    /// The next message.
    pub(crate) async fn hear(&mut self) -> Value {
        loop {
            match timeout(PATIENCE, self.0.next()).await.expect("a message in time") {
                Some(Ok(Message::Text(text))) => return serde_json::from_str(&text).expect("JSON"),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                other => panic!("no message but {other:?}"),
            }
        }
    }

    /// The data of the next message, which must be the answer for that operation.
    pub(crate) async fn data(&mut self, id: &str) -> Value {
        let mut message = self.hear().await;
        assert_eq!((&message["id"], &message["type"]), (&json!(id), &json!("next")), "{message:#}");
        assert!(message["payload"]["errors"].is_null(), "{message:#}");
        message["payload"]["data"].take()
    }

    /// Makes sure that nothing came so far: a query answered after it would have come later.
    pub(crate) async fn is_silent(&mut self) {
        self.subscribe("silence", "{ __typename }", json!({})).await;
        assert_eq!(self.data("silence").await, json!({ "__typename": "Query" }));
        assert_eq!(self.hear().await, json!({ "id": "silence", "type": "complete" }));
    }

    /// The code that the server closes the socket with.
    pub(crate) async fn code(&mut self) -> u16 {
        loop {
            match timeout(PATIENCE, self.0.next()).await.expect("an end in time") {
                Some(Ok(Message::Close(Some(frame)))) => return frame.code.into(),
                Some(Ok(_)) => {}
                other => panic!("not closed but {other:?}"),
            }
        }
    }
}

/// A stream of server-sent events.
pub(crate) struct Events {
    response: reqwest::Response,
    text: String,
}

impl Events {
    /// Begins an operation for this client; `Err` with the whole answer when it is none of events.
    pub(crate) async fn open(client: &Client, document: &str, variables: Value) -> Self {
        let response = client.request(&json!({ "query": document, "variables": variables }), "text/event-stream");
        let response = response.send().await.expect("an answer from the server");
        assert_eq!(response.status(), 200, "{document}");
        Self { response, text: String::new() }
    }

    /// The name and the data of the next event.
    pub(crate) async fn next(&mut self) -> (String, Value) {
        loop {
            while let Some((event, rest)) = self.text.split_once("\n\n") {
                let (event, rest) = (event.to_owned(), rest.to_owned());
                self.text = rest;
                let field = |name: &str| event.lines().find_map(|line| line.strip_prefix(name).map(str::trim));
                if let Some(name) = field("event:") {
                    let data = serde_json::from_str(field("data:").unwrap_or_default()).unwrap_or(Value::Null);
                    return (name.to_owned(), data);
                }
            }
            let part = timeout(PATIENCE, self.response.chunk()).await.expect("an event in time");
            let part = part.expect("a stream").expect("an event before the end");
            self.text.push_str(std::str::from_utf8(&part).expect("UTF-8"));
        }
    }

    /// The data of the next event, which must be an answer without errors.
    pub(crate) async fn data(&mut self) -> Value {
        let (name, mut answer) = self.next().await;
        assert_eq!((name.as_str(), &answer["errors"]), ("next", &Value::Null), "{answer:#}");
        answer["data"].take()
    }
}
