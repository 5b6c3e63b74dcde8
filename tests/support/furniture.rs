//! Programs, rounds and enrollments put straight into a house's database, for tests that are not about making them.

use chrono::NaiveTime;
use shared::{
    domain::{
        enrollments::{Answers, Enrollment, EnrollmentRole, EnrollmentStatus},
        matches::Match,
        people::Person,
        programs::{
            Admission, Asks, Comparison, Consent, Criterion, Kind, Objective, Program, Question, QuestionKind,
            Strength, Subject, Timings,
        },
        rounds::{Round, RoundStatus},
    },
    store,
};

use super::house::House;

impl House {
    /// A program with one question, `topics`, that prefers topics in common; its nights are at 02:00 in Berlin.
    pub(crate) async fn program(&self, kind: Kind, consent: Consent) -> Program {
        let program = self.drafted_program(kind, consent);
        self.add_program(&program).await;
        program
    }

    /// Stores a program.
    pub(crate) async fn add_program(&self, program: &Program) {
        let tx = self.store.begin().await.expect("a transaction");
        store::programs::insert(&tx, program).await.expect("a program");
        tx.commit().await.expect("a commit");
    }

    /// The same, not stored yet.
    pub(crate) fn drafted_program(&self, kind: Kind, consent: Consent) -> Program {
        let now = self.clock.now();
        let topics = Some("topics".to_owned());
        let comparison = match kind {
            Kind::Peer => Comparison::Overlap,
            Kind::Mentoring => Comparison::Offers,
        };
        Program {
            id: self.clock.new_id(),
            organization_id: self.organization.id,
            name: format!("{kind} with {consent}"),
            description: String::new(),
            kind,
            consent,
            objective: Objective::Participation,
            admission: Admission::Automatic,
            time_zone: "Europe/Berlin".to_owned(),
            match_at: NaiveTime::from_hms_opt(2, 0, 0).expect("a time"),
            minimum_score: 0,
            avoid_past_partners: true,
            // What is written because days go by has tests of its own, which turn it on.
            timings: Timings { stalled_days: 0, first_check_in_days: 0, topic_days: 0, ..Timings::default() },
            quiet_hours: None,
            ice_breakers: Vec::new(),
            topics: Vec::new(),
            questions: vec![Question {
                id: self.clock.new_id(),
                key: "topics".to_owned(),
                label: "Topics".to_owned(),
                prompt: "Which topics?".to_owned(),
                kind: QuestionKind::Tags,
                options: Vec::new(),
                required: false,
                asks: Asks::Both,
            }],
            criteria: vec![Criterion {
                id: self.clock.new_id(),
                label: "Topics".to_owned(),
                subject: Subject::Question,
                question_key: topics,
                comparison,
                at_most: None,
                strength: Strength::Prefer,
                weight: 1,
            }],
            seed: 7,
            version: 1,
            archived_at: None,
            created_at: now,
            updated_at: now,
        }
    }

    /// A round of that program in that state.
    pub(crate) async fn round(&self, program: &Program, status: RoundStatus, rolling: bool) -> Round {
        let now = self.clock.now();
        let round = Round {
            id: self.clock.new_id(),
            organization_id: self.organization.id,
            program_id: program.id,
            name: format!("{status} round"),
            status,
            rolling,
            country_cap_percent: None,
            ends_on: None,
            opened_at: Some(now),
            closed_at: None,
            created_at: now,
            updated_at: now,
        };
        let tx = self.store.begin().await.expect("a transaction");
        store::rounds::insert(&tx, &round).await.expect("a round");
        tx.commit().await.expect("a commit");
        round
    }

    /// An ACTIVE enrollment with these topics on both sides.
    pub(crate) async fn enroll(
        &self,
        round: &Round,
        person: &Person,
        role: EnrollmentRole,
        capacity: i32,
        topics: &[&str],
    ) -> Enrollment {
        let enrollment = self.drafted_enrollment(round, person, role, capacity, topics);
        let tx = self.store.begin().await.expect("a transaction");
        store::enrollments::insert_many(&tx, std::slice::from_ref(&enrollment)).await.expect("an enrollment");
        tx.commit().await.expect("a commit");
        enrollment
    }

    /// The same, not stored yet.
    pub(crate) fn drafted_enrollment(
        &self,
        round: &Round,
        person: &Person,
        role: EnrollmentRole,
        capacity: i32,
        topics: &[&str],
    ) -> Enrollment {
        let now = self.clock.now();
        let topics: Vec<String> = topics.iter().map(|&topic| topic.to_owned()).collect();
        let answers = Answers::from([("topics".to_owned(), topics)]);
        Enrollment {
            id: self.clock.new_id(),
            organization_id: self.organization.id,
            program_id: round.program_id,
            round_id: round.id,
            person_id: person.id,
            role,
            status: EnrollmentStatus::Active,
            capacity,
            priority: 1,
            about: answers.clone(),
            wanted: answers,
            paused_until: None,
            version: 1,
            applied_at: now,
            created_at: now,
            updated_at: now,
        }
    }

    /// So many peers in a CLOSED round of a program that introduces at once.
    pub(crate) async fn peers(&self, count: usize) -> (Program, Round, Vec<Person>) {
        let program = self.program(Kind::Peer, Consent::IntroduceAtOnce).await;
        let round = self.round(&program, RoundStatus::Closed, false).await;
        let mut people = Vec::new();
        for index in 0..count {
            let person = self.person(&format!("Peer {index}"), "DE").await;
            self.enroll(&round, &person, EnrollmentRole::Peer, 1, &["python"]).await;
            people.push(person);
        }
        (program, round, people)
    }

    /// The living matches of a round.
    pub(crate) async fn living(&self, round: &Round) -> Vec<Match> {
        store::matches::living_of_round(&self.store, round.organization_id, round.id).await.expect("matches")
    }
}
