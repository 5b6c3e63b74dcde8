//! `/graphql`: from an HTTP request to a GraphQL answer.

use actix_web::{HttpRequest, HttpResponse, http::Method, web};
use async_graphql::{Response, parser::types::OperationType};
use tokio::time::Instant;
use tracing::Span;
use uuid::Uuid;

use super::{
    Service, Work,
    access_log::request_id,
    answers::{Fault, Written, answer as write, written},
    cors,
    documents::{self, Asked},
    idempotency,
    media::{self, Media},
    received::{Sender, body, may_be_got, operation_type, ready},
    streams::{self, Wanted},
};
use crate::caller::Caller;

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
    match serve(&request, payload, service, work, (media, wanted), request_id.clone()).await {
        Ok(Answered { organization_id, outcome }) => {
            if let Some(organization_id) = organization_id {
                cors::asked_by(&request, organization_id);
            }
            match outcome {
                Outcome::Whole(answer) => answer.into(),
                Outcome::Stream(response) => response,
            }
        }
        Err(fault) => write(&Err(fault), media, &request_id),
    }
}

/// What came of a request, and whose it was.
struct Answered {
    /// `None` for nobody in particular.
    organization_id: Option<Uuid>,
    outcome: Outcome,
}

enum Outcome {
    /// A GraphQL answer, or why there is none.
    Whole(Written),
    /// A stream of them.
    Stream(HttpResponse),
}

/// A request that is ready to be executed, wherever that is.
struct Received {
    sender: Sender,
    key: Option<String>,
    asked: Asked,
    over_get: bool,
    media: Media,
    request_id: String,
}

async fn serve(
    request: &HttpRequest,
    payload: web::Payload,
    service: web::Data<Service>,
    work: web::Data<Work>,
    (media, wanted): (Media, Option<Wanted>),
    request_id: String,
) -> Result<Answered, Fault> {
    let deadline = Instant::now() + service.request_timeout;
    let over_get = request.method() == Method::GET;
    if !over_get && request.method() != Method::POST {
        return Err(Fault::Method);
    }
    let sender = Sender::of(request, &service)?;
    let key = idempotency::key(request.headers())?.filter(|_| !over_get);
    let mut asked = if over_get {
        documents::from_query_string(request.query_string())?
    } else {
        if !media::is_json(request) {
            return Err(Fault::NotJson);
        }
        documents::from_body(&body(payload, service.body_limit, deadline, |limit| Fault::TooLarge { limit }).await?)?
    };
    if let Some(name) = asked.request.operation_name.as_deref().filter(|name| is_name(name)) {
        Span::current().record("operation", name);
    }
    let matters = over_get || wanted == Some(Wanted::ForSubscriptions);
    let kind = if matters { operation_type(&mut asked.request) } else { None };
    let as_stream = match wanted {
        Some(Wanted::Always) => true,
        Some(Wanted::ForSubscriptions) => kind == Some(OperationType::Subscription),
        None => false,
    };
    // A GET that changes something is told so, whoever sent it.
    if over_get && !may_be_got(kind, as_stream) {
        return Err(Fault::QueriesOnly);
    }
    if as_stream {
        if key.is_some() {
            let message = "An Idempotency-Key is kept with one answer; accept application/json instead of a stream.";
            return Err(Fault::Malformed(message.to_owned()));
        }
        let (organization_id, response) = streams::answer(service, work, sender, asked, over_get, request_id).await?;
        return Ok(Answered { organization_id, outcome: Outcome::Stream(response) });
    }
    let received = Received { sender, key, asked, over_get, media, request_id };
    let executed = execute(service, work.clone(), received, deadline);
    let (organization_id, answer) = work.run(deadline, executed).await??;
    Ok(Answered { organization_id, outcome: Outcome::Whole(answer) })
}

async fn execute(
    service: web::Data<Service>,
    work: web::Data<Work>,
    received: Received,
    deadline: Instant,
) -> Result<(Option<Uuid>, Written), Fault> {
    let Received { sender, key, asked, over_get, media, request_id } = received;
    let caller = sender.caller(&service, request_id.clone()).await?;
    let organization_id = caller.as_ref().map(Caller::organization_id);
    let allowance = sender.allowance(&service, caller.as_ref());
    let outcome = async {
        let named = asked.request.query.is_empty();
        let mut request = ready(&service, caller.as_ref(), allowance.as_ref(), asked).await?;
        let kind = if key.is_some() || (over_get && named) { operation_type(&mut request) } else { None };
        if over_get && !may_be_got(kind, false) {
            return Err(Fault::QueriesOnly);
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
            (_, caller) => Ok((service.execute)(caller, request, request_id.clone()).await),
        }
    };
    let outcome: Result<Response, Fault> = outcome.await;
    Ok((organization_id, written(&outcome, media, &request_id)))
}

/// Whether this may stand in a log: a GraphQL name of a sensible length.
fn is_name(name: &str) -> bool {
    name.len() <= LONGEST_NAME && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}
