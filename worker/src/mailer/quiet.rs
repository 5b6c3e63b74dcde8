//! Quiet hours: what may wait does, until the morning of whoever is written to.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use shared::{
    domain::{matches::Match, messages::Message, people::Person},
    store::mail_facts::ProgramQuiet,
};
use uuid::Uuid;

use super::letter;
use crate::schedule::quiet_until;

/// Whose quiet hours a mail keeps; `None` when it never waits. `found` is the match it is about.
pub(super) fn program_of(message: &Message, found: Option<&Match>) -> Option<Uuid> {
    let (setting, _) = letter::parts(&message.mail);
    setting.program_id.or(found.map(|found| found.program_id)).filter(|_| message.mail.may_wait())
}

/// Until when a mail that keeps these hours waits, and why; `None` when it may go.
pub(super) fn wait(
    person: &Person,
    quiet: Option<&ProgramQuiet>,
    now: DateTime<Utc>,
) -> Option<(DateTime<Utc>, String)> {
    let ProgramQuiet { hours, time_zone, .. } = quiet?;
    let zone = zone(&person.time_zone, time_zone);
    let until = quiet_until(zone, hours.from, hours.until, now)?;
    Some((until, format!("quiet hours until {} in {zone}", hours.until.format("%H:%M"))))
}

/// The person's zone. Whoever did not enter one is in UTC, where nobody lives: the program's is a better guess.
fn zone(of_person: &str, of_program: &str) -> Tz {
    let known = [of_person, of_program].into_iter().filter_map(|name| name.parse().ok());
    known.into_iter().find(|zone| *zone != Tz::UTC).unwrap_or(Tz::UTC)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_named_no_zone_is_where_the_program_is() {
        for (person, program, expected) in [
            ("Asia/Tokyo", "Europe/Berlin", Tz::Asia__Tokyo),
            ("UTC", "Europe/Berlin", Tz::Europe__Berlin),
            ("Middle/Earth", "Europe/Berlin", Tz::Europe__Berlin),
            ("UTC", "UTC", Tz::UTC),
        ] {
            assert_eq!(zone(person, program), expected, "{person} {program}");
        }
    }
}
