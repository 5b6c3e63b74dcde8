//! Whether the process is up, and whether it should get requests.

use std::{
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use actix_web::{HttpResponse, web};
use serde_json::json;
use tokio::time::Instant;

use super::{Service, Work};

/// How long the database may take to say that it is there.
const PROBE: Duration = Duration::from_secs(2);

/// What `/readyz` knows about the schema. Clones share one state; nothing is missing until somebody says so.
#[derive(Clone, Debug, Default)]
pub struct Readiness {
    missing_migrations: Arc<RwLock<Vec<String>>>,
}

impl Readiness {
    /// Says which migrations the database lacks, by name; an empty list makes the API ready again.
    pub fn set_missing_migrations(&self, names: Vec<String>) {
        *self.missing_migrations.write().unwrap_or_else(PoisonError::into_inner) = names;
    }

    fn missing_migrations(&self) -> Vec<String> {
        self.missing_migrations.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// `/healthz`: the process answers. It asks nothing else, so that a lost database does not get the process killed.
pub(super) async fn alive() -> HttpResponse {
    HttpResponse::Ok().json(json!({ "status": "ok" }))
}

/// `/readyz`: 200 when requests can be served, 503 with the reasons when they cannot.
pub(super) async fn ready(service: web::Data<Service>, work: web::Data<Work>) -> HttpResponse {
    let store = service.store.clone();
    let ping = work.run(Instant::now() + PROBE, async move { store.ping().await }).await;
    let mut reasons = Vec::new();
    let database = match ping {
        Ok(Ok(())) => "ok",
        Ok(Err(error)) => {
            tracing::warn!(%error, "not ready: the database does not answer");
            "unreachable"
        }
        Err(_) => "unreachable",
    };
    if database != "ok" {
        reasons.push("The database does not answer.".to_owned());
    }
    let missing = service.readiness.missing_migrations();
    if !missing.is_empty() {
        reasons.push(format!("The database lacks migrations: {}. Run `counterpart migrate`.", missing.join(", ")));
    }
    let body = json!({
        "status": if reasons.is_empty() { "ready" } else { "unready" },
        "database": database,
        "schema": if missing.is_empty() { "current" } else { "behind" },
        "redis": if service.uses_redis { "configured" } else { "unused" },
        "reasons": reasons,
    });
    if reasons.is_empty() { HttpResponse::Ok().json(body) } else { HttpResponse::ServiceUnavailable().json(body) }
}
