//! Compares what relays accepted with what the database says. Shares no code with the product: plain SQL on
//! PostgreSQL, and on SQLite what the store reads.

use std::collections::{BTreeMap, HashMap, HashSet};

use shared::{domain::matches::Match, store};
use tokio_postgres::Client;

use super::world::World;
use crate::support::smtp::ledger::Entry;

/// A message as the database has it.
struct Row {
    id: String,
    kind: String,
    status: String,
    address: String,
    match_id: Option<String>,
    is_due: bool,
}

/// Insists that nothing was lost, nothing was sent twice without need, and every rule about matches holds; gives back
/// how many second copies there were in the window in which nobody can know.
pub(super) async fn check(world: &World) -> usize {
    let rows = match world.client().await {
        Some(client) => {
            rows_keep_the_rules(&client).await;
            messages(&client).await
        }
        None => messages_of_store(world).await,
    };
    let entries = world.ledger.read();
    let disturbances = world.disturbances.lock().unwrap().clone();
    every_message_came_to_an_end(&rows);
    everybody_was_introduced_once(&rows, world.introduced);
    the_relay_got_what_was_sent(&rows, &entries);
    copies(&entries, &disturbances)
}

async fn messages(client: &Client) -> Vec<Row> {
    let question = "SELECT m.id::text, m.kind, m.status, p.email, m.match_id::text, m.due_at <= now()
        FROM messages m JOIN people p ON p.id = m.person_id";
    let row = |row: &tokio_postgres::Row| Row {
        id: row.get(0),
        kind: row.get(1),
        status: row.get(2),
        address: row.get(3),
        match_id: row.get(4),
        is_due: row.get(5),
    };
    client.query(question, &[]).await.unwrap().iter().map(row).collect()
}

async fn messages_of_store(world: &World) -> Vec<Row> {
    let now = chrono::Utc::now();
    let mut rows = Vec::new();
    for person in &world.people {
        let found = store::messages::of_person(&world.house.store, person.organization_id, person.id, 100).await;
        rows.extend(found.unwrap().into_iter().map(|message| Row {
            id: message.id.to_string(),
            kind: message.kind,
            status: message.status.as_str().to_owned(),
            address: person.email.clone(),
            match_id: message.match_id.map(|id| id.to_string()),
            is_due: message.due_at <= now,
        }));
    }
    for round in &world.rounds {
        let living: Vec<Match> = world.house.living(round).await;
        let people: HashSet<_> = living.iter().flat_map(|found| [found.a.person_id, found.b.person_id]).collect();
        assert_eq!(people.len(), living.len() * 2, "nobody has two partners");
    }
    rows
}

fn every_message_came_to_an_end(rows: &[Row]) {
    for row in rows {
        let waits = row.status == "PENDING" && !row.is_due;
        let over = ["SENT", "FAILED", "SUPPRESSED", "HELD"].contains(&row.status.as_str());
        assert!(waits || over, "{} {} is {} and due: {}", row.kind, row.id, row.status, row.is_due);
    }
}

fn everybody_was_introduced_once(rows: &[Row], people: usize) {
    let mut of_match: BTreeMap<&str, HashSet<&str>> = BTreeMap::new();
    let introductions: Vec<&Row> = rows.iter().filter(|row| row.kind == "INTRODUCTION").collect();
    for row in &introductions {
        let match_id = row.match_id.as_deref().expect("an introduction is about a match");
        assert!(of_match.entry(match_id).or_default().insert(&row.address), "two introductions to {}", row.address);
    }
    assert!(of_match.values().all(|addresses| addresses.len() == 2), "a match introduces two");
    assert_eq!(introductions.len(), people, "everybody is introduced");
}

fn the_relay_got_what_was_sent(rows: &[Row], entries: &[Entry]) {
    let mut accepted: BTreeMap<&str, &[String]> = BTreeMap::new();
    for copy in entries.iter().filter_map(|entry| entry.accepted.as_ref()) {
        let id = copy.message_id.trim_start_matches('<').split('@').next().unwrap();
        accepted.insert(id, &copy.to);
    }
    let rows: HashMap<&str, &Row> = rows.iter().map(|row| (row.id.as_str(), row)).collect();
    for row in rows.values().filter(|row| row.status == "SENT") {
        assert!(accepted.contains_key(row.id.as_str()), "{} {} is SENT and never arrived", row.kind, row.id);
    }
    for (id, to) in accepted {
        let row = rows.get(id).unwrap_or_else(|| panic!("{id} arrived and was never asked for"));
        assert!(to.iter().eq([&row.address]), "{id} went to {to:?}");
        assert!(["SENT", "HELD"].contains(&row.status.as_str()), "{id} arrived and is {}", row.status);
    }
}

