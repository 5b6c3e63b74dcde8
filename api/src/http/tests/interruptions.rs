use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::{Instant, timeout},
};

use super::*;

const LONG: &str = "{ waits(milliseconds: 60000) }";

#[tokio::test]
async fn a_panic_is_answered_without_its_message() {
    let server = Server::start().await;
    for accept in [NEWER, OLDER] {
        let body = json!({ "query": "{ panics }" }).to_string();
        let answer = Answer::to(server.post(body).header("accept", accept)).await;
        let (status, code, _) = answer.fault();
        assert_eq!((status, code.as_str()), (500, "INTERNAL"));
        assert!(!answer.text.contains("detail"), "{answer:?}");
    }
    assert_eq!(Answer::to(server.document("{ greeting }")).await.status, 200);
}

#[tokio::test]
async fn a_request_that_takes_too_long_is_stopped() {
    let server = Server::start_with(&[("HTTP__REQUEST_TIMEOUT_SECONDS", "1")]).await;
    let answer = Answer::to(server.document(LONG)).await;
    let (status, code, _) = answer.fault();
    assert_eq!((status, code.as_str()), (504, "TIMEOUT"));
    timeout(Duration::from_secs(5), server.witness.dropped.notified()).await.expect("the resolver was dropped");
}

#[tokio::test]
async fn a_body_that_never_ends_is_given_up() {
    let server = Server::start_with(&[("HTTP__REQUEST_TIMEOUT_SECONDS", "1")]).await;
    let mut stream = connect(&server).await;
    let head = "POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{";
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = vec![0; 12];
    timeout(Duration::from_secs(10), stream.read_exact(&mut answer)).await.expect("an answer in time").unwrap();
    assert_eq!(answer, b"HTTP/1.1 504");
}

#[tokio::test]
async fn whoever_hangs_up_stops_the_work() {
    let server = Server::start().await;
    let mut stream = connect(&server).await;
    write(&mut stream, LONG).await;
    server.witness.started.notified().await;
    drop(stream);
    timeout(Duration::from_secs(5), server.witness.dropped.notified()).await.expect("the resolver was dropped");
}

#[tokio::test]
async fn stopping_lets_requests_in_hand_finish_and_accepts_no_new_ones() {
    let server = Server::start().await;
    let base = server.base.clone();
    // A connection that is kept open but unused must not keep the server from stopping.
    assert_eq!(Answer::to(server.get("/healthz")).await.status, 200);
    let mut stream = connect(&server).await;
    write(&mut stream, "{ waits(milliseconds: 1500) }").await;
    server.witness.started.notified().await;

    let began = Instant::now();
    timeout(Duration::from_secs(20), server.stop()).await.expect("the server stopped");
    assert!(began.elapsed() > Duration::from_secs(1), "the request in hand was waited for");

    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with(r#"{"data":{"waits":true}}"#), "{answer}");
    let address = base.strip_prefix("http://").unwrap();
    assert!(TcpStream::connect(address).await.is_err(), "nobody listens any more");
}

#[tokio::test]
async fn stopping_does_not_wait_for_ever() {
    let server = Server::start_with(&[("WORKER__SHUTDOWN_SECONDS", "1")]).await;
    let mut stream = connect(&server).await;
    write(&mut stream, LONG).await;
    let witness = Arc::clone(&server.witness);
    witness.started.notified().await;
    timeout(Duration::from_secs(10), server.stop()).await.expect("the server stopped");
    timeout(Duration::from_secs(5), witness.dropped.notified()).await.expect("the resolver was dropped");
}

async fn connect(server: &Server) -> TcpStream {
    TcpStream::connect(server.base.strip_prefix("http://").unwrap()).await.unwrap()
}

async fn write(stream: &mut TcpStream, document: &str) {
    let body = json!({ "query": document }).to_string();
    let head = "POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json";
    let request = format!("{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    stream.write_all(request.as_bytes()).await.unwrap();
}
