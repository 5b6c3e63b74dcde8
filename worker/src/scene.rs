//! A small world for tests: one organization with one program and one round, in a real database.

use std::path::PathBuf;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use shared::{
    bus::Bus,
    clock::Clock,
    config::Config,
    domain::{
        enrollments::{Answers, Enrollment, EnrollmentRole, EnrollmentStatus},
        match_runs::{MatchRun, RunOrigin, RunStatus},
        matches::Match,
        messages::Message,
        organizations::{Organization, Role, StaffRole},
        people::Person,
        programs::{
            Admission, Asks, Comparison, Consent, Criterion, Kind, Objective, Program, Question, QuestionKind,
            Strength, Subject, Timings,
        },
        rounds::{Round, RoundStatus},
    },
    matchmaking::Setting,
    store::{self, Store},
};
use uuid::Uuid;

use crate::Worker;

/// When the scene begins: Monday noon in Berlin, 14 hours before the first night.
pub(crate) const NOON: &str = "2026-11-23T11:00:00Z";

pub(crate) struct Scene {
    dir: tempfile::TempDir,
    pub(crate) config: Config,
    pub(crate) store: Store,
    pub(crate) clock: Clock,
    pub(crate) organization: Organization,
    pub(crate) program: Program,
    pub(crate) round: Round,
}

impl Scene {
    /// Peers of different countries, matched every night at two in Berlin, by topics they share.
    pub(crate) async fn new(consent: Consent) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let config = Config::embedded(dir.path(), 0, std::iter::empty()).unwrap();
        let url = config.database.url.expose();
        migrations::migrate(url).await.unwrap();
        let store = Store::connect(url, 4).await.unwrap();
        let clock = Clock::fixed_at(NOON.parse().unwrap());
        let now = clock.now();
        let organization = Organization {
            id: clock.new_id(),
            slug: "iln".to_owned(),
            name: "International Librarians Network".to_owned(),
            contact: Some("hello@iln.example".to_owned()),
            portal_url: None,
            created_at: now,
            updated_at: now,
        };
        let program = program(&clock, organization.id, consent);
        let round = Round {
            id: clock.new_id(),
            organization_id: organization.id,
            program_id: program.id,
            name: "Autumn".to_owned(),
            status: RoundStatus::Closed,
            rolling: false,
            country_cap_percent: None,
            ends_on: Some("2027-03-31".parse().unwrap()),
            opened_at: Some(now - TimeDelta::days(7)),
            closed_at: Some(now),
            created_at: now,
            updated_at: now,
        };
        let tx = store.begin().await.unwrap();
        store::organizations::insert(&tx, &organization).await.unwrap();
        store::programs::insert(&tx, &program).await.unwrap();
        store::rounds::insert(&tx, &round).await.unwrap();
        tx.commit().await.unwrap();
        Self { dir, config, store, clock, organization, program, round }
    }

    /// Adds an active peer with one place.
    pub(crate) async fn peer(&self, name: &str, country: &str, topics: &[&str]) -> Enrollment {
        self.enroll(name, country, topics, |_, _| {}).await
    }

    /// The same, changed before it is stored.
    pub(crate) async fn enroll(
        &self,
        name: &str,
        country: &str,
        topics: &[&str],
        change: impl FnOnce(&mut Person, &mut Enrollment) + Send,
    ) -> Enrollment {
        let now = self.clock.now();
        let mut person = Person {
            id: self.clock.new_id(),
            organization_id: self.organization.id,
            external_id: None,
            name: name.to_owned(),
            email: format!("{}@iln.example", name.to_lowercase()),
            headline: None,
            country: Some(country.to_owned()),
            languages: vec!["en".to_owned()],
            time_zone: "Europe/Berlin".to_owned(),
            locale: "en".to_owned(),
            active: true,
            version: 1,
            created_at: now,
            updated_at: now,
        };
        let mut about = Answers::new();
        about.insert("topics".to_owned(), topics.iter().map(|topic| (*topic).to_owned()).collect());
        let mut enrollment = Enrollment {
            id: self.clock.new_id(),
            organization_id: self.organization.id,
            program_id: self.program.id,
            round_id: self.round.id,
            person_id: person.id,
            role: EnrollmentRole::Peer,
            status: EnrollmentStatus::Active,
            capacity: 1,
            priority: 100,
            about,
            wanted: Answers::new(),
            paused_until: None,
            version: 1,
            applied_at: now,
            created_at: now,
            updated_at: now,
        };
        change(&mut person, &mut enrollment);
        let tx = self.store.begin().await.unwrap();
        store::people::insert_many(&tx, &[person]).await.unwrap();
        store::enrollments::insert_many(&tx, std::slice::from_ref(&enrollment)).await.unwrap();
        tx.commit().await.unwrap();
        enrollment
    }

    /// Adds a member of staff.
    pub(crate) async fn staff(&self, name: &str, countries: Option<Vec<String>>) -> Uuid {
        let enrollment =
            self.enroll(name, "DE", &[], |_, enrollment| enrollment.status = EnrollmentStatus::Declined).await;
        let role = StaffRole {
            id: self.clock.new_id(),
            organization_id: self.organization.id,
            person_id: enrollment.person_id,
            role: Role::Coordinator,
            countries,
            created_at: self.clock.now(),
        };
        let tx = self.store.begin().await.unwrap();
        store::organizations::insert_role(&tx, &role).await.unwrap();
        tx.commit().await.unwrap();
        enrollment.person_id
    }

    /// Queues a run that somebody asked for.
    pub(crate) async fn request(&self, dry_run: bool) -> Uuid {
        let run = MatchRun { dry_run, ..self.queued(None) };
        let tx = self.store.begin().await.unwrap();
        assert!(store::match_runs::insert(&tx, &run).await.unwrap());
        tx.commit().await.unwrap();
        run.id
    }

    /// Whether the program has a run for this night, whatever became of it.
    pub(crate) async fn has_night(&self, date: &str) -> bool {
        let tx = self.store.begin().await.unwrap();
        !store::match_runs::insert(&tx, &self.queued(Some(date.parse().unwrap()))).await.unwrap()
    }

    fn queued(&self, local_date: Option<NaiveDate>) -> MatchRun {
        let now = self.clock.now();
        MatchRun {
            id: self.clock.new_id(),
            organization_id: self.organization.id,
            program_id: self.program.id,
            local_date,
            origin: RunOrigin::Request,
            dry_run: false,
            status: RunStatus::Queued,
            requested_by: None,
            report: None,
            error: None,
            fence: 0,
            attempts: 0,
            queued_at: now,
            started_at: None,
            finished_at: None,
            updated_at: now,
        }
    }

    pub(crate) fn worker(&self) -> Worker {
        Worker::new(&self.config, self.store.clone(), Bus::in_process(), self.clock.clone()).unwrap()
    }

    pub(crate) fn setting(&self) -> Setting<'_> {
        Setting { organization: &self.organization, program: &self.program, clock: &self.clock, actor_id: None }
    }

    pub(crate) fn set_time(&self, instant: &str) {
        self.clock.set(instant.parse::<DateTime<Utc>>().unwrap());
    }

    pub(crate) async fn run(&self, id: Uuid) -> MatchRun {
        store::match_runs::find(&self.store, self.organization.id, id).await.unwrap().unwrap()
    }

    /// The run that waits for approval.
    pub(crate) async fn waiting_run(&self) -> MatchRun {
        let runs =
            store::match_runs::awaiting_approval(&self.store, self.organization.id, self.program.id).await.unwrap();
        assert_eq!(runs.len(), 1);
        runs.into_iter().next().unwrap()
    }

    pub(crate) async fn round_status(&self) -> RoundStatus {
        store::rounds::find(&self.store, self.organization.id, self.round.id).await.unwrap().unwrap().status
    }

    pub(crate) async fn enrollment(&self, id: Uuid) -> Enrollment {
        store::enrollments::find(&self.store, self.organization.id, id).await.unwrap().unwrap()
    }

    pub(crate) async fn person(&self, id: Uuid) -> Person {
        store::people::find(&self.store, self.organization.id, id).await.unwrap().unwrap()
    }

    pub(crate) async fn matches(&self) -> Vec<Match> {
        store::matches::living_of_round(&self.store, self.organization.id, self.round.id).await.unwrap()
    }

    pub(crate) async fn message(&self, id: Uuid) -> Message {
        let tx = self.store.begin().await.unwrap();
        store::messages::hold(&tx, self.organization.id, id).await.unwrap().unwrap()
    }

    pub(crate) async fn mails_to(&self, person_id: Uuid) -> Vec<Message> {
        store::messages::of_person(&self.store, self.organization.id, person_id, 100).await.unwrap()
    }

    /// The kinds of all mails to a person, sorted.
    pub(crate) async fn kinds_to(&self, person_id: Uuid) -> Vec<String> {
        let mut kinds: Vec<String> = self.mails_to(person_id).await.into_iter().map(|message| message.kind).collect();
        kinds.sort();
        kinds
    }

    /// The folder of delivered mails.
    pub(crate) fn mailbox(&self) -> PathBuf {
        self.dir.path().join("mailbox")
    }
}

