//! Registered documents: GraphQL texts that an organization's front ends may run by their hash.

use std::fmt::Write as _;

use chrono::{DateTime, Utc};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// How many documents an organization may have.
pub const DOCUMENTS_MAX: u64 = 2_000;
/// How long a document may be, in bytes.
pub const TEXT_MAX: usize = 64 * 1024;
/// How many documents are registered at one time.
pub const BATCH_MAX: usize = 100;

/// A registered document. It never changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// `UUIDv7`.
    pub id: Uuid,
    /// The tenant.
    pub organization_id: Uuid,
    /// SHA-256 of the text in UTF-8, as 64 lower-case hexadecimal digits.
    pub hash: String,
    /// GraphQL.
    pub text: String,
    /// Who registered it.
    pub created_by: Option<Uuid>,
    /// When.
    pub created_at: DateTime<Utc>,
}

/// SHA-256 of a text in UTF-8, as 64 lower-case hexadecimal digits: what a document is known by.
pub fn hash(text: &str) -> String {
    let mut digits = String::with_capacity(64);
    for byte in Sha256::digest(text.as_bytes()) {
        // Writing to a text cannot fail.
        let _written = write!(digits, "{byte:02x}");
    }
    digits
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_hash_is_the_one_that_other_programs_find() {
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(super::hash("abc"), expected);
    }
}
