//! The soak: thousands of introductions while their workers are killed again and again in the middle of a send, and the
//! relay misbehaves. It is run by hand, and prints what it measured.

use std::{
    env,
    fmt::Write as _,
    io::Write as _,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::time::{Instant, sleep};

use super::{
    kills::was_killed,
    world::{LEASE, World},
};
use crate::support::{
    postgres::TestPostgresServer,
    process::Process,
    servers,
    smtp::{Rule, SmtpServer, Stage, ledger},
};

/// The people of a program: an even number for each of the three topics.
const PROGRAM: usize = 504;
/// How far away the relays are: a message takes about as long as it does through a relay in another building, however fast
/// the machine is, and so deaths are spread over all of it.
const AWAY: Duration = Duration::from_millis(4);
/// How long sending a message takes with that and the two commits, in microseconds.
const MOMENT: u64 = 26_000;
const IN_A_MESSAGE: [Stage; 4] = [Stage::Mail, Stage::Rcpt, Stage::Data, Stage::Dot];

/// A setting of the soak.
fn number(name: &str, usual: usize) -> usize {
    env::var(name).map_or(usual, |text| text.parse().unwrap_or_else(|_| panic!("{name}={text} is not a number")))
}

/// Always the same numbers for the same seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        // Marsaglia's xorshift64.
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }

    fn count(&mut self, limit: usize) -> usize {
        usize::try_from(self.below(u64::try_from(limit).unwrap())).unwrap()
    }
}

