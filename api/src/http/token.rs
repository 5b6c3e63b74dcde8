//! `/token`: an API client exchanges what it knows of a person for a token on their behalf (OAuth 2.0 Token Exchange,
//! RFC 8693; the form of requests and errors is RFC 6749's, sections 4.4 and 5).

use std::collections::HashMap;

use actix_web::{
    HttpRequest, HttpResponse,
    http::{
        Method, StatusCode,
        header::{self, HeaderMap},
    },
    web,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::json;
use shared::auth::{Credential, CredentialKind};
use tokio::time::Instant;

use super::{
    Service, Work,
    access_log::request_id,
    address::client_address,
    answers::Fault,
    api_keys,
    received::{body, paid},
};
use crate::{
    allowance::Exceeded,
    use_cases::token_exchange::{ExchangeError, Exchanged, exchange},
};

const GRANT: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
/// Our own: the subject token is the institution's id of the person, the `externalId` of the API. It proves nothing about
/// the person; the client's key is what is trusted.
const EXTERNAL_ID: &str = "urn:counterpart:params:oauth:token-type:external-id";

/// No honest request is longer, in bytes.
const LONGEST_BODY: usize = 16 * 1024;

/// Why there is no token, in the words of RFC 6749, section 5.2.
#[derive(Debug)]
enum Refusal {
    Method,
    InvalidRequest(String),
    InvalidClient(String),
    UnauthorizedClient(String),
    UnsupportedGrantType,
    InvalidScope(String),
    /// Guessed or asked too often; no word of the RFC's fits.
    TooMany(Exceeded),
    /// Not the client's fault, and no word of the RFC's fits.
    Server(StatusCode, &'static str, String),
}

impl From<ExchangeError> for Refusal {
    fn from(error: ExchangeError) -> Self {
        let told = error.to_string();
        match error {
            ExchangeError::NotAllowed => Self::UnauthorizedClient(told),
            ExchangeError::UnknownScope(_) | ExchangeError::BeyondClient(_) => Self::InvalidScope(told),
            // RFC 8693, section 2.2.2: whatever is wrong with the subject token.
            ExchangeError::NoSubject => Self::InvalidRequest(told),
            ExchangeError::NoSigningKey => {
                Self::Server(StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable", told)
            }
            ExchangeError::Signing(error) => {
                tracing::error!(%error, "a token could not be signed");
                internal()
            }
            ExchangeError::Store(error) => {
                tracing::error!(%error, "a token exchange failed");
                unavailable()
            }
        }
    }
}

/// What went wrong before a client was known.
impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Token(error) => Self::InvalidClient(error.to_string()),
            Fault::Nobody => Self::InvalidClient("the person whom the API client acts as has left".to_owned()),
            Fault::Unavailable => unavailable(),
            Fault::TimedOut => {
                let told = "the request took too long and was stopped".to_owned();
                Self::Server(StatusCode::GATEWAY_TIMEOUT, "temporarily_unavailable", told)
            }
            Fault::TooLarge { limit } => Self::InvalidRequest(format!("the body is larger than {limit} bytes")),
            Fault::Malformed(told) => Self::InvalidRequest(told),
            Fault::TooMany(exceeded) => Self::TooMany(exceeded),
            Fault::Method
            | Fault::QueriesOnly
            | Fault::NotAcceptable
            | Fault::NotJson
            | Fault::NotCsv
            | Fault::NoSuchFile
            | Fault::Forbidden(_)
            | Fault::FileTooLarge { .. }
            | Fault::Unlinked(_)
            | Fault::NoKeys
            | Fault::Busy
            | Fault::FilesBusy
            | Fault::TooManyOperations { .. }
            | Fault::UnknownDocument
            | Fault::DocumentsOnly
            | Fault::KeyReused
            | Fault::KeyBusy
            | Fault::AnswerLost
            | Fault::Origin
            | Fault::NotMail
            | Fault::NotAReport(_)
            | Fault::ReportTooLarge { .. }
            | Fault::BeingSent
            | Fault::Internal => internal(),
        }
    }
}

