//! Sessions as calendars read them: iCalendar (RFC 5545), as a message to calendars (RFC 5546) in a part of the mail
//! (RFC 6047).
//!
//! The organizer is the service: calendars answer to the organizer, and an address of one person is not for the other's
//! calendar, which may be shared with anybody. Nobody has to answer there; the mail says where to.

use chrono::{DateTime, TimeDelta, Utc};
use shared::outbox::mails::{Mail, SessionMail};

use super::text;

/// What a calendar makes of the mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calendar {
    /// The `method` of the part's type, as in the text.
    pub method: Method,
    /// The iCalendar text, lines ended by CRLF.
    pub text: String,
}

/// What a calendar is to do (RFC 5546, 3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Put the session in, or bring it up to date.
    Request,
    /// Take it out.
    Cancel,
}

impl Method {
    /// As it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Request => "REQUEST",
            Self::Cancel => "CANCEL",
        }
    }
}

/// Who is named in a calendar.
#[derive(Clone, Copy, Debug)]
pub struct Named<'a> {
    /// A name.
    pub name: &'a str,
    /// A mail address that can stand in a header.
    pub address: &'a str,
}

/// What goes into the reader's calendar with a mail; `None` for a mail that is not about an agreed session.
///
/// `asked_at` is when the mail was asked for: the same mail always makes the same bytes.
pub fn of(mail: &Mail, service: Named<'_>, reader: &str, asked_at: DateTime<Utc>) -> Option<Calendar> {
    let (session, method) = if let Mail::SessionInvitation(session) | Mail::SessionChanged(session) = mail {
        (session, Method::Request)
    } else if let Mail::SessionCanceled(session) = mail
        && session.in_calendar
    {
        (session, Method::Cancel)
    } else {
        return None;
    };
    Some(Calendar { method, text: write(session, method, service, reader, asked_at) })
}

fn write(session: &SessionMail, method: Method, service: Named<'_>, reader: &str, asked_at: DateTime<Utc>) -> String {
    let domain = service.address.rsplit_once('@').map_or("localhost", |(_, domain)| domain);
    let (status, part) = match method {
        Method::Cancel => ("CANCELLED", "DECLINED"),
        Method::Request if session.agreed => ("CONFIRMED", "ACCEPTED"),
        Method::Request if session.asks_you => ("TENTATIVE", "NEEDS-ACTION"),
        Method::Request => ("TENTATIVE", "ACCEPTED"),
    };
    let end = session.starts_at + TimeDelta::minutes(session.minutes.into());
    let mut lines = Lines::default();
    lines.add("BEGIN:VCALENDAR");
    lines.add("PRODID:-//Counterpart//Sessions//EN");
    lines.add("VERSION:2.0");
    lines.add("CALSCALE:GREGORIAN");
    lines.add(&format!("METHOD:{}", method.as_str()));
    lines.add("BEGIN:VEVENT");
    lines.add(&format!("UID:{}@{domain}", session.session_id));
    lines.add(&format!("DTSTAMP:{}", instant(asked_at)));
    lines.add(&format!("SEQUENCE:{}", session.sequence));
    lines.add(&format!("DTSTART:{}", instant(session.starts_at)));
    lines.add(&format!("DTEND:{}", instant(end)));
    lines.add(&format!("SUMMARY:{}", escaped(&format!("{} ({})", session.partner.name, session.setting.program))));
    lines.add(&format!("ORGANIZER;CN={}:mailto:{}", quoted(service.name), service.address));
    lines.add(&format!(
        "ATTENDEE;CN={};ROLE=REQ-PARTICIPANT;PARTSTAT={part};RSVP=FALSE:mailto:{reader}",
        quoted(&session.you.name)
    ));
    lines.add(&format!("STATUS:{status}"));
    if let Some(place) = &session.place {
        lines.add(&format!("LOCATION:{}", escaped(place)));
    }
    if let Some(agenda) = &session.agenda {
        lines.add(&format!("DESCRIPTION:{}", escaped(agenda)));
    }
    lines.add("END:VEVENT");
    lines.add("END:VCALENDAR");
    lines.0
}

/// Content lines (RFC 5545, 3.1).
#[derive(Default)]
struct Lines(String);

impl Lines {
    /// How many octets a line may have, its end not counted.
    const LONGEST: usize = 75;

    /// Adds a line, folded where it is too long: never within a character. No value can end it.
    fn add(&mut self, line: &str) {
        let mut length = 0;
        for c in line.chars().filter(|c| !c.is_control()) {
            if length + c.len_utf8() > Self::LONGEST {
                self.0.push_str("\r\n ");
                length = 1;
            }
            self.0.push(c);
            length += c.len_utf8();
        }
        self.0.push_str("\r\n");
    }
}

/// A moment in UTC (RFC 5545, 3.3.5, form 2): every calendar shows it in its own zone.
fn instant(instant: DateTime<Utc>) -> String {
    instant.format("%Y%m%dT%H%M%SZ").to_string()
}

/// A text (RFC 5545, 3.3.11), line by line without control characters.
fn escaped(value: &str) -> String {
    let line = |line: &str| text::one_line(line).replace('\\', "\\\\").replace(';', "\\;").replace(',', "\\,");
    value.lines().map(line).collect::<Vec<_>>().join("\\n")
}

/// A parameter's value in quotes, in which a quote cannot stand (RFC 5545, 3.2). Nor should a backslash: some readers
/// take it for the beginning of an escape.
fn quoted(value: &str) -> String {
    format!("\"{}\"", text::one_line(value).replace('"', "'").replace('\\', "/"))
}