fn program(clock: &Clock, organization_id: Uuid, consent: Consent) -> Program {
    let now = clock.now();
    let criterion = |label: &str, subject, comparison, strength, weight| Criterion {
        id: clock.new_id(),
        label: label.to_owned(),
        subject,
        question_key: (subject == Subject::Question).then(|| "topics".to_owned()),
        comparison,
        at_most: (comparison == Comparison::Within).then_some(6),
        strength,
        weight,
    };
    Program {
        id: clock.new_id(),
        organization_id,
        name: "Peers".to_owned(),
        description: String::new(),
        kind: Kind::Peer,
        consent,
        objective: Objective::Participation,
        admission: Admission::Automatic,
        time_zone: "Europe/Berlin".to_owned(),
        match_at: "02:00:00".parse().unwrap(),
        minimum_score: 0,
        avoid_past_partners: true,
        timings: Timings::default(),
        quiet_hours: None,
        ice_breakers: Vec::new(),
        topics: Vec::new(),
        questions: vec![Question {
            id: clock.new_id(),
            key: "topics".to_owned(),
            label: "Topics".to_owned(),
            prompt: "What would you like to talk about?".to_owned(),
            kind: QuestionKind::Tags,
            options: Vec::new(),
            required: true,
            asks: Asks::AboutMe,
        }],
        criteria: vec![
            criterion("Another country", Subject::Country, Comparison::Different, Strength::Must, 0),
            criterion("A common language", Subject::Languages, Comparison::Overlap, Strength::Must, 0),
            criterion("Near clocks", Subject::TimeZone, Comparison::Within, Strength::Prefer, 1),
            criterion("Topics in common", Subject::Question, Comparison::Overlap, Strength::Prefer, 3),
        ],
        seed: 42,
        version: 1,
        archived_at: None,
        created_at: now,
        updated_at: now,
    }
}
