//! Quiet hours: what may wait does, until the morning of whoever is written to.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use shared::{
    domain::{matches::Match, messages::Message, people::Person},
    store::{self, Reads, StoreError},
};

use super::letter;
use crate::schedule::quiet_until;

/// Until when the mail waits, and why; `None` when it may go. `found` is the match it is about.
pub(super) async fn wait(
    reads: &impl Reads,
    message: &Message,
    person: &Person,
    found: Option<&Match>,
    now: DateTime<Utc>,
) -> Result<Option<(DateTime<Utc>, String)>, StoreError> {
    if !message.mail.may_wait() {
        return Ok(None);
    }
    let (setting, _) = letter::parts(&message.mail);
    let Some(program_id) = setting.program_id.or(found.map(|found| found.program_id)) else { return Ok(None) };
    let quiet = store::programs::quiet_hours(reads, message.organization_id, program_id).await?;
    let Some((hours, of_program)) = quiet else { return Ok(None) };
    let zone = zone(&person.time_zone, &of_program);
    let until = quiet_until(zone, hours.from, hours.until, now);
    Ok(until.map(|until| (until, format!("quiet hours until {} in {zone}", hours.until.format("%H:%M")))))
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
