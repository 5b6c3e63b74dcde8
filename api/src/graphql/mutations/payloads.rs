//! Payloads: what was changed, or why not.

use std::pin::Pin;

use async_graphql::{Error, ID};
use shared::domain::refusals::{Refusal, RefusalCode};
use uuid::Uuid;

use crate::{
    graphql::{
        errors::{ErrorCode, fail},
        ids::{Kind, read_as},
        reader::Maybe,
    },
    use_cases::UseCaseError,
};

/// Why a mutation has no payload, or a refusing one.
pub(super) enum Stop {
    /// Nothing could be tried.
    Error(Error),
    /// The use case did nothing.
    UseCase(UseCaseError),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

impl From<UseCaseError> for Stop {
    fn from(error: UseCaseError) -> Self {
        Self::UseCase(error)
    }
}

/// The answer of one mutation.
pub(super) trait Payload: Sized {
    /// What was changed.
    type Entity;

    /// It was done.
    fn done(entity: Self::Entity) -> Self;

    /// It was not, and here is why.
    fn refused(refusals: Vec<Refusal>) -> Self;
}

/// Does it and answers. On the heap: the library resolves all fields of a type in one function, whose stack would
/// otherwise hold the work of every mutation there is.
pub(super) fn settle<'a, P: Payload>(
    done: impl Future<Output = Result<P::Entity, Stop>> + Send + 'a,
) -> Pin<Box<dyn Future<Output = Maybe<P>> + Send + 'a>> {
    Box::pin(async move { Some(answer(done.await)) })
}

fn answer<P: Payload>(done: Result<P::Entity, Stop>) -> async_graphql::Result<P> {
    match done {
        Ok(entity) => Ok(P::done(entity)),
        Err(Stop::UseCase(UseCaseError::Refused(refusals))) => Ok(P::refused(refusals)),
        Err(Stop::UseCase(UseCaseError::Store(error))) => Err(error.into()),
        Err(Stop::UseCase(UseCaseError::Secret(problem))) => Err(fail(ErrorCode::Internal, problem)),
        Err(Stop::Error(error)) => Err(error),
    }
}

/// A refusal of one field of the input.
pub(super) fn invalid(field: &str, message: impl Into<String>) -> UseCaseError {
    UseCaseError::Refused(vec![Refusal::field(RefusalCode::Invalid, field, message)])
}

/// The id of a thing of this kind, as a field of the input.
pub(super) fn take(kind: Kind, field: &str, id: &ID) -> Result<Uuid, UseCaseError> {
    read_as(kind, id).ok_or_else(|| invalid(field, format!("this is not the id of a {}", kind.name())))
}

/// As [`take`], where it may be left out.
pub(super) fn take_option(kind: Kind, field: &str, id: Option<&ID>) -> Result<Option<Uuid>, UseCaseError> {
    id.map(|id| take(kind, field, id)).transpose()
}

/// The dotted path of a refusal, segment by segment.
pub(super) fn path(field: Option<String>) -> Option<Vec<String>> {
    field.map(|field| field.split('.').map(str::to_owned).collect())
}

/// The code of a mutation that says best what the refusal's code says; a mutation need not have them all.
pub(super) fn nearest<C: Copy>(codes: &[(RefusalCode, C)], code: RefusalCode, first: C, payload: &str) -> C {
    let known = |wanted: RefusalCode| codes.iter().find(|(known, _)| *known == wanted).map(|(_, code)| *code);
    known(code).unwrap_or_else(|| {
        tracing::warn!(%code, payload, "a refusal has a code that its mutation does not document");
        let likely = [RefusalCode::NotPossible, RefusalCode::Invalid, RefusalCode::NotFound, RefusalCode::Forbidden];
        likely.into_iter().find_map(known).unwrap_or(first)
    })
}

