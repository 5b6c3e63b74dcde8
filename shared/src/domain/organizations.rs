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
