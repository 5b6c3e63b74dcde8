//! What was composed, read back by a parser that is not ours.

use chrono::{DateTime, Utc};
use mail_parser::{Message, MessageParser};
use shared::outbox::mails::Mail;

use super::{ComposeError, Envelope, Rendered, compose, render, samples};

fn date(text: &str) -> DateTime<Utc> {
    text.parse().expect("a date")
}

pub(super) fn envelope() -> Envelope {
    Envelope {
        message_id: String::from("01935a7e-0000-7000-8000-000000000001@mail.alumni.example"),
        date: date("2026-11-23T18:05:06Z"),
        from_name: String::from("Alumni Network, Peers"),
        from_address: String::from("peers@alumni.example"),
        reply_to: Some(String::from("team@alumni.example")),
        to_name: String::from("Zoë Müller"),
        to_address: String::from("zoe.mueller@mail.example"),
        list_id: Some(String::from("peers-2027.alumni.example")),
        unsubscribe: None,
    }
}

pub(super) fn words() -> Rendered {
    Rendered {
        subject: String::from("Grüße: 你好, مرحبا"),
        text: String::from("Hallo Zoë\n\n.\nA line with a dot alone.\n"),
        html: format!("<p>Hallo Zoë</p><p>{}</p>\n", "long ".repeat(1_000)),
        calendar: None,
    }
}

pub(super) fn bytes(envelope: &Envelope, rendered: &Rendered) -> Vec<u8> {
    let bytes = compose(envelope, rendered).expect("composed");
    let text = std::str::from_utf8(&bytes).expect("ASCII");
    assert!(text.is_ascii());
    assert!(!text.replace("\r\n", "").contains(['\r', '\n']), "bare line ends");
    assert!(text.split("\r\n").all(|line| line.len() <= 998), "a line is too long");
    bytes
}

fn parsed(bytes: &[u8]) -> Message<'_> {
    MessageParser::default().parse(bytes).expect("a message")
}

/// Header names in order; what user input could have added would show here.
fn header_names(message: &Message<'_>) -> Vec<String> {
    message.headers().iter().map(|header| String::from(header.name.as_str())).collect()
}

const HEADERS: [&str; 10] = [
    "Message-ID",
    "Date",
    "From",
    "To",
    "Subject",
    "Auto-Submitted",
    "Reply-To",
    "List-ID",
    "MIME-Version",
    "Content-Type",
];

#[test]
fn a_message_says_what_was_meant() {
    let bytes = bytes(&envelope(), &words());
    let message = parsed(&bytes);

    assert_eq!(header_names(&message), HEADERS);
    assert_eq!(message.message_id(), Some("01935a7e-0000-7000-8000-000000000001@mail.alumni.example"));
    assert_eq!(message.date().map(mail_parser::DateTime::to_rfc3339).as_deref(), Some("2026-11-23T18:05:06Z"));
    assert_eq!(message.subject(), Some("Grüße: 你好, مرحبا"));
    let from = message.from().and_then(|from| from.first()).expect("a sender");
    assert_eq!((from.name(), from.address()), (Some("Alumni Network, Peers"), Some("peers@alumni.example")));
    let to = message.to().and_then(|to| to.first()).expect("a recipient");
    assert_eq!((to.name(), to.address()), (Some("Zoë Müller"), Some("zoe.mueller@mail.example")));
    let auto = message.header("Auto-Submitted").and_then(|value| value.as_text());
    assert_eq!(auto, Some("auto-generated"));
    assert_eq!(message.body_text(0).as_deref(), Some("Hallo Zoë\r\n\r\n.\r\nA line with a dot alone.\r\n"));
    assert_eq!(message.body_html(0).as_deref(), Some(words().html.replace('\n', "\r\n").as_str()));
    assert_eq!(message.text_body_count(), 1);
    assert_eq!(message.attachment_count(), 0);
}

#[test]
fn the_same_input_makes_the_same_bytes() {
    assert_eq!(bytes(&envelope(), &words()), bytes(&envelope(), &words()));
    let plain = Envelope { reply_to: None, list_id: None, ..envelope() };
    let short = Rendered { html: String::from("<p>Hallo Zoë</p>\n"), ..words() };
    let message = String::from_utf8(bytes(&plain, &short)).expect("ASCII");
    insta::assert_snapshot!(message.replace("\r\n", "\n"));
}

