//! Texts that mean something to somebody further on: to the database, to a mail, to whoever reads the log or the header.

use serde_json::{Value, json};

use crate::{
    on_both_databases,
    support::{graphql::mutation, house::House},
};

on_both_databases!(sql_injection, pattern_injection, header_injection_into_mail, header_injection_into_answers);

const TEXTS: [&str; 7] = [
    "'; DROP TABLE people; --",
    "' OR '1'='1",
    "\\'; SELECT pg_sleep(10); --",
    "$1",
    "{{ 7 * 7 }}",
    "${jndi:ldap://127.0.0.1/a}",
    "\u{202e}txt.exe",
];

async fn sql_injection(house: House) {
    let admin = house.admin();
    for (index, text) in TEXTS.iter().enumerate() {
        let input = json!({ "name": text, "headline": text, "externalId": format!("{text}{index}"),
            "email": format!("mallory{index}@example.org") });
        let made =
            admin.mutate(&mutation("createPerson", "person { id name headline }"), json!({ "input": input })).await;
        assert_eq!(
            (&made["person"]["name"], &made["person"]["headline"]),
            (&json!(text), &json!(text)),
            "kept as it is"
        );
        let search =
            "query($search: String!) { people(first: 50, where: { search: $search }) { totalCount nodes { name } } }";
        let found = admin.query(search, json!({ "search": text })).await;
        assert_eq!(found["people"]["totalCount"], 1, "{text}: {found}");
    }
    let filter = "query($countries: [String!]) { people(first: 50, where: { countries: $countries }) { totalCount } }";
    let found = admin.query(filter, json!({ "countries": TEXTS })).await;
    assert_eq!(found["people"]["totalCount"], 0);
    let all = admin.query("{ people(first: 50) { totalCount } }", json!({})).await;
    assert_eq!(all["people"]["totalCount"], TEXTS.len() + 1, "and everybody is still there");
}

async fn pattern_injection(house: House) {
    house.person("Percent % Sign", "DE").await;
    house.person("Nobody Special", "DE").await;
    let search = "query($search: String!) { people(first: 50, where: { search: $search }) { nodes { name } } }";
    for (text, expected) in
        [("%", 1), ("_", 0), ("!", 0), ("%%", 0), ("percent % sign", 1), ("Nobody%Special", 0), ("\\", 0)]
    {
        let found = house.admin().query(search, json!({ "search": text })).await;
        assert_eq!(found["people"]["nodes"].as_array().unwrap().len(), expected, "{text}: {found}");
    }
}

async fn header_injection_into_mail(house: House) {
    let (_, round, people) = house.peers(2).await;
    let admin = house.admin();
    for text in
        ["Mallory\r\nBcc: victim@example.org", "Mallory\nX-Injected: yes", "Mallory\u{0}", "Mallory\u{2028}Bcc: x"]
    {
        let input = json!({ "id": House::id("Person", people[0].id), "name": text });
        let answer = admin.raw(&mutation("updatePerson", "person { name }"), json!({ "input": input })).await;
        let done = answer.body["data"]["updatePerson"]["person"]["name"].as_str().map(str::to_owned);
        assert!(done.is_none_or(|name| !name.contains(['\r', '\n', '\0'])), "{text:?} was taken: {}", answer.body);
    }
    let input =
        json!({ "id": House::id("Person", people[0].id), "name": "Mallory, \"Bcc: victim\" <victim@example.org>;" });
    admin.mutate(&mutation("updatePerson", "person { name }"), json!({ "input": input })).await;
    house.night().await;
    assert_eq!(house.living(&round).await.len(), 1);
    for person in &people {
        let mails = house.relay.messages_to(&person.email);
        assert_eq!(mails.len(), 1, "one mail for {}", person.name);
        assert!(mails[0].header("Bcc").is_none() && mails[0].header("X-Injected").is_none());
    }
    assert!(house.relay.messages_to("victim@example.org").is_empty());
}

async fn header_injection_into_answers(house: House) {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    let address = house.base().trim_start_matches("http://").to_owned();
    for id in ["x\rX-Injected: yes", "\"><script>", "a b", &"x".repeat(4000), "ä"] {
        let mut socket = tokio::net::TcpStream::connect(&address).await.unwrap();
        let body = r#"{"query":"{ __typename }"}"#;
        let request = format!(
            "POST /graphql HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nx-request-id: {id}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        );
        socket.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        socket.read_to_end(&mut answer).await.unwrap();
        let answer = String::from_utf8_lossy(&answer).to_lowercase();
        assert!(!answer.contains("x-injected") && !answer.contains("<script>"), "{id:?}: {answer}");
        assert!(!answer.contains(&"x".repeat(1000)), "{answer}");
    }
    let echo = house.anonymous().raw("{ nonsense }", Value::Null).await;
    assert_eq!(echo.headers["x-content-type-options"], "nosniff");
}
