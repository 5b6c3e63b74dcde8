//! `/graphql`: from an HTTP request to a GraphQL answer.

use actix_web::{HttpRequest, HttpResponse, http::Method, web};
use async_graphql::{
    Request, Response,
    parser::types::{DocumentOperations, OperationType},
};
use tokio::time::{Instant, timeout_at};
use tracing::Span;

use super::{
    Service, Work,
    access_log::request_id,
    answers::{Fault, answer as write},
    bearer, documents,
    media::{self, Media},
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
    let outcome = serve(&request, payload, service, &work, request_id.clone()).await;
    write(&outcome, media, &request_id)
}

async fn serve(
    request: &HttpRequest,
    payload: web::Payload,
    service: web::Data<Service>,
    work: &Work,
    request_id: String,
) -> Result<Response, Fault> {
    let deadline = Instant::now() + service.request_timeout;
    let over_get = request.method() == Method::GET;
    if !over_get && request.method() != Method::POST {
        return Err(Fault::Method);
    }
    let token = bearer::token(request.headers())?;
    let organization = bearer::organization(request.headers());
    let document = if over_get {
        documents::from_query_string(request.query_string())?
    } else {
        if !media::is_json(request) {
            return Err(Fault::NotJson);
        }
        documents::from_body(&read(payload, service.body_limit, deadline).await?)?
    };
    work.run(deadline, execute(service, token, organization, document, over_get, request_id)).await?
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
    token: Option<String>,
    organization: Option<String>,
    mut document: Request,
    over_get: bool,
    request_id: String,
) -> Result<Response, Fault> {
    if let Some(name) = document.operation_name.as_deref().filter(|name| is_name(name)) {
        Span::current().record("operation", name);
    }
    if over_get && changes_something(&mut document) {
        return Err(Fault::QueriesOnly);
    }
    let caller = match token {
        None => None,
        Some(token) => Some(bearer::authenticate(&service, &token, organization.as_deref(), request_id.clone()).await?),
    };
    Ok((service.execute)(caller, document, request_id).await)
}

/// Whether this may stand in a log: a GraphQL name of a sensible length.
fn is_name(name: &str) -> bool {
    name.len() <= LONGEST_NAME && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// Whether anything but a query would be executed. A document that does not parse, or does not say which of its
/// operations is meant, gets its error from the schema.
fn changes_something(request: &mut Request) -> bool {
    let wanted = request.operation_name.clone();
    let Ok(document) = request.parsed_query() else { return false };
    let chosen = match (&document.operations, &wanted) {
        (DocumentOperations::Single(operation), _) => Some(operation),
        (DocumentOperations::Multiple(operations), Some(wanted)) => operations.get(wanted.as_str()),
        (DocumentOperations::Multiple(operations), None) => {
            operations.values().next().filter(|_| operations.len() == 1)
        }
    };
    chosen.is_some_and(|operation| operation.node.ty != OperationType::Query)
}
