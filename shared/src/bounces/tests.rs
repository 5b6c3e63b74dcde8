use proptest::prelude::{any, prop_assert, proptest};
use uuid::Uuid;

use super::{Action, LONGEST, NotAReport, Report, mime};

const POSTFIX: &str = include_str!("samples/postfix.eml");
const EXCHANGE: &str = include_str!("samples/exchange.eml");
const GMAIL: &str = include_str!("samples/gmail.eml");
const ID: Uuid = Uuid::from_u128(0x019c_aaaa_bbbb_7ccc_8ddd_eeee_ffff_0001);
const TO: &str = "ana@example.com";

/// A sample about [`ID`], sent to [`TO`].
fn filled(sample: &str, action: &str, status: &str) -> String {
    let id = ID.to_string();
    [("{id}", id.as_str()), ("{to}", TO), ("{action}", action), ("{status}", status)]
        .iter()
        .fold(sample.to_owned(), |text, (name, value)| text.replace(name, value))
}

fn read(text: &str) -> Result<Report, NotAReport> {
    Report::read(text.as_bytes())
}

/// A report of two parts: a status, and what is returned (a media type and its content).
fn report(status: &str, returned: Option<(&str, &str)>) -> String {
    let returned = returned.map(|(kind, content)| format!("--b\r\nContent-Type: {kind}\r\n\r\n{content}\r\n"));
    format!(
        "Message-ID: <r@mta.example>\r\nContent-Type: multipart/report; boundary=b\r\n\r\n--b\r\nContent-Type: \
         message/delivery-status\r\n\r\n{status}\r\n{}--b--\r\n",
        returned.unwrap_or_default()
    )
}

#[test]
fn reports_of_three_makers_say_the_same() {
    for (name, sample, id) in [
        ("Postfix", POSTFIX, "20260302080012.4XyZ1a2b3c@relay.example.net"),
        ("Exchange", EXCHANGE, "5f0c3d6e-2b7a@DB9PR04MB9999.eurprd04.prod.example.com"),
        ("Gmail", GMAIL, "69a53f1c.5d0a0220.1a2b3.4c5d.GMR@mx.googlemail.example"),
    ] {
        for line_end in ["\n", "\r\n"] {
            let found = read(&filled(sample, "failed", "5.1.1").replace('\n', line_end)).unwrap();
            assert_eq!((found.about, found.id.as_deref(), found.recipients.len()), (Some(ID), Some(id), 1), "{name}");
            let recipient = &found.recipients[0];
            assert!(recipient.is("ANA@example.com") && !recipient.is("ben@example.com"), "{name}");
            assert_eq!((recipient.action, recipient.code.unwrap().to_string().as_str()), (Action::Failed, "5.1.1"));
            let diagnostic = recipient.diagnostic.as_deref().unwrap();
            assert!(diagnostic.starts_with("550") && !diagnostic.contains('\n'), "{name}: {diagnostic}");
            assert!(recipient.is_bad_address(), "{name}");
            for cut in ["5.2.2", "5.7.1", "4.4.7"] {
                assert!(!read(&filled(sample, "failed", cut)).unwrap().recipients[0].is_bad_address(), "{name} {cut}");
            }
            assert!(!read(&filled(sample, "delayed", "5.1.1")).unwrap().recipients[0].is_bad_address(), "{name}");
        }
    }
}

#[test]
fn a_report_that_was_cut_off_still_tells() {
    let whole = filled(EXCHANGE, "failed", "5.1.10");
    let cut = &whole[..whole.find("Hello, this is").unwrap()];
    let found = read(cut).unwrap();
    assert_eq!((found.about, found.recipients[0].is_bad_address()), (Some(ID), true));
    // In front of the status there is nothing to go by.
    assert_eq!(read(&whole[..whole.find("message/delivery-status").unwrap()]), Err(NotAReport::NoStatus));
}

