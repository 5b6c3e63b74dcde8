//! Letters about sessions.

use chrono::{DateTime, TimeDelta, Utc};

use super::{Couple, Desk, without_contacts};
use crate::{
    domain::{
        matches::Side,
        sessions::{Session, SessionStatus},
    },
    outbox::{
        Order,
        mails::{Mail, SessionMail},
    },
};

/// So many hours before a session both are reminded of it.
const REMINDERS: [u16; 2] = [24, 1];

impl Desk<'_> {
    /// Asks one side whether the time suits them.
    pub fn session_proposed<'p>(&self, couple: Couple<'p>, session: &Session, side: Side) -> Order<'p> {
        let mail = Mail::SessionProposed(self.session(couple, session, side, None));
        self.about_session(couple, session, side, mail)
    }

    /// Tells one side that both agreed, for the calendar. `by` is whoever agreed last.
    pub fn session_invitation<'p>(&self, couple: Couple<'p>, session: &Session, side: Side, by: Side) -> Order<'p> {
        let mail = Mail::SessionInvitation(self.session(couple, session, side, Some(by)));
        self.about_session(couple, session, side, mail)
    }

    /// Tells one side that an agreed time or place changed.
    pub fn session_changed<'p>(&self, couple: Couple<'p>, session: &Session, side: Side, by: Side) -> Order<'p> {
        let mail = Mail::SessionChanged(self.session(couple, session, side, Some(by)));
        self.about_session(couple, session, side, mail)
    }

    /// Tells one side that the session is called off, by one of the two, staff, or the end of the match.
    pub fn session_canceled<'p>(
        &self,
        couple: Couple<'p>,
        session: &Session,
        side: Side,
        by: Option<Side>,
    ) -> Order<'p> {
        let mail = Mail::SessionCanceled(self.session(couple, session, side, by));
        self.about_session(couple, session, side, mail)
    }

    /// Reminders of an agreed session for one side: those whose time is still to come.
    pub fn session_reminders<'p>(&self, couple: Couple<'p>, session: &Session, side: Side) -> Vec<Order<'p>> {
        let starts_at = session.appointment.starts_at;
        let before = |hours: u16| starts_at - TimeDelta::hours(hours.into());
        let remind = |(index, hours): (usize, &u16)| {
            let mut mail = self.session(couple, session, side, None);
            mail.hours_before = Some(*hours);
            let order = self.about_session(couple, session, side, Mail::SessionReminder(mail));
            // One that comes late says nothing that the next one does not.
            let expires_at = REMINDERS.get(index + 1).map_or(starts_at, |next| before(*next));
            let about = format!("{}:{hours}", order.about);
            Order { about, due_at: before(*hours), expires_at: Some(expires_at), ..order }
        };
        let ahead = |(_, hours): &(usize, &u16)| before(**hours) > self.now;
        REMINDERS.iter().enumerate().filter(ahead).map(remind).collect()
    }

    fn session(&self, couple: Couple<'_>, session: &Session, side: Side, by: Option<Side>) -> SessionMail {
        let (reader, partner) = couple.reader_and_partner(side);
        SessionMail {
            setting: self.setting(),
            match_id: session.match_id,
            session_id: session.id,
            sequence: session.sequence,
            you: without_contacts(reader),
            partner: without_contacts(partner),
            by_you: by == Some(side),
            by_partner: by.is_some_and(|by| by != side),
            agreed: session.status == SessionStatus::Scheduled,
            asks_you: session.status == SessionStatus::Proposed && session.proposed_by != reader.id,
            in_calendar: session.agreed_at.is_some(),
            starts_at: session.appointment.starts_at,
            minutes: session.appointment.minutes,
            place: session.appointment.place.clone(),
            agenda: session.appointment.agenda.clone(),
            reason: session.cancel_reason.clone(),
            hours_before: None,
            link: self.organization.portal_url.clone(),
        }
    }

    /// The same step is told once, and not any more when the session is over.
    fn about_session<'p>(&self, couple: Couple<'p>, session: &Session, side: Side, mail: Mail) -> Order<'p> {
        let (reader, _) = couple.reader_and_partner(side);
        Order {
            to: reader,
            match_id: Some(session.match_id),
            about: format!("{}:{}", session.id, session.sequence),
            mail,
            due_at: self.now,
            expires_at: Some(self.relevant_until(session)),
        }
    }

    fn relevant_until(&self, session: &Session) -> DateTime<Utc> {
        if session.status == SessionStatus::Proposed && session.agreed_at.is_none() {
            return session.appointment.starts_at;
        }
        // A time that moved to an earlier one may leave a later one standing in a calendar.
        session.ends_at().max(self.now + TimeDelta::days(1))
    }
}
