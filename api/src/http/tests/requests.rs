use super::*;

#[tokio::test]
async fn only_json_in_utf8_is_read() {
    let server = Server::start().await;
    let body = json!({ "query": "mutation { change }" }).to_string();
    let url = format!("{}/graphql", server.base);
    for kind in [
        None,
        Some("text/plain"),
        Some("application/x-www-form-urlencoded"),
        Some("multipart/form-data; boundary=x"),
        Some("application/graphql"),
        Some("application/graphql-response+json"),
        Some("application/json; charset=utf-16"),
        Some("text/json"),
        Some("nonsense"),
    ] {
        let mut request = server.http.post(&url).body(body.clone());
        if let Some(kind) = kind {
            request = request.header("content-type", kind);
        }
        let (status, code, message) = Answer::to(request).await.fault();
        assert_eq!((status, code.as_str()), (415, "BAD_USER_INPUT"), "{kind:?}");
        assert!(message.contains("Content-Type: application/json"), "{message}");
    }
    let compressed = server.post(body.clone()).header("content-encoding", "gzip");
    assert_eq!(Answer::to(compressed).await.fault().0, 415);
    assert_eq!(server.witness.changes.load(Ordering::SeqCst), 0);

    let request = server.http.post(&url).header("content-type", "application/json; charset=UTF-8").body(body);
    assert_eq!(Answer::to(request).await.json(), json!({ "data": { "change": true } }));
}

