use std::collections::BTreeSet;

use shared::domain::enrollments::{EnrollmentRole, EnrollmentStatus};

use super::*;

fn now() -> DateTime<Utc> {
    "2026-11-23T15:00:00Z".parse().unwrap()
}

fn count(sample: &Sample, status: EnrollmentStatus) -> usize {
    sample.enrollments.iter().filter(|enrollment| enrollment.status == status).count()
}

#[test]
fn the_samples_are_the_same_every_time() {
    assert_eq!(samples(now()).unwrap(), samples(now()).unwrap());
}

#[test]
fn the_samples_keep_the_rules_at_any_time_of_the_year() {
    for day in 0..24 {
        let samples = samples(now() + chrono::TimeDelta::days(day * 31)).unwrap();
        for mut sample in samples {
            let before = sample.clone();
            assert_eq!(sample.check(), Vec::new());
            assert_eq!(sample, before, "what is stored is tidy already");
        }
    }
}

#[test]
fn nobody_shares_an_address_an_id_or_a_name() {
    for sample in samples(now()).unwrap() {
        let distinct = |of: fn(&Person) -> String| sample.people.iter().map(of).collect::<BTreeSet<_>>().len();
        assert_eq!(distinct(|person| person.email.clone()), sample.people.len());
        assert_eq!(distinct(|person| person.name.clone()), sample.people.len());
        let ids: BTreeSet<_> = sample
            .people
            .iter()
            .map(|person| person.id)
            .chain(sample.enrollments.iter().map(|enrollment| enrollment.id))
            .chain(sample.changes.iter().map(|change| change.id))
            .collect();
        assert_eq!(ids.len(), sample.people.len() + sample.enrollments.len() + sample.changes.len());
    }
}

#[test]
fn the_network_is_capped_and_some_are_not_ready() {
    let [librarians, _] = samples(now()).unwrap();
    assert_eq!(librarians.enrollments.len(), 204);
    assert_eq!(count(&librarians, EnrollmentStatus::Waitlisted), 5, "45 of 204 live in one country, 40 may");
    assert!((2..=6).contains(&count(&librarians, EnrollmentStatus::Accepted)), "a few forgot an answer");
    assert!((1..=6).contains(&count(&librarians, EnrollmentStatus::Paused)));
    assert_eq!(librarians.constraints.len(), 2);
    let countries: BTreeSet<_> = librarians.people.iter().filter_map(|person| person.country.clone()).collect();
    assert!(countries.len() > 45, "{countries:?}");
}

#[test]
fn the_university_has_fewer_places_than_students() {
    let [_, harbour] = samples(now()).unwrap();
    let active = |role| {
        let ready =
            move |enrollment: &&Enrollment| enrollment.role == role && enrollment.status == EnrollmentStatus::Active;
        harbour.enrollments.iter().filter(ready)
    };
    let places: i32 = active(EnrollmentRole::Mentor).map(|mentor| mentor.capacity).sum();
    let students = active(EnrollmentRole::Mentee).count();
    assert!((85..=110).contains(&places), "{places} places");
    assert!((135..=150).contains(&students), "{students} students");
    assert!(count(&harbour, EnrollmentStatus::Accepted) >= 3);
    assert!(count(&harbour, EnrollmentStatus::Paused) >= 3);
}

#[test]
fn every_history_ends_where_its_row_stands() {
    for sample in samples(now()).unwrap() {
        for enrollment in &sample.enrollments {
            let steps: Vec<_> = sample.changes.iter().filter(|change| change.entity_id == enrollment.id).collect();
            assert_eq!(steps[0].from, "-");
            assert!(steps.windows(2).all(|pair| pair[0].to == pair[1].from && pair[0].at <= pair[1].at));
            assert_eq!(steps.last().unwrap().to, enrollment.status.as_str());
            assert!(enrollment.updated_at <= now());
        }
    }
}
