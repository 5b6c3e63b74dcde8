//! When a night is due, and when people are not disturbed: pure arithmetic over IANA zones.
//!
//! A program's night has a local date and a local time of day. Zones leave out times and even whole days, and repeat
//! others; still each existing date has exactly one due instant, and later dates are due later.

use chrono::{DateTime, Days, MappedLocalTime, NaiveDate, NaiveTime, TimeDelta, TimeZone, Utc};
use chrono_tz::{GapInfo, Tz};

/// A night that was missed is still run within this time; after that it is only recorded.
pub const CATCH_UP: TimeDelta = TimeDelta::hours(36);

/// The instant at which `time` comes on `date` in `zone`.
///
/// A time that the zone leaves out means the first instant after the gap; of a time that comes twice it is the earlier.
/// `None` when the zone leaves out the whole date, as Apia did with 30 December 2011.
pub fn due_instant(zone: Tz, date: NaiveDate, time: NaiveTime) -> Option<DateTime<Utc>> {
    // The day begins with the first instant that has its date; midnight itself may be missing.
    let begin = first_at(zone, date, NaiveTime::MIN)?;
    if begin.date_naive() != date {
        return None;
    }
    first_at(zone, date, time).map(|instant| instant.to_utc())
}

fn first_at(zone: Tz, date: NaiveDate, time: NaiveTime) -> Option<DateTime<Tz>> {
    let local = date.and_time(time);
    match zone.from_local_datetime(&local) {
        MappedLocalTime::Single(instant) | MappedLocalTime::Ambiguous(instant, _) => Some(instant),
        MappedLocalTime::None => GapInfo::new(&local, &zone)?.end,
    }
}

/// The latest night that is due at `now`: its local date, and since when it is due. `None` only at the ends of time.
pub fn latest_due(zone: Tz, time: NaiveTime, now: DateTime<Utc>) -> Option<(NaiveDate, DateTime<Utc>)> {
    let today = now.with_timezone(&zone).date_naive();
    // Tomorrow: clocks put back just after midnight show the old date again when the new one has begun already.
    let tomorrow = today.checked_add_days(Days::new(1))?;
    let dates = (0..5).filter_map(|days| tomorrow.checked_sub_days(Days::new(days)));
    dates.filter_map(|date| Some((date, due_instant(zone, date, time)?))).find(|(_, due)| *due <= now)
}

/// When the first night after `now` is due. `None` only at the ends of time.
pub fn next_due(zone: Tz, time: NaiveTime, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let today = now.with_timezone(&zone).date_naive();
    // Yesterday: clocks put back just after midnight may repeat it. Three days: a zone can leave one out.
    let yesterday = today.checked_sub_days(Days::new(1))?;
    let dates = (0..5).filter_map(|days| yesterday.checked_add_days(Days::new(days)));
    dates.filter_map(|date| due_instant(zone, date, time)).find(|due| *due > now)
}

/// Until when `now` is in quiet hours, which begin at one local time and end at another; `None` when it is not. Both
/// follow the rules of [`due_instant`]: they begin and end once a day, also when the clock is put back or forward.
pub fn quiet_until(zone: Tz, from: NaiveTime, until: NaiveTime, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let (_, begun) = latest_due(zone, from, now)?;
    let (_, ended) = latest_due(zone, until, now)?;
    if begun <= ended {
        return None;
    }
    next_due(zone, until, now)
}

/// The nights between two dates, both left out, latest first, at most `limit`.
pub fn nights_between(
    zone: Tz,
    time: NaiveTime,
    after: NaiveDate,
    before: NaiveDate,
    limit: usize,
) -> Vec<(NaiveDate, DateTime<Utc>)> {
    let dates = std::iter::successors(before.pred_opt(), NaiveDate::pred_opt).take_while(|date| *date > after);
    dates.filter_map(|date| Some((date, due_instant(zone, date, time)?))).take(limit).collect()
}

/// The date in `zone` at `now`.
pub fn local_date(zone: Tz, now: DateTime<Utc>) -> NaiveDate {
    now.with_timezone(&zone).date_naive()
}

#[cfg(test)]
mod tests;
