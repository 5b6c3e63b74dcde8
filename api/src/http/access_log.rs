//! What every request and every answer has: an id, a line in the log, and headers that keep the answer private.

use std::time::Instant;

use actix_web::{
    Error, HttpMessage as _, HttpRequest,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::{
        StatusCode,
        header::{self, HeaderMap, HeaderName, HeaderValue},
    },
    middleware::Next,
    web,
};
use shared::{metrics::METRICS, telemetry};
use tracing::{Instrument as _, Span, field};

use super::{Service, answers};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Paths are the sender's words, and a log line only needs their beginning.
const LONGEST_PATH: usize = 200;

struct RequestId(String);

/// The id of the request, as it also stands in the log and in the header `X-Request-Id` of the answer.
pub(super) fn request_id(request: &HttpRequest) -> String {
    request.extensions().get::<RequestId>().map(|id| id.0.clone()).unwrap_or_default()
}

/// Runs around everything else.
pub(super) async fn observe(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let id = id_for(&request);
    let span = tracing::info_span!("request", request_id = %id, operation = field::Empty);
    let mut line = Line::begin(&request, span.clone());
    request.extensions_mut().insert(RequestId(id.clone()));

    let answer = next.call(request).instrument(span).await;

    let mut answer = match answer {
        Ok(answer) => answer,
        Err(error) => {
            line.status = error.as_response_error().status_code().as_u16();
            return Err(error);
        }
    };
    line.status = answer.status().as_u16();
    let headers = answer.headers_mut();
    if headers.get(header::CONTENT_ENCODING).is_some_and(|encoding| encoding == answers::AS_IT_IS) {
        headers.remove(header::CONTENT_ENCODING);
    }
    if let Ok(id) = HeaderValue::from_str(&id) {
        headers.insert(REQUEST_ID, id);
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    default_header(headers, header::CACHE_CONTROL, "no-store");
    default_header(headers, header::REFERRER_POLICY, "no-referrer");
    Ok(answer)
}

fn id_for(request: &ServiceRequest) -> String {
    let incoming = request.headers().get(REQUEST_ID).and_then(|id| id.to_str().ok());
    match request.app_data::<web::Data<Service>>() {
        Some(service) => telemetry::request_id(incoming, &service.clock),
        None => String::new(),
    }
}

fn default_header(headers: &mut HeaderMap, name: HeaderName, value: &'static str) {
    if !headers.contains_key(&name) {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

/// The line a request leaves in the log, written when it is over, however it ends. It holds nothing that a query string,
/// a body or a token could carry.
struct Line {
    method: String,
    path: String,
    started: Instant,
    span: Span,
    status: u16,
}

/// What web servers use to log for a client that hung up; it is never sent.
const HUNG_UP: u16 = 499;

impl Line {
    fn begin(request: &ServiceRequest, span: Span) -> Self {
        let path = request.path();
        Self {
            method: request.method().to_string(),
            path: path.get(..LONGEST_PATH).unwrap_or(path).to_owned(),
            started: Instant::now(),
            span,
            status: HUNG_UP,
        }
    }

    /// Probes come every few seconds and say something only when they fail.
    fn is_quiet(&self) -> bool {
        matches!(self.path.as_str(), "/healthz" | "/readyz") && self.status == StatusCode::OK.as_u16()
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        let _in_span = self.span.enter();
        let seconds = self.started.elapsed().as_secs_f64();
        let duration_ms = (seconds * 1_000_000.0).round() / 1000.0;
        let is_quiet = self.is_quiet();
        if !is_quiet {
            METRICS.answered(self.status, seconds);
        }
        let Self { method, path, status, .. } = self;
        if is_quiet {
            tracing::debug!(%method, %path, status, duration_ms, "request");
        } else {
            tracing::info!(%method, %path, status, duration_ms, "request");
        }
    }
}