#[tokio::test]
async fn a_malformed_request_says_what_to_change() {
    let server = Server::start().await;
    let deep = format!("{}{}", "[".repeat(200_000), "]".repeat(200_000));
    for (body, told) in [
        ("", "The body is not JSON"),
        ("{ \"query\": ", "The body is not JSON"),
        ("{ greeting }", "The body is not JSON"),
        (deep.as_str(), "The body is not JSON"),
        ("\"{ greeting }\"", "The body must be a JSON object"),
        ("null", "The body must be a JSON object"),
        ("[]", "Batches are not accepted"),
        (r#"[{ "query": "{ greeting }" }]"#, "Batches are not accepted"),
        ("{}", "`query` is missing"),
        (r#"{ "query": null }"#, "`query` is missing"),
        (r#"{ "query": 7 }"#, "`query` must be a string"),
        (r#"{ "query": "" }"#, "`query` is empty"),
        (r#"{ "query": "{ greeting }", "query": "mutation { change }" }"#, "`query` stands twice"),
        (r#"{ "query": "{ greeting }", "variables": { "a": { "b": 1, "b": 2 } } }"#, "`b` stands twice"),
        (r#"{ "query": "{ greeting }", "variables": { "a": 1e999 } }"#, "The body is not JSON"),
        ("\u{feff}{ \"query\": \"{ greeting }\" }", "The body is not JSON"),
        (r#"{ "documentId": "abc" }"#, "`documentId` must be"),
        (r#"{ "documentId": "md5:00" }"#, "`documentId` must be"),
        (
            r#"{ "extensions": { "persistedQuery": { "version": 1 } } }"#,
            "`extensions.persistedQuery.sha256Hash` must be",
        ),
        (r#"{ "query": "{ greeting }", "operationName": ["a"] }"#, "`operationName` must be a string"),
        (r#"{ "query": "{ greeting }", "variables": "x" }"#, "`variables` must be a JSON object"),
        (r#"{ "query": "{ greeting }", "variables": [] }"#, "`variables` must be a JSON object"),
        (r#"{ "query": "{ greeting }", "extensions": false }"#, "`extensions` must be a JSON object"),
    ] {
        for accept in [NEWER, OLDER] {
            let answer = Answer::to(server.post(body.to_owned()).header("accept", accept)).await;
            let (status, code, message) = answer.fault();
            let shown = body.get(..80).unwrap_or(body);
            assert_eq!((status, code.as_str()), (400, "BAD_USER_INPUT"), "{shown}");
            assert!(message.contains(told), "{shown}: {message}");
            assert_eq!(answer.header("content-type"), accept);
        }
    }
}

#[tokio::test]
async fn a_deeply_nested_document_is_refused_and_the_server_lives() {
    let server = Server::start().await;
    for (open, close) in [("{a", "}"), ("{a(b:[", "])}"), ("{a(b:{c:", "1})}"), ("{...on Query", "}")] {
        let inner = open.get(1..).unwrap();
        let (open, close) = if open.starts_with("{a(") { (inner, close) } else { (open, close) };
        let document = format!("{}{}", open.repeat(60_000), close.repeat(60_000));
        let answer = Answer::to(server.document(&document)).await;
        assert_eq!(answer.status, 400, "{open}: {:?}", answer.text.get(..300));
    }
    for (open, close) in [("[", "]"), ("{c:", "}")] {
        let document = format!("{{ greeting(name: {}1{}) }}", open.repeat(100_000), close.repeat(100_000));
        assert_eq!(Answer::to(server.document(&document)).await.status, 400, "{open}");
    }
    assert_eq!(Answer::to(server.document("{ greeting }")).await.status, 200);
}

#[tokio::test]
async fn optional_parts_may_be_null_and_unknown_parts_are_passed_over() {
    let server = Server::start().await;
    let body = json!({
        "query": "query A($name: String!) { greeting(name: $name) } query B { fails }",
        "operationName": "A", "variables": { "name": "Søren 李" }, "extensions": { "trace": { "id": 1 } }, "id": 7,
    });
    let answer = Answer::to(server.post(body.to_string())).await;
    assert_eq!(answer.json(), json!({ "data": { "greeting": "Hello Søren 李" } }));

    let body = json!({ "query": "{ greeting }", "operationName": null, "variables": null, "extensions": null });
    let answer = Answer::to(server.post(body.to_string())).await;
    assert_eq!(answer.json(), json!({ "data": { "greeting": "Hello you" } }));
}

#[tokio::test]
async fn queries_may_come_with_get() {
    let server = Server::start().await;
    let ask = |pairs: &[(&str, &str)]| server.ask(pairs).header("accept", NEWER);
    let two = "query A($name: String!) { greeting(name: $name) } mutation B { change }";
    let answer = Answer::to(ask(&[
        ("query", two),
        ("operationName", "A"),
        ("variables", r#"{ "name": "a+b&c" }"#),
        ("extensions", "{}"),
        ("unknown", "x"),
    ]))
    .await;
    assert_eq!(answer.json(), json!({ "data": { "greeting": "Hello a+b&c" } }));

    for (pairs, told) in [
        (vec![], "`query` is missing"),
        (vec![("query", "")], "`query` is missing"),
        (vec![("query", "{ greeting }"), ("variables", "{")], "`variables` is not JSON"),
        (vec![("query", "{ greeting }"), ("variables", "[]")], "`variables` must be a JSON object"),
        (vec![("query", "{ greeting }"), ("extensions", "7")], "`extensions` must be a JSON object"),
        (vec![("query", "{ greeting }"), ("query", "{ fails }")], "stands twice"),
    ] {
        let (status, code, message) = Answer::to(ask(&pairs)).await.fault();
        assert_eq!((status, code.as_str()), (400, "BAD_USER_INPUT"), "{pairs:?}");
        assert!(message.contains(told), "{pairs:?}: {message}");
    }
}

#[tokio::test]
async fn get_changes_nothing() {
    let server = Server::start().await;
    let two = "query A { greeting } mutation B { change }";
    for pairs in [
        vec![("query", "mutation { change }")],
        vec![("query", "mutation B { change }"), ("operationName", "B")],
        vec![("query", two), ("operationName", "B")],
        vec![("query", "subscription { greeting }")],
    ] {
        let answer = Answer::to(server.ask(&pairs)).await;
        let (status, code, _) = answer.fault();
        assert_eq!((status, code.as_str()), (405, "BAD_USER_INPUT"), "{pairs:?}");
        assert_eq!(answer.header("allow"), "POST");
    }
    // Not the name that the specification gives the parameter: the document has two operations and none is chosen.
    let pairs = [("query", two), ("operation_name", "B")];
    assert_eq!(Answer::to(server.ask(&pairs).header("accept", NEWER)).await.status, 400);
    assert_eq!(server.witness.changes.load(Ordering::SeqCst), 0);

    for method in ["PUT", "DELETE", "PATCH", "OPTIONS"] {
        let request = server.http.request(method.parse().unwrap(), format!("{}/graphql", server.base));
        let answer = Answer::to(request).await;
        assert_eq!((answer.status.as_u16(), answer.header("allow")), (405, "GET, POST"), "{method}");
    }
}

#[tokio::test]
async fn a_body_is_read_up_to_the_limit() {
    let server = Server::start_with(&[("HTTP__BODY_LIMIT_BYTES", "1024")]).await;
    let body = |size: usize| {
        let body = json!({ "query": "{ greeting }" }).to_string();
        format!("{body}{}", " ".repeat(size - body.len()))
    };
    assert_eq!(Answer::to(server.post(body(1024))).await.status, 200);
    for size in [1025, 300_000] {
        let (status, code, message) = Answer::to(server.post(body(size))).await.fault();
        assert_eq!((status, code.as_str()), (413, "LIMIT_EXCEEDED"), "{size}");
        assert!(message.contains("1024 bytes"), "{message}");
    }
}

#[tokio::test]
async fn every_answer_has_an_id_and_stays_private() {
    let server = Server::start().await;
    for path in ["/graphql?query=%7Bgreeting%7D", "/graphql", "/healthz", "/nothing/here", "/mailbox/messages.json"] {
        let answer = Answer::to(server.get(path).header("x-request-id", "abc_DEF-123")).await;
        assert_eq!(answer.header("x-request-id"), "abc_DEF-123", "{path}");
        assert_eq!(answer.header("cache-control"), "no-store", "{path}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        for unfit in ["short", "with spaces in it", "a\"b:c;d,e'f", &"x".repeat(65)] {
            let answer = Answer::to(server.get(path).header("x-request-id", unfit)).await;
            assert_eq!(answer.header("x-request-id").len(), 32, "{path} {unfit}");
        }
    }
    let missing = Answer::to(server.get("/nothing/here")).await;
    assert_eq!(missing.status, 404);
    assert!(missing.json()["error"].is_string());
}
