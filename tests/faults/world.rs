//! Programs whose night is due at once, and real workers that do it.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use chrono::{NaiveTime, TimeDelta, Utc};
use shared::{
    domain::{
        constraints::{Constraint, ConstraintKind},
        enrollments::EnrollmentRole,
        messages::MessageStatus,
        people::Person,
        programs::{Consent, Kind, Program, Strength},
        rounds::{Round, RoundStatus},
    },
    store,
};
use tokio::{
    sync::OnceCell,
    time::{Instant, sleep},
};
use tokio_postgres::Client;

use crate::support::{
    house::{House, On},
    process::{Launch, Process},
    smtp::{Ledger, SmtpServer, ledger},
};

/// How long a worker's claim lasts without a renewal.
pub(super) const LEASE: Duration = Duration::from_secs(3);
const PATIENCE: Duration = Duration::from_mins(2);

/// An organization whose programs have a due night, with a relay that keeps a ledger.
pub(super) struct World {
    pub(super) house: House,
    pub(super) ledger: Ledger,
    pub(super) relay: SmtpServer,
    /// Of the programs, in the same order.
    pub(super) rounds: Vec<Round>,
    pub(super) programs: Vec<Program>,
    pub(super) people: Vec<Person>,
    /// When something else than a worker was broken, in microseconds since 1970.
    pub(super) disturbances: Mutex<Vec<(i64, i64)>>,
    /// A database that the house does not know of.
    pub(super) database: Option<String>,
    /// How many people are introduced to somebody in the end.
    pub(super) introduced: usize,
    match_at: NaiveTime,
    client: OnceCell<Option<Arc<Client>>>,
}

impl World {
    /// So many programs with so many people each, everybody of whom can be matched.
    pub(super) async fn open(on: On, programs: usize, people: usize) -> Option<Self> {
        Self::found(House::open(on).await?, None, programs, people).await
    }

    /// The same on a database of the test's own.
    pub(super) async fn open_at(database: &str, programs: usize, people: usize) -> Option<Self> {
        let house = House::open_with(On::Sqlite, &[("DATABASE__URL", database)]).await?;
        Self::found(house, Some(database.to_owned()), programs, people).await
    }

    async fn found(house: House, database: Option<String>, programs: usize, people: usize) -> Option<Self> {
        // Since the day before yesterday: the latest night was missed.
        house.clock.set(Utc::now() - TimeDelta::hours(26));
        let ledger = Ledger::new();
        let relay = SmtpServer::with_ledger(&ledger);
        let mut world = Self {
            house,
            ledger,
            relay,
            rounds: Vec::new(),
            programs: Vec::new(),
            people: Vec::new(),
            disturbances: Mutex::default(),
            database,
            introduced: programs * people,
            match_at: NaiveTime::from_hms_opt(2, 0, 0).unwrap(),
            client: OnceCell::new(),
        };
        for number in 0..programs {
            world.add_program(number, people).await;
        }
        Some(world)
    }

    /// When the nights of programs begin that are added from now on, in Berlin.
    pub(super) fn match_at(&mut self, time: &str) {
        self.match_at = time.parse().unwrap();
    }

    /// Peers with one of three topics, which they MUST share; some of them are kept apart by staff.
    pub(super) async fn add_program(&mut self, number: usize, count: usize) {
        let house = &self.house;
        let mut program = house.drafted_program(Kind::Peer, Consent::IntroduceAtOnce);
        program.name = format!("Program {number}");
        program.match_at = self.match_at;
        program.criteria[0].strength = Strength::Must;
        house.add_program(&program).await;
        let round = house.round(&program, RoundStatus::Closed, false).await;
        let people: Vec<Person> =
            (0..count).map(|index| house.draft(&format!("Peer {number}-{index}"), "DE")).collect();
        let topics = ["python", "law", "maps"];
        let seats: Vec<_> = people
            .iter()
            .zip(topics.iter().cycle())
            .map(|(person, topic)| house.drafted_enrollment(&round, person, EnrollmentRole::Peer, 1, &[*topic]))
            .collect();
        let tx = house.store.begin().await.unwrap();
        for (people, seats) in people.chunks(100).zip(seats.chunks(100)) {
            store::people::insert_many(&tx, people).await.unwrap();
            store::enrollments::insert_many(&tx, seats).await.unwrap();
        }
        for (a, b) in people.iter().zip(people.iter().skip(3)).step_by(7) {
            let constraint = Constraint {
                id: house.clock.new_id(),
                organization_id: program.organization_id,
                program_id: program.id,
                kind: ConstraintKind::Forbid,
                person_a: a.id.min(b.id),
                person_b: a.id.max(b.id),
                reason: None,
                created_by: None,
                created_at: house.clock.now(),
            };
            store::constraints::insert(&tx, &constraint).await.unwrap();
        }
        tx.commit().await.unwrap();
        self.people.extend(people);
        self.rounds.push(round);
        self.programs.push(program);
    }

