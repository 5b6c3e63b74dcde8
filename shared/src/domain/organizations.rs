//! Organizations (the tenants) and their staff.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::states::words;

/// A tenant. Nothing of one organization is ever visible to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Organization {
    /// `UUIDv7`.
    pub id: Uuid,
    /// Short name for addresses and commands, unique everywhere.
    pub slug: String,
    /// The name people know.
    pub name: String,
    /// Where participants ask questions: a mail address.
    pub contact: Option<String>,
    /// The organization's own portal; mails link to it.
    pub portal_url: Option<String>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

/// How many origins an organization may allow.
pub const ORIGINS_MAX: usize = 20;

/// What an organization decides about its front ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrganizationSettings {
    /// The tenant.
    pub organization_id: Uuid,
    /// The origins (RFC 6454) whose pages may read answers, as [`origin`] writes them; at most [`ORIGINS_MAX`].
    pub allowed_origins: Vec<String>,
    /// Whether participants may only run registered documents.
    pub documents_only: bool,
    /// When they last changed.
    pub updated_at: DateTime<Utc>,
}

impl OrganizationSettings {
    /// What holds where nothing was decided: no page of another origin, any document.
    pub fn new(organization_id: Uuid, now: DateTime<Utc>) -> Self {
        Self { organization_id, allowed_origins: Vec::new(), documents_only: false, updated_at: now }
    }
}

/// An origin as browsers write it: `scheme://host` in lower case, with a port when it is not the scheme's own. `None`
/// for anything else: a path, a wildcard, `null`, and plain `http` of anything but the developer's own machine.
pub fn origin(text: &str) -> Option<String> {
    let text = text.trim().to_ascii_lowercase();
    let (scheme, rest) = text.split_once("://")?;
    let (host, port) = match rest.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (rest, None),
    };
    let own_port = match scheme {
        "https" => 443,
        "http" if matches!(host, "localhost" | "127.0.0.1" | "[::1]") => 80,
        _ => return None,
    };
    if let Some(port) = port {
        let number = port.parse::<u16>().ok().filter(|number| *number != 0 && *number != own_port)?;
        if number.to_string() != port {
            return None;
        }
    }
    (is_host(host) && text.len() <= 255).then_some(text)
}

/// A name of labels, or an address in brackets.
fn is_host(host: &str) -> bool {
    if let Some(address) = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return address.parse::<std::net::Ipv6Addr>().is_ok();
    }
    let is_label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    host.split('.').all(is_label)
}

words! {
    /// What a member of staff is. Everybody else is a participant.
    Role {
        /// Runs programs; may be limited to countries.
        Coordinator = "COORDINATOR",
        /// Everything in the organization.
        Administrator = "ADMINISTRATOR",
    }
}

/// A role a person holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StaffRole {
    /// `UUIDv7`.
    pub id: Uuid,
    /// The tenant.
    pub organization_id: Uuid,
    /// Who holds it.
    pub person_id: Uuid,
    /// Which role.
    pub role: Role,
    /// `None`: every country. Otherwise ISO 3166-1 alpha-2 codes, for coordinators.
    pub countries: Option<Vec<String>>,
    /// When it was given.
    pub created_at: DateTime<Utc>,
}

#[cfg(test)]
mod tests {
    use super::origin;

    #[test]
    fn an_origin_is_exactly_what_a_browser_sends() {
        for (text, expected) in [
            ("https://portal.example.org", "https://portal.example.org"),
            (" HTTPS://Portal.Example.org ", "https://portal.example.org"),
            ("https://portal.example.org:8443", "https://portal.example.org:8443"),
            ("http://localhost:3000", "http://localhost:3000"),
            ("https://[2001:db8::1]:8443", "https://[2001:db8::1]:8443"),
            ("https://xn--mnchen-3ya.example", "https://xn--mnchen-3ya.example"),
        ] {
            assert_eq!(origin(text).as_deref(), Some(expected));
        }
        for text in [
            "",
            "*",
            "null",
            "https://",
            "https://*.example.org",
            "https://portal.example.org/",
            "https://portal.example.org/path",
            "https://portal.example.org?x",
            "https://user@portal.example.org",
            "https://portal.example.org:443",
            "https://portal.example.org:0",
            "https://portal.example.org:080",
            "https://portal.example.org:99999",
            "https://portal..org",
            "https://-portal.org",
            "https://[::1",
            "http://portal.example.org",
            "ftp://portal.example.org",
            "portal.example.org",
        ] {
            assert_eq!(origin(text), None, "{text}");
        }
    }
}
