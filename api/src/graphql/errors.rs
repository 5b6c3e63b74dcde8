//! Errors at the top of an answer: a closed list of codes, the request's id, and nothing of our inside.

use async_graphql::{Error, ErrorExtensionValues, PathSegment, Response, ServerError, Value};

/// The codes in `errors[].extensions.code`; there are no others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorCode {
    /// The document is not GraphQL.
    GraphqlParseFailed,
    /// The document does not fit the schema, or names no operation that could be executed.
    GraphqlValidationFailed,
    /// The document asks for more than one request may, or the caller asked for too much lately: `Retry-After` says when
    /// to ask again.
    LimitExceeded,
    /// There is no registered document with this id in the caller's organization.
    PersistedDocumentNotFound,
    /// There is no valid token.
    Unauthenticated,
    /// The caller may not ask for this.
    Forbidden,
    /// An argument cannot be used: the message says which and why.
    BadUserInput,
    /// It does not exist, or not for this caller.
    NotFound,
    /// Somebody changed it meanwhile: load again and retry.
    Conflict,
    /// The answer took too long.
    Timeout,
    /// Something went wrong on our side; the request id leads to what it was.
    Internal,
}

impl ErrorCode {
    /// Every code.
    pub const ALL: [Self; 11] = [
        Self::GraphqlParseFailed,
        Self::GraphqlValidationFailed,
        Self::LimitExceeded,
        Self::PersistedDocumentNotFound,
        Self::Unauthenticated,
        Self::Forbidden,
        Self::BadUserInput,
        Self::NotFound,
        Self::Conflict,
        Self::Timeout,
        Self::Internal,
    ];

    /// The code as clients read it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::GraphqlParseFailed => "GRAPHQL_PARSE_FAILED",
            Self::GraphqlValidationFailed => "GRAPHQL_VALIDATION_FAILED",
            Self::LimitExceeded => "LIMIT_EXCEEDED",
            Self::PersistedDocumentNotFound => "PERSISTED_DOCUMENT_NOT_FOUND",
            Self::Unauthenticated => "UNAUTHENTICATED",
            Self::Forbidden => "FORBIDDEN",
            Self::BadUserInput => "BAD_USER_INPUT",
            Self::NotFound => "NOT_FOUND",
            Self::Conflict => "CONFLICT",
            Self::Timeout => "TIMEOUT",
            Self::Internal => "INTERNAL",
        }
    }

    pub(crate) fn of(error: &ServerError) -> Option<Self> {
        let Value::String(code) = error.extensions.as_ref()?.get("code")? else { return None };
        Self::ALL.into_iter().find(|known| known.as_str() == code)
    }
}

/// An error of a resolver, with a message that the client may read.
pub(super) fn fail(code: ErrorCode, message: impl Into<String>) -> Error {
    let mut extensions = ErrorExtensionValues::default();
    extensions.set("code", code.as_str());
    Error { message: message.into(), source: None, extensions: Some(extensions) }
}

/// An answer that only says why there is none.
pub fn refuse(code: ErrorCode, message: impl Into<String>, request_id: &str) -> Response {
    finish(refused(vec![ServerError::new(message, None)], code), request_id)
}

/// Errors found before anything was executed, all with this code.
pub(super) fn refused(mut errors: Vec<ServerError>, code: ErrorCode) -> Response {
    for error in &mut errors {
        error.extensions.get_or_insert_with(ErrorExtensionValues::default).set("code", code.as_str());
    }
    Response::from_errors(errors)
}

/// How many errors an answer tells, at most: a document that is wrong all over is as well told by its beginning.
pub(super) const ERRORS_MAX: usize = 20;

/// Whether nothing was executed: the document was refused as a whole. Such an answer has no `data`.
pub fn is_request_error(response: &Response) -> bool {
    response.data == Value::Null
        && !response.errors.is_empty()
        && response.errors.iter().all(|error| error.path.is_empty())
}

