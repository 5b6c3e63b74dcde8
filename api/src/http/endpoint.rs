//! `/graphql`: from an HTTP request to a GraphQL answer.

use actix_web::{HttpRequest, HttpResponse, http::Method, web};
use async_graphql::{
    Request, Response,
    parser::types::{DocumentOperations, OperationType},
};
use shared::auth::Claims;
use tokio::time::{Instant, timeout_at};
use tracing::Span;

use super::{
    Service, Work,
    access_log::request_id,
    answers::{Fault, answer as write},
    bearer, documents,
    media::{self, Media},
};
use crate::caller::Caller;

/// Names in a document may be long; a log line only needs their beginning.
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
    let claims = bearer::claims(request.headers(), &service.verifier, service.clock.now())?;
    let document = if over_get {
        documents::from_query_string(request.query_string())?
    } else {
        if !media::is_json(request) {
            return Err(Fault::NotJson);
        }
        documents::from_body(&read(payload, service.body_limit, deadline).await?)?
    };
    work.run(deadline, execute(service, claims, document, over_get, request_id)).await?
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
    claims: Option<Claims>,
    mut document: Request,
    over_get: bool,
    request_id: String,
) -> Result<Response, Fault> {
    // A document that does not parse gets its error from the schema.
    if let Some((kind, name)) = operation(&mut document) {
        Span::current().record("operation", name.get(..LONGEST_NAME).unwrap_or(&name));
        if over_get && kind != OperationType::Query {
            return Err(Fault::QueriesOnly);
        }
    }
    let caller = match claims {
        None => None,
        Some(claims) => match Caller::load(&service.store, &claims, request_id.clone()).await {
            Ok(Some(caller)) => Some(caller),
            Ok(None) => return Err(Fault::Nobody),
            Err(error) => {
                tracing::error!(%error, "the caller cannot be read");
                return Err(Fault::Unavailable);
            }
        },
    };
    Ok((service.execute)(caller, document, request_id).await)
}

/// The kind and the name of the operation that will be executed; the parsed document stays with the request.
fn operation(request: &mut Request) -> Option<(OperationType, String)> {
    let wanted = request.operation_name.clone();
    match &request.parsed_query().ok()?.operations {
        DocumentOperations::Single(operation) => Some((operation.node.ty, wanted.unwrap_or_default())),
        DocumentOperations::Multiple(operations) => {
            let (name, operation) = match &wanted {
                Some(wanted) => operations.iter().find(|(name, _)| name.as_str() == wanted)?,
                None => operations.iter().next().filter(|_| operations.len() == 1)?,
            };
            Some((operation.node.ty, name.to_string()))
        }
    }
}
