//! Which pages of other origins may read answers (the Fetch standard's CORS protocol), by organization.
//!
//! A preflight carries no token, so it is enough that any organization lists the origin; the answer itself may only be
//! read when the caller's own organization does. There is no credentials mode: a token is sent by the page or not at all.

use actix_web::{
    Error, HttpMessage as _, HttpRequest, HttpResponse,
    body::{EitherBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::{
        Method,
        header::{self, HeaderMap, HeaderValue},
    },
    middleware::Next,
    web,
};
use serde_json::json;
use tokio::time::Instant;
use uuid::Uuid;

use super::{Service, Work};

const METHODS: &str = "GET, POST";
const HEADERS: &str =
    "accept, authorization, content-type, counterpart-organization, idempotency-key, last-event-id, x-request-id";
const EXPOSED: &str = "idempotency-replayed, retry-after, www-authenticate, x-request-id";
/// How long a browser remembers a preflight, in seconds.
const PREFLIGHT_AGE: &str = "600";

/// Whose answer this is. Without it nobody's, as of a request without a token.
struct AskedBy(Uuid);

/// Notes the caller's organization, which decides which origins may read the answer. Every handler that finds out who
/// asks has to say it here.
pub(super) fn asked_by(request: &HttpRequest, organization_id: Uuid) {
    request.extensions_mut().insert(AskedBy(organization_id));
}

/// The origin of the page that sends a request, in the form origins are listed in.
fn origin(headers: &HeaderMap) -> Option<String> {
    headers.get(header::ORIGIN)?.to_str().ok().map(str::to_ascii_lowercase)
}

/// Whether the page that sends a request may read the answer to this organization's people; also what decides about an
/// upgrade to a WebSocket, which browsers allow from everywhere. Without an `Origin` it is no page, and may.
pub(super) async fn origin_allowed(service: &Service, headers: &HeaderMap, organization_id: Option<Uuid>) -> bool {
    let Some(origin) = origin(headers) else { return !headers.contains_key(header::ORIGIN) };
    service.tenants.allows(&origin, organization_id).await.unwrap_or_else(|error| {
        tracing::error!(%error, "allowed origins cannot be read");
        false
    })
}

/// Runs around the handlers: answers preflights, and says who may read other answers.
pub(super) async fn observe(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<EitherBody<impl MessageBody>>, Error> {
    let Some(own) = request.headers().get(header::ORIGIN).cloned() else {
        let mut answer = next.call(request).await?.map_into_left_body();
        vary(answer.headers_mut());
        return Ok(answer);
    };
    if request.method() == Method::OPTIONS && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD) {
        let answer = if may_read(request.request(), None).await { preflight(own) } else { refusal() };
        return Ok(request.into_response(answer).map_into_right_body());
    }
    let answer = next.call(request).await?;
    let asked_by = answer.request().extensions().get::<AskedBy>().map(|AskedBy(organization)| *organization);
    let may_read = may_read(answer.request(), asked_by).await;
    let mut answer = answer.map_into_left_body();
    let headers = answer.headers_mut();
    vary(headers);
    if may_read {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, own);
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSED));
    }
    Ok(answer)
}

/// As [`origin_allowed`], where database connections belong.
pub(super) async fn may_read(request: &HttpRequest, organization_id: Option<Uuid>) -> bool {
    let (Some(service), Some(work)) =
        (request.app_data::<web::Data<Service>>().cloned(), request.app_data::<web::Data<Work>>())
    else {
        return false;
    };
    let headers = request.headers().clone();
    let deadline = Instant::now() + service.request_timeout;
    let asked = async move { origin_allowed(&service, &headers, organization_id).await };
    work.run(deadline, asked).await.unwrap_or(false)
}

/// Caches must not give one origin's answer to another. A header that is there already names other things.
fn vary(headers: &mut HeaderMap) {
    headers.append(header::VARY, HeaderValue::from_static("origin"));
}

fn preflight(origin: HeaderValue) -> HttpResponse {
    HttpResponse::NoContent()
        .insert_header((header::ACCESS_CONTROL_ALLOW_ORIGIN, origin))
        .insert_header((header::ACCESS_CONTROL_ALLOW_METHODS, METHODS))
        .insert_header((header::ACCESS_CONTROL_ALLOW_HEADERS, HEADERS))
        .insert_header((header::ACCESS_CONTROL_MAX_AGE, PREFLIGHT_AGE))
        .insert_header((header::VARY, "origin, access-control-request-method, access-control-request-headers"))
        .finish()
}

fn refusal() -> HttpResponse {
    let error = "No organization allows pages of this origin; an administrator lists it with `updateOrganization`.";
    HttpResponse::Forbidden().insert_header((header::VARY, "origin")).json(json!({ "error": error }))
}
