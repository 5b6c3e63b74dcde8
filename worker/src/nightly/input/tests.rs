use std::collections::HashSet;

use shared::{
    domain::{
        constraints::Constraint, enrollments::Enrollment, explanations::Explanation, matches::MatchEvent,
        people::Person as Someone, programs::Consent,
    },
    matchmaking::{Made, NewMatch, Seat as Side},
    store,
};

use super::*;
use crate::scene::Scene;

/// A match that two people would make by themselves.
fn new<'a>(a: (&'a Someone, &'a Enrollment), b: (&'a Someone, &'a Enrollment)) -> NewMatch<'a> {
    let side = |(person, enrollment)| Side { person, enrollment };
    NewMatch { a: side(a), b: side(b), run_id: None, score: 1, explanation: Explanation::default() }
}

fn constraint(scene: &Scene, kind: ConstraintKind, a: Uuid, b: Uuid) -> Constraint {
    Constraint {
        id: scene.clock.new_id(),
        organization_id: scene.organization.id,
        program_id: scene.program.id,
        kind,
        person_a: a.min(b),
        person_b: a.max(b),
        reason: None,
        created_by: None,
        created_at: scene.clock.now(),
    }
}

#[tokio::test]
async fn a_snapshot_becomes_the_engines_input() {
    let scene = Scene::new(Consent::IntroduceAtOnce).await;
    let ana = scene
        .enroll("Ana", "BR", &["maps", "archives"], |person, enrollment| {
            person.time_zone = "Asia/Kolkata".to_owned();
            person.languages = vec!["en".to_owned(), "pt".to_owned()];
            enrollment.capacity = 3;
        })
        .await;
    let ben = scene.peer("Ben", "DE", &["maps"]).await;
    let chi = scene.peer("Chi", "JP", &[]).await;
    let dov = scene.peer("Dov", "IL", &["law"]).await;
    let gone = scene.enroll("Gone", "FR", &["law"], |person, _| person.active = false).await;
    let tx = scene.store.begin().await.unwrap();
    for (kind, a, b) in [
        (ConstraintKind::Pin, &ana, &chi),
        (ConstraintKind::Pin, &ana, &ben),
        (ConstraintKind::Pin, &chi, &dov),
        (ConstraintKind::Pin, &chi, &gone),
        (ConstraintKind::Avoid, &chi, &dov),
    ] {
        let constraint = constraint(&scene, kind, a.person_id, b.person_id);
        store::constraints::insert(&tx, &constraint).await.unwrap();
    }
    let (a, b) = (scene.person(ana.person_id).await, scene.person(ben.person_id).await);
    let d = scene.person(dov.person_id).await;
    let living = new((&a, &ana), (&b, &ben));
    scene.setting().make_match(&tx, living).await.unwrap();
    let ended = new((&a, &ana), (&d, &dov));
    let Made::Match(mut ended) = scene.setting().make_match(&tx, ended).await.unwrap() else { panic!("taken") };
    scene.setting().end_match(&tx, &mut ended, MatchEvent::EndEarly, None, (&a, &d), &[]).await.unwrap();
    tx.commit().await.unwrap();

    let snapshot = Snapshot::load(&scene.store, &scene.clock, &scene.organization, &scene.program).await.unwrap();
    let roster = &snapshot.rounds[0];
    let at =
        |enrollment: &Enrollment| roster.seats.iter().position(|seat| seat.enrollment.id == enrollment.id).unwrap();
    assert_eq!(roster.seats.len(), 4, "who left is not there");
    let (input, words) = build(&snapshot, roster, &HashSet::new()).unwrap();
    let ana_in = &input.people[at(&ana)];
    assert_eq!((ana_in.id, ana_in.capacity, ana_in.taken), (ana.person_id.as_u128(), 2, 1));
    assert_eq!(ana_in.features[2], Feature::Number(330));
    let spelled = |feature: &Feature| match feature {
        Feature::Tags(tags) => words.spell(tags),
        Feature::Number(_) | Feature::Missing => Vec::new(),
    };
    assert_eq!(spelled(&ana_in.features[0]), ["BR"]);
    assert_eq!(spelled(&ana_in.features[1]), ["en", "pt"]);
    assert_eq!(spelled(&ana_in.features[3]), ["archives", "maps"]);
    assert_eq!(ana_in.features[4], Feature::Missing, "she was not asked for wishes");
    assert_eq!(input.people[at(&chi)].features[3], Feature::Missing);
    assert_eq!(input.people[at(&ben)].capacity, 0);
    assert_eq!(input.seed, 42);

    let pair = |one, other| (at(one).min(at(other)), at(one).max(at(other)));
    assert_eq!(input.pins, [pair(&ana, &chi)], "not the living one, not the avoided one, nobody who left");
    let barred: Vec<_> = input.barred.iter().map(|bar| ((bar.a.min(bar.b), bar.a.max(bar.b)), bar.why)).collect();
    assert_eq!(
        barred,
        [(pair(&chi, &dov), Bar::Avoided), (pair(&ana, &ben), Bar::Living), (pair(&ana, &dov), Bar::PastPartner)]
    );
    let earlier = HashSet::from([(ana.person_id, chi.person_id)]);
    let (input, _) = build(&snapshot, roster, &earlier).unwrap();
    assert!(input.pins.is_empty(), "paired in another round of the same run");
}