/// How many copies came after the first one. Each must follow one of which the worker could not know that it arrived.
fn copies(entries: &[Entry], disturbances: &[(i64, i64)]) -> usize {
    // The last message that was begun on each connection: whoever begins another one has recorded the one before.
    let mut last: HashMap<(u16, usize), usize> = HashMap::new();
    for (index, entry) in entries.iter().enumerate().filter(|(_, entry)| entry.accepted.is_none()) {
        last.insert((entry.relay, entry.connection), index);
    }
    let mut copies: BTreeMap<&str, Vec<(usize, &Entry)>> = BTreeMap::new();
    for (index, entry) in entries.iter().enumerate() {
        if let Some(copy) = &entry.accepted {
            copies.entry(&copy.message_id).or_default().push((index, entry));
        }
    }
    let mut seconds = 0;
    for (id, copies) in copies {
        let (_, newest) = copies.last().unwrap();
        for (index, entry) in copies.iter().take(copies.len() - 1) {
            let copy = entry.accepted.as_ref().unwrap();
            let unheard = !copy.confirmed || last[&(entry.relay, entry.connection)] < *index;
            let disturbed = disturbances.iter().any(|(from, to)| (from..=to).contains(&&entry.at));
            assert!(unheard || disturbed, "{id} was sent again without need: {entry:?} and {newest:?}");
            let same = newest.accepted.as_ref().map(|newest| &newest.fingerprint) == Some(&copy.fingerprint);
            assert!(same, "the second copy of {id} has other bytes");
            seconds += 1;
        }
    }
    seconds
}

/// Asks for rows that break a rule, of which there may be none.
async fn rows_keep_the_rules(client: &Client) {
    let living = "('PROPOSED', 'ACTIVE', 'PAUSED')";
    for (rule, broken) in [
        (
            "a program has one run for each local date",
            "SELECT program_id::text FROM match_runs WHERE local_date IS NOT NULL
                GROUP BY program_id, local_date HAVING count(*) > 1"
                .to_owned(),
        ),
        (
            "a night that is over was published, skipped or failed",
            "SELECT id::text FROM match_runs WHERE status NOT IN ('PUBLISHED', 'DISCARDED', 'FAILED')".to_owned(),
        ),
        (
            "a published night is the only one with matches of its program and date",
            "SELECT r.program_id::text FROM matches m JOIN match_runs r ON r.id = m.run_id
                GROUP BY r.program_id, r.local_date HAVING count(DISTINCT r.id) > 1"
                .to_owned(),
        ),
        (
            "what is recorded as sent has one attempt that was accepted",
            "SELECT m.id::text FROM messages m WHERE m.status = 'SENT' AND (SELECT count(*) FROM message_attempts a
                WHERE a.message_id = m.id AND a.outcome = 'ACCEPTED') <> 1"
                .to_owned(),
        ),
        ("matches are those of published runs", {
            "SELECT m.id::text FROM matches m JOIN match_runs r ON r.id = m.run_id WHERE r.status <> 'PUBLISHED'"
                .to_owned()
        }),
        (
            "nobody has more partners than places",
            format!(
                "SELECT e.id::text FROM enrollments e JOIN matches m ON e.id IN (m.enrollment_a, m.enrollment_b)
                    WHERE m.status IN {living} GROUP BY e.id, e.capacity HAVING count(*) > e.capacity"
            ),
        ),
        (
            "a living match takes a place of either side",
            format!(
                "SELECT m.id::text FROM matches m LEFT JOIN match_places p ON p.match_id = m.id
                    WHERE m.status IN {living} GROUP BY m.id HAVING count(p.place) <> 2"
            ),
        ),
        (
            "an ended match takes none",
            format!(
                "SELECT m.id::text FROM matches m JOIN match_places p ON p.match_id = m.id WHERE m.status NOT IN {living}"
            ),
        ),
        (
            "whom staff keep apart is apart",
            format!(
                "SELECT m.id::text FROM matches m JOIN constraints c ON c.program_id = m.program_id AND c.kind <> 'PIN'
                    AND ((c.person_a, c.person_b) IN ((m.person_a, m.person_b), (m.person_b, m.person_a)))
                    WHERE m.status IN {living}"
            ),
        ),
        (
            "who must share a topic shares one",
            "SELECT m.id::text FROM matches m JOIN enrollments a ON a.id = m.enrollment_a
                JOIN enrollments b ON b.id = m.enrollment_b
                WHERE NOT EXISTS (SELECT 1 FROM jsonb_array_elements_text(a.about->'topics') one
                    JOIN jsonb_array_elements_text(b.about->'topics') other ON one = other)"
                .to_owned(),
        ),
        (
            "a lease is over with its message",
            "SELECT id::text FROM messages WHERE status <> 'SENDING' AND lease_until IS NOT NULL".to_owned(),
        ),
    ] {
        let rows = client.query(&broken, &[]).await.unwrap_or_else(|error| panic!("{rule}: {error:?}"));
        let ids: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
        assert!(ids.is_empty(), "{rule}, but not {ids:?}");
    }
}