#[test]
fn a_boundary_written_by_somebody_divides_nothing() {
    let text = String::from("--part-01935a7e00007000800000000000000001mailalum\n\nfirst\n");
    let rendered = Rendered { text: text.clone(), ..words() };
    let bytes = bytes(&envelope(), &rendered);
    let message = parsed(&bytes);
    assert_eq!(message.body_text(0).as_deref(), Some(text.replace('\n', "\r\n").as_str()));
    assert_eq!(message.text_body_count(), 1);
}

#[test]
fn nothing_people_write_adds_a_header() {
    let nasty = [
        "Ada\r\nBcc: all@example.org",
        "Ada\nBcc: all@example.org\n\nbody",
        "Ada\rBcc: all@example.org",
        "Ada\u{85}Bcc: all@example.org\u{2028}X: y",
        "\u{202e}\u{2066}Ada\u{0}\u{1b}[2J\u{7f}",
        "\" <evil@example.org>, \"",
        "=?utf-8?q?Ada=0D=0ABcc:_all@example.org?=",
        "Ada <evil@example.org>, Eve",
        "ليلى حدّاد",
        "<b>Ada</b> (comment) \\",
        "   ",
        "",
    ];
    for name in nasty {
        let envelope = Envelope { from_name: String::from(name), to_name: String::from(name), ..envelope() };
        let rendered = Rendered { subject: String::from(name), ..words() };
        let bytes = bytes(&envelope, &rendered);
        let message = parsed(&bytes);
        assert_eq!(header_names(&message), HEADERS, "{name:?}");
        let to: Vec<_> = message.to().expect("a recipient").iter().filter_map(mail_parser::Addr::address).collect();
        assert_eq!(to, ["zoe.mueller@mail.example"], "{name:?}");
        let from: Vec<_> = message.from().expect("a sender").iter().filter_map(mail_parser::Addr::address).collect();
        assert_eq!(from, ["peers@alumni.example"], "{name:?}");
        assert!(!String::from_utf8_lossy(&bytes).contains("\nBcc"), "{name:?}");
    }
}

#[test]
fn names_with_dots_are_quoted() {
    for name in [".", "alex.smith", "J.R.R._Tolkien-3", "..."] {
        let bytes = bytes(&Envelope { to_name: name.to_owned(), from_name: name.to_owned(), ..envelope() }, &words());
        let text = String::from_utf8(bytes).unwrap();
        assert!(text.contains(&format!("\r\nFrom: \"{name}\" <peers@alumni.example>\r\n")), "{text}");
        assert!(text.contains(&format!("\r\nTo: \"{name}\" <zoe.mueller@mail.example>\r\n")), "{text}");
    }
}

#[test]
fn right_to_left_names_arrive_as_they_are() {
    let bytes = bytes(&Envelope { to_name: String::from("ليلى حدّاد"), ..envelope() }, &words());
    let message = parsed(&bytes);
    assert_eq!(message.to().and_then(|to| to.first()).and_then(|to| to.name()), Some("ليلى حدّاد"));
}

#[test]
fn huge_subjects_and_names_are_cut() {
    for letters in ["x", "ü", "🦉", "many words "] {
        let huge = letters.repeat(10_240 / letters.len());
        let envelope = Envelope { to_name: huge.clone(), from_name: huge.clone(), ..envelope() };
        let bytes = bytes(&envelope, &Rendered { subject: huge, ..words() });
        let message = parsed(&bytes);
        assert_eq!(header_names(&message), HEADERS);
        let subject = message.subject().expect("a subject");
        assert!(subject.ends_with('…') && subject.chars().count() <= 200, "{subject}");
        let name = message.to().and_then(|to| to.first()).and_then(|to| to.name()).expect("a name");
        assert!(name.chars().count() <= 120, "{name}");
    }
}