/// Declares the codes of one mutation, each with its description.
macro_rules! codes {
    ($name:ident $payload:literal; $first:ident $($rest:ident)*) => {
        codes! { @describe $name [] $first $($rest)* }

        impl $name {
            fn nearest(code: shared::domain::refusals::RefusalCode) -> Self {
                use shared::domain::refusals::RefusalCode;
                let codes = [(RefusalCode::$first, Self::$first), $((RefusalCode::$rest, Self::$rest)),*];
                $crate::graphql::mutations::payloads::nearest(&codes, code, Self::$first, $payload)
            }
        }
    };
    (@describe $name:ident [$($done:tt)*]) => {
        /// Why the mutation was refused.
        #[derive(async_graphql::Enum, Clone, Copy, Debug, PartialEq, Eq)]
        pub(in $crate::graphql) enum $name { $($done)* }
    };
    (@describe $name:ident [$($done:tt)*] Invalid $($rest:ident)*) => {
        codes! { @describe $name [$($done)* /** A value is missing or malformed. */ Invalid,] $($rest)* }
    };
    (@describe $name:ident [$($done:tt)*] NotFound $($rest:ident)*) => {
        codes! { @describe $name [$($done)* /** The thing named does not exist, or not for this caller. */ NotFound,] $($rest)* }
    };
    (@describe $name:ident [$($done:tt)*] Forbidden $($rest:ident)*) => {
        codes! { @describe $name [$($done)* /** The caller may see it but not do this. */ Forbidden,] $($rest)* }
    };
    (@describe $name:ident [$($done:tt)*] NotPossible $($rest:ident)*) => {
        codes! { @describe $name [$($done)* /** The state does not allow it (now). */ NotPossible,] $($rest)* }
    };
    (@describe $name:ident [$($done:tt)*] AlreadyExists $($rest:ident)*) => {
        codes! { @describe $name [$($done)* /** Such a thing exists already. */ AlreadyExists,] $($rest)* }
    };
    (@describe $name:ident [$($done:tt)*] Conflict $($rest:ident)*) => {
        codes! { @describe $name [$($done)* /** Somebody changed it meanwhile: load it again and retry. */ Conflict,] $($rest)* }
    };
    (@describe $name:ident [$($done:tt)*] NoFreePlace $($rest:ident)*) => {
        codes! { @describe $name [$($done)* /** No free place on one of the sides. */ NoFreePlace,] $($rest)* }
    };
    (@describe $name:ident [$($done:tt)*] RoundNotOpen $($rest:ident)*) => {
        codes! { @describe $name [$($done)* /** The round takes no enrollments now. */ RoundNotOpen,] $($rest)* }
    };
    (@describe $name:ident [$($done:tt)*] Constrained $($rest:ident)*) => {
        codes! { @describe $name [$($done)* /** A constraint stands against it. */ Constrained,] $($rest)* }
    };
    (@describe $name:ident [$($done:tt)*] TooMany $($rest:ident)*) => {
        codes! { @describe $name [$($done)* /** It was asked for too often: try again later. */ TooMany,] $($rest)* }
    };
}

/// Declares the payload of one mutation: the type, what it holds, its user error, and its codes.
macro_rules! payload {
    (
        $(#[$meta:meta])* $name:ident as $text:literal { $(#[$field_meta:meta])* $field:ident: $entity:ty }
        $error:ident $code:ident: $($codes:ident)+
    ) => {
        $(#[$meta])*
        #[derive(async_graphql::SimpleObject, Debug)]
        pub(in $crate::graphql) struct $name {
            $(#[$field_meta])*
            $field: Option<$entity>,
            /// Why it was refused; empty when it was done.
            user_errors: Vec<$error>,
        }

        /// Why the mutation was refused, for the form that sent it.
        #[derive(async_graphql::SimpleObject, Debug)]
        pub(in $crate::graphql) struct $error {
            /// The kind of refusal, for programs.
            code: $code,
            /// The field of the input it is about, as a path of names and indices; null when it is about the whole.
            field: Option<Vec<String>>,
            /// What is wrong and what to do, for people, in English.
            message: String,
        }

        codes! { $code $text; $($codes)+ }

        impl $crate::graphql::mutations::payloads::Payload for $name {
            type Entity = $entity;

            fn done(entity: $entity) -> Self {
                Self { $field: Some(entity), user_errors: Vec::new() }
            }

            fn refused(refusals: Vec<shared::domain::refusals::Refusal>) -> Self {
                let error = |refusal: shared::domain::refusals::Refusal| $error {
                    code: $code::nearest(refusal.code),
                    field: $crate::graphql::mutations::payloads::path(refusal.field),
                    message: refusal.message,
                };
                Self { $field: None, user_errors: refusals.into_iter().map(error).collect() }
            }
        }
    };
}
pub(super) use {codes, payload};

#[cfg(test)]
mod tests {
    use shared::domain::refusals::RefusalCode;

    use super::{nearest, path};

    #[test]
    fn a_code_that_a_mutation_lacks_becomes_a_likely_one() {
        let codes = [(RefusalCode::Invalid, 'i'), (RefusalCode::NotPossible, 'p')];
        assert_eq!(nearest(&codes, RefusalCode::Invalid, 'x', "P"), 'i');
        assert_eq!(nearest(&codes, RefusalCode::NoFreePlace, 'x', "P"), 'p');
        assert_eq!(nearest(&[(RefusalCode::Conflict, 'c')], RefusalCode::Invalid, 'c', "P"), 'c');
    }

    #[test]
    fn a_path_has_segments() {
        let expected = ["questions", "0", "key"].map(str::to_owned).to_vec();
        assert_eq!(path(Some("questions.0.key".to_owned())), Some(expected));
        assert_eq!(path(None), None);
    }
}
