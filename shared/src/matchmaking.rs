//! What happens when a pair becomes a match, begins, or ends: the steps that the API and the worker share, each inside
//! the caller's transaction.

mod publish;
mod sessions;
mod steps;

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use crate::{
    clock::Clock,
    domain::{
        enrollments::{Enrollment, EnrollmentEvent, EnrollmentStatus},
        explanations::Explanation,
        matches::{Answer, Match, MatchEvent, MatchOrigin, MatchStatus, Party, Side},
        organizations::Organization,
        people::Person,
        programs::{Admission, Consent, Program},
        states::NotPossible,
    },
    outbox::{
        self,
        letters::{Couple, Desk},
    },
    store::{
        self, StoreError, Tx,
        history::{self, Stateful, Step},
    },
};

pub use publish::{Past, Published, publish_run};

/// Mails that lose their point when a proposal is answered or closed.
const ANSWER_MAILS: &[&str] = &["PROPOSAL", "PROPOSAL_REMINDER", "PAIR_REQUEST"];
/// Mails that lose their point when the two are in touch, or the match ends.
const CONTACT_MAILS: &[&str] = &["FIRST_CONTACT_REMINDER", "STALLED_REMINDER"];

/// The program a step belongs to, and who takes it.
#[derive(Clone, Copy, Debug)]
pub struct Setting<'a> {
    /// The tenant.
    pub organization: &'a Organization,
    /// The program.
    pub program: &'a Program,
    /// The clock.
    pub clock: &'a Clock,
    /// The person who acts; `None` for the worker.
    pub actor_id: Option<Uuid>,
}

/// One side of a pair that is to become a match.
#[derive(Clone, Copy, Debug)]
pub struct Seat<'a> {
    /// The person.
    pub person: &'a Person,
    /// Their place in the round.
    pub enrollment: &'a Enrollment,
}

/// A pair that is to become a match.
#[derive(Clone, Debug)]
pub struct NewMatch<'a> {
    /// MENTORING: the mentor. PEER: the one with the smaller person id.
    pub a: Seat<'a>,
    /// The other side.
    pub b: Seat<'a>,
    /// The run that planned it.
    pub run_id: Option<Uuid>,
    /// 0 to 1000.
    pub score: u16,
    /// Why these two.
    pub explanation: Explanation,
}

/// What became of a pair.
#[derive(Clone, Debug)]
pub enum Made {
    /// The match stands; mails are asked for.
    Match(Box<Match>),
    /// One side has no free place any more, or the two have a living match already.
    Taken,
}

/// A step of a match that could not be taken.
#[derive(Debug, thiserror::Error)]
pub enum StepError {
    /// The state does not allow it.
    #[error(transparent)]
    NotPossible(#[from] NotPossible),
    /// The database failed or the row changed meanwhile.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Setting<'_> {
    fn desk(&self) -> Desk<'_> {
        Desk { organization: self.organization, program: self.program, now: self.clock.now() }
    }

    /// Writes one step of any state machine into the history and the event log.
    ///
    /// # Errors
    /// When the database is gone.
    pub async fn record(
        &self,
        tx: &Tx,
        thing: &impl Stateful,
        states: (&'static str, &'static str),
        reason: Option<String>,
    ) -> Result<(), StoreError> {
        let (id, at) = (self.clock.new_id(), self.clock.now());
        history::step(tx, thing, Step { id, states, actor_id: self.actor_id, reason, at }).await
    }

    async fn match_step(&self, tx: &Tx, found: &Match, from: &'static str) -> Result<(), StoreError> {
        self.record(tx, found, (from, found.status.as_str()), found.end_reason.clone()).await
    }

    /// Makes a match of a planned pair. With [`Consent::BothAccept`] it is proposed to both, otherwise both are
    /// introduced at once (a coordinator who had to approve has done so).
    ///
    /// # Errors
    /// When the database is gone. A lost race for a place is [`Made::Taken`], and nothing is written then.
    pub async fn make_match(&self, tx: &Tx, pair: NewMatch<'_>) -> Result<Made, StoreError> {
        let mut found = self.draft(&pair, MatchOrigin::Run, None);
        if !self.seat(tx, &found, &[pair.a, pair.b]).await? {
            return Ok(Made::Taken);
        }
        self.match_step(tx, &found, "-").await?;
        let couple = (pair.a.person, pair.b.person);
        if self.program.consent == Consent::BothAccept {
            let couple = Couple { found: &found, a: couple.0, b: couple.1 };
            for side in [Side::A, Side::B] {
                outbox::enqueue(tx, self.clock, self.desk().proposal(couple, side)).await?;
                outbox::enqueue(tx, self.clock, self.desk().proposal_reminder(couple, side)).await?;
            }
        } else if found.apply(MatchEvent::Activate, self.clock.now()).is_ok() {
            store::matches::update(tx, &mut found).await?;
            self.begin(tx, &found, couple).await?;
        }
        Ok(Made::Match(Box::new(found)))
    }