fn internal() -> Refusal {
    let told = "something went wrong on our side; quote the request id when you report it".to_owned();
    Refusal::Server(StatusCode::INTERNAL_SERVER_ERROR, "server_error", told)
}

fn unavailable() -> Refusal {
    let told = "the service cannot reach its database right now; try again in a moment".to_owned();
    Refusal::Server(StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable", told)
}

impl Refusal {
    fn answer(self) -> HttpResponse {
        let wait = if let Self::TooMany(exceeded) = &self { Some(exceeded.seconds()) } else { None };
        let (status, error, told) = match self {
            Self::Method => {
                let told = "send a POST request".to_owned();
                (StatusCode::METHOD_NOT_ALLOWED, "invalid_request", told)
            }
            Self::InvalidRequest(told) => (StatusCode::BAD_REQUEST, "invalid_request", told),
            Self::InvalidClient(told) => (StatusCode::UNAUTHORIZED, "invalid_client", told),
            Self::UnauthorizedClient(told) => (StatusCode::BAD_REQUEST, "unauthorized_client", told),
            Self::UnsupportedGrantType => {
                (StatusCode::BAD_REQUEST, "unsupported_grant_type", format!("the grant_type here is {GRANT}"))
            }
            Self::InvalidScope(told) => (StatusCode::BAD_REQUEST, "invalid_scope", told),
            Self::TooMany(exceeded) => (StatusCode::TOO_MANY_REQUESTS, "temporarily_unavailable", exceeded.to_string()),
            Self::Server(status, error, told) => (status, error, told),
        };
        let mut answer = HttpResponse::build(status);
        private(&mut answer);
        if status == StatusCode::UNAUTHORIZED {
            answer.insert_header((header::WWW_AUTHENTICATE, "Basic realm=\"counterpart\", charset=\"UTF-8\""));
        }
        if let Some(seconds) = wait {
            answer.insert_header((header::RETRY_AFTER, seconds));
        }
        if status == StatusCode::METHOD_NOT_ALLOWED {
            answer.insert_header((header::ALLOW, "POST"));
        }
        // The RFC allows neither quotation marks nor backslashes here.
        let told: String = told.chars().filter(|c| (' '..='~').contains(c) && !matches!(c, '"' | '\\')).collect();
        answer.json(json!({ "error": error, "error_description": told }))
    }
}

fn private(answer: &mut actix_web::HttpResponseBuilder) {
    answer.insert_header((header::CACHE_CONTROL, "no-store")).insert_header((header::PRAGMA, "no-cache"));
}

/// Answers a token request, whatever is wrong with it.
pub(super) async fn answer(
    request: HttpRequest,
    payload: web::Payload,
    service: web::Data<Service>,
    work: web::Data<Work>,
) -> HttpResponse {
    match serve(&request, payload, service, &work).await {
        Ok(Exchanged { access_token, expires_in, scopes }) => {
            let mut answer = HttpResponse::Ok();
            private(&mut answer);
            answer.json(json!({
                "access_token": access_token,
                "issued_token_type": ACCESS_TOKEN,
                "token_type": "Bearer",
                "expires_in": expires_in,
                "scope": scopes.to_string(),
            }))
        }
        Err(refusal) => refusal.answer(),
    }
}

async fn serve(
    request: &HttpRequest,
    payload: web::Payload,
    service: web::Data<Service>,
    work: &Work,
) -> Result<Exchanged, Refusal> {
    if request.method() != Method::POST {
        return Err(Refusal::Method);
    }
    // Addresses are logged on the way and kept in histories.
    if !request.query_string().is_empty() {
        return Err(Refusal::InvalidRequest("send all parameters in the body, and none in the address".to_owned()));
    }
    let deadline = Instant::now() + service.request_timeout;
    let key = key(request.headers())?;
    let is_form =
        actix_web::HttpMessage::content_type(request).eq_ignore_ascii_case("application/x-www-form-urlencoded");
    if !is_form {
        let told = "the body must be a form, application/x-www-form-urlencoded";
        return Err(Refusal::InvalidRequest(told.to_owned()));
    }
    let body = body(payload, LONGEST_BODY.min(service.body_limit), deadline, |limit| Fault::TooLarge { limit }).await?;
    let request_id = request_id(request);
    let address = client_address(request, service.trusted_proxies);
    work.run(deadline, async move {
        let allowances = service.allowances.as_ref();
        let (client, until) = match api_keys::client(&service, &key).await {
            Ok(found) => found,
            // Guessing keys must have an end.
            Err(fault) => return Err(paid(allowances.map(|all| all.of_address(address)).as_ref(), fault).await.into()),
        };
        let caller = api_keys::person(&service, &client, until, request_id).await?;
        if let Some(all) = allowances {
            let allowance = all.of_caller(caller.organization_id(), caller.person_id(), caller.client);
            allowance.pay(1, &[]).await.map_err(Refusal::TooMany)?;
        }
        let form = Form::read(&body)?;
        let subject = form.required("subject_token")?;
        Ok(exchange(&service.state, &client, until, subject, form.0.get("scope").map(String::as_str)).await?)
    })
    .await?
}

/// The client's key, as HTTP Basic (RFC 6749, section 2.3.1: the prefix is the user, the secret the password) or whole, as
/// a bearer token.
fn key(headers: &HeaderMap) -> Result<Credential, Refusal> {
    let invalid = || {
        let told = "authenticate with the API client's key in the Authorization header, once: Basic with the key's \
                    prefix and secret, or Bearer with the whole key";
        Refusal::InvalidClient(told.to_owned())
    };
    let mut values = headers.get_all(header::AUTHORIZATION);
    let (Some(value), None) = (values.next(), values.next()) else { return Err(invalid()) };
    let (scheme, given) = value.to_str().ok().and_then(|text| text.split_once(' ')).ok_or_else(invalid)?;
    let given = given.trim();
    let key = if scheme.eq_ignore_ascii_case("bearer") {
        Credential::read(CredentialKind::ApiKey, given)
    } else if scheme.eq_ignore_ascii_case("basic") {
        let decoded = STANDARD.decode(given).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        let pair = decoded.as_deref().and_then(|text| text.split_once(':'));
        pair.and_then(|(name, secret)| Credential::of_pair(CredentialKind::ApiKey, name, secret))
    } else {
        None
    };
    key.ok_or_else(invalid)
}

/// The parameters of a request, each at most once.
struct Form(HashMap<String, String>);

impl Form {
    fn read(body: &[u8]) -> Result<Self, Refusal> {
        let invalid = |told: &str| Refusal::InvalidRequest(told.to_owned());
        let text = std::str::from_utf8(body).map_err(|_| invalid("the body is not UTF-8"))?;
        let web::Query(pairs) = web::Query::<Vec<(String, String)>>::from_query(text)
            .map_err(|_| invalid("the form cannot be read; percent-encode its values"))?;
        let mut parameters = HashMap::new();
        for (name, value) in pairs {
            // RFC 6749, section 3.2: a parameter without a value is as good as left out.
            if !value.is_empty() && parameters.insert(name, value).is_some() {
                return Err(invalid("a parameter stands twice in the form"));
            }
        }
        let form = Self(parameters);
        if ["client_id", "client_secret", "client_assertion"].iter().any(|name| form.0.contains_key(*name)) {
            return Err(invalid("the client authenticates in the Authorization header, not in the form"));
        }
        if ["actor_token", "actor_token_type"].iter().any(|name| form.0.contains_key(*name)) {
            return Err(invalid("the actor is always the client itself; leave actor_token out"));
        }
        if form.required("grant_type")? != GRANT {
            return Err(Refusal::UnsupportedGrantType);
        }
        if form.required("subject_token_type")? != EXTERNAL_ID {
            return Err(Refusal::InvalidRequest(format!("the subject_token_type here is {EXTERNAL_ID}")));
        }
        if form.0.get("requested_token_type").is_some_and(|wanted| wanted != ACCESS_TOKEN) {
            return Err(Refusal::InvalidRequest(format!("the requested_token_type here is {ACCESS_TOKEN}")));
        }
        Ok(form)
    }

    fn required(&self, name: &str) -> Result<&str, Refusal> {
        let value = self.0.get(name).map(String::as_str);
        value.ok_or_else(|| Refusal::InvalidRequest(format!("the parameter {name} is missing")))
    }
}
