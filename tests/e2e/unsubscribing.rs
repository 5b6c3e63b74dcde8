//! Switching mail off: by one click of a mail program, on a page, and over the API.

use reqwest::StatusCode;
use serde_json::{Value, json};
use shared::domain::{
    enrollments::EnrollmentRole,
    people::Person,
    programs::{Consent, Kind},
    rounds::RoundStatus,
};

use crate::support::{
    graphql::mutation,
    house::{House, On},
};

const PUBLIC: &str = "https://mentoring.example.org";

async fn houses() -> Vec<House> {
    let mut houses = Vec::new();
    for on in [On::Sqlite, On::Postgres] {
        houses.extend(House::open_with(on, &[("HTTP__PUBLIC_URL", PUBLIC)]).await);
    }
    houses
}

/// Two people who are proposed to each other; their reminders come in a week.
async fn couple(house: &House, locale: &str) -> [Person; 2] {
    let program = house.program(Kind::Peer, Consent::BothAccept).await;
    let round = house.round(&program, RoundStatus::Closed, false).await;
    let mut people = Vec::new();
    for (name, country) in [("Alice Exemple", "FR"), ("Bob Exemple", "JP")] {
        let mut person = house.draft(name, country);
        person.locale = locale.to_owned();
        let tx = house.store.begin().await.unwrap();
        shared::store::people::insert_many(&tx, std::slice::from_ref(&person)).await.unwrap();
        tx.commit().await.unwrap();
        house.enroll(&round, &person, EnrollmentRole::Peer, 1, &["maps"]).await;
        people.push(person);
    }
    house.night().await;
    people.try_into().unwrap()
}

/// The address in the last mail's List-Unsubscribe, on this server.
fn link(house: &House, person: &Person) -> Option<String> {
    let mails = house.relay.messages_to(&person.email);
    let mail = mails.last().unwrap();
    let address = mail.header("List-Unsubscribe")?;
    assert_eq!(mail.header("List-Unsubscribe-Post").as_deref(), Some("List-Unsubscribe=One-Click"));
    let address = address.trim_start_matches('<').trim_end_matches('>').to_owned();
    Some(address.replace(PUBLIC, house.base()))
}

async fn wanted(house: &House, person: &Person) -> Vec<(String, bool)> {
    let document = "{ viewer { mailPreferences { category wanted offSince } } }";
    let data = house.client(person).query(document, json!({})).await;
    let list = data["viewer"]["mailPreferences"].as_array().unwrap().clone();
    list.iter()
        .map(|one| {
            assert_eq!(one["wanted"].as_bool().unwrap(), one["offSince"].is_null());
            (one["category"].as_str().unwrap().to_owned(), one["wanted"].as_bool().unwrap())
        })
        .collect()
}

fn off(all: &[(String, bool)]) -> Vec<&str> {
    all.iter().filter(|(_, wanted)| !wanted).map(|(category, _)| category.as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn one_click_switches_off_and_looking_does_not() {
    for house in houses().await {
        let [alice, bob] = couple(&house, "en").await;
        assert_eq!(link(&house, &alice), None, "a proposal is essential");
        house.days_later(7).await;
        let address = link(&house, &alice).expect("reminders can be switched off");
        assert!(address.starts_with(&format!("{}/unsubscribe?t=", house.base())), "{address}");
        assert_ne!(Some(address.clone()), link(&house, &bob));

        let http = reqwest::Client::new();
        let page = http.get(&address).send().await.unwrap();
        assert_eq!(page.status(), StatusCode::OK);
        let policy = page.headers()["content-security-policy"].to_str().unwrap().to_owned();
        assert!(policy.contains("default-src 'none'") && !policy.contains("script"), "{policy}");
        let html = page.text().await.unwrap();
        assert!(html.contains("Reminders") && !html.contains("Alice") && !html.contains(&alice.email), "{html}");
        http.head(&address).send().await.unwrap();
        assert!(off(&wanted(&house, &alice).await).is_empty(), "whoever scans links changes nothing");

        for _ in 0..2 {
            let body = "List-Unsubscribe=One-Click";
            let form = "application/x-www-form-urlencoded";
            let done = http.post(&address).header("content-type", form).body(body).send().await.unwrap();
            assert_eq!(done.status(), StatusCode::OK);
        }
        assert_eq!(off(&wanted(&house, &alice).await), ["REMINDERS"]);
        assert!(off(&wanted(&house, &bob).await).is_empty());

        // Anything else than the whole token is nobody's.
        for broken in
            [format!("{address}x"), address[..address.len() - 4].to_owned(), format!("{}/unsubscribe", house.base())]
        {
            let refused = http.post(&broken).body("List-Unsubscribe=One-Click").send().await.unwrap();
            assert_eq!(refused.status(), StatusCode::NOT_FOUND, "{broken}");
        }
        let empty = http.post(&address).send().await.unwrap();
        assert_eq!(empty.status(), StatusCode::BAD_REQUEST);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_switched_off_is_not_sent_and_the_page_speaks_german() {
    for house in houses().await {
        let [alice, bob] = couple(&house, "de-AT").await;
        let wishes = json!({ "input": { "preferences": [{ "category": "REMINDERS", "wanted": false }] } });
        let document = mutation("setMailPreferences", "mailPreferences { category wanted }");
        let set: Value = house.client(&alice).mutate(&document, wishes).await;
        assert_eq!(set["mailPreferences"][0], json!({ "category": "REMINDERS", "wanted": false }));
        let before = house.relay.messages_to(&alice.email).len();
        house.days_later(7).await;
        assert_eq!(house.relay.messages_to(&alice.email).len(), before, "no reminder");
        let mails =
            shared::store::messages::of_person(&house.store, alice.organization_id, alice.id, 10).await.unwrap();
        let reminder = mails.iter().find(|mail| mail.kind == "PROPOSAL_REMINDER").unwrap();
        assert_eq!(reminder.error.as_deref(), Some("the person switched this category of mail off"));

        let address = link(&house, &bob).unwrap();
        let http = reqwest::Client::new();
        let page = http.get(&address).send().await.unwrap().text().await.unwrap();
        assert!(page.contains("<html lang=\"de\">") && page.contains("Erinnerungen"), "{page}");
        let form = "application/x-www-form-urlencoded";
        let saved = http.post(&address).header("content-type", form).body("form=preferences&wanted=NEWS").send().await;
        assert!(saved.unwrap().text().await.unwrap().contains("gespeichert"));
        assert_eq!(off(&wanted(&house, &bob).await), ["REMINDERS", "STAFF_NOTES", "PROMPTS"]);
        let again = "form=preferences&wanted=NEWS&wanted=REMINDERS&wanted=STAFF_NOTES&wanted=PROMPTS";
        http.post(&address).header("content-type", form).body(again).send().await.unwrap();
        assert!(off(&wanted(&house, &bob).await).is_empty());
    }
}
