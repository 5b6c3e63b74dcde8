//! What a request is answered: the statuses, the headers and the body, all in one place.

use actix_web::{
    HttpResponse,
    http::{StatusCode, header},
};
use async_graphql::{Response, ServerError};
use serde::Serialize;
use serde_json::json;
use shared::{auth::AuthError, bounces::NotAReport};

use super::media::Media;
use crate::{
    allowance::Exceeded,
    graphql::errors::{ErrorCode, is_request_error},
    use_cases::identities::Unlinked,
};

/// Why a request has no GraphQL answer. The messages are for the client and say what to change; what went wrong inside
/// stands in the log under the request's id.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    #[error("Send a POST request with a JSON body, or a GET request for a query.")]
    Method,
    #[error("Only queries can be asked with GET; send this operation in a POST request.")]
    QueriesOnly,
    #[error(
        "The answer is application/graphql-response+json or application/json, in UTF-8; allow one of them in Accept."
    )]
    NotAcceptable,
    #[error("The body must be JSON in UTF-8, not compressed, with the header Content-Type: application/json.")]
    NotJson,
    #[error("The body is larger than the {limit} bytes that are read; shorten the document or its variables.")]
    TooLarge {
        /// In bytes.
        limit: usize,
    },
    #[error("The file is larger than the {limit} bytes that are taken in at once; split it.")]
    FileTooLarge {
        /// In bytes.
        limit: usize,
    },
    #[error("The body must be a CSV file in UTF-8, not compressed, with the header Content-Type: text/csv.")]
    NotCsv,
    #[error(
        "The body must be the report as it came, headers and all, not compressed, with the header Content-Type: \
         message/rfc822."
    )]
    NotMail,
    #[error(
        "The report is larger than the {limit} bytes that are read; send its beginning: what happened is told before the \
         mail that it returns."
    )]
    ReportTooLarge {
        /// In bytes.
        limit: usize,
    },
    #[error("This is no report about a mail that was sent: {0}. Do not send it again.")]
    NotAReport(#[from] NotAReport),
    #[error("The message that the report is about is just being sent; send the report again in a minute.")]
    BeingSent,
    #[error("There is no such file; there are people.csv, enrollments.csv, matches.csv and outcomes.csv.")]
    NoSuchFile,
    #[error("{0}.")]
    Forbidden(String),
    #[error("Other files are being taken in right now; try again in a moment.")]
    FilesBusy,
    #[error("{0}")]
    Malformed(String),
    #[error("The access token was not accepted: {0}. Leave the header out or get a new token.")]
    Token(#[from] AuthError),
    #[error(
        "The access token was not accepted: its person is unknown or no longer active here, or its sign-in or API client has ended."
    )]
    Nobody,
    #[error("The access token was not accepted: {0}.")]
    Unlinked(Unlinked),
    #[error(
        "The access token could not be checked: the keys of its issuer cannot be read right now; try again in a minute."
    )]
    NoKeys,
    #[error("There is no registered document with this id in your organization; register it, or send its text.")]
    UnknownDocument,
    #[error("Your organization lets participants run registered documents only, and this is none of them.")]
    DocumentsOnly,
    #[error("The Idempotency-Key belongs to another request of yours; take a new key for each one.")]
    KeyReused,
    #[error("A request with this Idempotency-Key is being carried out; ask again in a moment to get its answer.")]
    KeyBusy,
    #[error(
        "The mutation with this Idempotency-Key was carried out, at least in part, and its answer was lost: look at what \
         it changed instead of repeating it."
    )]
    AnswerLost,
    #[error(transparent)]
    TooMany(#[from] Exceeded),
    #[error(
        "The request took too long and was stopped. A mutation may have been carried out: look before you repeat it."
    )]
    TimedOut,
    #[error("There are as many open streams here as this server keeps; try again in a moment.")]
    Busy,
    #[error(
        "Only {most} operations may go on at a time over one connection; complete one, or open another connection."
    )]
    TooManyOperations {
        /// Over one connection.
        most: usize,
    },
    #[error("Pages of this origin may not open a connection here.")]
    Origin,
    #[error("Something went wrong on our side. Quote the request id when you report it.")]
    Internal,
    #[error("The service cannot reach its database right now; try again in a moment.")]
    Unavailable,
}

