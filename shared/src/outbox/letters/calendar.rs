//! Letters that a living match causes as time goes by.

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::{Couple, Desk, with_contacts, without_contacts};
use crate::{
    domain::{check_ins::CheckIn, matches::Side, people::Person},
    outbox::{
        Order,
        mails::{CheckInMail, CoordinatorDigest, Mail, StalledReminder, TopicMail, Waiting},
    },
};

/// When a letter of the calendar is due, and until when it says something.
#[derive(Clone, Copy, Debug)]
pub struct Window {
    /// Not before this instant.
    pub due_at: DateTime<Utc>,
    /// Pointless after this instant.
    pub expires_at: DateTime<Utc>,
}

impl Desk<'_> {
    /// Asks one side whether the two are still in touch; `since` is when they last were, as far as is known.
    pub fn stalled<'p>(&self, couple: Couple<'p>, side: Side, since: DateTime<Utc>, window: Window) -> Order<'p> {
        let (reader, partner) = couple.reader_and_partner(side);
        let zone = reader.time_zone.parse().unwrap_or(chrono_tz::UTC);
        let mail = Mail::StalledReminder(StalledReminder {
            setting: self.setting(),
            match_id: couple.found.id,
            you: without_contacts(reader),
            partner: with_contacts(partner),
            last_contact_at: since,
            since: since.with_timezone(&zone).date_naive(),
            link: self.organization.portal_url.clone(),
        });
        let about = format!("{}:{}", couple.found.id, since.timestamp());
        about_time(couple, reader, mail, about, window)
    }

    /// Gives one side something to talk about: the `number`th topic, from 1.
    pub fn topic<'p>(&self, couple: Couple<'p>, side: Side, number: u16, topic: Topic, window: Window) -> Order<'p> {
        let (reader, partner) = couple.reader_and_partner(side);
        let (own, standard) = match topic {
            Topic::Own(words) => (Some(words), 0),
            Topic::Standard(index) => (None, index),
        };
        let mail = Mail::Topic(TopicMail {
            setting: self.setting(),
            match_id: couple.found.id,
            you: without_contacts(reader),
            partner: without_contacts(partner),
            topic: own,
            standard,
        });
        about_time(couple, reader, mail, format!("{}:{number}", couple.found.id), window)
    }

    /// Asks one side how it goes.
    pub fn check_in<'p>(&self, couple: Couple<'p>, side: Side, asked: &CheckIn, window: Window) -> Order<'p> {
        let mail = Mail::CheckIn(self.question(couple, side, asked));
        about_time(couple, couple.reader_and_partner(side).0, mail, asked.id.to_string(), window)
    }

    /// Asks one side how it was.
    pub fn wrap_up<'p>(&self, couple: Couple<'p>, side: Side, asked: &CheckIn, window: Window) -> Order<'p> {
        let mail = Mail::WrapUp(self.question(couple, side, asked));
        about_time(couple, couple.reader_and_partner(side).0, mail, asked.id.to_string(), window)
    }

    fn question(&self, couple: Couple<'_>, side: Side, asked: &CheckIn) -> CheckInMail {
        let (reader, partner) = couple.reader_and_partner(side);
        CheckInMail {
            setting: self.setting(),
            match_id: couple.found.id,
            check_in_id: asked.id,
            you: without_contacts(reader),
            partner: without_contacts(partner),
            link: self.organization.portal_url.clone(),
        }
    }

    /// Tells a coordinator what waits in a program. `week` names the occasion.
    pub fn digest<'p>(
        &self,
        reader: &'p Person,
        program_id: Uuid,
        waiting: Waiting,
        week: &str,
        due_at: DateTime<Utc>,
    ) -> Order<'p> {
        let mail = Mail::CoordinatorDigest(CoordinatorDigest {
            setting: self.setting(),
            you: without_contacts(reader),
            waiting,
            link: self.organization.portal_url.clone(),
        });
        let expires_at = Some(due_at + TimeDelta::days(3));
        Order { to: reader, match_id: None, about: format!("{program_id}:{week}"), mail, due_at, expires_at }
    }
}

/// What two people may talk about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Topic {
    /// The program's own words.
    Own(String),
    /// One of [`STANDARD_TOPICS`], in the reader's language.
    Standard(u16),
}

/// How many topics there are for programs that wrote none: from getting to know each other to looking back.
pub const STANDARD_TOPICS: u16 = 6;

fn about_time<'p>(couple: Couple<'_>, to: &'p Person, mail: Mail, about: String, window: Window) -> Order<'p> {
    let Window { due_at, expires_at } = window;
    Order { to, match_id: Some(couple.found.id), about, mail, due_at, expires_at: Some(expires_at) }
}
