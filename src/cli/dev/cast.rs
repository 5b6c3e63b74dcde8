//! The people a newcomer can act as: found in the database, so that any start finds whoever is there.

use api::SampleToken;
use chrono::{DateTime, TimeDelta, Utc};
use shared::{
    auth::{Grant, Signer},
    domain::{
        enrollments::{Enrollment, EnrollmentStatus},
        matches::Match,
        organizations::{Organization, Role},
        people::Person,
        programs::{Kind, Program},
        rounds::Round,
    },
    store::{self, Store, StoreError},
};
use uuid::Uuid;

use super::super::Failure;

/// Longer than anybody tries something out.
const VALID: TimeDelta = TimeDelta::days(30);
/// A list to choose from should not become one to search in.
const ORGANIZATIONS: usize = 4;

/// Whom one can act as.
#[derive(Debug)]
pub(super) struct Cast {
    pub(super) actors: Vec<Actor>,
}

/// One of them.
#[derive(Debug)]
pub(super) struct Actor {
    pub(super) part: Part,
    pub(super) kind: Option<Kind>,
    pub(super) organization: Organization,
    pub(super) person: Person,
    /// What goes with the part: `matched with Ana Silva`, `without a match`.
    pub(super) remark: String,
    pub(super) token: String,
    /// What their examples are about.
    pub(super) things: Things,
}

/// The ids of what somebody's examples are about, where there is such a thing.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Things {
    pub(super) program: Option<Uuid>,
    pub(super) round: Option<Uuid>,
    /// Their own enrollment.
    pub(super) enrollment: Option<Uuid>,
    /// Their own match.
    pub(super) pair: Option<Uuid>,
    /// For staff: a participant.
    pub(super) someone: Option<Uuid>,
}

/// What somebody is, as far as it matters for what one can try as them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Matched,
    Mentor,
    Unmatched,
    Coordinator,
    CountryCoordinator,
    Administrator,
}

impl Actor {
    /// The name of the part, for choosing examples that fit.
    pub(super) fn role(&self) -> &'static str {
        let mentoring = self.kind == Some(Kind::Mentoring);
        match self.part {
            Part::Matched if mentoring => "MENTEE",
            Part::Matched => "PARTICIPANT",
            Part::Mentor => "MENTOR",
            Part::Unmatched if mentoring => "UNMATCHED_MENTEE",
            Part::Unmatched => "UNMATCHED_PARTICIPANT",
            Part::Coordinator if mentoring => "MENTORING_COORDINATOR",
            Part::Coordinator => "COORDINATOR",
            Part::CountryCoordinator => "COUNTRY_COORDINATOR",
            Part::Administrator if mentoring => "MENTORING_ADMINISTRATOR",
            Part::Administrator => "ADMINISTRATOR",
        }
    }

    /// One line to choose by.
    pub(super) fn label(&self) -> String {
        format!("{}, {} ({})", self.person.name, self.remark, self.organization.name)
    }
}

/// Signs for the people of one organization.
struct Troupe<'a> {
    store: &'a Store,
    signer: &'a Signer,
    now: DateTime<Utc>,
    organization: &'a Organization,
    /// The program and the round with the first matches, else the first there are.
    program: Option<(Program, Round)>,
}

impl Cast {
    /// Looks for somebody in every part.
    pub(super) async fn find(store: &Store, signer: &Signer, now: DateTime<Utc>) -> Result<Self, Failure> {
        let organizations = store::organizations::every(store).await?;
        let mut actors = Vec::new();
        for organization in organizations.iter().take(ORGANIZATIONS) {
            let program = program_of(store, organization).await?;
            let troupe = Troupe { store, signer, now, organization, program };
            let participants = troupe.participants().await?;
            let someone = participants.last().map(|actor| actor.person.id);
            actors.extend(participants);
            actors.extend(troupe.staff(someone).await?);
        }
        Ok(Self { actors })
    }

    /// The first one in a part.
    pub(super) fn first(&self, part: Part) -> Option<&Actor> {
        self.actors.iter().find(|actor| actor.part == part)
    }

    /// What the explorer offers.
    pub(super) fn tokens(&self) -> Vec<SampleToken> {
        let token = |actor: &Actor| SampleToken {
            label: actor.label(),
            role: actor.role().to_owned(),
            token: actor.token.clone(),
        };
        self.actors.iter().map(token).collect()
    }
}