#[test]
fn the_message_is_found_by_what_is_returned_or_else_by_what_is_mentioned() {
    let status =
        format!("Reporting-MTA: dns; x\r\n\r\nFinal-Recipient: rfc822; {TO}\r\nAction: failed\r\nStatus: 5.1.1\r\n");
    let about = |text: String| read(&text).unwrap().about;
    assert_eq!(about(report(&status, None)), None);
    let own = format!("Message-ID: <{ID}@example.org>");
    for kind in ["message/rfc822", "text/rfc822-headers", "message/global", "message/global-headers"] {
        assert_eq!(about(report(&status, Some((kind, &own)))), Some(ID), "{kind}");
    }
    assert_eq!(about(report(&format!("Original-Envelope-Id: {ID}\r\n{status}"), None)), Some(ID));
    let mentioned = format!("In-Reply-To: <other@x.example> <{ID}@example.org>\r\n{}", report(&status, None));
    assert_eq!(about(mentioned), Some(ID));
    let foreign = format!(
        "References: <{ID}@example.org>\r\n{}",
        report(&status, Some(("message/rfc822", "Message-ID: <other@x.example>")))
    );
    assert_eq!(about(foreign), None, "somebody else's mail was returned");
}

#[test]
fn a_status_that_says_little_leaves_it_to_the_diagnostic() {
    let code = |status: &str, diagnostic: &str| {
        let text = format!("X: y\n\nFinal-Recipient: rfc822;{TO}\nAction: Failed\n{status}{diagnostic}");
        read(&report(&text, None)).unwrap().recipients[0].code.map(|code| code.to_string())
    };
    let unknown = "Diagnostic-Code: smtp; 550-5.1.1 no such\n 550 5.1.1 user\n";
    for (status, diagnostic, expected) in [
        ("Status: 5.0.0\n", unknown, Some("5.1.1")),
        ("", unknown, Some("5.1.1")),
        ("Status: 5.7.1 (policy)\n", unknown, Some("5.7.1")),
        ("Status: 4.4.7\n", unknown, Some("4.4.7")),
        ("Status: 5.0.0\n", "Diagnostic-Code: x-unix; unknown user\n", Some("5.0.0")),
        ("", "", None),
    ] {
        assert_eq!(code(status, diagnostic).as_deref(), expected, "{status}{diagnostic}");
    }
}

#[test]
fn what_is_no_report_is_told_apart() {
    assert_eq!(read(""), Err(NotAReport::NoMail));
    assert_eq!(Report::read(b"\0\xff\xfe\r\n\r\n"), Err(NotAReport::NoMail));
    let vacation = "From: ana@example.com\nSubject: Out of office\nAuto-Submitted: auto-replied\n\nBack on Monday.\n";
    assert_eq!(read(vacation), Err(NotAReport::NoStatus));
    let read_receipt = POSTFIX.replace("message/delivery-status", "message/disposition-notification");
    assert_eq!(read(&read_receipt), Err(NotAReport::NoStatus));
    for empty in [
        "Reporting-MTA: dns; x\n",
        "X: y\n\nFinal-Recipient: rfc822; a@b.example\n",
        "X: y\n\nAction: failed\nStatus: 5.1.1\n",
        "X: y\n\nFinal-Recipient: x400; /C=DE/\nAction: failed\n",
        "X: y\n\nFinal-Recipient: rfc822; a@b.example\nAction: exploded\n",
    ] {
        assert_eq!(read(&report(empty, None)), Err(NotAReport::NoRecipient), "{empty}");
    }
}

#[test]
fn nothing_that_is_written_in_a_report_becomes_a_header_or_a_line() {
    let text = format!(
        "X: y\n\nFinal-Recipient: rfc822; {TO}\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 a\r\n \
         Bcc: all@example.org\r\n\t\0\u{1b}[2J \u{202e}{}\n",
        "long ".repeat(1000)
    );
    let found = read(&report(&text, None)).unwrap();
    let diagnostic = found.recipients[0].diagnostic.as_deref().unwrap();
    assert!(diagnostic.starts_with("550 5.1.1 a Bcc: all@example.org [2J long"), "{diagnostic}");
    assert!(diagnostic.chars().count() <= 500 && !diagnostic.contains(['\0', '\n', '\r', '\u{1b}', '\u{202e}']));
    // An address with a line in it is none.
    let folded = "X: y\n\nFinal-Recipient: rfc822; ana@example.com\n Action: delivered\nAction: failed\n";
    assert_eq!(read(&report(folded, None)), Err(NotAReport::NoRecipient));
}

