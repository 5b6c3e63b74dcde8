//! Texts that mean something to somebody further on: to the database, to a mail, to whoever reads the log or the header.

use serde_json::{Value, json};

use crate::{
    on_both_databases,
    support::{graphql::mutation, house::House, smtp::Received},
};

on_both_databases!(
    sql_injection,
    pattern_injection,
    header_injection_into_mail,
    header_injection_into_answers,
    poison_ends_as_an_error_or_as_a_name,
);

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

/// The names of the header fields of a mail, in lower case; fails where one is not a line of plain ASCII.
fn fields(mail: &Received) -> Vec<String> {
    let text = std::str::from_utf8(&mail.raw).expect("UTF-8 at least");
    let (head, _) = text.split_once("\r\n\r\n").expect("a head and a body");
    let mut names = Vec::new();
    for line in head.split("\r\n") {
        let plain = line.bytes().all(|byte| byte == b'\t' || byte == b' ' || byte.is_ascii_graphic());
        assert!(plain && line.len() <= 998, "{line:?}");
        if !line.starts_with([' ', '\t']) {
            let (name, _) = line.split_once(": ").unwrap_or_else(|| panic!("no field: {line:?}"));
            names.push(name.to_lowercase());
        }
    }
    names
}

async fn poison_ends_as_an_error_or_as_a_name(house: House) {
    let (program, _, people) = house.peers(11).await;
    let admin = house.admin();
    let long = "x".repeat(10_000);
    let names = [
        "Mallory\r\nBcc: victim@example.org\r\n\r\nBuy now",
        "Mallory\n\tX-Injected: yes",
        "Mallory\u{202e}gro.elpmaxe@mitciv\u{2066}\u{feff}",
        "Mallory\u{0}",
        "Mallory\u{1b}[2J\u{7f}\u{85}",
        "Mallory\u{2028}Bcc: victim@example.org\u{2029}",
        "=?utf-8?q?=0D=0ABcc:_victim@example.org?=",
        &"\u{1f468}\u{200d}\u{1f680}".repeat(66),
        &"e\u{301}".repeat(100),
        &long,
    ];
    let rename = async |kind: &str, id, name: &str| {
        let field = format!("update{kind}");
        let input = json!({ "id": House::id(kind, id), "name": name });
        let selection = format!("{} {{ name }}", kind.to_lowercase());
        let answer = admin.raw(&mutation(&field, &selection), json!({ "input": input })).await.body;
        if let Some(errors) = answer["errors"].as_array() {
            let expected = json!(["a text must not hold the character U+0000", "BAD_USER_INPUT"]);
            assert_eq!(json!([errors[0]["message"], errors[0]["extensions"]["code"]]), expected);
            return false;
        }
        let errors = answer["data"][&field]["userErrors"].as_array().unwrap();
        assert!(errors.iter().all(|error| error["message"].is_string() && error["code"] == "INVALID"), "{answer}");
        errors.is_empty()
    };
    for (name, person) in names.iter().zip(&people) {
        let taken = rename("Person", person.id, name).await;
        assert_eq!(taken, *name != long && !name.contains('\0'), "{name:?}");
    }
    assert!(rename("Program", program.id, "Program\r\nBcc: victim@example.org\u{202e}").await);
    assert!(!rename("Program", program.id, &long).await);

    // Half of a pair of surrogates is no character, and no JSON of ours can say it.
    let body = format!(
        r#"{{ "query": "mutation($input: UpdatePersonInput!) {{ updatePerson(input: $input) {{ person {{ name }} }} }}",
            "variables": {{ "input": {{ "id": "{}", "name": "Mal\ud800lory" }} }} }}"#,
        House::id("Person", people[10].id)
    );
    let request = admin.request_at(reqwest::Method::POST, "/graphql").header("content-type", "application/json");
    let answer = request.body(body).send().await.unwrap();
    assert_eq!(answer.status(), 400);
    let told: Value = answer.json().await.unwrap();
    assert!(told["errors"][0]["message"].is_string() && told["data"].is_null(), "{told}");

    house.night().await;
    let mails = house.relay.messages();
    assert_eq!(mails.len(), people.len(), "ten are introduced, one is told that there is nobody");
    for mail in &mails {
        assert!(mail.to.len() == 1 && people.iter().any(|person| person.email == mail.to[0]), "{mail:?}");
        let mut names = fields(mail);
        for name in ["bcc", "cc", "x-injected"] {
            assert!(!names.iter().any(|field| field == name), "{mail:?}");
        }
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count, "a field twice: {mail:?}");
        for name in ["from", "to", "subject", "date", "message-id", "reply-to", "mime-version", "content-type"] {
            assert!(names.iter().any(|field| field == name), "{name} is missing: {mail:?}");
        }
        assert!(!mail.subject().contains(char::is_control), "{mail:?}");
        assert!(mail.text().len() > 100, "and there is something to read: {mail:?}");
    }
}
