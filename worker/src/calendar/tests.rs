use chrono::TimeDelta;
use shared::{
    domain::{
        matches::{Match, MatchEvent, MatchStatus},
        messages::{Message, MessageStatus},
        programs::Consent,
        rounds::Round,
        sessions::Appointment,
    },
    store,
};

use super::{Mondays, latest, morning};
use crate::scene::Scene;

/// Two people who are introduced on the 23rd of November at noon in Berlin; Ana's clock is that of Auckland.
async fn couple() -> (Scene, Match) {
    let scene = Scene::new(Consent::IntroduceAtOnce).await;
    scene.enroll("Ana", "NZ", &["maps"], |person, _| "Pacific/Auckland".clone_into(&mut person.time_zone)).await;
    scene.peer("Ben", "DE", &["maps"]).await;
    scene.request(false).await;
    assert_eq!(scene.worker().run_queued().await.unwrap(), 1);
    let found = scene.matches().await.remove(0);
    (scene, found)
}

async fn again(scene: &Scene, found: &Match) -> Match {
    store::matches::find(&scene.store, scene.organization.id, found.id).await.unwrap().unwrap()
}

/// The mails of a kind to both, by when they are due.
async fn of_kind(scene: &Scene, found: &Match, kind: &str) -> Vec<Message> {
    let mut mails = scene.mails_to(found.a.person_id).await;
    mails.extend(scene.mails_to(found.b.person_id).await);
    mails.retain(|mail| mail.kind == kind);
    mails.sort_by_key(|mail| mail.due_at);
    mails
}

/// Looks twice a day from one day after noon of the introduction to another.
async fn live(scene: &Scene, days: std::ops::Range<i64>) {
    let noon: chrono::DateTime<chrono::Utc> = crate::scene::NOON.parse().unwrap();
    for half in days.start * 2..days.end * 2 {
        scene.clock.set(noon + TimeDelta::hours(12 * half));
        scene.worker().upkeep().await.unwrap();
    }
}

fn instants(mails: &[Message]) -> Vec<String> {
    mails.iter().map(|mail| mail.due_at.format("%Y-%m-%dT%H:%MZ").to_string()).collect()
}

#[test]
fn mornings_keep_their_hour_when_clocks_change() {
    let berlin = chrono_tz::Europe::Berlin;
    let at = |text: &str| text.parse::<chrono::DateTime<chrono::Utc>>().unwrap();
    let hour = |days| morning(berlin, at("2026-03-20T12:00:00Z"), days).unwrap().format("%d %H:%M").to_string();
    assert_eq!((hour(8), hour(9)), ("28 08:00".to_owned(), "29 07:00".to_owned()));
    // Apia had no 30 December 2011.
    let apia = morning(chrono_tz::Pacific::Apia, at("2011-12-29T12:00:00Z"), 1).unwrap();
    assert_eq!(apia.to_rfc3339(), "2011-12-30T19:00:00+00:00");
}

#[test]
fn the_latest_of_a_series_and_no_other() {
    let zone = chrono_tz::UTC;
    let at = |text: &str| text.parse::<chrono::DateTime<chrono::Utc>>().unwrap();
    let number = |until| latest(zone, at("2026-01-01T12:00:00Z"), 30, 60, at(until)).map(|(number, _)| number);
    assert_eq!(number("2026-01-31T08:59:59Z"), None);
    assert_eq!(number("2026-01-31T09:00:00Z"), Some(0));
    assert_eq!(number("2026-04-01T08:59:59Z"), Some(0));
    assert_eq!(number("2026-04-01T09:00:00Z"), Some(1));
    assert_eq!(number("2027-01-01T00:00:00Z"), Some(5));
    let once = latest(zone, at("2026-01-01T12:00:00Z"), 30, 0, at("2027-01-01T00:00:00Z"));
    assert_eq!(once.map(|(number, _)| number), Some(0));
}

