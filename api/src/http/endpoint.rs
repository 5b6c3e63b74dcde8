//! `/graphql`: from an HTTP request to a GraphQL answer.

use actix_web::{HttpRequest, HttpResponse, http::Method, web};
use async_graphql::{Request, Response, parser::types::OperationType};
use tokio::time::{Instant, timeout_at};
use tracing::Span;

use super::{
    Service, Work,
    access_log::request_id,
    answers::{Fault, answer as write},
    bearer::{self, Credentials},
    documents,
    media::{self, Media},
    streams::{self, Wanted},
};
use crate::graphql::{chosen, cost::check_text};

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
    let wanted = streams::wanted(&request);
    let media = match Media::negotiate(&request) {
        Some(media) => media,
        None if wanted.is_some() => Media::Json,
        None => return write(&Err(Fault::NotAcceptable), Media::Json, &request_id),
    };
    let outcome = serve(&request, payload, service, work, wanted, request_id.clone()).await;
    match outcome {
        Ok(Answer::Whole(response)) => write(&Ok(response), media, &request_id),
        Ok(Answer::Stream(response)) => response,
        Err(fault) => write(&Err(fault), media, &request_id),
    }
}

/// What a request is answered with.
enum Answer {
    /// A GraphQL answer.
    Whole(Response),
    /// A stream of them.
    Stream(HttpResponse),
}

async fn serve(
    request: &HttpRequest,
    payload: web::Payload,
    service: web::Data<Service>,
    work: web::Data<Work>,
    wanted: Option<Wanted>,
    request_id: String,
) -> Result<Answer, Fault> {
    let deadline = Instant::now() + service.request_timeout;
    let over_get = request.method() == Method::GET;
    if !over_get && request.method() != Method::POST {
        return Err(Fault::Method);
    }
    let credentials = bearer::credentials(request.headers())?;
    let mut document = if over_get {
        documents::from_query_string(request.query_string())?
    } else {
        if !media::is_json(request) {
            return Err(Fault::NotJson);
        }
        documents::from_body(&read(payload, service.body_limit, deadline).await?)?
    };
    if let Some(name) = document.operation_name.as_deref().filter(|name| is_name(name)) {
        Span::current().record("operation", name);
    }
    let matters = over_get || wanted == Some(Wanted::ForSubscriptions);
    let kind = if matters { kind_of(&mut document) } else { None };
    let as_stream = match wanted {
        Some(Wanted::Always) => true,
        Some(Wanted::ForSubscriptions) => kind == Some(OperationType::Subscription),
        None => false,
    };
    // A document that does not parse, or does not say which of its operations is meant, gets its error from the schema.
    let changes_nothing = match kind {
        None | Some(OperationType::Query) => true,
        Some(OperationType::Subscription) => as_stream,
        Some(OperationType::Mutation) => false,
    };
    if over_get && !changes_nothing {
        return Err(Fault::QueriesOnly);
    }
    if as_stream {
        return streams::answer(service, work, credentials, document, request_id).await.map(Answer::Stream);
    }
    work.run(deadline, execute(service, credentials, document, request_id)).await?.map(Answer::Whole)
}

pub(super) async fn read(payload: web::Payload, limit: usize, deadline: Instant) -> Result<web::Bytes, Fault> {
    match timeout_at(deadline, payload.to_bytes_limited(limit)).await {
        Ok(Ok(Ok(body))) => Ok(body),
        Ok(Ok(Err(error))) => Err(Fault::Malformed(format!("The body cannot be read: {error}."))),
        Ok(Err(_too_large)) => Err(Fault::TooLarge { limit }),
        Err(_) => Err(Fault::TimedOut),
    }
}

async fn execute(
    service: web::Data<Service>,
    credentials: Option<Credentials>,
    document: Request,
    request_id: String,
) -> Result<Response, Fault> {
    let caller = match credentials {
        None => None,
        Some(credentials) => Some(bearer::authenticate(&service, &credentials, request_id.clone()).await?),
    };
    Ok((service.execute)(caller, document, request_id).await)
}

/// Whether this may stand in a log: a GraphQL name of a sensible length.
fn is_name(name: &str) -> bool {
    name.len() <= LONGEST_NAME && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// What the operation is that a request means, as far as that can be told.
fn kind_of(request: &mut Request) -> Option<OperationType> {
    if check_text(&request.query).is_err() {
        return None;
    }
    let wanted = request.operation_name.clone();
    let document = request.parsed_query().ok()?;
    chosen(document, wanted.as_deref()).map(|operation| operation.ty)
}
