//! GraphQL over HTTP, the pages beside it, and what every answer has in common.

mod access_log;
mod address;
mod answers;
mod api_keys;
mod bearer;
mod bounces;
mod cors;
mod documents;
mod endpoint;
mod exports;
mod health;
mod idempotency;
mod mailbox;
mod media;
mod origin;
mod own_name;
mod pages;
mod received;
mod registered;
mod remembered;
mod roster;
mod streams;
mod strict_json;
mod tenants;
mod token;
mod unsubscribe;
mod work;

#[cfg(test)]
mod tests;

use std::{fmt, future::Future, pin::Pin, sync::Arc, time::Duration};

use actix_web::{
    App, HttpResponse,
    body::MessageBody,
    dev::{ServiceFactory, ServiceRequest, ServiceResponse},
    guard,
    middleware::{Compress, from_fn},
    web,
};
use async_graphql::{Request, Response};
use serde_json::json;
use shared::{auth::Verifier, clock::Clock, store::Store};
use tokio::sync::Semaphore;

pub use self::health::Readiness;
pub(crate) use self::{
    mailbox::Mailbox, own_name::host_of, registered::Registered, remembered::Remembered, streams::Streams,
    tenants::Tenants, work::Work,
};
use crate::{
    allowance::Allowances, app::DevSamples, caller::Caller, graphql::Operation, issuers::Issuers, use_cases::State,
};

/// Answers one GraphQL request: who asks (`None` for nobody in particular), what, and the id of the request.
pub(crate) type Execute =
    Arc<dyn Fn(Option<Caller>, Request, String) -> Pin<Box<dyn Future<Output = Response> + Send>> + Send + Sync>;

/// As [`Execute`], for connections that can carry a stream.
pub(crate) type Operate =
    Arc<dyn Fn(Option<Caller>, Request, String) -> Pin<Box<dyn Future<Output = Operation> + Send>> + Send + Sync>;

/// What the handlers work with, shared by all server threads.
pub(crate) struct Service {
    /// The schema.
    pub(crate) execute: Execute,
    /// The schema, for subscriptions too.
    pub(crate) operate: Operate,
    /// Open streams.
    pub(crate) streams: Streams,
    /// What use cases work with.
    pub(crate) state: State,
    /// Which of our own tokens are believed.
    pub(crate) verifier: Verifier,
    /// Which tokens of issuers that organizations registered are believed.
    pub(crate) issuers: Issuers,
    /// Those that were checked already.
    pub(crate) remembered: Remembered,
    /// The database, for callers and readiness.
    pub(crate) store: Store,
    /// The clock.
    pub(crate) clock: Clock,
    /// What the database lacks.
    pub(crate) readiness: Readiness,
    /// Whether wake-ups go over Redis.
    pub(crate) uses_redis: bool,
    /// The largest body that is read, in bytes.
    pub(crate) body_limit: usize,
    /// The largest file that is taken in, in bytes.
    pub(crate) upload_limit: usize,
    /// So many files are in memory at a time; with their size this bounds what uploads can take of it.
    pub(crate) uploads: Semaphore,
    /// How long one request may take, from its first line to its answer.
    pub(crate) request_timeout: Duration,
    /// What callers may still ask for; `None` when nothing is limited.
    pub(crate) allowances: Option<Allowances>,
    /// What organizations decided about their front ends.
    pub(crate) tenants: Tenants,
    /// Registered documents.
    pub(crate) registered: Registered,
    /// How many proxies stand in front.
    pub(crate) trusted_proxies: u32,
    /// The host name in the public address, when there is one.
    pub(crate) public_host: Option<String>,
    /// Whether the explorer is served.
    pub(crate) explorer: bool,
    /// What the explorer offers; only in development mode.
    pub(crate) samples: Option<DevSamples>,
    /// The local mailbox, when it is shown.
    pub(crate) mailbox: Option<Mailbox>,
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Service").finish_non_exhaustive()
    }
}

/// Everything that is served, ready for a server thread.
pub(crate) fn app(
    service: web::Data<Service>,
    work: web::Data<Work>,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody>,
        Error = actix_web::Error,
        InitError = (),
    >,
> {
    let routes = {
        let service = service.clone();
        move |config: &mut web::ServiceConfig| configure(config, &service)
    };
    App::new()
        .app_data(service)
        .app_data(work)
        .configure(routes)
        .default_service(web::to(nothing_here))
        .wrap(Compress::default())
        .wrap(from_fn(cors::observe))
        .wrap(from_fn(access_log::observe))
}

fn configure(config: &mut web::ServiceConfig, service: &Service) {
    config
        .route("/graphql", web::get().guard(guard::fn_guard(streams::is_upgrade)).to(streams::open))
        .route("/graphql", web::to(endpoint::answer))
        .route("/exports/{file}", web::get().to(exports::answer))
        .route("/roster", web::post().to(roster::answer))
        .route("/bounces", web::post().to(bounces::answer))
        .route("/token", web::to(token::answer))
        .route("/unsubscribe", web::post().to(unsubscribe::change))
        .route("/unsubscribe", read().to(unsubscribe::show))
        .route("/healthz", read().to(health::alive))
        .route("/readyz", read().to(health::ready));
    pages::configure_sign_in(config);
    if service.explorer {
        pages::configure(config, service);
    } else {
        config.route("/", read().to(pages::front));
    }
}

/// A route for those who only look.
fn read() -> actix_web::Route {
    web::route().guard(guard::Any(guard::Get()).or(guard::Head()))
}

async fn nothing_here() -> HttpResponse {
    HttpResponse::NotFound().json(json!({ "error": "There is nothing at this address; the API is at /graphql." }))
}
