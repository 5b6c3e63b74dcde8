use std::ops::RangeInclusive;

use chrono::Datelike;
use chrono_tz::TZ_VARIANTS;

use super::*;

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn time(text: &str) -> NaiveTime {
    text.parse().unwrap()
}

fn utc(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

#[test]
fn nights_around_changes_of_the_clock() {
    let cases = [
        // Spring in Berlin: 02:00 to 03:00 does not exist.
        ("Europe/Berlin", "2026-03-28", "02:30", Some("2026-03-28T01:30:00Z")),
        ("Europe/Berlin", "2026-03-29", "02:30", Some("2026-03-29T01:00:00Z")),
        ("Europe/Berlin", "2026-03-29", "02:00", Some("2026-03-29T01:00:00Z")),
        ("Europe/Berlin", "2026-03-29", "03:00", Some("2026-03-29T01:00:00Z")),
        ("Europe/Berlin", "2026-03-30", "02:30", Some("2026-03-30T00:30:00Z")),
        // Autumn in Berlin: 02:30 comes twice, the earlier counts.
        ("Europe/Berlin", "2026-10-25", "02:30", Some("2026-10-25T00:30:00Z")),
        ("Europe/Berlin", "2026-10-26", "02:30", Some("2026-10-26T01:30:00Z")),
        // São Paulo changed at midnight: 00:00 to 01:00 does not exist.
        ("America/Sao_Paulo", "2018-11-04", "00:00", Some("2018-11-04T03:00:00Z")),
        ("America/Sao_Paulo", "2018-11-04", "00:30", Some("2018-11-04T03:00:00Z")),
        // And 23:00 to 24:00 came twice.
        ("America/Sao_Paulo", "2019-02-16", "23:30", Some("2019-02-17T01:30:00Z")),
        ("America/Sao_Paulo", "2019-02-17", "00:00", Some("2019-02-17T03:00:00Z")),
        // Lord Howe changes by half an hour.
        ("Australia/Lord_Howe", "2026-10-04", "02:15", Some("2026-10-03T15:30:00Z")),
        ("Australia/Lord_Howe", "2026-04-05", "01:45", Some("2026-04-04T14:45:00Z")),
        // Apia left out a whole day.
        ("Pacific/Apia", "2011-12-29", "02:00", Some("2011-12-29T12:00:00Z")),
        ("Pacific/Apia", "2011-12-30", "02:00", None),
        ("Pacific/Apia", "2011-12-31", "02:00", Some("2011-12-30T12:00:00Z")),
        // Cairo and Beirut change at midnight.
        ("Africa/Cairo", "2026-04-24", "00:15", Some("2026-04-23T22:00:00Z")),
        ("Asia/Beirut", "2026-03-29", "00:15", Some("2026-03-28T22:00:00Z")),
        ("Asia/Beirut", "2026-10-24", "23:30", Some("2026-10-24T20:30:00Z")),
    ];
    for (zone, day, at, expected) in cases {
        let zone: Tz = zone.parse().unwrap();
        let found = due_instant(zone, date(day), time(&format!("{at}:00")));
        assert_eq!(found, expected.map(utc), "{zone} {day} {at}");
    }
}

#[test]
fn quiet_hours_on_every_clock() {
    let cases = [
        ("Europe/Berlin", "21:00", "08:00", "2026-11-23T19:59:59Z", None),
        ("Europe/Berlin", "21:00", "08:00", "2026-11-23T20:00:00Z", Some("2026-11-24T07:00:00Z")),
        ("Europe/Berlin", "21:00", "08:00", "2026-11-24T06:59:59Z", Some("2026-11-24T07:00:00Z")),
        ("Europe/Berlin", "21:00", "08:00", "2026-11-24T07:00:00Z", None),
        ("America/New_York", "21:00", "08:00", "2026-11-24T07:00:00Z", Some("2026-11-24T13:00:00Z")),
        ("Asia/Tokyo", "21:00", "08:00", "2026-11-24T07:00:00Z", None),
        // Within a day, at noon.
        ("Europe/Berlin", "12:00", "13:30", "2026-11-24T11:15:00Z", Some("2026-11-24T12:30:00Z")),
        ("Europe/Berlin", "12:00", "13:30", "2026-11-24T10:59:00Z", None),
        // The night is an hour shorter in spring, and longer in autumn.
        ("Europe/Berlin", "21:00", "08:00", "2026-03-28T21:00:00Z", Some("2026-03-29T06:00:00Z")),
        ("Europe/Berlin", "21:00", "08:00", "2026-10-24T20:00:00Z", Some("2026-10-25T07:00:00Z")),
        // They end in the gap of spring: at its end.
        ("Europe/Berlin", "21:00", "02:30", "2026-03-29T00:45:00Z", Some("2026-03-29T01:00:00Z")),
        ("Europe/Berlin", "21:00", "02:30", "2026-03-29T01:00:00Z", None),
        // They end when 02:30 comes for the first time; the second 02:15 is not quiet again.
        ("Europe/Berlin", "21:00", "02:30", "2026-10-25T00:15:00Z", Some("2026-10-25T00:30:00Z")),
        ("Europe/Berlin", "21:00", "02:30", "2026-10-25T01:15:00Z", None),
        // They begin when 02:30 comes for the first time.
        ("Europe/Berlin", "02:30", "06:00", "2026-10-25T01:15:00Z", Some("2026-10-25T05:00:00Z")),
        // All of them in a gap are no hours at all.
        ("Europe/Berlin", "02:10", "02:50", "2026-03-29T01:00:00Z", None),
        // A day that never was.
        ("Pacific/Apia", "21:00", "08:00", "2011-12-30T08:00:00Z", Some("2011-12-30T18:00:00Z")),
    ];
    for (zone, from, until, now, expected) in cases {
        let zone: Tz = zone.parse().unwrap();
        let at = |text: &str| time(&format!("{text}:00"));
        assert_eq!(quiet_until(zone, at(from), at(until), utc(now)), expected.map(utc), "{zone} {from} {until} {now}");
    }
}

/// In every zone there is, each existing date has one due instant, on that date or at the end of a gap that swallowed the
/// rest of it, and later dates are due later.
fn check_all_zones(years: RangeInclusive<i32>) {
    let times = ["00:00:00", "00:15:00", "02:30:00", "23:45:00"].map(time);
    for zone in TZ_VARIANTS {
        for at in times {
            let first = NaiveDate::from_ymd_opt(*years.start(), 1, 1).unwrap();
            let mut before: Option<DateTime<Utc>> = None;
            for day in first.iter_days().take_while(|day| day.year() <= *years.end()) {
                let exists = (0..24 * 4).any(|quarter| {
                    let local = day.and_time(NaiveTime::MIN) + TimeDelta::minutes(15 * quarter);
                    zone.from_local_datetime(&local).earliest().is_some()
                });
                let due = due_instant(zone, day, at);
                assert_eq!(due.is_some(), exists, "{zone} {day} {at}");
                let Some(due) = due else { continue };
                assert!(before.is_none_or(|before| before < due), "{zone} {day} {at}");
                let local = due.with_timezone(&zone).naive_local();
                assert!(local >= day.and_time(at), "{zone} {day} {at}: {local}");
                assert!(local - day.and_time(at) <= TimeDelta::hours(3), "{zone} {day} {at}: {local}");
                let (latest, since) = latest_due(zone, at, due).unwrap();
                assert_eq!((latest, since), (day, due), "{zone} {day} {at}");
                if let Some(before) = before {
                    let (_, since) = latest_due(zone, at, due - TimeDelta::seconds(1)).unwrap();
                    assert_eq!(since, before, "{zone} {day} {at}");
                    for now in [before, due - TimeDelta::seconds(1)] {
                        assert_eq!(next_due(zone, at, now), Some(due), "{zone} {day} {at} at {now}");
                    }
                }
                before = Some(due);
            }
        }
    }
}

#[test]
fn every_date_of_every_zone_is_due_once() {
    check_all_zones(2026..=2026);
}

#[test]
fn every_date_of_every_zone_is_due_once_also_when_samoa_skipped_a_day() {
    check_all_zones(2011..=2011);
}

#[test]
#[ignore = "takes minutes: see CONTRIBUTING.md"]
fn every_date_of_every_zone_is_due_once_in_38_years() {
    check_all_zones(2000..=2037);
}

#[test]
fn the_latest_night_is_that_of_today_or_yesterday() {
    let berlin: Tz = "Europe/Berlin".parse().unwrap();
    let at = time("02:00:00");
    let latest = |now: &str| latest_due(berlin, at, utc(now)).unwrap().0;
    assert_eq!(latest("2026-11-23T00:59:59Z"), date("2026-11-22"));
    assert_eq!(latest("2026-11-23T01:00:00Z"), date("2026-11-23"));
    assert_eq!(latest("2026-11-23T22:59:00Z"), date("2026-11-23"));
    assert_eq!(latest("2026-11-23T23:59:00Z"), date("2026-11-23"), "after midnight, before two");
}

#[test]
fn clocks_put_back_over_midnight_do_not_hide_the_new_date() {
    // St. John's went from 00:01 back to 23:01 of the day before.
    let zone: Tz = "America/St_Johns".parse().unwrap();
    let midnight = due_instant(zone, date("2010-11-07"), NaiveTime::MIN).unwrap();
    let (latest, since) = latest_due(zone, NaiveTime::MIN, midnight + TimeDelta::minutes(30)).unwrap();
    assert_eq!((latest, since), (date("2010-11-07"), midnight));
}

#[test]
fn missed_nights_are_those_in_between() {
    let apia: Tz = "Pacific/Apia".parse().unwrap();
    let between = |limit| -> Vec<NaiveDate> {
        let nights = nights_between(apia, time("02:00:00"), date("2011-12-27"), date("2012-01-01"), limit);
        nights.into_iter().map(|(night, _)| night).collect()
    };
    assert_eq!(between(9), ["2011-12-31", "2011-12-29", "2011-12-28"].map(date), "the 30th never was");
    assert_eq!(between(1), [date("2011-12-31")]);
    assert!(nights_between(apia, time("02:00:00"), date("2012-01-01"), date("2012-01-02"), 9).is_empty());
}
