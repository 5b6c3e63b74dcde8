use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

use super::*;

const PATIENCE: Duration = Duration::from_secs(20);
const STREAM: &str = "text/event-stream";

fn stream(server: &Server, document: &str) -> RequestBuilder {
    server.post(json!({ "query": document }).to_string()).header("accept", STREAM)
}

/// The events of a stream, names and data, in one text without the comments.
fn events(answer: &Answer) -> String {
    assert_eq!(answer.header("content-type"), "text/event-stream; charset=utf-8", "{answer:?}");
    answer.text.trim_start_matches(":\n\n").replace("\n\n:\n\n", "\n\n")
}

#[tokio::test]
async fn an_operation_is_answered_as_a_stream_when_that_is_asked_for() {
    let server = Server::start().await;
    let whole = "event: next\ndata: {\"data\":{\"greeting\":\"Hello you\"}}\n\nevent: complete\ndata:\n\n";
    let answer = Answer::to(stream(&server, "{ greeting }")).await;
    assert_eq!((answer.status.as_u16(), events(&answer).as_str()), (200, whole));
    for (name, value) in [("cache-control", "no-store"), ("x-accel-buffering", "no"), ("vary", "accept")] {
        assert_eq!(answer.header(name), value);
    }
    assert!(!answer.headers.contains_key("content-encoding"), "{answer:?}");
    let answer = Answer::to(server.ask(&[("query", "{ greeting }")]).header("accept", STREAM)).await;
    assert_eq!(events(&answer), whole);
    // Clients that take both get JSON for whatever has one answer.
    for accept in ["text/event-stream, application/json", "application/graphql-response+json, text/event-stream;q=0.9"]
    {
        let answer =
            Answer::to(server.post(json!({ "query": "{ greeting }" }).to_string()).header("accept", accept)).await;
        assert_eq!(answer.json(), json!({ "data": { "greeting": "Hello you" } }), "{accept}");
    }
    let answer = Answer::to(server.document("{ greeting }").header("accept", "text/event-stream;q=0")).await;
    assert!(answer.header("content-type").starts_with("application/graphql-response+json"), "{answer:?}");
}

#[tokio::test]
async fn what_is_wrong_with_the_request_is_told_by_the_status() {
    let server = Server::start_with_tables().await;
    let plain = server.http.post(format!("{}/graphql", server.base)).header("accept", STREAM).body("{ greeting }");
    let stranger = server.token(server.clock.new_id(), server.clock.new_id());
    for (request, status) in [
        (plain, 415),
        (server.post("{").header("accept", STREAM), 400),
        (stream(&server, "{ greeting }").header("authorization", "Bearer nonsense"), 401),
        (stream(&server, "{ greeting }").bearer_auth(stranger), 401),
        (server.ask(&[("query", "mutation { change }")]).header("accept", STREAM), 405),
        (stream(&server, "{ panics }"), 500),
    ] {
        assert_eq!(Answer::to(request).await.fault().0, status);
    }
    assert_eq!(server.witness.changes.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn what_is_wrong_with_the_document_is_told_in_an_event() {
    let server = Server::start().await;
    for document in ["{ nothing }", "{ greeting "] {
        let answer = Answer::to(stream(&server, document)).await;
        let told = events(&answer);
        assert_eq!(answer.status, 200);
        assert!(told.starts_with("event: next\ndata: {\"errors\":[{\"message\":\""), "{told}");
        assert!(told.ends_with("\n\nevent: complete\ndata:\n\n"), "{told}");
    }
}

/// A stream over a plain connection, with whatever was sent of it so far.
struct Raw(TcpStream, String);

impl Raw {
    async fn open(server: &Server, document: &str, token: Option<&str>) -> Self {
        let mut stream = TcpStream::connect(server.base.strip_prefix("http://").unwrap()).await.unwrap();
        let body = json!({ "query": document }).to_string();
        let authorization = token.map(|token| format!("authorization: Bearer {token}\r\n")).unwrap_or_default();
        let head =
            "POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\naccept: text/event-stream\r\n";
        let request = format!("{head}{authorization}content-length: {}\r\n\r\n{body}", body.len());
        stream.write_all(request.as_bytes()).await.unwrap();
        Self(stream, String::new())
    }

    async fn until(&mut self, text: &str) {
        let reading = async {
            while !self.1.contains(text) {
                let mut part = [0; 4096];
                let length = self.0.read(&mut part).await.unwrap();
                assert!(length > 0, "the stream ended without {text}: {}", self.1);
                self.1.push_str(&String::from_utf8_lossy(&part[..length]));
            }
        };
        timeout(PATIENCE, reading).await.unwrap_or_else(|_| panic!("no {text} in time: {}", self.1));
    }
}

#[tokio::test]
async fn whoever_hangs_up_ends_the_operation() {
    let server = Server::start().await;
    let raw = Raw::open(&server, "{ waits(milliseconds: 60000) }", None).await;
    server.witness.started.notified().await;
    drop(raw);
    timeout(PATIENCE, server.witness.dropped.notified()).await.expect("the resolver was dropped");
}

#[tokio::test]
async fn a_subscription_is_kept_open_by_comments_until_the_server_stops() {
    let server = Server::start_product(|service| service.streams.pace.comment = Duration::from_millis(100)).await;
    let person = server.member().await;
    let token = server.token(person.organization_id, person.id);
    let mut raw = Raw::open(&server, "subscription { matchUpdated { id } }", Some(&token)).await;
    raw.until("\r\n\r\n").await;
    for _ in 0..5 {
        raw.1.clear();
        raw.until(":\n\n").await;
    }
    let (stopped, ()) = tokio::join!(timeout(PATIENCE, server.stop()), raw.until("event: complete\ndata:\n\n"));
    stopped.expect("the server stopped");
}

#[tokio::test]
async fn a_subscription_ends_with_its_token() {
    let server = Server::start_product(|_| {}).await;
    let person = server.member().await;
    let token = server.token(person.organization_id, person.id);
    let mut raw = Raw::open(&server, "subscription { matchUpdated { id } }", Some(&token)).await;
    raw.until(":\n\n").await;
    server.clock.advance(TimeDelta::hours(2));
    raw.until("event: complete\ndata:\n\n").await;
    assert!(raw.1.contains("event: next\ndata: {\"errors\":[{"), "{}", raw.1);
    assert!(raw.1.contains("UNAUTHENTICATED") && raw.1.contains("expired"), "{}", raw.1);
    let late = Answer::to(stream(&server, "subscription { matchUpdated { id } }").bearer_auth(token)).await;
    assert_eq!(late.fault().0, 401);
}

#[tokio::test]
async fn subscriptions_may_come_with_get_and_only_as_a_stream() {
    let server = Server::start_product(|_| {}).await;
    let document = [("query", "subscription { matchUpdated { id } }")];
    assert_eq!(Answer::to(server.ask(&document)).await.fault().0, 405);
    // Nobody in particular may not listen; both kinds of clients are told in a stream.
    for accept in [STREAM, "application/json, text/event-stream"] {
        let answer = Answer::to(server.ask(&document).header("accept", accept)).await;
        let told = events(&answer);
        assert!(told.contains("UNAUTHENTICATED") && told.ends_with("event: complete\ndata:\n\n"), "{told}");
    }
    // As JSON a subscription is refused, and told how it would be heard.
    let answer = Answer::to(server.document(document[0].1)).await;
    let (status, code, message) = answer.fault();
    assert_eq!((status, code.as_str()), (400, "GRAPHQL_VALIDATION_FAILED"));
    assert!(message.contains("text/event-stream"), "{message}");
}