#[test]
fn bytes_that_are_no_text_do_no_harm() {
    let text = filled(POSTFIX, "failed", "5.1.1").replace("User unknown in virtual mailbox table", "M\u{fc}ller");
    let latin: Vec<u8> = text.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')).collect();
    assert!(std::str::from_utf8(&latin).is_err());
    let found = Report::read(&latin).unwrap();
    assert_eq!((found.about, found.recipients[0].is(TO)), (Some(ID), true));
    assert!(found.recipients[0].diagnostic.as_deref().unwrap().contains("M\u{fffd}ller"));
    // A status that was encoded on the way, which RFC 3464 does not want.
    let text = "X: y\n\nFinal-Recipient: rfc822;ana=40example.com\nAction: failed\nStatus: 5=2E1.1\n";
    let encoded = report(text, None)
        .replace("delivery-status\r\n", "delivery-status\r\nContent-Transfer-Encoding: quoted-printable\r\n");
    assert!(read(&encoded).unwrap().recipients[0].is_bad_address());
    let text =
        "WDogeQoKRmluYWwtUmVjaXBpZW50OiByZmM4MjI7YW5hQGV4YW1wbGUuY29tCkFjdGlv\r\nbjogZmFpbGVkClN0YXR1czogNS4xLjEK";
    let encoded =
        report(text, None).replace("delivery-status\r\n", "delivery-status\r\nContent-Transfer-Encoding: base64\r\n");
    assert!(read(&encoded).unwrap().recipients[0].is_bad_address());
}

#[test]
fn depth_and_numbers_end_somewhere() {
    let nested = "Content-Type: message/rfc822\n\n".repeat(LONGEST / 30);
    assert_eq!(read(&nested), Err(NotAReport::NoStatus));
    let returned = filled(POSTFIX, "failed", "5.1.1");
    let returned = returned.replace("Auto-Submitted: auto-generated\n", &nested);
    assert_eq!(read(&returned).unwrap().about, Some(ID));
    let level = |level| format!("Content-Type: multipart/mixed; boundary=b{level}\n\n--b{level}\n");
    let deep = (0..20_000).map(level).collect::<Vec<_>>().concat();
    assert_eq!(read(&deep), Err(NotAReport::NoStatus));
    let wide = format!("Content-Type: multipart/report; boundary=b\n\n{}", "--b\n\nx\n".repeat(100_000));
    assert!(mime::parts(wide.as_bytes()).len() <= 66);
    assert_eq!(read(&wide), Err(NotAReport::NoStatus));
    let many = "\nFinal-Recipient: rfc822; a@b.example\nAction: failed\n".repeat(10_000);
    assert_eq!(read(&report(&many, None)).unwrap().recipients.len(), 50);
}

/// A sample, with some of its bytes replaced or left out.
fn damaged(sample: &str, changes: &[(u16, Option<u8>)]) -> Vec<u8> {
    let mut bytes = filled(sample, "failed", "5.1.1").into_bytes();
    for (place, byte) in changes {
        let at = usize::from(*place) % bytes.len();
        match byte {
            Some(byte) => bytes[at] = *byte,
            None => {
                bytes.remove(at);
            }
        }
    }
    bytes
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
        Report::read(&bytes).ok();
    }

    #[test]
    fn any_damage_is_survived(
        which in 0_usize..3,
        changes in proptest::collection::vec((any::<u16>(), any::<Option<u8>>()), 0..60),
    ) {
        if let Ok(found) = Report::read(&damaged([POSTFIX, EXCHANGE, GMAIL][which], &changes)) {
            prop_assert!(!found.recipients.is_empty() && found.recipients.len() <= 50);
            for recipient in found.recipients {
                prop_assert!(!recipient.addresses.is_empty());
                prop_assert!(recipient.diagnostic.is_none_or(|words| !words.contains(char::is_control)));
            }
        }
    }
}