    /// Makes a match out of one person's request to another. The one who asks takes a place at once; the one who is
    /// asked takes one by accepting.
    ///
    /// # Errors
    /// When the database is gone. [`Made::Taken`] when the one who asks has no free place, or the two have a living match.
    pub async fn request_match(
        &self,
        tx: &Tx,
        pair: NewMatch<'_>,
        asking: Side,
        note: Option<String>,
    ) -> Result<Made, StoreError> {
        let mut found = self.draft(&pair, MatchOrigin::Request, note);
        let now = self.clock.now();
        let (party, seat, asked) = match asking {
            Side::A => (&mut found.a, pair.a, Side::B),
            Side::B => (&mut found.b, pair.b, Side::A),
        };
        party.answer = Answer::Accepted;
        party.answered_at = Some(now);
        if !self.seat(tx, &found, &[seat]).await? {
            return Ok(Made::Taken);
        }
        self.match_step(tx, &found, "-").await?;
        let couple = Couple { found: &found, a: pair.a.person, b: pair.b.person };
        outbox::enqueue(tx, self.clock, self.desk().pair_request(couple, asked)).await?;
        Ok(Made::Match(Box::new(found)))
    }

    fn draft(&self, pair: &NewMatch<'_>, origin: MatchOrigin, note: Option<String>) -> Match {
        let now = self.clock.now();
        let days = self.program.timings.proposal_expires_days;
        Match {
            id: self.clock.new_id(),
            organization_id: self.organization.id,
            program_id: self.program.id,
            round_id: pair.a.enrollment.round_id,
            run_id: pair.run_id,
            origin,
            status: MatchStatus::Proposed,
            a: Party::unanswered(pair.a.enrollment.id, pair.a.person.id),
            b: Party::unanswered(pair.b.enrollment.id, pair.b.person.id),
            score: pair.score,
            explanation: pair.explanation.clone(),
            note,
            proposed_at: now,
            answer_by: Some(now + TimeDelta::days(days.into())),
            activated_at: None,
            first_contact_at: None,
            last_contact_at: None,
            cadence_days: None,
            calendar_at: None,
            ended_at: None,
            ended_by: None,
            end_reason: None,
            version: 1,
            created_at: now,
            updated_at: now,
        }
    }