impl Fault {
    /// The code in `extensions.code`. The status tells more about what is wrong with the HTTP of a request.
    fn code(&self) -> ErrorCode {
        match self {
            Self::Method
            | Self::QueriesOnly
            | Self::NotAcceptable
            | Self::NotJson
            | Self::NotCsv
            | Self::NotMail
            | Self::NotAReport(_)
            | Self::KeyReused
            | Self::Malformed(_) => ErrorCode::BadUserInput,
            Self::UnknownDocument => ErrorCode::PersistedDocumentNotFound,
            Self::DocumentsOnly | Self::Origin | Self::Forbidden(_) => ErrorCode::Forbidden,
            Self::KeyBusy | Self::AnswerLost | Self::BeingSent => ErrorCode::Conflict,
            Self::Token(_) | Self::Nobody | Self::Unlinked(_) => ErrorCode::Unauthenticated,
            Self::NoSuchFile => ErrorCode::NotFound,
            Self::TooLarge { .. }
            | Self::FileTooLarge { .. }
            | Self::ReportTooLarge { .. }
            | Self::Busy
            | Self::FilesBusy
            | Self::TooManyOperations { .. }
            | Self::TooMany(_) => ErrorCode::LimitExceeded,
            Self::TimedOut => ErrorCode::Timeout,
            Self::Internal | Self::Unavailable | Self::NoKeys => ErrorCode::Internal,
        }
    }

    /// Whether it says that the token does not stand for anybody (any more).
    pub(super) fn is_about_the_token(&self) -> bool {
        matches!(self, Self::Token(_) | Self::Nobody | Self::Unlinked(_))
    }

    /// The GraphQL error that tells it.
    pub(super) fn error(&self, request_id: &str) -> serde_json::Value {
        let extensions = json!({ "code": self.code().as_str(), "requestId": request_id });
        json!({ "message": self.to_string(), "extensions": extensions })
    }

    /// The header that goes with the status, where one belongs to it.
    fn header(&self) -> Option<(header::HeaderName, String)> {
        match self {
            Self::Method => Some((header::ALLOW, "GET, POST".to_owned())),
            Self::QueriesOnly => Some((header::ALLOW, "POST".to_owned())),
            Self::Token(AuthError::Missing) => {
                Some((header::WWW_AUTHENTICATE, "Bearer realm=\"counterpart\"".to_owned()))
            }
            Self::Token(error) => Some((header::WWW_AUTHENTICATE, challenge(&error.to_string()))),
            Self::Nobody => Some((
                header::WWW_AUTHENTICATE,
                challenge("the token's person, sign-in or API client is unknown, inactive or ended"),
            )),
            Self::Unlinked(why) => Some((header::WWW_AUTHENTICATE, challenge(&why.to_string()))),
            Self::NoKeys => Some((header::RETRY_AFTER, "30".to_owned())),
            Self::Busy | Self::FilesBusy => Some((header::RETRY_AFTER, "5".to_owned())),
            Self::KeyBusy => Some((header::RETRY_AFTER, "1".to_owned())),
            Self::BeingSent => Some((header::RETRY_AFTER, "60".to_owned())),
            Self::TooMany(exceeded) => Some((header::RETRY_AFTER, exceeded.seconds().to_string())),
            Self::NotAcceptable
            | Self::UnknownDocument
            | Self::DocumentsOnly
            | Self::KeyReused
            | Self::AnswerLost
            | Self::NotJson
            | Self::TooManyOperations { .. }
            | Self::Origin
            | Self::NotCsv
            | Self::NotMail
            | Self::NotAReport(_)
            | Self::ReportTooLarge { .. }
            | Self::NoSuchFile
            | Self::Forbidden(_)
            | Self::FileTooLarge { .. }
            | Self::TooLarge { .. }
            | Self::Malformed(_)
            | Self::TimedOut
            | Self::Internal
            | Self::Unavailable => None,
        }
    }
}

/// RFC 6750: what was wrong with the token. The reasons hold no quotation marks.
fn challenge(reason: &str) -> String {
    format!("Bearer realm=\"counterpart\", error=\"invalid_token\", error_description=\"{reason}\"")
}