#[tokio::test]
async fn a_pair_gets_topics_and_questions_at_nine_on_each_clock() {
    let (scene, found) = couple().await;
    live(&scene, 0..32).await;
    let topics = of_kind(&scene, &found, "TOPIC").await;
    assert_eq!(
        instants(&topics),
        // Auckland is 13 hours ahead of UTC, and its date was the next one already.
        [
            "2026-11-24T08:00Z",
            "2026-11-24T20:00Z",
            "2026-12-08T08:00Z",
            "2026-12-08T20:00Z",
            "2026-12-22T08:00Z",
            "2026-12-22T20:00Z"
        ]
    );
    let asked = of_kind(&scene, &found, "CHECK_IN").await;
    assert_eq!(instants(&asked), ["2026-12-23T08:00Z", "2026-12-23T20:00Z"]);
    let stalled = of_kind(&scene, &found, "STALLED_REMINDER").await;
    assert_eq!(instants(&stalled), ["2026-12-14T08:00Z", "2026-12-14T20:00Z"]);
}

#[tokio::test]
async fn many_workers_ask_once() {
    let (scene, found) = couple().await;
    scene.clock.advance(TimeDelta::days(30));
    let (one, other) = (scene.worker(), scene.worker());
    let (first, second) = tokio::join!(one.keep_calendars(), other.keep_calendars());
    assert_eq!(first.unwrap() + second.unwrap(), 6, "a topic, a question and a reminder to each");
    for kind in ["TOPIC", "CHECK_IN", "STALLED_REMINDER"] {
        assert_eq!(of_kind(&scene, &found, kind).await.len(), 2, "{kind}");
    }
}

#[tokio::test]
async fn after_a_downtime_only_the_latest_is_sent() {
    let (scene, found) = couple().await;
    scene.clock.advance(TimeDelta::days(60));
    scene.worker().upkeep().await.unwrap();
    scene.worker().send_due().await.unwrap();
    assert_eq!(of_kind(&scene, &found, "TOPIC").await.len(), 2);
    assert_eq!(of_kind(&scene, &found, "CHECK_IN").await.len(), 2);
    let stalled = of_kind(&scene, &found, "STALLED_REMINDER").await;
    assert_eq!(stalled.len(), 2);
    assert!(stalled.iter().all(|mail| mail.status == MessageStatus::Sent), "{stalled:?}");
}

#[tokio::test]
async fn a_pair_that_meets_every_six_months_is_never_called_stalled() {
    let (scene, found) = couple().await;
    let tx = scene.store.begin().await.unwrap();
    let round = store::rounds::find(&tx, scene.organization.id, scene.round.id).await.unwrap().unwrap();
    let open_ended = Round { ends_on: None, ..round };
    store::rounds::update(&tx, &open_ended, open_ended.status).await.unwrap();
    let mut slow = again(&scene, &found).await;
    slow.cadence_days = Some(182);
    store::matches::update(&tx, &mut slow).await.unwrap();
    tx.commit().await.unwrap();
    for visit in 0..4 {
        live(&scene, visit * 182..visit * 182 + 1).await;
        let tx = scene.store.begin().await.unwrap();
        let mut met = again(&scene, &found).await;
        assert_eq!(met.status, MatchStatus::Active);
        scene.setting().note_contact(&tx, &mut met, scene.clock.now()).await.unwrap();
        tx.commit().await.unwrap();
        live(&scene, visit * 182 + 170..visit * 182 + 182).await;
    }
    assert!(of_kind(&scene, &found, "STALLED_REMINDER").await.is_empty());
}