/// The last step of every answer: gives each error its code and the request's id, and hides what is ours.
///
/// A resolver's own error carries its code; one that a failing database left behind carries its cause instead, which is
/// logged and replaced. An error without either is the GraphQL library's word about the document or its variables.
pub fn finish(mut response: Response, request_id: &str) -> Response {
    if is_request_error(&response) {
        response.errors.truncate(ERRORS_MAX);
    }
    for error in &mut response.errors {
        let code = ErrorCode::of(error).unwrap_or_else(|| {
            if error.source.is_some() {
                ErrorCode::Internal
            } else if error.path.is_empty() {
                ErrorCode::GraphqlValidationFailed
            } else {
                ErrorCode::BadUserInput
            }
        });
        if code == ErrorCode::Internal {
            tracing::error!(request_id, error = %error.message, path = ?error.path, "a resolver failed");
            "Something went wrong on our side. Please try again, and quote the request id if it stays."
                .clone_into(&mut error.message);
            error.source = None;
        }
        let extensions = error.extensions.get_or_insert_with(ErrorExtensionValues::default);
        extensions.set("code", code.as_str());
        extensions.set("requestId", request_id);
        name_null(&mut response.data, &error.path);
    }
    response
}

/// The library leaves a field out whose arguments it could not read; GraphQL wants it there, as null.
fn name_null(data: &mut Value, path: &[PathSegment]) {
    let Some((first, rest)) = path.split_first() else { return };
    match (data, first) {
        (Value::Object(fields), PathSegment::Field(name)) => {
            let name = async_graphql::Name::new(name);
            if rest.is_empty() {
                fields.entry(name).or_insert(Value::Null);
            } else if let Some(inner) = fields.get_mut(&name) {
                name_null(inner, rest);
            }
        }
        (Value::List(items), PathSegment::Index(index)) => {
            if let Some(item) = items.get_mut(*index) {
                name_null(item, rest);
            }
        }
        (data @ Value::Null, PathSegment::Field(name)) if rest.is_empty() => {
            let fields = [(async_graphql::Name::new(name), Value::Null)];
            *data = Value::Object(fields.into_iter().collect());
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::{ErrorCode, PathSegment, Response, ServerError, Value, finish, is_request_error, refuse};

    fn code(response: &Response) -> String {
        let json = serde_json::to_value(response).expect("an answer is JSON");
        assert_eq!(json["errors"][0]["extensions"]["requestId"], "r1");
        json["errors"][0]["extensions"]["code"].as_str().expect("a code").to_owned()
    }

    #[test]
    fn what_a_failing_database_says_stays_inside() {
        let error = async_graphql::Error::from(std::fmt::Error).into_server_error(async_graphql::Pos::default());
        let error = error.with_path(vec![PathSegment::Field("viewer".to_owned())]);
        let response = finish(Response::from_errors(vec![error]), "r1");
        assert_eq!(code(&response), "INTERNAL");
        assert!(response.errors[0].message.starts_with("Something went wrong"));
        assert_eq!(response.data.to_string(), "{viewer: null}", "the field is there, as null");
        assert!(!is_request_error(&response));
    }

    #[test]
    fn a_document_that_is_wrong_all_over_is_told_its_first_errors() {
        let errors = (0..1000).map(|index| ServerError::new(format!("Unknown field {index}"), None)).collect();
        let response = finish(Response::from_errors(errors), "r1");
        assert_eq!(response.errors.len(), 20);
        assert_eq!(response.errors[0].message, "Unknown field 0");
    }

    #[test]
    fn the_librarys_words_get_codes_too() {
        let whole = ServerError::new("Unknown field", None);
        let response = finish(Response::from_errors(vec![whole]), "r1");
        assert_eq!(code(&response), "GRAPHQL_VALIDATION_FAILED");
        assert!(is_request_error(&response));
        let argument = ServerError::new("Expected Int", None).with_path(vec![PathSegment::Field("a".to_owned())]);
        assert_eq!(code(&finish(Response::from_errors(vec![argument]), "r1")), "BAD_USER_INPUT");
        let refused = refuse(ErrorCode::Timeout, "too slow", "r1");
        assert_eq!(code(&refused), "TIMEOUT");
        assert_eq!(refused.data, Value::Null);
    }
}
