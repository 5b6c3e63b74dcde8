//! An expected "no": the person can read it and do something about it.

/// Why a request was refused, for the form that sent it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// A stable code for programs.
    pub code: RefusalCode,
    /// The input field it is about, as a dotted path of GraphQL names.
    pub field: Option<String>,
    /// What is wrong and what to do, for people.
    pub message: String,
}

impl Refusal {
    /// A refusal about one input field.
    pub fn field(code: RefusalCode, field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { code, field: Some(field.into()), message: message.into() }
    }

    /// A refusal of the request as a whole.
    pub fn whole(code: RefusalCode, message: impl Into<String>) -> Self {
        Self { code, field: None, message: message.into() }
    }
}

crate::domain::states::words! {
    /// The closed list of refusal codes; each mutation documents the ones it may answer.
    RefusalCode {
        /// A value is missing or malformed.
        Invalid = "INVALID",
        /// The thing named does not exist, or not for this caller.
        NotFound = "NOT_FOUND",
        /// The caller may see it but not do this.
        Forbidden = "FORBIDDEN",
        /// The state does not allow it (now).
        NotPossible = "NOT_POSSIBLE",
        /// Such a thing exists already.
        AlreadyExists = "ALREADY_EXISTS",
        /// Somebody changed it meanwhile: load again and retry.
        Conflict = "CONFLICT",
        /// No free place on one of the sides.
        NoFreePlace = "NO_FREE_PLACE",
        /// The round takes no enrollments now.
        RoundNotOpen = "ROUND_NOT_OPEN",
        /// A constraint stands against it.
        Constrained = "CONSTRAINED",
        /// It was asked for too often: try again later.
        TooMany = "TOO_MANY",
    }
}