    /// Stores a match and takes places for these sides; false, with nothing written, when that is not possible.
    async fn seat(&self, tx: &Tx, found: &Match, seats: &[Seat<'_>]) -> Result<bool, StoreError> {
        let organization_id = self.organization.id;
        if !store::matches::insert(tx, found).await? {
            return Ok(false);
        }
        for seat in seats {
            let Seat { enrollment, .. } = seat;
            if !store::matches::take_place(tx, organization_id, enrollment.id, enrollment.capacity, found.id).await? {
                store::matches::remove_unseated(tx, found).await?;
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Everything that goes with the state ACTIVE: history, introductions, and reminders to be in touch.
    async fn begin(&self, tx: &Tx, found: &Match, (a, b): (&Person, &Person)) -> Result<(), StoreError> {
        self.match_step(tx, found, MatchStatus::Proposed.as_str()).await?;
        self.suppress(tx, found, ANSWER_MAILS, "answered").await?;
        let couple = Couple { found, a, b };
        for side in [Side::A, Side::B] {
            outbox::enqueue(tx, self.clock, self.desk().introduction(couple, side)).await?;
            outbox::enqueue(tx, self.clock, self.desk().first_contact_reminder(couple, side)).await?;
        }
        Ok(())
    }

    /// Records an answer to a proposal; with the second "yes" both are introduced. `found` must be fresh from `tx`.
    ///
    /// # Errors
    /// [`StepError::NotPossible`] when the match waits for no answer of this side.
    pub async fn answer_match(
        &self,
        tx: &Tx,
        found: &mut Match,
        side: Side,
        yes: bool,
        couple: (&Person, &Person),
    ) -> Result<(), StepError> {
        let from = found.status.as_str();
        found.answer(side, yes, self.clock.now())?;
        store::matches::update(tx, found).await?;
        match found.status {
            MatchStatus::Active => self.begin(tx, found, couple).await?,
            MatchStatus::Declined => {
                self.match_step(tx, found, from).await?;
                self.close(tx, found).await?;
            }
            MatchStatus::Proposed
            | MatchStatus::Paused
            | MatchStatus::Completed
            | MatchStatus::EndedEarly
            | MatchStatus::Expired
            | MatchStatus::Withdrawn => {
                let (mine, _) = found.sides(side);
                self.suppress_of_person(tx, found, mine.person_id, "answered").await?;
            }
        }
        Ok(())
    }

    /// Ends a match in whatever way the event says, frees the places, and tells the sides in `tell`.
    ///
    /// # Errors
    /// [`StepError::NotPossible`] when the state does not allow it.
    pub async fn end_match(
        &self,
        tx: &Tx,
        found: &mut Match,
        event: MatchEvent,
        reason: Option<String>,
        couple: (&Person, &Person),
        tell: &[(Side, bool)],
    ) -> Result<(), StepError> {
        let from = found.status.as_str();
        found.apply(event, self.clock.now())?;
        found.ended_by = self.actor_id;
        found.end_reason = reason;
        store::matches::update(tx, found).await?;
        self.match_step(tx, found, from).await?;
        self.close(tx, found).await?;
        self.cancel_coming_sessions(tx, found, couple).await?;
        let couple = Couple { found, a: couple.0, b: couple.1 };
        for (side, tries_again) in tell {
            outbox::enqueue(tx, self.clock, self.desk().match_ended(couple, *side, *tries_again)).await?;
        }
        Ok(())
    }

    /// Begins or ends a break of the two.
    ///
    /// # Errors
    /// [`StepError::NotPossible`] when the state does not allow it.
    pub async fn rest_match(&self, tx: &Tx, found: &mut Match, event: MatchEvent) -> Result<(), StepError> {
        let from = found.status.as_str();
        found.apply(event, self.clock.now())?;
        store::matches::update(tx, found).await?;
        self.match_step(tx, found, from).await?;
        Ok(())
    }

    async fn close(&self, tx: &Tx, found: &Match) -> Result<(), StepError> {
        store::matches::free_places(tx, found.id).await?;
        self.suppress(tx, found, ANSWER_MAILS, "the proposal is closed").await?;
        self.suppress(tx, found, CONTACT_MAILS, "the match ended").await?;
        if found.origin == MatchOrigin::Request && found.activated_at.is_none() {
            self.let_go(tx, found).await?;
        }
        Ok(())
    }

    /// Takes those out of the round whom only this request had brought into it: nobody asked for a place among all.
    async fn let_go(&self, tx: &Tx, found: &Match) -> Result<(), StepError> {
        let organization_id = found.organization_id;
        let round = store::rounds::find(tx, organization_id, found.round_id).await?;
        if self.program.admission != Admission::Automatic || !round.is_some_and(|round| round.accepts_at_once()) {
            return Ok(());
        }
        let ids = [found.a.enrollment_id, found.b.enrollment_id];
        for mut enrollment in store::enrollments::find_many(tx, organization_id, &ids).await? {
            let others = store::matches::living_of_enrollment(tx, organization_id, enrollment.id).await?;
            if enrollment.status == EnrollmentStatus::Applied && others.is_empty() {
                let reason = Some("the request to pair up came to nothing".to_owned());
                self.step_enrollment(tx, &mut enrollment, EnrollmentEvent::Withdraw, reason).await?;
            }
        }
        Ok(())
    }

    async fn suppress(&self, tx: &Tx, found: &Match, kinds: &[&str], why: &str) -> Result<(), StoreError> {
        let now = self.clock.now();
        store::messages::suppress_of_match(tx, found.organization_id, found.id, None, kinds, why, now).await?;
        Ok(())
    }

    async fn suppress_of_person(&self, tx: &Tx, found: &Match, person: Uuid, why: &str) -> Result<(), StoreError> {
        let now = self.clock.now();
        let organization = found.organization_id;
        store::messages::suppress_of_match(tx, organization, found.id, Some(person), ANSWER_MAILS, why, now).await?;
        Ok(())
    }

    /// Notes that the two are in touch; the reminder is not needed any more. False when that was known.
    ///
    /// # Errors
    /// When the match changed meanwhile or the database is gone.
    pub async fn note_first_contact(&self, tx: &Tx, found: &mut Match) -> Result<bool, StoreError> {
        if found.first_contact_at.is_some() {
            return Ok(false);
        }
        self.note_contact(tx, found, self.clock.now()).await?;
        Ok(true)
    }

    /// Notes that the two were in touch at this instant.
    ///
    /// # Errors
    /// When the match changed meanwhile or the database is gone.
    pub async fn note_contact(&self, tx: &Tx, found: &mut Match, at: DateTime<Utc>) -> Result<(), StoreError> {
        found.first_contact_at.get_or_insert(at);
        found.last_contact_at = found.last_contact_at.max(Some(at));
        found.updated_at = self.clock.now();
        store::matches::update(tx, found).await?;
        self.suppress(tx, found, CONTACT_MAILS, "the two are in touch").await
    }
}
