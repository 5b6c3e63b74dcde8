//! What calendars get, read back by a parser that is not ours.

use calcard::icalendar::{ICalendar, ICalendarComponent, ICalendarProperty, ICalendarValue};
use chrono::{DateTime, Utc};
use proptest::prelude::*;
use shared::outbox::mails::{Mail, SessionMail};

use super::{
    calendar::{self, Calendar, Method, Named},
    samples,
};

fn asked_at() -> DateTime<Utc> {
    "2026-11-30T09:10:11.123456Z".parse().expect("an instant")
}

fn service() -> Named<'static> {
    Named { name: "Alumni \"Network\", Peers; all:", address: "peers@alumni.example" }
}

fn written(mail: &Mail) -> Calendar {
    calendar::of(mail, service(), "anna.weber@mail.example", asked_at()).expect("a calendar")
}

/// The event of a calendar, after the rules of content lines were checked.
fn event(text: &str) -> ICalendarComponent {
    assert!(text.ends_with("\r\n") && !text.replace("\r\n", "").contains(['\r', '\n']), "bare line ends: {text:?}");
    for line in text.trim_end().split("\r\n") {
        assert!(line.len() <= 75, "{} octets: {line}", line.len());
    }
    let parsed = ICalendar::parse(text).expect("an iCalendar");
    assert_eq!(parsed.components.len(), 2, "{text}");
    parsed.components.into_iter().nth(1).expect("an event")
}

fn values(event: &ICalendarComponent, name: &ICalendarProperty) -> Vec<ICalendarValue> {
    let entries: Vec<_> = event.entries.iter().filter(|entry| entry.name == *name).collect();
    assert!(entries.len() <= 1, "{name:?} comes once");
    entries.into_iter().flat_map(|entry| entry.values.clone()).collect()
}

fn read(event: &ICalendarComponent, name: &ICalendarProperty) -> String {
    match &values(event, name)[..] {
        [ICalendarValue::Text(text)] => text.clone(),
        other => format!("{other:?}"),
    }
}

#[test]
fn an_agreed_session_is_an_invitation() {
    let Calendar { method, text } = written(&Mail::SessionInvitation(samples::session_invitation()));
    insta::assert_snapshot!("calendar_invitation", text.replace("\r\n", "\n"));
    assert_eq!(method, Method::Request);
    let event = event(&text);
    assert_eq!(read(&event, &ICalendarProperty::Uid), "01935a7e-0000-7000-8000-000000000005@alumni.example");
    assert_eq!(read(&event, &ICalendarProperty::Summary), "Maria Souza (Peer Mentoring 2027)");
    assert_eq!(
        read(&event, &ICalendarProperty::Description),
        "How lessons with real data went\nWhat Maria's hospital could share; and what not"
    );
    assert_eq!(read(&event, &ICalendarProperty::Location), "https://meet.alumni.example/anna-maria?pwd=a,b;c");
    let begins = read(&event, &ICalendarProperty::Dtstart);
    assert!(begins.contains("hour: Some(15)") && begins.contains("tz_hour: Some(0)"), "in UTC: {begins}");
    assert!(!text.contains("souza.example"), "no address of the partner");
}

#[test]
fn a_move_and_a_cancellation_are_about_the_same_event() {
    let uid = |text: &str| read(&event(text), &ICalendarProperty::Uid);
    let invitation = written(&Mail::SessionInvitation(samples::session_invitation()));
    let changed = written(&Mail::SessionChanged(samples::session_changed()));
    let canceled = written(&Mail::SessionCanceled(samples::session_canceled()));
    assert_eq!((uid(&invitation.text), uid(&invitation.text)), (uid(&changed.text), uid(&canceled.text)));
    assert_eq!((changed.method, canceled.method), (Method::Request, Method::Cancel));
    for (calendar, sequence, status) in
        [(&invitation, 1, "CONFIRMED"), (&changed, 2, "TENTATIVE"), (&canceled, 3, "CANCELLED")]
    {
        assert!(calendar.text.contains(&format!("\r\nSEQUENCE:{sequence}\r\n")), "{}", calendar.text);
        assert!(calendar.text.contains(&format!("\r\nSTATUS:{status}\r\n")), "{}", calendar.text);
    }
}

#[test]
fn what_stands_in_no_calendar_is_not_taken_out_of_one() {
    let proposed = SessionMail { in_calendar: false, ..samples::session_canceled() };
    for mail in [
        Mail::SessionCanceled(proposed),
        Mail::SessionProposed(samples::session_proposed()),
        Mail::SessionReminder(samples::session_reminder()),
        Mail::Introduction(samples::introduction()),
    ] {
        assert_eq!(calendar::of(&mail, service(), "anna.weber@mail.example", asked_at()), None, "{}", mail.kind());
    }
}

proptest! {
    /// Whatever people write, it stays in its value, and no line is too long or ends within a character.
    #[test]
    fn nothing_that_people_write_leaves_its_line(
        name in ".{0,80}", place in ".{0,200}", agenda in "(.|\n|\r|[äöü漢字🙂,;:\\\\\"]){0,300}",
    ) {
        let mut session = samples::session_invitation();
        session.partner.name.clone_from(&name);
        session.you.name.clone_from(&name);
        session.place = Some(format!("{place}\r\nATTENDEE:mailto:victim@example.org"));
        session.agenda = Some(format!("{agenda}\nEND:VEVENT\r\nBEGIN:VALARM"));
        let text = written(&Mail::SessionInvitation(session)).text;
        let event = event(&text);
        prop_assert!(event.component_ids.is_empty());
        prop_assert_eq!(values(&event, &ICalendarProperty::Attendee).len(), 1);
        prop_assert_eq!(text.matches("\r\nBEGIN:").count(), 1);
        prop_assert_eq!(text.matches("\r\nATTENDEE").count(), 1);
    }
}