/// What the slots have in common.
struct Soak {
    world: World,
    /// Deaths in the middle of a send that are still to come.
    left: AtomicUsize,
    /// Deaths between two messages, which prove nothing.
    missed: AtomicUsize,
    /// How often a worker waited for the relay.
    pauses: AtomicUsize,
    /// Which messages were in the hands of a worker when it died, and when that was.
    orphans: Mutex<Vec<(String, i64)>>,
    seed: u64,
    /// How many messages a worker sends before it dies, at most.
    between: usize,
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes minutes: see CONTRIBUTING.md"]
async fn soak() {
    let mails = number("COUNTERPART_SOAK_MAILS", 10_000);
    let kills = number("COUNTERPART_SOAK_KILLS", 200);
    let seed = u64::try_from(number("COUNTERPART_SOAK_SEED", 7)).unwrap();
    let programs = mails.div_ceil(PROGRAM);
    let Some(server) = TestPostgresServer::start().await else { return };
    let Some(world) = World::open_at(server.url(), programs, PROGRAM).await else { return };
    let (world, night) = plan(world).await;
    say(&format!("{} introductions are due after {} s of nights", world.introduced, night.as_secs()));

    // Some deaths come between two messages and do not count; there has to be mail for those, too.
    let between = (mails * 3 / 4 / kills).max(4);
    let soak = Soak {
        world,
        left: AtomicUsize::new(kills),
        missed: AtomicUsize::new(0),
        pauses: AtomicUsize::new(0),
        orphans: Mutex::default(),
        seed,
        between,
    };
    let begun = Instant::now();
    let other = SmtpServer::with_ledger(&soak.world.ledger);
    tokio::join!(slot(&soak, 1, &soak.world.relay), slot(&soak, 2, &other));
    assert_eq!(soak.left.load(Ordering::SeqCst), 0, "the mail ran out before the kills: send more");
    soak.world.relay.behave();
    let copies = soak.world.finish().await;
    report(&soak, kills, copies, begun.elapsed()).await;
}

/// Does all nights, and none of the mail.
async fn plan(world: World) -> (World, Duration) {
    let begun = Instant::now();
    world.relay.go_away().await;
    let mut worker = world.worker("").await;
    let client = world.client().await.unwrap();
    let question = "SELECT count(*) FROM match_runs WHERE status = 'PUBLISHED'";
    let nights = i64::try_from(world.programs.len()).unwrap();
    while client.query_one(question, &[]).await.unwrap().get::<_, i64>(0) < nights {
        sleep(Duration::from_millis(200)).await;
    }
    assert!(worker.terminate().await.success(), "{}", worker.stderr());
    world.relay.come_back().await;
    (world, begun.elapsed())
}

/// One worker after the other, until enough of them have died.
async fn slot(soak: &Soak, number: u64, relay: &SmtpServer) {
    let mut dice = Dice(soak.seed * 1_000 + number);
    let take_one = || soak.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
    while take_one().is_ok() {
        misbehave(soak, relay, &mut dice);
        let victim = Arc::new(AtomicU32::new(0));
        let known = Arc::clone(&victim);
        // At any moment of about as long as a message takes.
        let delay = Duration::from_micros(dice.below(MOMENT));
        let deadly = Rule::call(Stage::Mail, move || {
            let known = Arc::clone(&known);
            std::thread::spawn(move || {
                std::thread::sleep(delay);
                servers::signal(known.load(Ordering::SeqCst), "KILL")
            });
        });
        relay.script(deadly.after(dice.count(soak.between)));
        for stage in IN_A_MESSAGE {
            relay.script(Rule::delay(stage, AWAY).times(usize::MAX));
        }
        let database = soak.world.house.config.database.url.expose();
        let mut worker = World::launch_at(database, relay, "").start().await;
        victim.store(worker.id(), Ordering::SeqCst);
        let died = die(soak, &mut worker).await;
        relay.behave();
        if !died {
            soak.left.fetch_add(1, Ordering::SeqCst);
            return;
        }
        let killed_at = ledger::now();
        if !was_sending(soak, relay).await {
            soak.missed.fetch_add(1, Ordering::SeqCst);
            soak.left.fetch_add(1, Ordering::SeqCst);
        }
        note_orphans(soak, &worker, killed_at).await;
    }
}

/// A few of the ways in which relays fail, at random.
fn misbehave(soak: &Soak, relay: &SmtpServer, dice: &mut Dice) {
    for stage in IN_A_MESSAGE {
        for rule in [
            Rule::reply(stage, "451 4.3.0 try again later"),
            Rule::reply(stage, "421 4.3.2 shutting down"),
            Rule::drop(stage),
            Rule::delay(stage, Duration::from_millis(300)),
        ] {
            if dice.below(4) == 0 {
                relay.script(rule.after(dice.count(soak.between)));
            }
        }
    }
    if dice.below(4) == 0 {
        relay.script(Rule::accept_and_drop().after(dice.count(soak.between)));
    }
    if dice.below(10) == 0 {
        relay.script(Rule::silence(Stage::Dot).after(dice.count(soak.between)));
        relay.script(Rule::reply(Stage::Rcpt, "550 5.7.1 not that one").after(dice.count(soak.between)));
    }
}

/// Waits until it is killed; false when there was no mail left to be killed at.
async fn die(soak: &Soak, worker: &mut Process) -> bool {
    let mut looked = Instant::now();
    loop {
        if let Some(status) = worker.ended() {
            assert!(was_killed(status), "{status}\n{}", worker.stderr());
            return true;
        }
        if looked.elapsed() > Duration::from_millis(500) {
            if !soak.world.is_busy().await {
                assert!(worker.terminate().await.success(), "{}", worker.stderr());
                return false;
            }
            looked = Instant::now();
        }
        sleep(Duration::from_millis(10)).await;
    }
}

/// Whether the last message that was begun at this relay is not recorded as sent.
async fn was_sending(soak: &Soak, relay: &SmtpServer) -> bool {
    let entries = soak.world.ledger.read();
    let last = entries.iter().rev().find(|entry| entry.relay == relay.address().port());
    let Some(copy) = last.and_then(|entry| entry.accepted.as_ref()) else { return last.is_some() };
    let id = copy.message_id.trim_start_matches('<').split('@').next().unwrap().to_owned();
    let client = soak.world.client().await.unwrap();
    let question = "SELECT status FROM messages WHERE id::text = $1";
    client.query_one(question, &[&id]).await.unwrap().get::<_, String>(0) != "SENT"
}

/// Notes what the dead worker had claimed.
async fn note_orphans(soak: &Soak, worker: &Process, killed_at: i64) {
    let log = worker.stdout() + &worker.stderr();
    soak.pauses.fetch_add(log.matches("sending pauses").count(), Ordering::SeqCst);
    let ready = log.split("instance=").nth(1).expect("a worker that was ready");
    let instance: String = ready.chars().take_while(|c| c.is_ascii_hexdigit() || *c == '-').collect();
    let client = soak.world.client().await.unwrap();
    let question = "SELECT id::text FROM messages WHERE status = 'SENDING' AND owner::text = $1";
    let rows = client.query(question, &[&instance]).await.unwrap();
    soak.orphans.lock().unwrap().extend(rows.iter().map(|row| (row.get(0), killed_at)));
}

async fn report(soak: &Soak, kills: usize, copies: usize, time: Duration) {
    let entries = soak.world.ledger.read();
    let unconfirmed =
        entries.iter().filter(|entry| entry.accepted.as_ref().is_some_and(|copy| !copy.confirmed)).count();
    let client = soak.world.client().await.unwrap();
    let mut statuses = String::new();
    let question = "SELECT status, count(*) FROM messages WHERE kind = 'INTRODUCTION' GROUP BY 1 ORDER BY 1";
    for row in client.query(question, &[]).await.unwrap() {
        write!(statuses, " {} {}", row.get::<_, i64>(1), row.get::<_, String>(0)).unwrap();
    }
    let rescues = rescues(soak).await;
    let at =
        |percent: usize| rescues.get((rescues.len() * percent / 100).min(rescues.len() - 1)).copied().unwrap_or(0.0);
    say(&format!(
        "{} s; {statuses}\n{kills} kills in the middle of a send ({} more between two messages)\n\
         {copies} second copies, {unconfirmed} answers to a dot lost by the relay, {} pauses for it\n\
         {:.3} second copies for each kill; {} messages rescued, median {:.1} s, p99 {:.1} s, at most {:.1} s",
        time.as_secs(),
        soak.missed.load(Ordering::SeqCst),
        soak.pauses.load(Ordering::SeqCst),
        f64::from(count(copies.saturating_sub(unconfirmed))) / f64::from(count(kills)),
        rescues.len(),
        at(50),
        at(99),
        at(100),
    ));
    // One of the relay's four answers is the one to the dot, so a quarter of the deaths come while nobody can know; the rest
    // is the time that recording takes.
    assert!(copies <= unconfirmed + kills * 2 / 5, "at most two second copies for five kills");
    assert!(at(99) <= LEASE.as_secs_f64() + 5.0, "a message is rescued within its lease and five seconds");
}

/// How long after its worker's death each message was sent that met with no other fault, in seconds, sorted.
async fn rescues(soak: &Soak) -> Vec<f64> {
    let client = soak.world.client().await.unwrap();
    let question = "SELECT (extract(epoch FROM sent_at) * 1000000)::bigint FROM messages
        WHERE id::text = $1 AND status = 'SENT' AND attempts = rescue_count + 1";
    let orphans = soak.orphans.lock().unwrap().clone();
    let mut seconds = Vec::new();
    for (id, killed_at) in &orphans {
        if orphans.iter().filter(|(other, _)| other == id).count() > 1 {
            continue;
        }
        if let Some(row) = client.query_opt(question, &[id]).await.unwrap() {
            let waited = u64::try_from(row.get::<_, i64>(0) - killed_at).unwrap_or(0);
            seconds.push(Duration::from_micros(waited).as_secs_f64());
        }
    }
    seconds.sort_by(f64::total_cmp);
    seconds
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap()
}

/// Past the test runner's capture.
fn say(text: &str) {
    writeln!(std::io::stderr(), "{text}").expect("standard error");
}
