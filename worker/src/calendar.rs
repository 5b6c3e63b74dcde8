//! The calendar of a match: what two people are written to because time passes, and what coordinators are told once a
//! week.
//!
//! A living match is looked at twice a day. What comes due within a day is asked for now, and waits in the outbox for
//! nine o'clock on its reader's clock. Each mail is known by its occasion, so workers that look at the same match do no
//! harm; after a downtime only the latest of a series is asked for.

use std::collections::HashSet;

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveTime, TimeDelta, Utc, Weekday};
use chrono_tz::Tz;
use shared::{
    domain::{
        check_ins::{CheckIn, CheckInKind},
        matches::{Match, MatchStatus, Side},
        organizations::Organization,
        people::Person,
        programs::Program,
    },
    matchmaking::StepError,
    outbox::{
        self,
        letters::{
            Couple, Desk,
            calendar::{STANDARD_TOPICS, Topic, Window},
        },
    },
    store::{self, StoreError, Tx},
};
use uuid::Uuid;

use crate::{Worker, schedule};

#[cfg(test)]
mod tests;

/// How many matches are looked at in one go; the rest waits for the next tick.
const BATCH: u64 = 500;
/// How often a match is looked at, and how far ahead.
const LOOK: TimeDelta = TimeDelta::hours(12);
const AHEAD: TimeDelta = TimeDelta::hours(24);
/// How long a mail of the calendar says something.
const STALE: TimeDelta = TimeDelta::days(7);
const SIDES: [Side; 2] = [Side::A, Side::B];

/// When people find such mail on their clock.
fn nine() -> NaiveTime {
    NaiveTime::from_hms_opt(9, 0, 0).unwrap_or_default()
}

fn zone(person: &Person) -> Tz {
    person.time_zone.parse().unwrap_or(chrono_tz::UTC)
}

/// Nine o'clock on the day so many days after an instant, on somebody's clock. On a date that their zone leaves out, the
/// day after it.
fn morning(zone: Tz, after: DateTime<Utc>, days: u32) -> Option<DateTime<Utc>> {
    let date = schedule::local_date(zone, after).checked_add_days(Days::new(days.into()))?;
    schedule::due_instant(zone, date, nine()).or_else(|| schedule::due_instant(zone, date.succ_opt()?, nine()))
}

/// The latest of a series that is due: its number from 0, its due instant, and when the next one takes its place.
fn latest(zone: Tz, from: DateTime<Utc>, first: u32, every: u32, until: DateTime<Utc>) -> Option<(u32, Window)> {
    let at = |number: u32| morning(zone, from, first + number * every);
    let due_at = |number: u32| at(number).filter(|due| *due <= until);
    due_at(0)?;
    // A day off at most, as a day may have 23 or 25 hours.
    let days = u32::try_from((until - from).num_days() + 2).ok()?;
    let mut number = days.saturating_sub(first).checked_div(every).unwrap_or(0);
    while number > 0 && due_at(number).is_none() {
        number -= 1;
    }
    let due_at = due_at(number)?;
    let next = if every > 0 { at(number + 1) } else { None };
    Some((number, Window { due_at, expires_at: next.unwrap_or(due_at + STALE) }))
}

/// A match with everything that a letter about it needs.
struct Looked<'a> {
    found: &'a Match,
    organization: &'a Organization,
    program: &'a Program,
    a: &'a Person,
    b: &'a Person,
}

impl Worker {
    /// Looks at the matches whose turn it is and asks for what is due. Returns how many mails that were.
    ///
    /// # Errors
    /// When the database cannot say whose turn it is. A match that fails is logged and looked at again at the next tick.
    pub async fn keep_calendars(&self) -> Result<usize, StoreError> {
        let mut asked = 0;
        for found in store::matches::every_calendar_due(&self.store, self.clock.now(), BATCH).await? {
            asked += self.look(&found).await.unwrap_or_else(|error| {
                tracing::warn!(%error, worker = %self.instance, id = %found.id, "a match could not be looked at");
                0
            });
        }
        asked += self.digests().await?;
        Ok(asked)
    }

    async fn look(&self, found: &Match) -> Result<usize, StepError> {
        let tx = self.store.begin().await?;
        let now = self.clock.now();
        let organization_id = found.organization_id;
        let Some(found) = store::matches::find(&tx, organization_id, found.id).await? else { return Ok(0) };
        let organization = store::organizations::find(&tx, organization_id).await?;
        let program = store::programs::find(&tx, organization_id, found.program_id).await?;
        let ids = [found.a.person_id, found.b.person_id];
        let people = store::people::find_many(&tx, organization_id, &ids).await?;
        let person = |id| people.iter().find(|person| person.id == id);
        let (Some(organization), Some(program), Some(a), Some(b)) =
            (organization, program, person(ids[0]), person(ids[1]))
        else {
            return Ok(0);
        };
        let looked = Looked { found: &found, organization: &organization, program: &program, a, b };
        let mut asked = 0;
        let next = match found.status {
            MatchStatus::Active => {
                asked += self.ask_whether_stalled(&tx, &looked).await?;
                asked += self.check_in(&tx, &looked).await?;
                asked += self.suggest_topics(&tx, &looked).await?;
                Some(now + LOOK)
            }
            MatchStatus::Completed => {
                asked += self.wrap_up(&tx, &looked).await?;
                None
            }
            // Whoever resumes is looked at again.
            MatchStatus::Proposed
            | MatchStatus::Paused
            | MatchStatus::EndedEarly
            | MatchStatus::Declined
            | MatchStatus::Expired
            | MatchStatus::Withdrawn => return Ok(0),
        };
        store::matches::look_again_at(&tx, &found, next).await?;
        self.commit(tx).await?;
        Ok(asked)
    }

