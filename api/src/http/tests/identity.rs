use super::*;
#[tokio::test]
async fn a_token_says_who_asks_as_long_as_that_person_is_here() {
    let server = Server::start_with_tables().await;
    let mut person = server.member().await;
    let ask = |token: String| {
        server
            .document("{ asked }")
            .header("authorization", format!("bEARER {token}"))
            .header("x-request-id", "12345678")
    };

    let token = server.token(person.organization_id, person.id);
    let answer = Answer::to(ask(token.clone())).await;
    assert_eq!(answer.json(), json!({ "data": { "asked": ["Amina Odhiambo", "12345678"] } }));
    let answer = Answer::to(server.document("{ asked }").header("x-request-id", "12345678")).await;
    assert_eq!(answer.json(), json!({ "data": { "asked": [null, "12345678"] } }));

    let elsewhere = Answer::to(ask(server.token(Uuid::nil(), person.id))).await;
    assert_eq!(elsewhere.fault().1, "UNAUTHENTICATED");
    server.let_go(&mut person).await;
    let (status, code, message) = Answer::to(ask(token)).await.fault();
    assert_eq!((status, code.as_str()), (401, "UNAUTHENTICATED"));
    assert!(message.contains("no longer active"), "{message}");
}

#[tokio::test]
async fn a_token_that_is_not_believed_ends_the_request() {
    let server = Server::start().await;
    let own = server.token(Uuid::nil(), Uuid::nil());
    let foreign = format!("{}AAAAAA", own.get(..own.len() - 6).unwrap());
    for (header, told) in [
        ("Bearer", "a bearer token is required"),
        ("Basic YTpi", "a bearer token is required"),
        ("Bearer nonsense", "the token is malformed"),
        (&format!("Bearer {foreign}"), "the token's signature is invalid"),
    ] {
        for accept in [NEWER, OLDER] {
            let body = json!({ "query": "mutation { change }" }).to_string();
            let request = server.post(body).header("authorization", header).header("accept", accept);
            let answer = Answer::to(request).await;
            let (status, code, message) = answer.fault();
            assert_eq!((status, code.as_str()), (401, "UNAUTHENTICATED"), "{header}");
            assert!(message.contains(told), "{header}: {message}");
            let challenge = answer.header("www-authenticate");
            assert!(challenge.starts_with("Bearer realm=\"counterpart\""), "{challenge}");
            assert_eq!(challenge.contains(told), told != "a bearer token is required", "{challenge}");
        }
    }
    server.clock.advance(TimeDelta::hours(2));
    let request = server.document("{ greeting }").bearer_auth(&own);
    assert!(Answer::to(request).await.fault().2.contains("the token has expired"));
    assert_eq!(server.witness.changes.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn two_tokens_are_none() {
    let server = Server::start().await;
    let token = server.token(Uuid::nil(), Uuid::nil());
    let request =
        server.document("{ greeting }").bearer_auth(&token).header("authorization", format!("Bearer {token}"));
    assert_eq!(Answer::to(request).await.fault().0, 401);
}

#[tokio::test]
async fn a_token_elsewhere_than_in_the_header_counts_for_nothing() {
    let server = Server::start().await;
    let request = server.document("{ greeting }").header("cookie", "token=nonsense; Authorization=Bearer nonsense");
    assert_eq!(Answer::to(request).await.status, 200);
    let answer = Answer::to(server.get("/graphql?query=%7Bgreeting%7D&access_token=nonsense")).await;
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn a_lost_database_is_not_the_callers_fault() {
    let server = Server::start().await;
    let answer = Answer::to(server.document("{ greeting }").bearer_auth(server.token(Uuid::nil(), Uuid::nil()))).await;
    let (status, code, message) = answer.fault();
    assert_eq!((status, code.as_str()), (503, "INTERNAL"));
    assert!(!message.contains("people") && !message.contains("SQL"), "{message}");
}
