use std::path::{Path, PathBuf};

use ring::signature::{RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY, UnparsedPublicKey};
use shared::config::{Config, DkimKey};

use super::*;
use crate::mail::{
    compose, message_tests,
    samples::{introduction, session_invitation},
};

/// RFC 8463, appendix A.3, without the signatures.
const RFC_8463: &str = "From: Joe SixPack <joe@football.example.com>\r\n\
    To: Suzie Q <suzie@shopping.example.net>\r\n\
    Subject: Is dinner ready?\r\n\
    Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\r\n\
    Message-ID: <20030712040037.46341.5F8J@football.example.com>\r\n\
    \r\n\
    Hi.\r\n\r\nWe lost the game.  Are you hungry yet?\r\n\r\nJoe.\r\n";
const RFC_8463_NAMES: [&str; 8] = ["from", "to", "subject", "date", "message-id", "from", "subject", "date"];
const RFC_8463_BODY: &str = "2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=";

fn key_file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/mail/dkim/test_keys").join(name)
}

fn setting(selector: &str, file: &str) -> DkimKey {
    DkimKey { selector: selector.to_owned(), file: key_file(file) }
}

fn config(keys: &[(&str, &str)]) -> MailConfig {
    let mut config = Config::embedded(Path::new("nowhere"), 0, std::iter::empty()).unwrap().mail;
    "peers@Alumni.example".clone_into(&mut config.from_address);
    config.dkim_keys = keys.iter().map(|(selector, file)| setting(selector, file)).collect();
    config
}

fn both() -> Dkim {
    Dkim::load(&config(&[("2026r", "rsa.pkcs8.pem"), ("2026e", "ed25519.pem")])).unwrap()
}

fn at() -> DateTime<Utc> {
    "2026-11-23T18:05:06.789Z".parse().unwrap()
}

#[test]
fn the_examples_of_rfc_8463_come_out_to_the_byte() {
    let (header, body) = RFC_8463.split_once("\r\n\r\n").unwrap();
    let fields = fields(header).unwrap();
    assert_eq!(BASE64.encode(Sha256::digest(relaxed_body(body))), RFC_8463_BODY);
    let unsigned = |start: &str| {
        let rest = " d=football.example.com; i=@football.example.com;\r\n q=dns/txt;";
        let names = "h=from : to :\r\n subject : date : message-id : from : subject : date;\r\n";
        let (algorithm, selector) = start.split_once(' ').unwrap();
        format!(
            " v=1; a={algorithm}; c=relaxed/relaxed;\r\n{rest} s={selector}; t=1528637909; {names} bh={RFC_8463_BODY};\r\n b="
        )
    };
    let key = Key::load(&setting("brisbane", "ed25519.pem")).unwrap();
    let input = signing_input(&fields, &RFC_8463_NAMES, &unsigned("ed25519-sha256 brisbane"));
    assert_eq!(
        BASE64.encode(key.sign(&input).unwrap()),
        "/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11BusFa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw=="
    );
    assert_eq!(
        key.record("football.example.com").value,
        "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
    );

    // Its RSA key is too short for us to sign with. The key proper begins behind 22 bytes of wrapping.
    let public = "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQiY/J16JYi0Qvx/\
        byYzCNb3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3Ip3G+2kryOTIKT+l/K4w3QIDAQAB";
    let signature = "F45dVWDfMbQDGHJFlXUNB2HKfbCeLRyhDXgFpEL8GwpsRe0IeIixNTe3DhCVlUrSjV4BwcVcOF6+FF3Zo9Rpo1tFOeS9mPYQTnGda\
        SGsgeefOsk2JzdA+L10TeYt9BgDfQNZtKdN1WO//KgIqXP7OdEFE4LjFYNcUxZQ4FADY+8=";
    let public = BASE64.decode(public).unwrap();
    let input = signing_input(&fields, &RFC_8463_NAMES, &unsigned("rsa-sha256 test"));
    UnparsedPublicKey::new(&RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY, &public[22..])
        .verify(&input, &BASE64.decode(signature).unwrap())
        .unwrap();
}

#[test]
fn the_example_of_rfc_6376_is_canonicalized_as_it_says() {
    let fields = fields("A: X\r\nB : Y\t\r\n\tZ  ").unwrap();
    let mut header = String::new();
    for (name, value) in &fields {
        relaxed_field(&mut header, name, value);
        header.push_str("\r\n");
    }
    assert_eq!(header, "a:X\r\nb:Y Z\r\n");
    assert_eq!(relaxed_body(" C \r\nD \t E\r\n\r\n\r\n"), " C\r\nD E\r\n");
    for empty in ["", "\r\n", "\r\n\r\n", " \t\r\n"] {
        assert_eq!(relaxed_body(empty), "", "{empty:?}");
    }
    assert_eq!(relaxed_body("no end"), "no end\r\n");
    assert_eq!(relaxed_body("a\r\n\r\n b"), "a\r\n\r\n b\r\n");
}

