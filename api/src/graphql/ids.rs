//! Global ids: opaque to clients, and each knows what kind of thing it is of.

use async_graphql::{ID, Result};
use shared::domain::global_ids;
use uuid::Uuid;

use super::errors::{ErrorCode, fail};

/// Declares what has ids; the name is the GraphQL type's.
macro_rules! kinds {
    ($($kind:ident,)+) => {
        /// What an id is of.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Kind {
            $($kind,)+
        }

        impl Kind {
            const ALL: &'static [Self] = &[$(Self::$kind,)+];

            /// The GraphQL type's name.
            pub(super) const fn name(self) -> &'static str {
                match self {
                    $(Self::$kind => stringify!($kind),)+
                }
            }
        }
    };
}

kinds! {
    ApiClient,
    CheckIn,
    Constraint,
    Document,
    Enrollment,
    Event,
    Identity,
    Issuer,
    MailSuppression,
    Match,
    MatchRun,
    Message,
    MessageAttempt,
    NonMatch,
    Organization,
    Person,
    PlannedPair,
    Program,
    Round,
    Session,
    StaffRole,
    WebhookDelivery,
    WebhookEndpoint,
}

/// The global id of a thing.
pub(super) fn global(kind: Kind, id: Uuid) -> ID {
    ID(global_ids::encode(kind.name(), id))
}

/// The API's id of a thing, for what is written outside of the schema; `None` for a type that has no ids.
pub fn global_id(type_name: &str, id: Uuid) -> Option<String> {
    let kind = Kind::ALL.iter().copied().find(|kind| kind.name() == type_name)?;
    Some(global(kind, id).0)
}

/// What [`global_id`] made an id of; `None` for anything else.
pub(crate) fn read_id(type_name: &str, id: &str) -> Option<Uuid> {
    read(id).and_then(|(kind, id)| (kind.name() == type_name).then_some(id))
}

/// What a global id says; `None` for anything that is not one, to the letter.
pub(super) fn read(text: &str) -> Option<(Kind, Uuid)> {
    let (name, id) = global_ids::decode(text)?;
    Kind::ALL.iter().copied().find(|kind| kind.name() == name).map(|kind| (kind, id))
}

/// The id of a thing of this kind; `None` for garbage and for an id of another kind.
pub(super) fn read_as(kind: Kind, id: &ID) -> Option<Uuid> {
    read(id).and_then(|(found, id)| (found == kind).then_some(id))
}

/// As [`read_as`], as the argument of a query.
///
/// # Errors
/// `BAD_USER_INPUT` when it is no such id.
pub(super) fn argument(kind: Kind, name: &str, id: &ID) -> Result<Uuid> {
    read_as(kind, id)
        .ok_or_else(|| fail(ErrorCode::BadUserInput, format!("`{name}` is not the id of a {}", kind.name())))
}

#[cfg(test)]
mod tests {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

    use super::{ID, Kind, Uuid, argument, global, read, read_as};

    const SOME: Uuid = Uuid::from_u128(0x0193_5f00_aaaa_7bbb_8ccc_dddd_eeee_ffff);

    #[test]
    fn an_id_comes_back_as_what_it_was() {
        for &kind in Kind::ALL {
            let id = global(kind, SOME);
            assert_eq!(read(&id), Some((kind, SOME)), "{}", *id);
            assert!(id.len() <= 100);
            assert!(id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'));
        }
    }

    #[test]
    fn garbage_and_other_kinds_are_refused() {
        let encode = |text: &str| URL_SAFE_NO_PAD.encode(text);
        let long = "A".repeat(100_000);
        let spelled = encode(&format!("Match:{}", SOME.hyphenated()));
        let capitals = encode(&format!("Match:{}", SOME.simple().to_string().to_uppercase()));
        let padded = format!("{}=", *global(Kind::Match, SOME));
        for garbage in [
            "",
            "1",
            "Match",
            "é",
            "====",
            &encode("Match:"),
            &encode("Nothing:1"),
            &spelled,
            &capitals,
            &padded,
            &long,
        ] {
            assert_eq!(read(garbage), None, "{}", garbage.get(..40.min(garbage.len())).unwrap_or_default());
        }
        assert_eq!(read_as(Kind::Person, &global(Kind::Match, SOME)), None);
        let refused = argument(Kind::Person, "id", &ID("x".to_owned())).expect_err("no id");
        assert_eq!(refused.message, "`id` is not the id of a Person");
    }
}