impl Troupe<'_> {
    async fn participants(&self) -> Result<Vec<Actor>, Failure> {
        let Some((program, round)) = &self.program else { return Ok(Vec::new()) };
        let living = store::matches::living_of_round(self.store, self.organization.id, round.id).await?;
        let mut actors = Vec::new();
        // The one with most to show.
        if let Some(pair) = living.iter().max_by_key(|pair| (pair.score, pair.id)) {
            let (a, b) = (self.person(pair.a.person_id).await?, self.person(pair.b.person_id).await?);
            let names = |person: &Option<Person>| person.as_ref().map(|person| person.name.clone()).unwrap_or_default();
            let (of_a, of_b) = (names(&b), names(&a));
            let (to_a, to_b) = if program.kind == Kind::Mentoring {
                ((Part::Mentor, format!("mentor of {of_a}")), (Part::Matched, format!("mentee of {of_b}")))
            } else {
                ((Part::Matched, format!("matched with {of_a}")), (Part::Matched, format!("matched with {of_b}")))
            };
            for (person, party, (part, remark)) in [(b, pair.b, to_b), (a, pair.a, to_a)] {
                // Of two peers one is enough.
                let Some(person) = person.filter(|_| actors.iter().all(|actor: &Actor| actor.part != part)) else {
                    continue;
                };
                let things = Things { pair: Some(pair.id), enrollment: Some(party.enrollment_id), ..self.things() };
                actors.push(self.actor(part, person, remark, things)?);
            }
        }
        if let Some((person, enrollment)) = self.unmatched(round, &living).await? {
            let things = Things { enrollment: Some(enrollment), ..self.things() };
            actors.push(self.actor(Part::Unmatched, person, "without a match".to_owned(), things)?);
        }
        Ok(actors)
    }

    /// Somebody who was told why there is nobody for them yet.
    async fn unmatched(&self, round: &Round, living: &[Match]) -> Result<Option<(Person, Uuid)>, StoreError> {
        let organization_id = self.organization.id;
        let ready = [EnrollmentStatus::Active];
        let enrollments = store::enrollments::of_round(self.store, organization_id, round.id, &ready).await?;
        let alone = |enrollment: &&Enrollment| living.iter().all(|pair| pair.side_of(enrollment.person_id).is_none());
        let alone: Vec<Enrollment> = enrollments.iter().filter(alone).cloned().collect();
        let ids: Vec<Uuid> = alone.iter().map(|enrollment| enrollment.id).collect();
        let findings = store::non_matches::of_enrollments(self.store, organization_id, &ids).await?;
        let told = |enrollment: &&Enrollment| findings.iter().any(|finding| finding.enrollment_id == enrollment.id);
        let Some(enrollment) = alone.iter().find(told) else { return Ok(None) };
        Ok(self.person(enrollment.person_id).await?.map(|person| (person, enrollment.id)))
    }

    async fn staff(&self, someone: Option<Uuid>) -> Result<Vec<Actor>, Failure> {
        let mut actors: Vec<Actor> = Vec::new();
        for role in store::organizations::all_staff(self.store, self.organization.id).await? {
            let (part, remark) = match (role.role, &role.countries) {
                (Role::Administrator, _) => (Part::Administrator, "administrator".to_owned()),
                (Role::Coordinator, None) => (Part::Coordinator, "coordinator".to_owned()),
                (Role::Coordinator, Some(countries)) => {
                    (Part::CountryCoordinator, format!("coordinator for {}", countries.join(", ")))
                }
            };
            if actors.iter().any(|actor| actor.part == part) {
                continue;
            }
            if let Some(person) = self.person(role.person_id).await? {
                let things = Things { someone, ..self.things() };
                actors.push(self.actor(part, person, remark, things)?);
            }
        }
        Ok(actors)
    }

    async fn person(&self, id: Uuid) -> Result<Option<Person>, StoreError> {
        store::people::find(self.store, self.organization.id, id).await
    }

    fn things(&self) -> Things {
        let (program, round) = self.program.as_ref().map(|(program, round)| (program.id, round.id)).unzip();
        Things { program, round, ..Things::default() }
    }

    fn actor(&self, part: Part, person: Person, remark: String, things: Things) -> Result<Actor, Failure> {
        let grant = Grant { organization_id: self.organization.id, person_id: person.id, ttl: VALID };
        Ok(Actor {
            part,
            kind: self.program.as_ref().map(|(program, _)| program.kind),
            organization: self.organization.clone(),
            token: self.signer.sign(&grant, self.now)?,
            person,
            remark,
            things,
        })
    }
}

async fn program_of(store: &Store, organization: &Organization) -> Result<Option<(Program, Round)>, StoreError> {
    let mut first = None;
    for program in store::programs::every_living(store).await? {
        if program.organization_id != organization.id {
            continue;
        }
        for round in store::rounds::of_program(store, organization.id, program.id).await? {
            if !store::matches::living_of_round(store, organization.id, round.id).await?.is_empty() {
                return Ok(Some((program, round)));
            }
            first = first.or(Some((program.clone(), round)));
        }
    }
    Ok(first)
}