#[test]
fn every_key_signs_and_the_message_stays_as_it_was() {
    let envelope = message_tests::envelope();
    let message = message_tests::bytes(&envelope, &message_tests::words());
    let signed = both().sign(message.clone(), at()).unwrap();
    assert!(signed.ends_with(&message));
    let text = String::from_utf8(signed[..signed.len() - message.len()].to_vec()).unwrap();
    assert!(text.split("\r\n").all(|line| line.len() <= 78), "{text}");
    let plain = text.replace("\r\n\t", "");
    let starts: Vec<&str> = plain.matches("DKIM-Signature: v=1; a=").collect();
    assert_eq!(starts.len(), 2);
    for part in ["a=rsa-sha256", "a=ed25519-sha256", "d=alumni.example; s=2026r;t=1795457106;", "s=2026e;"] {
        assert!(plain.contains(part), "{part}: {plain}");
    }
    assert!(Dkim::default().sign(message.clone(), at()).unwrap() == message, "without keys nothing changes");
}

#[test]
fn fields_that_could_be_added_are_sealed_and_one_click_is_under_the_signature() {
    let listed = |unsubscribe: Option<&str>| {
        let envelope =
            super::super::Envelope { unsubscribe: unsubscribe.map(str::to_owned), ..message_tests::envelope() };
        let message = String::from_utf8(message_tests::bytes(&envelope, &message_tests::words())).unwrap();
        names(&fields(message.split_once("\r\n\r\n").unwrap().0).unwrap())
    };
    let essential = listed(None);
    let times = |names: &[&str], wanted: &str| names.iter().filter(|name| **name == wanted).count();
    for (name, count) in [("from", 2), ("subject", 2), ("content-type", 2), ("cc", 1), ("list-id", 2)] {
        assert_eq!(times(&essential, name), count, "{name}");
    }
    assert_eq!(times(&essential, "list-unsubscribe"), 0, "a relay may add what we do not say");
    let other = listed(Some("https://mentoring.example.org/unsubscribe?t=x"));
    assert_eq!((times(&other, "list-unsubscribe"), times(&other, "list-unsubscribe-post")), (2, 2));
}

#[test]
fn the_same_message_is_signed_alike_every_time() {
    for mail in [
        shared::outbox::mails::Mail::Introduction(introduction()),
        shared::outbox::mails::Mail::SessionInvitation(session_invitation()),
    ] {
        let rendered = crate::mail::render(&mail, "de").unwrap();
        let message = compose(&message_tests::envelope(), &rendered).unwrap();
        let first = both().sign(message.clone(), at()).unwrap();
        assert_eq!(first, both().sign(message.clone(), at()).unwrap());
        assert_ne!(first, both().sign(message, at() + chrono::TimeDelta::seconds(1)).unwrap());
    }
}

#[test]
fn keys_of_every_form_make_one_record() {
    let record = |file| Key::load(&setting("a.b", file)).unwrap().record("example.org");
    let rsa = record("rsa.pkcs8.pem");
    assert_eq!(rsa, record("rsa.pkcs1.pem"));
    assert_eq!(rsa.name, "a.b._domainkey.example.org");
    // As `openssl rsa -pubout` prints it.
    assert!(
        rsa.value.starts_with("v=DKIM1; k=rsa; p=MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAxRz9EPucIq1O"),
        "{rsa:?}"
    );
    assert!(rsa.value.ends_with("v/xbG3lEEFEPRmlzNvCfxQY4CSSwymVkgaTkVt4UGwIDAQAB"), "{rsa:?}");
    let line = rsa.to_string();
    assert!(line.starts_with("a.b._domainkey.example.org. IN TXT ( \"v=DKIM1; k=rsa; p="), "{line}");
    let strings: Vec<&str> = line.split('"').skip(1).step_by(2).collect();
    assert_eq!(strings.concat(), rsa.value);
    assert!(strings.len() == 2 && strings.iter().all(|string| string.len() <= 255), "{line}");
}

#[test]
fn what_cannot_sign_is_named_with_what_to_do() {
    let said = |file: &str| Dkim::load(&config(&[("s1", file)])).unwrap_err().to_string();
    for (file, words) in [
        ("absent.pem", "absent.pem cannot be read: No such file"),
        ("rsa1024.pem", "2048 to 4096 bits"),
        ("p256.pem", "holds a key of another kind"),
        ("../tests.rs", "holds no private key in PEM"),
    ] {
        let said = said(file);
        assert!(said.starts_with("mail.dkim_keys: ") && said.contains("s1") && said.contains(words), "{said}");
    }
    let shown = format!("{:?}", both());
    assert!(shown.contains("2026e") && !shown.contains("PRIVATE") && shown.len() < 250, "{shown}");
    assert!(matches!(both().sign(b"no message".to_vec(), at()), Err(DkimError::Sign)));
}
