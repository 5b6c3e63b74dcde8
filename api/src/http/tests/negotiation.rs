use super::*;

#[tokio::test]
async fn the_client_chooses_the_media_type() {
    let server = Server::start().await;
    for (accept, expected) in [
        (None, OLDER),
        (Some("*/*"), OLDER),
        (Some("application/*"), OLDER),
        (Some("application/json"), OLDER),
        (Some("application/json; charset=utf-8"), OLDER),
        (Some("Application/JSON; charset=UTF-8"), OLDER),
        (Some("application/json, text/plain, */*"), OLDER),
        (Some("text/html, application/json;q=0.1"), OLDER),
        (Some("application/json, application/graphql-response+json;q=0.5"), OLDER),
        (Some("application/graphql-response+json;q=0, */*"), OLDER),
        (Some("application/graphql-response+json"), NEWER),
        (Some("application/graphql-response+json; charset=utf-8"), NEWER),
        (Some("application/graphql-response+json, application/json"), NEWER),
        (Some("application/json, application/graphql-response+json"), NEWER),
        (Some("application/graphql-response+json, application/json;q=0.9"), NEWER),
        (Some("*/*, application/graphql-response+json"), NEWER),
        (Some("application/json;q=0, */*"), NEWER),
    ] {
        let mut request = server.http.get(format!("{}/graphql?query=%7Bgreeting%7D", server.base));
        if let Some(accept) = accept {
            request = request.header("accept", accept);
        }
        // The client would add a header of its own.
        let mut request = request.build().unwrap();
        if accept.is_none() {
            request.headers_mut().remove("accept");
        }
        let answer = server.http.execute(request).await.unwrap();
        assert_eq!(answer.status(), 200, "{accept:?}");
        assert_eq!(answer.headers()["content-type"], expected, "{accept:?}");
    }
}

#[tokio::test]
async fn a_client_that_takes_neither_type_gets_nothing_done() {
    let server = Server::start().await;
    for accept in ["text/html", "application/xml, text/*", "application/json; charset=utf-16", "*/*;q=0", "nonsense"] {
        let request = server.post(json!({ "query": "mutation { change }" }).to_string()).header("accept", accept);
        let (status, code, _) = Answer::to(request).await.fault();
        assert_eq!((status, code.as_str()), (406, "BAD_USER_INPUT"), "{accept}");
    }
    assert_eq!(server.witness.changes.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn the_status_says_how_it_went_and_older_clients_get_200() {
    let server = Server::start().await;
    for (document, newer, has_data) in [
        ("{ greeting }", 200, true),
        ("mutation { change }", 200, true),
        // Executed and failed: there is an answer, and its data is null.
        ("{ fails }", 200, true),
        ("{", 400, false),
        ("{ nothingOfTheKind }", 400, false),
        ("query A { greeting } query B { greeting }", 400, false),
        ("subscription { greeting }", 400, false),
    ] {
        for (accept, status) in [(NEWER, newer), (OLDER, 200)] {
            let body = json!({ "query": document }).to_string();
            let answer = Answer::to(server.post(body).header("accept", accept)).await;
            assert_eq!(answer.status.as_u16(), status, "{document} as {accept}: {answer:?}");
            assert_eq!(answer.header("content-type"), accept);
            assert_eq!(answer.json().get("data").is_some(), has_data, "{document} as {accept}: {answer:?}");
        }
    }
}

#[tokio::test]
async fn only_long_answers_are_compressed() {
    let server = Server::start().await;
    for (length, encoding) in [(100, None), (5000, Some("gzip"))] {
        let variables = json!({ "name": "x".repeat(length) });
        let body = json!({ "query": "query($name: String!) { greeting(name: $name) }", "variables": variables });
        let request = server.post(body.to_string()).header("accept-encoding", "gzip").build().unwrap();
        let answer = server.http.execute(request).await.unwrap();
        assert_eq!(answer.headers().get("content-encoding").map(|value| value.to_str().unwrap()), encoding);
        assert_eq!(answer.bytes().await.unwrap().starts_with(b"{\"data\""), encoding.is_none());
    }
}
