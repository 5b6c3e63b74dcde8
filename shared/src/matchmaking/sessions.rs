//! Sessions: what is written and who is told when one is proposed, agreed on, moved, called off or held.

use super::{Setting, StepError};
use crate::{
    domain::{
        matches::{Match, Side},
        people::Person,
        sessions::{Appointment, Session, SessionEvent, SessionStatus},
    },
    outbox::{self, Order, letters::Couple},
    store::{self, StoreError, Tx},
};

/// Mails that lose their point with the next step of their session.
const SESSION_MAILS: &[&str] = &["SESSION_PROPOSED", "SESSION_INVITATION", "SESSION_CHANGED", "SESSION_REMINDER"];
/// The same when it is over in time.
const REMINDERS: &[&str] = &["SESSION_PROPOSED", "SESSION_REMINDER"];
const SIDES: [Side; 2] = [Side::A, Side::B];

impl Setting<'_> {
    /// One of the two suggests a time; the other is asked.
    ///
    /// # Errors
    /// When the database is gone.
    pub async fn propose_session(
        &self,
        tx: &Tx,
        found: &Match,
        side: Side,
        appointment: Appointment,
        couple: (&Person, &Person),
    ) -> Result<Session, StoreError> {
        let (own, _) = found.sides(side);
        let session = Session::proposed(self.clock.new_id(), found, appointment, own.person_id, self.clock.now());
        store::sessions::insert(tx, &session).await?;
        self.record(tx, &session, ("-", session.status.as_str()), None).await?;
        let couple = Couple { found, a: couple.0, b: couple.1 };
        self.tell(tx, [self.desk().session_proposed(couple, &session, side.other())]).await?;
        Ok(session)
    }

    /// The one who was asked agrees: both get it for their calendars, and reminders. Whoever agrees on a time to meet is
    /// in touch.
    ///
    /// # Errors
    /// [`StepError::NotPossible`] when the session does not wait for an answer.
    pub async fn agree_to_session(
        &self,
        tx: &Tx,
        session: &mut Session,
        found: &mut Match,
        side: Side,
        couple: (&Person, &Person),
    ) -> Result<(), StepError> {
        self.step_session(tx, session, SessionEvent::Agree, None).await?;
        self.note_contact(tx, found, self.clock.now()).await?;
        let couple = Couple { found, a: couple.0, b: couple.1 };
        for reader in SIDES {
            self.tell(tx, [self.desk().session_invitation(couple, session, reader, side)]).await?;
            self.tell(tx, self.desk().session_reminders(couple, session, reader)).await?;
        }
        Ok(())
    }

    /// Another time, which asks the other one again; or only another place or agenda of an agreed time, which tells both.
    ///
    /// # Errors
    /// [`StepError::NotPossible`] when the session is over.
    pub async fn move_session(
        &self,
        tx: &Tx,
        session: &mut Session,
        found: &Match,
        side: Side,
        appointment: Appointment,
        couple: (&Person, &Person),
    ) -> Result<(), StepError> {
        let same_time = session.appointment.starts_at == appointment.starts_at
            && session.appointment.minutes == appointment.minutes;
        session.appointment = appointment;
        if same_time && session.status == SessionStatus::Scheduled {
            session.sequence += 1;
            session.updated_at = self.clock.now();
            store::sessions::update(tx, session).await?;
            self.forget(tx, session, SESSION_MAILS, "changed").await?;
        } else {
            session.proposed_by = found.sides(side).0.person_id;
            self.step_session(tx, session, SessionEvent::Move, None).await?;
        }
        let couple = Couple { found, a: couple.0, b: couple.1 };
        if session.agreed_at.is_none() {
            self.tell(tx, [self.desk().session_proposed(couple, session, side.other())]).await?;
            return Ok(());
        }
        // It stands in both calendars, so both calendars have to learn of it.
        for reader in SIDES {
            self.tell(tx, [self.desk().session_changed(couple, session, reader, side)]).await?;
            if session.status == SessionStatus::Scheduled {
                self.tell(tx, self.desk().session_reminders(couple, session, reader)).await?;
            }
        }
        Ok(())
    }

    /// Calls a session off. `by` is the side that does, if one of them does. Both are told of what stands in their
    /// calendars; of a mere proposal only whoever did not call it off.
    ///
    /// # Errors
    /// [`StepError::NotPossible`] when the session is over.
    pub async fn cancel_session(
        &self,
        tx: &Tx,
        session: &mut Session,
        found: &Match,
        by: Option<Side>,
        reason: Option<String>,
        couple: (&Person, &Person),
    ) -> Result<(), StepError> {
        session.cancel_reason.clone_from(&reason);
        self.step_session(tx, session, SessionEvent::Cancel, reason).await?;
        let couple = Couple { found, a: couple.0, b: couple.1 };
        let readers = SIDES.into_iter().filter(|side| session.agreed_at.is_some() || by != Some(*side));
        for reader in readers {
            self.tell(tx, [self.desk().session_canceled(couple, session, reader, by)]).await?;
        }
        Ok(())
    }

    /// Notes that a session took place, or that it did not. Nobody is written to.
    ///
    /// # Errors
    /// [`StepError::NotPossible`] when the state does not allow it.
    pub async fn record_session(
        &self,
        tx: &Tx,
        session: &mut Session,
        found: &mut Match,
        held: bool,
    ) -> Result<(), StepError> {
        let event = if held { SessionEvent::Hold } else { SessionEvent::Miss };
        self.step_session(tx, session, event, None).await?;
        if held {
            self.note_contact(tx, found, session.appointment.starts_at).await?;
        }
        Ok(())
    }

    /// Calls off what a match that ended had still before it.
    pub(super) async fn cancel_coming_sessions(
        &self,
        tx: &Tx,
        found: &Match,
        couple: (&Person, &Person),
    ) -> Result<(), StepError> {
        if found.activated_at.is_none() {
            return Ok(());
        }
        for mut session in store::sessions::open_of_match(tx, found.organization_id, found.id).await? {
            if session.ends_at() > self.clock.now() {
                self.cancel_session(tx, &mut session, found, None, None, couple).await?;
            }
        }
        Ok(())
    }

    async fn step_session(
        &self,
        tx: &Tx,
        session: &mut Session,
        event: SessionEvent,
        reason: Option<String>,
    ) -> Result<(), StepError> {
        let from = session.status.as_str();
        session.apply(event, self.clock.now())?;
        store::sessions::update(tx, session).await?;
        self.record(tx, session, (from, session.status.as_str()), reason).await?;
        let (kinds, why) = match event {
            SessionEvent::Agree => (SESSION_MAILS, "answered"),
            SessionEvent::Move => (SESSION_MAILS, "moved to another time"),
            SessionEvent::Cancel => (SESSION_MAILS, "called off"),
            SessionEvent::Hold | SessionEvent::Miss => (REMINDERS, "it is over"),
        };
        self.forget(tx, session, kinds, why).await?;
        Ok(())
    }

    async fn forget(&self, tx: &Tx, session: &Session, kinds: &[&str], why: &str) -> Result<(), StoreError> {
        store::messages::suppress_of_session(tx, session, kinds, why, self.clock.now()).await?;
        Ok(())
    }

    async fn tell(&self, tx: &Tx, orders: impl IntoIterator<Item = Order<'_>> + Send) -> Result<(), StoreError> {
        let orders: Vec<Order<'_>> = orders.into_iter().collect();
        for order in orders {
            outbox::enqueue(tx, self.clock, order).await?;
        }
        Ok(())
    }
}
