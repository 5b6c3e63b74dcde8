//! What the mails to two people who are at it say, and what coordinators hear of them.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Party, Setting};

/// What the mails about sessions say; see [`Mail::SessionProposed`](super::Mail::SessionProposed) and those after it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is a sentence that is said or not, whatever the others are")]
pub struct SessionMail {
    /// Where the mail comes from.
    pub setting: Setting,
    /// The match.
    pub match_id: Uuid,
    /// The session.
    pub session_id: Uuid,
    /// The session's number when this was told; a later one makes this mail pointless.
    pub sequence: i32,
    /// The reader.
    pub you: Party,
    /// Whom the reader meets, without contacts: calendars are shared more widely than mails.
    pub partner: Party,
    /// True when the reader did what is told.
    pub by_you: bool,
    /// True when the partner did; neither, when staff did or the match ended.
    pub by_partner: bool,
    /// True when both agreed on this time.
    pub agreed: bool,
    /// True when the time waits for the reader's answer.
    pub asks_you: bool,
    /// True when it stands in the calendars of both, at this or an earlier time.
    pub in_calendar: bool,
    /// When it begins. Shown in the reader's zone.
    pub starts_at: DateTime<Utc>,
    /// How long it takes.
    pub minutes: u16,
    /// Where, as one of the two wrote it.
    pub place: Option<String>,
    /// What for, as one of the two wrote it; lines apart by `\n`.
    pub agenda: Option<String>,
    /// Why it was called off, if whoever did said so.
    pub reason: Option<String>,
    /// Of a reminder, how near the session is.
    pub hours_before: Option<u16>,
    /// Where to answer, if the organization has a portal.
    pub link: Option<String>,
}

/// See [`Mail::StalledReminder`](super::Mail::StalledReminder).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StalledReminder {
    /// Where the mail comes from.
    pub setting: Setting,
    /// The match.
    pub match_id: Uuid,
    /// The reader.
    pub you: Party,
    /// The partner, with contacts.
    pub partner: Party,
    /// The last sign of life; a later one makes this mail pointless.
    pub last_contact_at: DateTime<Utc>,
    /// Its day, in the reader's zone.
    pub since: NaiveDate,
    /// Where to answer, if the organization has a portal.
    pub link: Option<String>,
}

/// See [`Mail::Topic`](super::Mail::Topic).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TopicMail {
    /// Where the mail comes from.
    pub setting: Setting,
    /// The match.
    pub match_id: Uuid,
    /// The reader.
    pub you: Party,
    /// The partner.
    pub partner: Party,
    /// The topic in the program's own words.
    pub topic: Option<String>,
    /// Otherwise, which of the standard topics, from 0.
    pub standard: u16,
}

/// See [`Mail::CheckIn`](super::Mail::CheckIn) and [`Mail::WrapUp`](super::Mail::WrapUp).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckInMail {
    /// Where the mail comes from.
    pub setting: Setting,
    /// The match.
    pub match_id: Uuid,
    /// The check-in that is to be answered.
    pub check_in_id: Uuid,
    /// The reader.
    pub you: Party,
    /// The partner.
    pub partner: Party,
    /// Where to answer, if the organization has a portal.
    pub link: Option<String>,
}

/// See [`Mail::CoordinatorDigest`](super::Mail::CoordinatorDigest).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CoordinatorDigest {
    /// Where the mail comes from.
    pub setting: Setting,
    /// The reader.
    pub you: Party,
    /// What waits.
    pub waiting: Waiting,
    /// Where to look, if the organization has a portal.
    pub link: Option<String>,
}

/// What waits for coordinators in a program, in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    /// Runs to approve.
    pub runs: u32,
    /// Applications to decide on.
    pub applications: u32,
    /// Active people without a partner.
    pub unmatched: u32,
    /// Matches without a sign of life for longer than their cadence lets expect.
    pub stalled: u32,
    /// Mails about matches that need a human.
    pub held: u32,
}

impl Waiting {
    /// Whether nobody has to do anything.
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}