    /// Asks both when nothing was heard of the two for longer than their own cadence lets expect.
    async fn ask_whether_stalled(&self, tx: &Tx, looked: &Looked<'_>) -> Result<usize, StoreError> {
        let Looked { found, program, .. } = looked;
        let now = self.clock.now();
        let (Some(since), Some(days)) = (found.last_sign_of_life(), found.patience_days(program.timings.stalled_days))
        else {
            return Ok(0);
        };
        let mut asked = 0;
        for side in SIDES {
            let Some(due_at) = morning(zone(looked.reader(side)), since, days) else { continue };
            if due_at > now + AHEAD {
                continue;
            }
            let open = store::sessions::open_of_match(tx, found.organization_id, found.id).await?;
            if open.iter().any(|session| session.ends_at() > now) {
                return Ok(asked);
            }
            let window = Window { due_at, expires_at: due_at.max(now) + STALE };
            let order = looked.desk(now).stalled(looked.couple(), side, since, window);
            asked += usize::from(outbox::enqueue(tx, &self.clock, order).await?);
        }
        Ok(asked)
    }

    async fn check_in(&self, tx: &Tx, looked: &Looked<'_>) -> Result<usize, StoreError> {
        let Looked { found, program, .. } = looked;
        let now = self.clock.now();
        let (first, every) = (program.timings.first_check_in_days, program.timings.check_in_days);
        let Some(from) = found.activated_at.filter(|_| first > 0) else { return Ok(0) };
        let mut asked = 0;
        for side in SIDES {
            let zone = zone(looked.reader(side));
            let Some((number, window)) = latest(zone, from, first.into(), every.into(), now + AHEAD) else { continue };
            let Some(check_in) = self.asked(tx, looked, side, CheckInKind::Pulse, number).await? else { continue };
            let order = looked.desk(now).check_in(looked.couple(), side, &check_in, window);
            asked += usize::from(outbox::enqueue(tx, &self.clock, order).await?);
        }
        Ok(asked)
    }

    async fn wrap_up(&self, tx: &Tx, looked: &Looked<'_>) -> Result<usize, StoreError> {
        let now = self.clock.now();
        let Some(ended_at) = looked.found.ended_at else { return Ok(0) };
        let mut asked = 0;
        for side in SIDES {
            let Some(due_at) = morning(zone(looked.reader(side)), ended_at, 1) else { continue };
            let Some(check_in) = self.asked(tx, looked, side, CheckInKind::WrapUp, 0).await? else { continue };
            let window = Window { due_at, expires_at: due_at.max(now) + STALE };
            let order = looked.desk(now).wrap_up(looked.couple(), side, &check_in, window);
            asked += usize::from(outbox::enqueue(tx, &self.clock, order).await?);
        }
        Ok(asked)
    }

    /// A new question to one side; `None` when it was asked already.
    async fn asked(
        &self,
        tx: &Tx,
        looked: &Looked<'_>,
        side: Side,
        kind: CheckInKind,
        number: u32,
    ) -> Result<Option<CheckIn>, StoreError> {
        let check_in = CheckIn {
            id: self.clock.new_id(),
            organization_id: looked.found.organization_id,
            match_id: looked.found.id,
            person_id: looked.reader(side).id,
            kind,
            ordinal: i32::try_from(number).unwrap_or(i32::MAX),
            asked_at: self.clock.now(),
            answered_at: None,
            satisfaction: None,
            again: None,
            note: None,
        };
        Ok(store::check_ins::insert(tx, &check_in).await?.then_some(check_in))
    }

