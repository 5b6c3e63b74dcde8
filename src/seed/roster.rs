//! The people of a sample organization, each with a name and an address of their own.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use shared::domain::people::Person;
use uuid::Uuid;

use super::{names::Names, random::Random};

/// What differs from one sample person to the next.
#[derive(Debug)]
pub(super) struct Profile {
    pub(super) names: &'static Names,
    pub(super) headline: String,
    pub(super) country: &'static str,
    pub(super) languages: Vec<&'static str>,
    pub(super) time_zone: &'static str,
    pub(super) locale: &'static str,
    pub(super) external_id: Option<String>,
}

/// Makes the people of one organization.
#[derive(Debug)]
pub(super) struct Roster {
    organization_id: Uuid,
    /// The part of their addresses after the `@`.
    domain: &'static str,
    taken: BTreeSet<String>,
}

impl Roster {
    pub(super) const fn new(organization_id: Uuid, domain: &'static str) -> Self {
        Self { organization_id, domain, taken: BTreeSet::new() }
    }

    /// A person who came at that instant.
    pub(super) fn person(&mut self, profile: Profile, random: &mut Random, at: DateTime<Utc>) -> Person {
        // Two people of one name would be hard to tell apart in an example; the last try stands.
        let mut name = profile.names.full(random);
        for _ in 0..20 {
            if !self.taken.contains(&local_part(&name)) {
                break;
            }
            name = profile.names.full(random);
        }
        let mut local = local_part(&name);
        let mut number = 2;
        while !self.taken.insert(local.clone()) {
            local = format!("{}{number}", local_part(&name));
            number += 1;
        }
        Person {
            id: random.id(at),
            organization_id: self.organization_id,
            external_id: profile.external_id,
            name,
            email: format!("{local}@{}", self.domain),
            headline: Some(profile.headline),
            country: Some(profile.country.to_owned()),
            languages: profile.languages.into_iter().map(str::to_owned).collect(),
            time_zone: profile.time_zone.to_owned(),
            locale: profile.locale.to_owned(),
            active: true,
            version: 1,
            created_at: at,
            updated_at: at,
        }
    }
}

/// `Inês Araújo` as `ines.araujo`.
fn local_part(name: &str) -> String {
    let mut plain = String::new();
    for letter in name.to_lowercase().chars() {
        match letter {
            ' ' => plain.push('.'),
            'ä' => plain.push_str("ae"),
            'ö' | 'ø' => plain.push_str("oe"),
            'ü' => plain.push_str("ue"),
            'ß' => plain.push_str("ss"),
            'à' | 'á' | 'â' | 'ã' | 'å' | 'ả' | 'ạ' | 'ặ' | 'ầ' | 'ą' => plain.push('a'),
            'ç' | 'č' | 'ć' => plain.push('c'),
            'đ' => plain.push('d'),
            'è' | 'é' | 'ê' | 'ë' | 'ễ' | 'ę' => plain.push('e'),
            'ğ' => plain.push('g'),
            'ì' | 'í' | 'î' | 'ï' | 'ı' => plain.push('i'),
            'ł' => plain.push('l'),
            'ñ' | 'ń' => plain.push('n'),
            'ò' | 'ó' | 'ô' | 'õ' | 'ơ' | 'ỗ' | 'ọ' => plain.push('o'),
            'ř' => plain.push('r'),
            'š' | 'ş' | 'ș' => plain.push('s'),
            'ù' | 'ú' | 'ũ' | 'ư' | 'ů' | 'ỳ' => plain.push('u'),
            'ý' => plain.push('y'),
            'ź' | 'ż' | 'ž' => plain.push('z'),
            plain_letter if plain_letter.is_ascii_alphanumeric() || plain_letter == '-' => plain.push(plain_letter),
            // A mark that stands alone, such as the dot that the Turkish capital İ leaves behind, or a rarer letter.
            _ => {}
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::local_part;

    #[test]
    fn an_address_is_the_name_in_plain_letters() {
        assert_eq!(local_part("Inês Araújo"), "ines.araujo");
        assert_eq!(local_part("Jürgen Schäfer"), "juergen.schaefer");
        assert_eq!(local_part("İrem Yıldız"), "irem.yildiz");
        assert_eq!(local_part("Ji-woo Bae"), "ji-woo.bae");
    }
}