#[tokio::test]
async fn a_session_that_is_to_come_keeps_questions_away_and_a_contact_suppresses_them() {
    let (scene, found) = couple().await;
    let (a, b) = (scene.person(found.a.person_id).await, scene.person(found.b.person_id).await);
    let tx = scene.store.begin().await.unwrap();
    let starts_at = scene.clock.now() + TimeDelta::days(40);
    let appointment = Appointment { starts_at, minutes: 60, place: None, agenda: None };
    scene
        .setting()
        .propose_session(&tx, &found, shared::domain::matches::Side::A, appointment, (&a, &b))
        .await
        .unwrap();
    tx.commit().await.unwrap();
    live(&scene, 20..23).await;
    assert!(of_kind(&scene, &found, "STALLED_REMINDER").await.is_empty());
    live(&scene, 41..42).await;
    let asked = of_kind(&scene, &found, "STALLED_REMINDER").await;
    assert_eq!(asked.len(), 2, "nobody ever said that it took place");

    let tx = scene.store.begin().await.unwrap();
    let mut met = again(&scene, &found).await;
    scene.setting().note_contact(&tx, &mut met, scene.clock.now()).await.unwrap();
    tx.commit().await.unwrap();
    scene.worker().send_due().await.unwrap();
    let asked = of_kind(&scene, &found, "STALLED_REMINDER").await;
    assert!(asked.iter().all(|mail| mail.status == MessageStatus::Suppressed), "{asked:?}");
}

#[tokio::test]
async fn whoever_reached_the_end_is_asked_how_it_was_and_nobody_else() {
    for (event, expected) in [(MatchEvent::Complete, 2), (MatchEvent::EndEarly, 0)] {
        let (scene, found) = couple().await;
        let (a, b) = (scene.person(found.a.person_id).await, scene.person(found.b.person_id).await);
        let tx = scene.store.begin().await.unwrap();
        let mut ended = again(&scene, &found).await;
        scene.setting().end_match(&tx, &mut ended, event, None, (&a, &b), &[]).await.unwrap();
        tx.commit().await.unwrap();
        live(&scene, 0..3).await;
        let asked = of_kind(&scene, &found, "WRAP_UP").await;
        assert_eq!(asked.len(), expected, "{event}");
        assert!(of_kind(&scene, &found, "TOPIC").await.is_empty());
        if expected > 0 {
            assert_eq!(instants(&asked), ["2026-11-24T08:00Z", "2026-11-24T20:00Z"]);
        }
    }
}

#[tokio::test]
async fn coordinators_of_all_countries_hear_on_mondays_what_waits() {
    let (scene, _) = couple().await;
    let coordinator = scene.staff("Cora", None).await;
    let country = scene.staff("Clara", Some(vec!["DE".to_owned()])).await;
    scene.peer("Odd", "FR", &["maps"]).await;
    // The Monday before is Ana's and Ben's, a minute before nine in Berlin comes the next one.
    scene.set_time("2026-11-30T07:59:00Z");
    scene.worker().keep_calendars().await.unwrap();
    let digests = async |person| {
        let mut mails = scene.mails_to(person).await;
        mails.retain(|mail| mail.kind == "COORDINATOR_DIGEST");
        mails
    };
    assert!(digests(coordinator).await.is_empty());
    for time in ["2026-11-30T08:00:00Z", "2026-11-30T08:10:00Z", "2026-12-01T08:00:00Z"] {
        scene.set_time(time);
        scene.worker().keep_calendars().await.unwrap();
    }
    let found = digests(coordinator).await;
    assert_eq!(found.len(), 1);
    let shared::outbox::mails::Mail::CoordinatorDigest(mail) = &found[0].mail else { panic!("{found:?}") };
    assert_eq!((mail.waiting.unmatched, mail.waiting.stalled, mail.waiting.runs), (1, 0, 0));
    assert!(digests(country).await.is_empty(), "the numbers are not theirs to know");
    let Mondays { latest, next } = Mondays::around(&scene.program, scene.clock.now());
    assert_eq!(latest.unwrap().0.to_string(), "2026-11-30");
    assert_eq!(next.to_rfc3339(), "2026-12-07T08:00:00+00:00");
    let due = async |now| store::digests::every_due(&scene.store, now, 10).await.unwrap().len();
    let before = next - TimeDelta::seconds(1);
    assert_eq!((due(before).await, due(next).await), (0, 1), "nothing is read before the next Monday");
}