#[test]
fn what_cannot_stand_in_a_header_is_an_error() {
    let bad_addresses = [
        "",
        "nobody",
        "@example.org",
        "a@",
        "a b@example.org",
        "a@example.org\r\nBcc: all@example.org",
        "a@example.org>, <b@example.org",
        "\"a\r\n\"@example.org",
        "zoë@example.org",
        "a@müller.example",
        "a@b@example.org",
        "a@exam ple.org",
        "a@example.org\0",
    ];
    for address in bad_addresses.map(String::from) {
        let to = Envelope { to_address: address.clone(), ..envelope() };
        assert_eq!(compose(&to, &words()), Err(ComposeError::ToAddress), "{address:?}");
        let from = Envelope { from_address: address.clone(), ..envelope() };
        assert_eq!(compose(&from, &words()), Err(ComposeError::FromAddress), "{address:?}");
        let reply_to = Envelope { reply_to: Some(address.clone()), ..envelope() };
        assert_eq!(compose(&reply_to, &words()), Err(ComposeError::ReplyTo), "{address:?}");
    }
    for id in ["", "no-domain", "a@", "@b", "a b@c", "a@b>\r\nX: y", "a@b@c"].map(String::from) {
        let bad = Envelope { message_id: id.clone(), ..envelope() };
        assert_eq!(compose(&bad, &words()), Err(ComposeError::MessageId), "{id:?}");
    }
    for id in ["", "a b", "a>\r\nX: y"].map(String::from) {
        let bad = Envelope { list_id: Some(id.clone()), ..envelope() };
        assert_eq!(compose(&bad, &words()), Err(ComposeError::ListId), "{id:?}");
    }
    for far in ["1969-12-31T23:59:59Z", "+10000-01-01T00:00:00Z"].map(date) {
        assert_eq!(compose(&Envelope { date: far, ..envelope() }, &words()), Err(ComposeError::Date));
    }
}

#[test]
fn every_mail_survives_the_journey() {
    for mail in super::templates::samples() {
        for locale in ["en", "de"] {
            let rendered = render(&mail, locale).expect("rendered");
            let bytes = bytes(&envelope(), &rendered);
            let message = parsed(&bytes);
            assert_eq!(message.subject(), Some(rendered.subject.as_str()));
            assert_eq!(message.body_text(0).expect("text").replace("\r\n", "\n"), rendered.text);
            assert_eq!(message.body_html(0).expect("html").replace("\r\n", "\n"), rendered.html);
        }
    }
}

#[test]
fn a_hostile_partner_cannot_break_the_message() {
    let mut introduction = samples::introduction();
    introduction.partner.name = format!("A\r\n.\r\nQUIT\r\n{}", "\u{feff}B".repeat(5_000));
    let rendered = render(&Mail::Introduction(introduction), "de").expect("rendered");
    let bytes = bytes(&envelope(), &rendered);
    assert_eq!(header_names(&parsed(&bytes)), HEADERS);
}

#[test]
fn a_session_comes_with_a_calendar_that_says_its_method_twice() {
    let mail = Mail::SessionInvitation(samples::session_invitation());
    let service = super::calendar::Named { name: "Alumni Network", address: "peers@alumni.example" };
    let calendar = super::calendar::of(&mail, service, "zoe.mueller@mail.example", date("2026-11-23T18:05:06Z"));
    let written = Rendered { calendar, ..words() };
    let first = bytes(&envelope(), &written);
    assert_eq!(first, bytes(&envelope(), &written), "the same at every attempt");
    let message = parsed(&first);
    let part = message.parts.iter().find(|part| {
        use mail_parser::MimeHeaders as _;
        part.content_type().is_some_and(|kind| kind.c_subtype.as_deref() == Some("calendar"))
    });
    let part = part.expect("a calendar part");
    let kind = mail_parser::MimeHeaders::content_type(part).expect("a type");
    assert_eq!((kind.ctype(), kind.attribute("method")), ("text", Some("REQUEST")));
    assert!(part.text_contents().is_some_and(|text| text.contains("\r\nMETHOD:REQUEST\r\n")), "{part:?}");
    assert_eq!(message.text_body_count(), 1, "an alternative, not an attachment");
}
