use std::net::SocketAddr;

use futures_util::{SinkExt as _, StreamExt as _};
use tokio::{
    net::TcpStream,
    time::{sleep, timeout},
};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{
        Error, Message,
        client::IntoClientRequest as _,
        http::HeaderValue,
        protocol::{CloseFrame, frame::coding::CloseCode},
    },
};

use super::{super::streams::Pace, *};

const PATIENCE: Duration = Duration::from_secs(20);
const WAITS: &str = "{ waits(milliseconds: 60000) }";

/// One end of a WebSocket.
struct Socket(WebSocketStream<TcpStream>);

impl Socket {
    async fn open(server: &Server, headers: &[(&'static str, &str)]) -> Result<Self, Error> {
        let address: SocketAddr = server.base.strip_prefix("http://").unwrap().parse().unwrap();
        let mut request = format!("ws://{address}/graphql").into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().insert(*name, HeaderValue::from_str(value).unwrap());
        }
        let stream = TcpStream::connect(address).await.unwrap();
        client_async(request, stream).await.map(|(socket, _)| Self(socket))
    }

    /// A socket that speaks the protocol and has not said anything.
    async fn silent(server: &Server) -> Self {
        Self::open(server, &[("sec-websocket-protocol", "graphql-transport-ws")]).await.unwrap()
    }

    /// A socket of nobody in particular, ready for operations.
    async fn ready(server: &Server) -> Self {
        let mut socket = Self::silent(server).await;
        socket.say(json!({ "type": "connection_init" })).await;
        assert_eq!(socket.hear().await, json!({ "type": "connection_ack" }));
        socket
    }

    async fn say(&mut self, message: Value) {
        self.send(Message::text(message.to_string())).await;
    }

    async fn send(&mut self, message: Message) {
        self.0.send(message).await.unwrap();
    }

    async fn subscribe(&mut self, id: &str, document: &str) {
        self.say(json!({ "id": id, "type": "subscribe", "payload": { "query": document } })).await;
    }

    async fn next(&mut self) -> Option<Result<Message, Error>> {
        timeout(PATIENCE, self.0.next()).await.expect("a message in time")
    }

    /// The next message of the protocol.
    async fn hear(&mut self) -> Value {
        loop {
            match self.next().await {
                Some(Ok(Message::Text(text))) => return serde_json::from_str(&text).unwrap(),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                other => panic!("no message but {other:?}"),
            }
        }
    }

    /// The code that the socket is closed with.
    async fn code(&mut self) -> u16 {
        loop {
            match self.next().await {
                Some(Ok(Message::Close(Some(frame)))) => return frame.code.into(),
                Some(Ok(_)) => {}
                other => panic!("not closed but {other:?}"),
            }
        }
    }
}

async fn with_pace(settings: &[(&str, &str)], change: impl FnOnce(&mut Pace)) -> Server {
    Server::begin(settings, false, true, |service| change(&mut service.streams.pace)).await
}

#[tokio::test]
async fn code_4400_answers_what_is_no_message() {
    let server = Server::start().await;
    for text in [
        "nonsense",
        "[]",
        "{}",
        r#"{ "type": 7 }"#,
        r#"{ "type": "start" }"#,
        r#"{ "type": "connection_init", "payload": 7 }"#,
        r#"{ "type": "connection_init", "payload": { "authorization": 7 } }"#,
        r#"{ "type": "connection_init", "payload": { "authorization": "Bearer a", "Authorization": "Bearer b" } }"#,
        r#"{ "type": "ping", "payload": "text" }"#,
        r#"{ "type": "subscribe" }"#,
        r#"{ "type": "subscribe", "id": "", "payload": { "query": "{ greeting }" } }"#,
        r#"{ "type": "subscribe", "id": 1, "payload": { "query": "{ greeting }" } }"#,
        r#"{ "type": "subscribe", "id": "1" }"#,
        r#"{ "type": "subscribe", "id": "1", "payload": {} }"#,
        r#"{ "type": "subscribe", "id": "1", "payload": { "query": "{ greeting }", "variables": [] } }"#,
        r#"{ "type": "complete" }"#,
    ] {
        let mut socket = Socket::silent(&server).await;
        socket.send(Message::text(text)).await;
        assert_eq!(socket.code().await, 4400, "{text}");
    }
    let mut socket = Socket::ready(&server).await;
    socket.send(Message::binary(br#"{ "type": "ping" }"#.to_vec())).await;
    assert_eq!(socket.code().await, 4400);
}

#[tokio::test]
async fn code_4401_answers_an_operation_before_the_connection() {
    let server = Server::start().await;
    let mut socket = Socket::silent(&server).await;
    socket.subscribe("1", "{ greeting }").await;
    assert_eq!(socket.code().await, 4401);
}

#[tokio::test]
async fn code_4401_ends_a_connection_with_its_token_and_what_goes_on_over_it() {
    let server = Server::start_with_tables().await;
    let person = server.member().await;
    let bearer = format!("Bearer {}", server.token(person.organization_id, person.id));
    let mut socket = Socket::silent(&server).await;
    socket.say(json!({ "type": "connection_init", "payload": { "Authorization": bearer } })).await;
    assert_eq!(socket.hear().await["type"], "connection_ack");
    socket.subscribe("1", "{ asked }").await;
    assert_eq!(socket.hear().await["payload"]["data"]["asked"][0], person.name);
    assert_eq!(socket.hear().await, json!({ "id": "1", "type": "complete" }));
    socket.subscribe("2", WAITS).await;
    server.witness.started.notified().await;
    server.clock.advance(TimeDelta::hours(2));
    assert_eq!(socket.code().await, 4401);
    timeout(PATIENCE, server.witness.dropped.notified()).await.expect("the resolver was dropped");
}

#[tokio::test]
async fn code_4401_ends_the_connection_of_a_person_who_left() {
    let server = Server::start_with_tables().await;
    let mut person = server.member().await;
    let bearer = format!("Bearer {}", server.token(person.organization_id, person.id));
    let headers = [("sec-websocket-protocol", "graphql-transport-ws"), ("authorization", bearer.as_str())];
    let mut socket = Socket::open(&server, &headers).await.unwrap();
    socket.say(json!({ "type": "connection_init" })).await;
    assert_eq!(socket.hear().await["type"], "connection_ack");

    server.let_go(&mut person).await;
    server.clock.advance(TimeDelta::seconds(31));
    assert_eq!(socket.code().await, 4401);
}

#[tokio::test]
async fn code_4403_answers_a_token_that_is_not_accepted() {
    let server = Server::start_with_tables().await;
    let stranger = format!("Bearer {}", server.token(server.clock.new_id(), server.clock.new_id()));
    for text in ["Bearer nonsense", "Basic abc", "", stranger.as_str()] {
        let mut socket = Socket::silent(&server).await;
        socket.say(json!({ "type": "connection_init", "payload": { "authorization": text } })).await;
        assert_eq!(socket.code().await, 4403, "{text}");
    }
    let headers = [("sec-websocket-protocol", "graphql-transport-ws"), ("authorization", "Bearer a")];
    let mut socket = Socket::open(&server, &headers).await.unwrap();
    socket.say(json!({ "type": "connection_init", "payload": { "authorization": "Bearer b" } })).await;
    assert_eq!(socket.code().await, 4403, "header and payload name two people");
}

#[tokio::test]
async fn code_4406_answers_a_client_that_speaks_something_else() {
    let server = Server::start().await;
    let mut socket = Socket::open(&server, &[]).await.unwrap();
    assert_eq!(socket.code().await, 4406);
}

#[tokio::test]
async fn code_4408_answers_silence() {
    let server = with_pace(&[], |pace| pace.init = Duration::from_millis(100)).await;
    let mut socket = Socket::silent(&server).await;
    assert_eq!(socket.code().await, 4408);
    let mut socket = Socket::ready(&server).await;
    sleep(Duration::from_millis(300)).await;
    socket.subscribe("1", "{ greeting }").await;
    assert_eq!(socket.hear().await["type"], "next", "whoever has spoken may be silent");
}

#[tokio::test]
async fn code_4409_answers_an_id_that_is_in_use_and_only_then() {
    let server = Server::start().await;
    let mut socket = Socket::ready(&server).await;
    socket.subscribe("1", WAITS).await;
    server.witness.started.notified().await;
    socket.say(json!({ "id": "1", "type": "complete" })).await;
    timeout(PATIENCE, server.witness.dropped.notified()).await.expect("the resolver was dropped");
    socket.subscribe("1", "{ greeting }").await;
    let told = json!({ "id": "1", "type": "next", "payload": { "data": { "greeting": "Hello you" } } });
    assert_eq!(socket.hear().await, told);
    assert_eq!(socket.hear().await, json!({ "id": "1", "type": "complete" }));
    socket.subscribe("1", WAITS).await;
    socket.subscribe("1", "{ greeting }").await;
    assert_eq!(socket.code().await, 4409);
}

#[tokio::test]
async fn code_4429_answers_a_second_beginning() {
    let server = Server::start().await;
    let mut socket = Socket::ready(&server).await;
    socket.say(json!({ "type": "connection_init" })).await;
    assert_eq!(socket.code().await, 4429);
}

#[tokio::test]
async fn code_4500_tells_that_nobody_can_be_recognized_at_the_moment() {
    // A database without tables is as good as one that is gone.
    let server = Server::start().await;
    let bearer = format!("Bearer {}", server.token(server.clock.new_id(), server.clock.new_id()));
    let mut socket = Socket::silent(&server).await;
    socket.say(json!({ "type": "connection_init", "payload": { "authorization": bearer } })).await;
    assert_eq!(socket.code().await, 4500);
}

#[tokio::test]
async fn code_1001_says_goodbye_when_the_server_stops() {
    let server = Server::start().await;
    let (mut idle, mut busy) = (Socket::ready(&server).await, Socket::ready(&server).await);
    busy.subscribe("1", WAITS).await;
    let witness = Arc::clone(&server.witness);
    witness.started.notified().await;
    let stopping = server.stop();
    let codes = async { (idle.code().await, busy.code().await) };
    let ((), codes) = timeout(PATIENCE, async { tokio::join!(stopping, codes) }).await.expect("the server stopped");
    assert_eq!(codes, (1001, 1001));
    timeout(PATIENCE, witness.dropped.notified()).await.expect("the resolver was dropped");
}

#[tokio::test]
async fn the_clients_own_code_comes_back() {
    let server = Server::start().await;
    let mut socket = Socket::ready(&server).await;
    let frame = CloseFrame { code: CloseCode::Normal, reason: "done".into() };
    socket.send(Message::Close(Some(frame))).await;
    assert_eq!(socket.code().await, 1000);
}

#[tokio::test]
async fn code_1009_answers_a_message_that_is_larger_than_a_body_may_be() {
    let server = Server::start_with(&[("HTTP__BODY_LIMIT_BYTES", "1024")]).await;
    let mut socket = Socket::ready(&server).await;
    socket.subscribe("1", &format!("{{ greeting }} #{}", "x".repeat(900))).await;
    assert_eq!(socket.hear().await["type"], "next");
    assert_eq!(socket.hear().await["type"], "complete");
    socket.subscribe("1", &format!("{{ greeting }} #{}", "x".repeat(1024))).await;
    assert_eq!(socket.code().await, 1009);
}

#[tokio::test]
async fn pings_are_answered_and_asked() {
    let server = with_pace(&[], |pace| pace.ping = Duration::from_millis(200)).await;
    let mut socket = Socket::silent(&server).await;
    socket.say(json!({ "type": "ping", "payload": { "any": 1 } })).await;
    assert_eq!(socket.hear().await, json!({ "type": "pong" }));
    // Whoever reads answers pings, and stays as long as they like.
    let listening = timeout(Duration::from_millis(1500), async {
        loop {
            assert!(matches!(socket.next().await, Some(Ok(Message::Ping(_)))));
        }
    });
    assert!(listening.await.is_err());

    // Whoever does not is gone after a while, and their work with them.
    let mut socket = Socket::ready(&server).await;
    socket.subscribe("1", WAITS).await;
    server.witness.started.notified().await;
    timeout(PATIENCE, server.witness.dropped.notified()).await.expect("the resolver was dropped");
}

#[tokio::test]
async fn operations_go_on_side_by_side_and_end_with_their_socket() {
    let server = Server::start().await;
    let mut socket = Socket::ready(&server).await;
    socket.subscribe("slow", WAITS).await;
    server.witness.started.notified().await;
    socket.subscribe("quick", "mutation { change }").await;
    assert_eq!(socket.hear().await["payload"], json!({ "data": { "change": true } }));
    assert_eq!(socket.hear().await, json!({ "id": "quick", "type": "complete" }));
    socket.subscribe("wrong", "{ nothing }").await;
    let refused = socket.hear().await;
    assert_eq!((&refused["id"], &refused["type"]), (&json!("wrong"), &json!("error")));
    assert!(refused["payload"][0]["message"].is_string(), "{refused}");
    socket.subscribe("bad", "{ panics }").await;
    let broken = socket.hear().await;
    assert_eq!(broken["type"], "error");
    assert_eq!(broken["payload"][0]["extensions"]["code"], "INTERNAL");
    assert!(!broken.to_string().contains("detail"), "{broken}");
    drop(socket);
    timeout(PATIENCE, server.witness.dropped.notified()).await.expect("the resolver was dropped");
}

#[tokio::test]
async fn an_operation_that_takes_too_long_is_stopped() {
    let server = Server::start_with(&[("HTTP__REQUEST_TIMEOUT_SECONDS", "1")]).await;
    let mut socket = Socket::ready(&server).await;
    socket.subscribe("1", WAITS).await;
    assert_eq!(socket.hear().await["payload"][0]["extensions"]["code"], "TIMEOUT");
    timeout(PATIENCE, server.witness.dropped.notified()).await.expect("the resolver was dropped");
}

#[tokio::test]
async fn one_socket_carries_a_hundred_operations_and_no_more() {
    let server = Server::start().await;
    let mut socket = Socket::ready(&server).await;
    for number in 0..=100 {
        socket.subscribe(&number.to_string(), WAITS).await;
    }
    let refused = socket.hear().await;
    assert_eq!(refused["id"], "100");
    assert_eq!(refused["payload"][0]["extensions"]["code"], "LIMIT_EXCEEDED");
}

#[tokio::test]
async fn a_server_keeps_so_many_streams_and_has_room_again_when_one_ends() {
    let server = Server::start_with(&[("HTTP__STREAM_LIMIT", "1")]).await;
    let headers = [("sec-websocket-protocol", "graphql-transport-ws")];
    let first = Socket::ready(&server).await;
    let Err(Error::Http(refused)) = Socket::open(&server, &headers).await else { panic!("there was room") };
    assert_eq!(refused.status(), 503);
    assert_eq!(refused.headers()["retry-after"], "5");
    let body = json!({ "query": "{ greeting }" }).to_string();
    let request = server.post(body).header("accept", "text/event-stream");
    let (status, code, _) = Answer::to(request).await.fault();
    assert_eq!((status, code.as_str()), (503, "LIMIT_EXCEEDED"));
    assert_eq!(Answer::to(server.document("{ greeting }")).await.status, 200, "requests are no streams");
    drop(first);
    let open_again = async {
        while Socket::open(&server, &headers).await.is_err() {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, open_again).await.expect("room again");
}

#[tokio::test]
async fn pages_of_other_sites_open_no_socket() {
    let server = Server::start_with(&[("HTTP__PUBLIC_URL", "https://mentoring.example.org")]).await;
    let own = server.base.clone();
    let open = async |origin: &str| {
        Socket::open(&server, &[("sec-websocket-protocol", "graphql-transport-ws"), ("origin", origin)]).await
    };
    for origin in [own.as_str(), "https://mentoring.example.org"] {
        assert!(open(origin).await.is_ok(), "{origin}");
    }
    for origin in ["https://evil.example", "null", "http://mentoring.example.org.evil.example", "nonsense"] {
        let Err(Error::Http(refused)) = open(origin).await else { panic!("{origin} may open a socket") };
        assert_eq!(refused.status(), 403, "{origin}");
    }
}

#[tokio::test]
async fn a_handshake_that_is_none_is_told_so() {
    let server = Server::start().await;
    let request = server.get("/graphql").header("upgrade", "websocket").header("connection", "upgrade");
    let (status, code, message) = Answer::to(request).await.fault();
    assert_eq!((status, code.as_str()), (400, "BAD_USER_INPUT"));
    assert!(message.contains("handshake"), "{message}");
    let headers = [("sec-websocket-protocol", "graphql-transport-ws"), ("authorization", "Basic abc")];
    let Err(Error::Http(refused)) = Socket::open(&server, &headers).await else { panic!("accepted") };
    assert_eq!(refused.status(), 401);
}