    /// The first topic comes on the day after the introduction. When no other will follow before the round ends, it is the
    /// last one: a look back.
    async fn suggest_topics(&self, tx: &Tx, looked: &Looked<'_>) -> Result<usize, StoreError> {
        let Looked { found, program, .. } = looked;
        let now = self.clock.now();
        let every = u32::from(program.timings.topic_days);
        let Some(from) = found.activated_at.filter(|_| every > 0) else { return Ok(0) };
        let round = store::rounds::find(tx, found.organization_id, found.round_id).await?;
        let ends_on = round.and_then(|round| round.ends_on);
        let own = &program.topics;
        let count = if own.is_empty() { STANDARD_TOPICS.into() } else { u32::try_from(own.len()).unwrap_or(0) };
        let mut asked = 0;
        for side in SIDES {
            let zone = zone(looked.reader(side));
            let Some((number, window)) = latest(zone, from, 1, every, now + AHEAD) else { continue };
            let follows = schedule::local_date(zone, window.expires_at);
            let is_last = ends_on.is_some_and(|last| follows > last);
            let index = if is_last { count - 1 } else { number };
            if number >= count || ends_on.is_some_and(|last| schedule::local_date(zone, window.due_at) > last) {
                continue;
            }
            let own = usize::try_from(index).ok().and_then(|index| own.get(index));
            let topic = own.map_or(Topic::Standard(u16::try_from(index).unwrap_or(0)), |own| Topic::Own(own.clone()));
            let number = u16::try_from(number + 1).unwrap_or(u16::MAX);
            let order = looked.desk(now).topic(looked.couple(), side, number, topic, window);
            asked += usize::from(outbox::enqueue(tx, &self.clock, order).await?);
        }
        Ok(asked)
    }

    /// Tells whoever runs a program what waits in it, on Monday mornings. When nothing does, nobody is written to. Of programs
    /// whose Monday is still to come nothing is read.
    async fn digests(&self) -> Result<usize, StoreError> {
        let mut asked = 0;
        while !self.is_stopping() {
            let due = store::digests::every_due(&self.store, self.clock.now(), BATCH).await?;
            if due.is_empty() {
                break;
            }
            for (organization_id, id) in due {
                asked += self.digest(organization_id, id).await?;
            }
        }
        Ok(asked)
    }

    /// Looks at one program; the next look is at its next Monday, or when it was changed.
    async fn digest(&self, organization_id: Uuid, id: Uuid) -> Result<usize, StoreError> {
        let now = self.clock.now();
        let tx = self.store.begin().await?;
        let Some(program) = store::programs::find(&tx, organization_id, id).await? else { return Ok(0) };
        let Mondays { latest, next } = Mondays::around(&program, now);
        // In the evening it waits for the next Monday.
        let due = latest.filter(|(_, due_at)| now - *due_at <= TimeDelta::hours(12) && program.created_at < *due_at);
        let mut asked = 0;
        if let Some((monday, due_at)) = due {
            asked = self.ask_for_digest(&tx, &program, monday, due_at).await?;
        }
        store::digests::look_at(&tx, organization_id, id, program.version, next).await?;
        self.commit(tx).await?;
        Ok(asked)
    }

    async fn ask_for_digest(
        &self,
        tx: &Tx,
        program: &Program,
        monday: NaiveDate,
        due_at: DateTime<Utc>,
    ) -> Result<usize, StoreError> {
        let now = self.clock.now();
        let Some(organization) = store::organizations::find(tx, program.organization_id).await? else { return Ok(0) };
        let waiting = store::waiting::of_program(tx, program, now).await?;
        if waiting.is_nothing() {
            return Ok(0);
        }
        let staff = store::organizations::all_staff(tx, organization.id).await?;
        let ids: HashSet<Uuid> =
            staff.iter().filter(|role| role.countries.is_none()).map(|role| role.person_id).collect();
        let ids: Vec<Uuid> = ids.into_iter().collect();
        let desk = Desk { organization: &organization, program, now };
        let mut asked = 0;
        for person in store::people::find_many(tx, organization.id, &ids).await? {
            let order = desk.digest(&person, program.id, waiting, &monday.to_string(), due_at);
            asked += usize::from(outbox::enqueue(tx, &self.clock, order).await?);
        }
        Ok(asked)
    }
}

/// The Mondays on a program's clock at nine o'clock.
struct Mondays {
    /// The latest that came, and when.
    latest: Option<(NaiveDate, DateTime<Utc>)>,
    /// When the next one comes.
    next: DateTime<Utc>,
}

impl Mondays {
    fn around(program: &Program, now: DateTime<Utc>) -> Self {
        let zone: Tz = program.time_zone.parse().unwrap_or(chrono_tz::UTC);
        let today = schedule::local_date(zone, now);
        // A date that the zone leaves out has no nine o'clock.
        let mondays = (-8..=15).filter_map(|days| {
            let date = today.checked_add_signed(TimeDelta::days(days)).filter(|date| date.weekday() == Weekday::Mon)?;
            Some((date, schedule::due_instant(zone, date, nine())?))
        });
        let (came, to_come): (Vec<_>, Vec<_>) = mondays.partition(|(_, due_at)| *due_at <= now);
        let next = to_come.first().map_or(now + TimeDelta::days(7), |(_, due_at)| *due_at);
        Self { latest: came.last().copied(), next }
    }
}

impl<'a> Looked<'a> {
    fn reader(&self, side: Side) -> &'a Person {
        match side {
            Side::A => self.a,
            Side::B => self.b,
        }
    }

    fn couple(&self) -> Couple<'a> {
        Couple { found: self.found, a: self.a, b: self.b }
    }

    fn desk(&self, now: DateTime<Utc>) -> Desk<'a> {
        Desk { organization: self.organization, program: self.program, now }
    }
}
