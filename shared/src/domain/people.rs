//! People: participants and staff alike.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::refusals::{Refusal, RefusalCode};

/// A person of one organization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// `UUIDv7`.
    pub id: Uuid,
    /// The tenant.
    pub organization_id: Uuid,
    /// The institution's own id, if it has one; unique in the organization.
    pub external_id: Option<String>,
    /// The name to show.
    pub name: String,
    /// Unique in the organization, compared in lower case.
    pub email: String,
    /// One line about them: job, course of study.
    pub headline: Option<String>,
    /// ISO 3166-1 alpha-2.
    pub country: Option<String>,
    /// ISO 639-1.
    pub languages: Vec<String>,
    /// IANA zone.
    pub time_zone: String,
    /// BCP 47 tag of the language to write to them in.
    pub locale: String,
    /// False for someone who left; they are never matched or written to.
    pub active: bool,
    /// Counts changes; a night that planned with an older version drops the pair.
    pub version: i32,
    /// When the person was made.
    pub created_at: DateTime<Utc>,
    /// When the person last changed.
    pub updated_at: DateTime<Utc>,
}

impl Person {
    /// Whether the person gave an address. People from a roster without addresses have one under `.invalid` (RFC 2606)
    /// until somebody enters theirs.
    pub fn has_address(&self) -> bool {
        !self.email.ends_with(".invalid")
    }
}

/// The longest name, headline or other single line we take, in characters.
pub const LINE_MAX: usize = 200;

/// Checks the fields people or rosters fill in; tidies case and spaces in place. Empty when all is well.
pub fn check(person: &mut Person) -> Vec<Refusal> {
    let mut found = Vec::new();
    person.name = tidy_line(&person.name);
    if person.name.is_empty() || person.name.chars().count() > LINE_MAX {
        found.push(invalid("name", "give a name of 1 to 200 characters"));
    }
    person.email = person.email.trim().to_lowercase();
    if !plausible_email(&person.email) {
        found.push(invalid("email", "give a mail address like ana@example.org"));
    }
    if person.external_id.as_ref().is_some_and(|id| id.chars().count() > LINE_MAX || id.contains(char::is_control)) {
        found.push(invalid("externalId", "keep it to 200 characters on one line"));
    }
    person.headline = person.headline.as_deref().map(tidy_line).filter(|line| !line.is_empty());
    if person.headline.as_ref().is_some_and(|line| line.chars().count() > LINE_MAX) {
        found.push(invalid("headline", "keep it to 200 characters"));
    }
    if let Some(country) = &mut person.country {
        *country = country.trim().to_uppercase();
        if country.len() != 2 || !country.bytes().all(|byte| byte.is_ascii_uppercase()) {
            found.push(invalid("country", "use a two-letter ISO 3166-1 code such as DE"));
        }
    }
    for language in &mut person.languages {
        *language = language.trim().to_lowercase();
        if language.len() != 2 || !language.bytes().all(|byte| byte.is_ascii_lowercase()) {
            found.push(invalid("languages", "use two-letter ISO 639-1 codes such as en"));
            break;
        }
    }
    person.languages.sort();
    person.languages.dedup();
    if person.time_zone.parse::<chrono_tz::Tz>().is_err() {
        found.push(invalid("timeZone", "use an IANA zone such as Europe/Berlin"));
    }
    let plausible_locale = (2..=35).contains(&person.locale.len())
        && person.locale.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if !plausible_locale {
        found.push(invalid("locale", "use a language tag such as en or de-AT"));
    }
    found
}

fn invalid(field: &str, message: &str) -> Refusal {
    Refusal::field(RefusalCode::Invalid, field, message)
}

/// One line: control characters become spaces, runs of spaces one.
pub fn tidy_line(text: &str) -> String {
    let spaced: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Catches slips, not fraud: one `@`, something on both sides, no spaces, ASCII, at most 254 bytes (RFC 5321).
pub fn plausible_email(email: &str) -> bool {
    let Some((local, domain)) = email.split_once('@') else { return false };
    let atom = |c: char| c.is_ascii_graphic() && !"()<>[]:;@\\,\"".contains(c);
    email.len() <= 254
        && (1..=64).contains(&local.len())
        && local.chars().all(atom)
        && !domain.is_empty()
        && domain.split('.').all(|label| {
            !label.is_empty()
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
        })
}

#[cfg(test)]
mod tests {
    use super::{plausible_email, tidy_line};

    #[test]
    fn addresses_that_would_break_an_envelope_are_refused() {
        for good in ["ana@example.org", "a.b+c@sub.example.org", "o'neil@example.ie"] {
            assert!(plausible_email(good), "{good}");
        }
        for bad in [
            "",
            "ana",
            "@example.org",
            "ana@",
            "a b@example.org",
            "ana@ex ample.org",
            "a@b@c",
            "ana@example..org",
            "<ana@example.org>",
            "ana@example.org\r\nBcc: x@y.z",
        ] {
            assert!(!plausible_email(bad), "{bad}");
        }
    }

    #[test]
    fn a_line_has_no_control_characters() {
        assert_eq!(tidy_line("  Ana\r\n Bcc:\tx  "), "Ana Bcc: x");
    }
}
