//! `/graphql`: from an HTTP request to a GraphQL answer.

use actix_web::{HttpRequest, HttpResponse, http::Method, web};
use async_graphql::{Request, Response, parser::types::OperationType};
use tokio::time::{Instant, timeout_at};
use tracing::Span;
use uuid::Uuid;

use super::{
    Service, Work,
    access_log::request_id,
    address::client_address,
    answers::{Fault, answer as write},
    bearer, cors,
    documents::{self, Asked},
    idempotency,
    media::{self, Media},
    registered,
};
use crate::{
    allowance::Allowance,
    caller::Caller,
    graphql::{cost, operations},
};

/// Longer names of operations are not logged.
const LONGEST_NAME: usize = 80;

/// Answers a GraphQL request over HTTP, whatever is wrong with it.
pub(super) async fn answer(
    request: HttpRequest,
    payload: web::Payload,
    service: web::Data<Service>,
    work: web::Data<Work>,
) -> HttpResponse {
    let request_id = request_id(&request);
    let Some(media) = Media::negotiate(&request) else {
        return write(&Err(Fault::NotAcceptable), Media::Json, &request_id);
    };
    match serve(&request, payload, service, work, request_id.clone()).await {
        Ok(Answered { organization_id, outcome }) => {
            if let Some(organization_id) = organization_id {
                cors::asked_by(&request, organization_id);
            }
            write(&outcome, media, &request_id)
        }
        Err(fault) => write(&Err(fault), media, &request_id),
    }
}

/// What came of a request, and whose it was.
struct Answered {
    /// `None` for nobody in particular.
    organization_id: Option<Uuid>,
    outcome: Result<Response, Fault>,
}

/// A request that is ready to be executed, wherever that is.
struct Received {
    token: Option<String>,
    key: Option<String>,
    asked: Asked,
    over_get: bool,
    address: String,
    request_id: String,
}

async fn serve(
    request: &HttpRequest,
    payload: web::Payload,
    service: web::Data<Service>,
    work: web::Data<Work>,
    request_id: String,
) -> Result<Answered, Fault> {
    let deadline = Instant::now() + service.request_timeout;
    let over_get = request.method() == Method::GET;
    if !over_get && request.method() != Method::POST {
        return Err(Fault::Method);
    }
    let token = bearer::token(request.headers())?;
    let key = idempotency::key(request.headers())?.filter(|_| !over_get);
    let asked = if over_get {
        documents::from_query_string(request.query_string())?
    } else {
        if !media::is_json(request) {
            return Err(Fault::NotJson);
        }
        documents::from_body(&read(payload, service.body_limit, deadline).await?)?
    };
    let address = client_address(request, service.trusted_proxies);
    let received = Received { token, key, asked, over_get, address, request_id };
    let executed = execute(service, work.clone(), received, deadline);
    work.run(deadline, executed).await?
}

async fn read(payload: web::Payload, limit: usize, deadline: Instant) -> Result<web::Bytes, Fault> {
    match timeout_at(deadline, payload.to_bytes_limited(limit)).await {
        Ok(Ok(Ok(body))) => Ok(body),
        Ok(Ok(Err(error))) => Err(Fault::Malformed(format!("The body cannot be read: {error}."))),
        Ok(Err(_too_large)) => Err(Fault::TooLarge { limit }),
        Err(_) => Err(Fault::TimedOut),
    }
}

async fn execute(
    service: web::Data<Service>,
    work: web::Data<Work>,
    received: Received,
    deadline: Instant,
) -> Result<Answered, Fault> {
    let Received { token, key, asked, over_get, address, request_id } = received;
    if let Some(name) = asked.request.operation_name.as_deref().filter(|name| is_name(name)) {
        Span::current().record("operation", name);
    }
    // A GET that changes something is told so, whoever sent it.
    let mut asked = asked;
    if over_get && operation_type(&mut asked.request).is_some_and(|kind| kind != OperationType::Query) {
        return Err(Fault::QueriesOnly);
    }
    let caller = match token {
        None => None,
        Some(token) => match bearer::authenticate(&service, &token, request_id.clone()).await {
            Ok(caller) => Some(caller),
            Err(fault) => {
                let allowance = service.allowances.as_ref().map(|allowances| allowances.of_address(address));
                return Err(paid(allowance.as_ref(), fault).await);
            }
        },
    };
    let organization_id = caller.as_ref().map(Caller::organization_id);
    let allowance = service.allowances.as_ref().map(|allowances| match &caller {
        Some(caller) => allowances.of_caller(caller.organization_id(), caller.person_id()),
        None => allowances.of_address(address),
    });
    let outcome = async {
        let named = asked.request.query.is_empty();
        let mut request = match registered::resolve(&service, caller.as_ref(), asked).await {
            Ok(request) => request,
            Err(fault) => return Err(paid(allowance.as_ref(), fault).await),
        };
        let kind = if key.is_some() || (over_get && named) { operation_type(&mut request) } else { None };
        if over_get && kind.is_some_and(|kind| kind != OperationType::Query) {
            return Err(Fault::QueriesOnly);
        }
        if let Some(allowance) = &allowance {
            request = request.data(allowance.clone());
        }
        match (key, caller) {
            (Some(key), Some(caller)) if kind == Some(OperationType::Mutation) => {
                // Looking a key up is work of its own, whatever comes of it.
                if let Some(allowance) = &allowance {
                    allowance.pay(1, &[]).await?;
                }
                idempotency::execute(service.clone(), work, key, caller, request, deadline).await
            }
            // Nobody's key is nobody's promise.
            (_, caller) => Ok((service.execute)(caller, request, request_id).await),
        }
    };
    let outcome = outcome.await;
    Ok(Answered { organization_id, outcome })
}

/// What was refused before it reached the schema has made work too: guessing tokens and documents must have an end.
async fn paid(allowance: Option<&Allowance>, fault: Fault) -> Fault {
    let is_theirs = matches!(fault, Fault::Token(_) | Fault::Nobody | Fault::UnknownDocument | Fault::DocumentsOnly);
    let Some(allowance) = allowance.filter(|_| is_theirs) else { return fault };
    match allowance.pay(1, &[]).await {
        Ok(_) => fault,
        Err(exceeded) => exceeded.into(),
    }
}

/// Whether this may stand in a log: a GraphQL name of a sensible length.
fn is_name(name: &str) -> bool {
    name.len() <= LONGEST_NAME && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// What kind of operation would be executed. `None` for a document that does not parse, or does not say which of its
/// operations is meant; such a one gets its error from the schema.
fn operation_type(request: &mut Request) -> Option<OperationType> {
    let wanted = request.operation_name.clone();
    // A text that is dangerous to parse is refused where it would be executed.
    if request.query.is_empty() || cost::check_text(&request.query).is_err() {
        return None;
    }
    let document = request.parsed_query().ok()?;
    operations::chosen(document, wanted.as_deref()).map(|operation| operation.ty)
}