/// The one place where a status is chosen.
fn status(outcome: &Result<Response, Fault>, media: Media) -> StatusCode {
    match (outcome, media) {
        // Only a caller who asked for too much is told when to come back.
        (Ok(response), _) if response.http_headers.contains_key("retry-after") => StatusCode::TOO_MANY_REQUESTS,
        (Ok(response), Media::GraphqlResponse) if is_request_error(response) => StatusCode::BAD_REQUEST,
        // An answer with data, be it null, is an answer; and older clients want 200 for whatever GraphQL has to say.
        (Ok(_), _) => StatusCode::OK,
        (Err(Fault::Malformed(_) | Fault::UnknownDocument), _) => StatusCode::BAD_REQUEST,
        (Err(Fault::DocumentsOnly | Fault::Forbidden(_) | Fault::Origin), _) => StatusCode::FORBIDDEN,
        (Err(Fault::KeyBusy | Fault::AnswerLost), _) => StatusCode::CONFLICT,
        (Err(Fault::KeyReused | Fault::NotAReport(_)), _) => StatusCode::UNPROCESSABLE_ENTITY,
        (Err(Fault::TooMany(_) | Fault::TooManyOperations { .. }), _) => StatusCode::TOO_MANY_REQUESTS,
        (Err(Fault::Token(_) | Fault::Nobody | Fault::Unlinked(_)), _) => StatusCode::UNAUTHORIZED,
        (Err(Fault::Method | Fault::QueriesOnly), _) => StatusCode::METHOD_NOT_ALLOWED,
        (Err(Fault::NotAcceptable), _) => StatusCode::NOT_ACCEPTABLE,
        (Err(Fault::NoSuchFile), _) => StatusCode::NOT_FOUND,
        (Err(Fault::TooLarge { .. } | Fault::FileTooLarge { .. } | Fault::ReportTooLarge { .. }), _) => {
            StatusCode::PAYLOAD_TOO_LARGE
        }
        (Err(Fault::NotJson | Fault::NotCsv | Fault::NotMail), _) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        (Err(Fault::Internal), _) => StatusCode::INTERNAL_SERVER_ERROR,
        (Err(Fault::Unavailable | Fault::NoKeys | Fault::Busy | Fault::FilesBusy | Fault::BeingSent), _) => {
            StatusCode::SERVICE_UNAVAILABLE
        }
        (Err(Fault::TimedOut), _) => StatusCode::GATEWAY_TIMEOUT,
    }
}

/// Below this an answer fits into a packet or two anyway, and compressing it only takes time. In bytes.
const WORTH_COMPRESSING: usize = 2048;

/// Keeps the compression away from an answer; the header itself is taken out on the way.
pub(super) const AS_IT_IS: &str = "identity";

/// A GraphQL answer without `data`, which an answer to a document that was not executed must not have.
#[derive(Serialize)]
pub(super) struct Refused<'a> {
    errors: &'a [ServerError],
    #[serde(skip_serializing_if = "std::collections::BTreeMap::is_empty")]
    extensions: &'a std::collections::BTreeMap<String, async_graphql::Value>,
}

impl<'a> From<&'a Response> for Refused<'a> {
    fn from(response: &'a Response) -> Self {
        Self { errors: &response.errors, extensions: &response.extensions }
    }
}

/// An answer in the words of HTTP. Whoever made an answer also writes it, and lets go of it: what one thread allocates and
/// another frees costs both of them.
#[derive(Debug)]
pub(super) struct Written {
    status: StatusCode,
    headers: Vec<(String, String)>,
    media: Media,
    body: String,
}

/// What whatever came of a request is answered with.
pub(super) fn written(outcome: &Result<Response, Fault>, media: Media, request_id: &str) -> Written {
    let mut headers = Vec::new();
    let body = match outcome {
        Ok(response) => {
            let told = response.http_headers.iter().filter_map(|(name, value)| Some((name, value.to_str().ok()?)));
            headers.extend(told.map(|(name, value)| (name.to_string(), value.to_owned())));
            if is_request_error(response) {
                serde_json::to_string(&Refused::from(response))
            } else {
                serde_json::to_string(response)
            }
        }
        Err(fault) => {
            headers.extend(fault.header().map(|(name, value)| (name.to_string(), value)));
            Ok(json!({ "errors": [fault.error(request_id)] }).to_string())
        }
    };
    let status = status(outcome, media);
    match body {
        Ok(body) => Written { status, headers, media, body },
        Err(error) => {
            tracing::error!(%error, "an answer cannot be written as JSON");
            written(&Err(Fault::Internal), media, request_id)
        }
    }
}

impl From<Written> for HttpResponse {
    fn from(written: Written) -> Self {
        let Written { status, headers, media, body } = written;
        let mut answer = Self::build(status);
        answer.content_type(media.content_type()).insert_header((header::VARY, "accept"));
        for header in headers {
            answer.insert_header(header);
        }
        if body.len() < WORTH_COMPRESSING {
            answer.insert_header((header::CONTENT_ENCODING, AS_IT_IS));
        }
        answer.body(body)
    }
}

/// The HTTP answer for whatever came of a request.
pub(super) fn answer(outcome: &Result<Response, Fault>, media: Media, request_id: &str) -> HttpResponse {
    written(outcome, media, request_id).into()
}
