//! Constraints: pairs that staff or people themselves decide beforehand.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::states::words;

/// A decision about one pair of people, for all rounds of a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Constraint {
    /// `UUIDv7`.
    pub id: Uuid,
    /// The tenant.
    pub organization_id: Uuid,
    /// The program.
    pub program_id: Uuid,
    /// What was decided.
    pub kind: ConstraintKind,
    /// Of PIN and FORBID the smaller id; of AVOID the person who asked.
    pub person_a: Uuid,
    /// The other person.
    pub person_b: Uuid,
    /// For staff only.
    pub reason: Option<String>,
    /// Who decided.
    pub created_by: Option<Uuid>,
    /// When.
    pub created_at: DateTime<Utc>,
}

words! {
    /// What was decided about a pair.
    ConstraintKind {
        /// Placed first, before any score.
        Pin = "PIN",
        /// Never together; set by staff.
        Forbid = "FORBID",
        /// Never together; a person's confidential wish, shown to nobody else.
        Avoid = "AVOID",
    }
}
