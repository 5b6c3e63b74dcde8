//! `GET /metrics`, on an address of its own: what is told there is for the operator and not for callers of the API.

use std::net::{SocketAddr, TcpListener};

use actix_web::{App, HttpResponse, HttpServer, web};
use shared::{
    metrics::{CONTENT_TYPE, METRICS},
    store::Store,
};
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

use crate::ApiError;

/// Bound to its address and not yet serving.
#[derive(Debug)]
pub struct MetricsServer {
    listener: TcpListener,
    address: SocketAddr,
}

impl MetricsServer {
    /// Binds `address`, `host:port`.
    ///
    /// # Errors
    /// [`ApiError::BindMetrics`] when it is taken, not one of this machine's, or not allowed.
    pub fn bind(address: &str) -> Result<Self, ApiError> {
        let refused = |source| ApiError::BindMetrics { address: address.to_owned(), source };
        let bound = TcpListener::bind(address).and_then(|listener| {
            let address = listener.local_addr()?;
            Ok(Self { listener, address })
        });
        bound.map_err(refused)
    }

    /// Answers until `shutdown`, on connections to the database of the runtime this is called in. The process goes on
    /// without it.
    pub async fn run(self, store: Store, shutdown: CancellationToken) {
        let address = self.address;
        tracing::info!(%address, "metrics are served");
        if let Err(error) = self.serve(store, shutdown).await {
            tracing::error!(%error, "metrics are served no more");
        }
    }

    async fn serve(self, store: Store, shutdown: CancellationToken) -> std::io::Result<()> {
        let state = web::Data::new((store, Handle::current()));
        let app = move || App::new().app_data(state.clone()).route("/metrics", web::get().to(metrics));
        let server = HttpServer::new(app)
            .workers(1)
            .shutdown_timeout(1)
            .shutdown_signal(shutdown.cancelled_owned())
            .listen(self.listener)?;
        server.run().await
    }
}

async fn metrics(state: web::Data<(Store, Handle)>) -> HttpResponse {
    let (store, runtime) = state.as_ref();
    let store = store.clone();
    // A pooled connection belongs to the runtime that opened it, and the server's threads have others.
    let text = runtime.spawn(async move { METRICS.scrape(&store).await });
    match text.await {
        Ok(Ok(text)) => HttpResponse::Ok().content_type(CONTENT_TYPE).body(text),
        Ok(Err(_)) | Err(_) => HttpResponse::InternalServerError().finish(),
    }
}
