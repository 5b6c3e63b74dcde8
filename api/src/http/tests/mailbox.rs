use super::*;

const MAIL: &str = "From: Counterpart <no-reply@example.org>\r\n\
    To: =?utf-8?q?S=C3=B8ren?= Kj <soren@example.dk>\r\n\
    Subject: Meet your\r\n partner, NUMBER\r\n\
    Date: Mon, 23 Nov 2026 09:30:00 +0000\r\n\
    MIME-Version: 1.0\r\n\
    Content-Type: multipart/alternative; boundary=b\r\n\r\n\
    --b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nDear S\u{f8}ren\r\n\
    --b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>Dear <b>S\u{f8}ren</b></p><script>x</script>\r\n--b--\r\n";

/// Delivers a mail the way the mailbox transport does.
fn deliver(server: &Server, source: &str) -> String {
    let folder = server.folder.path().join("mailbox/new");
    std::fs::create_dir_all(&folder).unwrap();
    let id = server.clock.new_id().to_string();
    std::fs::write(folder.join(format!("{id}.eml")), source).unwrap();
    id
}

async fn list(server: &Server, query: &str) -> Value {
    let answer = Answer::to(server.get(&format!("/mailbox/messages.json{query}"))).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

fn ids(page: &Value) -> Vec<String> {
    page["messages"].as_array().unwrap().iter().map(|line| line["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn an_empty_mailbox_is_an_empty_list() {
    let server = Server::start().await;
    assert_eq!(list(&server, "").await, json!({ "messages": [], "more": false, "total": 0 }));
}

#[tokio::test]
async fn mails_are_listed_newest_first_page_by_page() {
    let server = Server::start().await;
    let mut all: Vec<String> =
        (0..5).map(|number| deliver(&server, &MAIL.replace("NUMBER", &format!("no {number}")))).collect();
    all.reverse();
    let folder = server.folder.path().join("mailbox/new");
    std::fs::write(folder.join(".draft.tmp"), "half").unwrap();
    std::fs::write(folder.join("readme.eml"), MAIL).unwrap();

    let page = list(&server, "?search=&limit=3").await;
    assert_eq!(ids(&page), all[..3]);
    assert_eq!((&page["more"], &page["total"]), (&json!(true), &json!(5)));
    let expected = json!({
        "id": all[0], "to": "soren@example.dk", "to_name": "Søren Kj", "subject": "Meet your partner, no 4",
        "date": "2026-11-23T09:30:00Z",
    });
    assert_eq!(page["messages"][0], expected);

    let rest = list(&server, &format!("?limit=3&before={}", all[2])).await;
    assert_eq!((ids(&rest), &rest["more"], &rest["total"]), (all[3..].to_vec(), &json!(false), &json!(5)));
}

#[tokio::test]
async fn mails_are_found_by_recipient_and_subject() {
    let server = Server::start().await;
    let first = deliver(&server, &MAIL.replace("NUMBER", "the first"));
    let second = deliver(&server, &MAIL.replace("NUMBER", "the second"));
    let third = deliver(&server, &MAIL.replace("NUMBER", "x").replace("soren@example.dk", "amina@example.ke"));
    for (search, expected) in [
        ("SECOND", vec![&second]),
        ("s%C3%B8REN", vec![&third, &second, &first]),
        ("example.ke", vec![&third]),
        ("%20%20partner,%20the%20", vec![&second, &first]),
        ("Dear", vec![]),
    ] {
        let page = list(&server, &format!("?search={search}&limit=50")).await;
        assert_eq!(ids(&page).iter().collect::<Vec<_>>(), expected, "{search}");
        assert_eq!(page["total"], expected.len(), "{search}");
    }
    let page = list(&server, &format!("?search=the&limit=1&before={second}")).await;
    assert_eq!((ids(&page), &page["more"], &page["total"]), (vec![first], &json!(false), &json!(2)));
}

#[tokio::test]
async fn a_mail_is_shown_four_ways_and_its_html_can_do_nothing() {
    let server = Server::start().await;
    let id = deliver(&server, MAIL);
    let mail = Answer::to(server.get(&format!("/mailbox/messages/{id}.json"))).await.json();
    assert_eq!(mail["from"], "Counterpart <no-reply@example.org>");
    assert_eq!(mail["to"], "Søren Kj <soren@example.dk>");
    assert_eq!((&mail["has_html"], mail["text"].as_str().unwrap().trim()), (&json!(true), "Dear Søren"));
    assert_eq!(mail["headers"][2], json!(["Subject", "Meet your partner, NUMBER"]));

    let html = Answer::to(server.get(&format!("/mailbox/messages/{id}/html"))).await;
    assert_eq!(html.header("content-type"), "text/html; charset=utf-8");
    assert!(html.text.contains("<b>Søren</b>"), "{html:?}");
    let source = Answer::to(server.get(&format!("/mailbox/messages/{id}/source"))).await;
    assert_eq!((source.header("content-type"), source.text.as_str()), ("text/plain; charset=utf-8", MAIL));
    for answer in [html, source] {
        let policy = answer.header("content-security-policy");
        assert_eq!(policy, "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; sandbox");
    }

    let plain = deliver(&server, "Subject: only text\r\n\r\nHello\r\n");
    let mail = Answer::to(server.get(&format!("/mailbox/messages/{plain}.json"))).await.json();
    assert_eq!((&mail["has_html"], &mail["to"]), (&json!(false), &json!("")));
    assert_eq!(Answer::to(server.get(&format!("/mailbox/messages/{plain}/html"))).await.status, 404);
}

#[tokio::test]
async fn whatever_is_no_mail_can_still_be_looked_at() {
    let server = Server::start().await;
    for source in ["", "\u{0}\u{1}\u{2}", "no header at all"] {
        let id = deliver(&server, source);
        assert_eq!(Answer::to(server.get(&format!("/mailbox/messages/{id}.json"))).await.status, 200, "{source:?}");
    }
    assert_eq!(list(&server, "").await["total"], 3);
}

#[tokio::test]
async fn no_id_reaches_another_file() {
    let server = Server::start().await;
    deliver(&server, MAIL);
    std::fs::write(server.folder.path().join("secret.eml"), "secret").unwrap();
    for id in [
        "..%2F..%2Fsecret",
        "%2e%2e%2f%2e%2e%2fsecret",
        "..%5c..%5csecret",
        "....//....//secret",
        "..",
        "%00",
        "secret",
        "*",
        "00000000-0000-0000-0000-000000000000%00",
        "00000000-0000-7000-8000-000000000000",
    ] {
        for part in [".json", "/html", "/source"] {
            let answer = Answer::to(server.get(&format!("/mailbox/messages/{id}{part}"))).await;
            assert_eq!(answer.status, 404, "{id}{part}");
            assert!(!answer.text.contains("secret"), "{id}{part}");
        }
    }
    for query in ["?before=x", "?limit=x", "?before=..%2Fsecret"] {
        assert_eq!(Answer::to(server.get(&format!("/mailbox/messages.json{query}"))).await.status, 400, "{query}");
    }
}