    /// A worker that ticks every second and fails at these points.
    pub(super) fn launch(&self, failpoints: &str) -> Launch {
        Self::launch_at(self.house.config.database.url.expose(), &self.relay, failpoints)
    }

    pub(super) fn launch_at(database: &str, relay: &SmtpServer, failpoints: &str) -> Launch {
        let launch = Launch::worker(database)
            .mail_through(relay)
            .env("COUNTERPART_WORKER__TICK_SECONDS", "1")
            .env("COUNTERPART_WORKER__LEASE_SECONDS", LEASE.as_secs().to_string())
            .env("COUNTERPART_MAIL__COMMAND_TIMEOUT_SECONDS", "2")
            // One exchange at a time, so that the copies a death may leave behind can be counted.
            .env("COUNTERPART_MAIL__CONNECTIONS", "1")
            // Many workers share one server here.
            .env("COUNTERPART_DATABASE__MAX_CONNECTIONS", "3");
        // A release build has none.
        if failpoints.is_empty() { launch } else { launch.env("COUNTERPART_FAILPOINTS", failpoints) }
    }

    pub(super) async fn worker(&self, failpoints: &str) -> Process {
        self.launch(failpoints).start().await
    }

    /// Waits until everybody's introduction has come to an end, and nothing is in hand.
    pub(super) async fn settle(&self) {
        self.settle_within(PATIENCE).await;
    }

    pub(super) async fn settle_within(&self, patience: Duration) {
        let deadline = Instant::now() + patience;
        while self.is_busy().await {
            assert!(Instant::now() < deadline, "{:?}", self.counts().await);
            sleep(Duration::from_millis(100)).await;
        }
    }

    /// Whether anything is left to do; what waits for its next attempt is due at once.
    pub(super) async fn is_busy(&self) -> bool {
        if let Some(client) = self.client().await {
            let hasten = "UPDATE messages SET due_at = now() WHERE id IN (SELECT id FROM messages
                WHERE status = 'PENDING' AND attempts > 0 AND due_at > now() FOR UPDATE SKIP LOCKED)";
            client.execute(hasten, &[]).await.unwrap();
        }
        let counts = self.counts().await;
        let of = |wanted: MessageStatus| counts.iter().find(|(status, _)| *status == wanted).map_or(0, |(_, n)| *n);
        let ended = of(MessageStatus::Sent)
            + of(MessageStatus::Failed)
            + of(MessageStatus::Suppressed)
            + of(MessageStatus::Held);
        of(MessageStatus::Sending) > 0 || ended < u64::try_from(self.introduced).unwrap()
    }

    pub(super) async fn counts(&self) -> Vec<(MessageStatus, u64)> {
        store::messages::every_count(&self.house.store).await.unwrap()
    }

    /// How many messages are sent so far.
    pub(super) async fn sent(&self) -> u64 {
        let counts = self.counts().await;
        counts.iter().find(|(status, _)| *status == MessageStatus::Sent).map_or(0, |(_, count)| *count)
    }

    /// A connection to the database for looking; `None` on SQLite.
    pub(super) async fn client(&self) -> Option<Arc<Client>> {
        let Some(url) = self.database.as_ref().filter(|url| !url.starts_with("sqlite")) else {
            let known = self.client.get_or_init(async || self.house.postgres().await.map(Arc::new)).await;
            return known.clone();
        };
        // That database may have been restarted meanwhile.
        let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await.unwrap();
        tokio::spawn(connection);
        Some(Arc::new(client))
    }

    /// Notes that something is broken while `fault` goes on, and for a moment after it.
    pub(super) async fn disturbed<T>(&self, fault: impl Future<Output = T>) -> T {
        let begun = ledger::now();
        let outcome = fault.await;
        self.disturbances.lock().unwrap().push((begun, ledger::now() + 500_000));
        outcome
    }

    /// Lets a fresh worker finish, stops it in good order, and checks everything. Gives back how many second copies the
    /// relay got.
    pub(super) async fn finish(&self) -> usize {
        let mut worker = self.worker("").await;
        worker.says("the worker is ready").await;
        self.settle().await;
        let status = worker.terminate().await;
        assert!(status.success(), "{status}\n{}", worker.stderr());
        super::checker::check(self).await
    }
}
