//! DKIM: what leaves is signed by every key, what was changed on the way is found out, and a second copy is a copy.

use std::path::Path;

use shared::domain::{
    enrollments::EnrollmentRole,
    people::Person,
    programs::{Consent, Kind},
    rounds::RoundStatus,
};

use crate::support::{
    dkim::{check, verified},
    house::{House, On},
    process::Launch,
    smtp::Rule,
};

const KEYS: &str = "COUNTERPART_MAIL__DKIM_KEYS";
const FROM: &str = "COUNTERPART_MAIL__FROM_ADDRESS";

fn keys() -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("worker/src/mail/dkim/test_keys");
    let file = |name: &str| folder.join(name).display().to_string();
    format!("2026r={}, 2026e = {}", file("rsa.pkcs1.pem"), file("ed25519.pem"))
}

/// What an operator publishes.
async fn records() -> String {
    let command = Launch::new(["dkim"]).env(KEYS, keys()).env(FROM, "mentoring@mail.example.org");
    command.env("COUNTERPART_MAIL__DKIM_DOMAIN", "Example.org").run().await.successfully()
}

async fn signing_houses() -> Vec<House> {
    let mut houses = Vec::new();
    for on in [On::Sqlite, On::Postgres] {
        let settings = [
            ("MAIL__DKIM_KEYS", keys()),
            ("MAIL__DKIM_DOMAIN", "example.org".to_owned()),
            ("MAIL__FROM_ADDRESS", "mentoring@mail.example.org".to_owned()),
            ("HTTP__PUBLIC_URL", "https://mentoring.example.org".to_owned()),
        ];
        let settings = settings.each_ref().map(|(name, value)| (*name, value.as_str()));
        houses.extend(House::open_with(on, &settings).await);
    }
    houses
}

async fn couple(house: &House) -> [Person; 2] {
    let program = house.program(Kind::Peer, Consent::IntroduceAtOnce).await;
    let round = house.round(&program, RoundStatus::Closed, false).await;
    let mut people = Vec::new();
    for (name, country) in [("Zoë Exemple", "FR"), ("Bob Exemple", "JP")] {
        let mut person = house.draft(name, country);
        person.email = person.email.replace('ë', "e");
        let tx = house.store.begin().await.unwrap();
        shared::store::people::insert_many(&tx, std::slice::from_ref(&person)).await.unwrap();
        tx.commit().await.unwrap();
        house.enroll(&round, &person, EnrollmentRole::Peer, 1, &["maps"]).await;
        people.push(person);
    }
    people.try_into().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_mail_is_signed_by_every_key_and_a_second_copy_is_the_same() {
    let records = records().await;
    for house in signing_houses().await {
        let [zoe, bob] = couple(&house).await;
        // Taken, and never said so: it goes out once more.
        house.relay.script(Rule::accept_and_drop().to(&zoe.email));
        house.night().await;
        house.days_later(7).await;
        house.days_later(7).await;
        let mails = house.relay.messages_to(&zoe.email);
        // The reminder of that week goes at the same time, over another connection.
        let again = mails[1..].iter().find(|mail| mail.header("Message-ID") == mails[0].header("Message-ID"));
        assert_eq!(again.unwrap().raw, mails[0].raw, "signed alike, a week later and by the clock of the row");
        let mails: Vec<_> = mails.into_iter().chain(house.relay.messages_to(&bob.email)).collect();
        assert!(mails.iter().any(|mail| mail.header("List-Unsubscribe").is_some()));
        for mail in &mails {
            assert_eq!(verified(&mail.raw, &records), ["2026r", "2026e"], "{:?}", mail.subject());
        }

        let text = String::from_utf8(mails[0].raw.clone()).unwrap();
        let broken = |raw: String| assert!(check(raw.as_bytes(), &records).iter().all(|(_, holds)| !holds), "{raw}");
        broken(text.replace("\r\nSubject: ", "\r\nSubject: Re: "));
        broken(text.replace("\r\nSubject: ", "\r\nSubject: Win!\r\nSubject: "));
        broken(format!("Reply-To: eve@example.net\r\n{text}"));
        broken(format!("Cc: eve@example.net\r\n{text}"));
        broken(text.replacen("\r\n\r\n", "\r\n\r\nDear victim,\r\n", 1));
        // What relays do on the way changes nothing.
        let passed =
            format!("Received: by relay; now\r\nX-Spam: no\r\n{}\r\n\r\n", text.replace("\r\nTo: ", "\r\nto:\t "));
        assert_eq!(verified(passed.as_bytes(), &records).len(), 2);
    }
}

#[tokio::test]
async fn a_key_or_a_domain_that_cannot_sign_stops_the_worker() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}?mode=rwc", folder.path().join("counterpart.db").display());
    crate::support::process::migrate(&url).await;
    let worker = || Launch::worker(&url).env("COUNTERPART_MAIL__SMTP_HOST", "127.0.0.1").env(FROM, "m@example.org");
    let absent = folder.path().join("absent.pem");
    for (settings, words) in [
        (vec![(KEYS, format!("s1={}", absent.display()))], "mail.dkim_keys: the key of selector s1 in "),
        (vec![(KEYS, "nonsense".to_owned())], "`nonsense` does not look like selector=file"),
        (vec![(KEYS, format!("{0}, {0}", keys()))], "must name a selector of its own"),
        (
            vec![(KEYS, keys()), ("COUNTERPART_MAIL__DKIM_DOMAIN", "example.net".to_owned())],
            "must be the domain of mail.from_address, example.org, or one above it",
        ),
    ] {
        let launch = settings.iter().fold(worker(), |launch, (name, value)| launch.env(name, value));
        let finished = launch.run().await;
        assert_eq!(finished.status.code(), Some(2), "{}", finished.stderr);
        assert!(finished.stderr.contains(words), "{}", finished.stderr);
    }
    let none = Launch::new(["dkim"]).run().await;
    assert_eq!(none.status.code(), Some(1));
    assert!(none.stderr.contains("mail.dkim_keys names no key"), "{}", none.stderr);
}
