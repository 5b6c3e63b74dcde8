use std::{collections::BTreeSet, path::Path};

use super::*;
use crate::http::pages::{EXPLORER, MAILBOX, SHARED, SIGN_IN};

#[tokio::test]
async fn the_pages_are_served_with_all_their_files() {
    let server = Server::start().await;
    for asset in SHARED.iter().chain(&EXPLORER).chain(&MAILBOX).chain(&SIGN_IN) {
        let answer = Answer::to(server.get(asset.address)).await;
        assert_eq!(answer.status, 200, "{}", asset.address);
        assert!(!answer.text.is_empty());
        let policy = answer.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'; script-src 'self'") && !policy.contains("unsafe"), "{policy}");
        assert_eq!(answer.header("cache-control"), "no-cache");
        let again = server.get(asset.address).header("if-none-match", answer.header("etag"));
        let again = Answer::to(again).await;
        assert_eq!((again.status.as_u16(), again.text.as_str()), (304, ""));
        let other = server.get(asset.address).header("if-none-match", "\"another\"");
        assert_eq!(Answer::to(other).await.status, 200);
    }
    let front = Answer::to(server.get("/")).await;
    assert_eq!((front.status.as_u16(), front.header("location")), (302, "/explorer"));
    let samples = Answer::to(server.get("/explorer/samples.json")).await;
    assert_eq!(samples.json(), json!({ "tokens": [], "queries": [], "mailbox": "/mailbox" }));
    assert_eq!(samples.header("cache-control"), "no-store");
    let head = server.http.head(format!("{}/explorer", server.base));
    assert_eq!(Answer::to(head).await.status, 200);
}

/// A new file that nobody serves would only be missed in a browser.
#[test]
fn every_file_of_the_pages_is_in_the_binary() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets");
    let mut expected = BTreeSet::new();
    for (folder, prefix) in [
        ("", "/assets"),
        ("explorer", "/explorer/assets"),
        ("mailbox", "/mailbox/assets"),
        ("sign-in", "/sign-in/assets"),
    ] {
        for entry in std::fs::read_dir(root.join(folder)).unwrap() {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            if entry.file_type().unwrap().is_file() {
                let page = name.strip_suffix(".html").map(|page| format!("/{page}"));
                expected.insert(page.unwrap_or_else(|| format!("{prefix}/{name}")));
            }
        }
    }
    let served: BTreeSet<_> =
        SHARED.iter().chain(&EXPLORER).chain(&MAILBOX).chain(&SIGN_IN).map(|asset| asset.address.to_owned()).collect();
    assert_eq!(served, expected);
}

#[tokio::test]
async fn without_the_explorer_there_are_no_pages() {
    let server = Server::start_with(&[("HTTP__EXPLORER", "false")]).await;
    for path in
        ["/explorer", "/explorer/samples.json", "/explorer/assets/docs.js", "/mailbox", "/mailbox/messages.json"]
    {
        assert_eq!(Answer::to(server.get(path)).await.status, 404, "{path}");
    }
    assert_eq!(Answer::to(server.get("/")).await.json()["graphql"], "/graphql");
    for asset in SHARED.iter().chain(&SIGN_IN) {
        assert_eq!(Answer::to(server.get(asset.address)).await.status, 200, "links lead here: {}", asset.address);
    }
}

#[tokio::test]
async fn mails_that_are_really_sent_are_not_shown() {
    let server = Server::start_with(&[("MAIL__TRANSPORT", "smtp"), ("MAIL__SMTP_HOST", "relay.example")]).await;
    assert_eq!(Answer::to(server.get("/explorer/samples.json")).await.json()["mailbox"], Value::Null);
    for path in ["/mailbox", "/mailbox/messages.json", "/mailbox/assets/list.js"] {
        assert_eq!(Answer::to(server.get(path)).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn tokens_and_mails_are_not_for_other_sites() {
    let server = Server::start().await;
    let id = Uuid::nil();
    for path in ["/explorer/samples.json", "/mailbox/messages.json", &format!("/mailbox/messages/{id}.json")] {
        let answer = Answer::to(server.get(path).header("host", "rebound.example:8080")).await;
        assert_eq!(answer.status, 421, "{path}");
        assert!(answer.json()["error"].as_str().unwrap().contains("localhost"), "{path}");
        assert_ne!(Answer::to(server.get(path).header("host", "localhost:8080")).await.status, 421, "{path}");
    }
}
