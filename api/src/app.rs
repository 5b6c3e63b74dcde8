//! The API's process: binds, serves, and stops without cutting anybody off.

use std::{
    io,
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use actix_web::{HttpServer, web};
use serde::Serialize;
use shared::{
    auth::{KeyError, Keys, Signer, Verifier},
    bus::Bus,
    clock::Clock,
    config::{Config, MailTransport},
    limiter::{Limiter, LimiterError},
    outbound::{Outbound, OutboundError},
    store::Store,
};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::{
    allowance::Allowances,
    graphql,
    http::{
        self, Execute, Mailbox, Operate, Readiness, Registered, Remembered, Service, Streams, Tenants, Work, host_of,
    },
    issuers::Issuers,
    use_cases::State,
};

/// How long a client may leave a connection unused; longer than the idle time of common load balancers, so that it is
/// they who close.
const KEEP_ALIVE: Duration = Duration::from_secs(75);

/// How many files are taken in at a time.
const UPLOADS: usize = 2;

/// What the explorer offers in development mode, where every role can be tried out at once.
#[derive(Clone, Debug, Default, Serialize)]
pub struct DevSamples {
    /// People to act as.
    pub tokens: Vec<SampleToken>,
    /// Documents to start from.
    pub queries: Vec<SampleQuery>,
}

/// Somebody to act as.
#[derive(Clone, Debug, Serialize)]
pub struct SampleToken {
    /// What the reader chooses by, such as `Amina Odhiambo, mentee`.
    pub label: String,
    /// The role, such as `COORDINATOR`; queries of that role choose this token.
    pub role: String,
    /// A bearer token. It is shown to everybody who can open the explorer.
    pub token: String,
}

/// A document to start from.
#[derive(Clone, Debug, Serialize)]
pub struct SampleQuery {
    /// What it shows, in a few words.
    pub title: String,
    /// The role it is meant for; empty for anyone.
    pub role: String,
    /// The document.
    pub query: String,
    /// Its variables, a JSON object.
    pub variables: serde_json::Value,
}

/// Why the API does not serve.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// The address is taken, not one of this machine's, or not allowed.
    #[error("cannot listen on {address} (http.host and http.port): {source}")]
    Bind {
        /// What was asked for, `host:port`.
        address: String,
        /// What the operating system said.
        source: io::Error,
    },
    /// The same for the metrics.
    #[error("cannot listen on {address} (metrics.listen): {source}")]
    BindMetrics {
        /// What was asked for, `host:port`.
        address: String,
        /// What the operating system said.
        source: io::Error,
    },
    /// The address file cannot be written.
    #[error("cannot write {} (http.address_file): {source}", path.display())]
    AddressFile {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The public keys cannot be read, so nobody could be let in.
    #[error("no token could be checked (auth.keys_dir): {0}")]
    Keys(#[from] KeyError),
    /// No address of another service could be judged.
    #[error(transparent)]
    Outbound(#[from] OutboundError),
    /// Redis cannot be asked how much callers may ask for.
    #[error(transparent)]
    Limiter(#[from] LimiterError),
    /// The server broke down while it ran.
    #[error("the HTTP server stopped: {0}")]
    Serve(#[source] io::Error),
}

/// The API, bound to its address and not yet serving.
#[derive(Debug)]
pub struct App {
    listener: TcpListener,
    address: SocketAddr,
    pub(crate) service: Service,
    shutdown_seconds: u64,
}

impl App {
    /// Reads the keys, binds the address and writes `http.address_file`. Blocks, and must be called inside a Tokio runtime;
    /// connections queue until [`run`](Self::run). `dev` is what the explorer offers, in development mode only.
    ///
    /// # Errors
    /// [`ApiError`] when the keys, the address or the address file cannot be used, or this machine's certificates.
    pub fn build(
        config: &Config,
        store: Store,
        bus: Bus,
        clock: Clock,
        dev: Option<DevSamples>,
    ) -> Result<Self, ApiError> {
        let keys = Keys::load(&config.auth.keys_dir)?;
        let signer = signer(config, &keys)?;
        let verifier = Verifier::new(&config.auth, keys);
        let outbound = Outbound::new(&config.outbound)?;
        let issuers = Issuers::new(store.clone(), clock.clone(), outbound.clone(), verifier.leeway());
        // A newcomer's explorer shows the schema before a token is chosen; in production only signed-in callers see it.
        let limits = graphql::Limits { open_introspection: config.dev, ..graphql::Limits::default() };
        let allowances = Allowances::new(Limiter::from_config(&config.redis)?, &config.limits);
        let (listener, address) = bind(&config.http.host, config.http.port)?;
        let public_url = config.http.public_url_for(address).into();
        let state = State { store: store.clone(), clock: clock.clone(), bus, outbound, signer, public_url };
        let (execute, operate) = schema(state.clone(), limits);
        if !config.http.address_file.is_empty() {
            let path = Path::new(&config.http.address_file);
            write_address(path, address)
                .map_err(|source| ApiError::AddressFile { path: path.to_path_buf(), source })?;
        }
        // Mails are for their recipients: outside of a local mailbox there is nothing to look into.
        let has_mailbox = config.http.explorer && config.mail.transport == MailTransport::Mailbox;
        let service = Service {
            execute,
            operate,
            streams: Streams::new(config.http.stream_limit),
            state,
            verifier,
            issuers,
            tenants: Tenants::new(store.clone(), clock.clone()),
            registered: Registered::new(store.clone(), clock.clone()),
            allowances,
            trusted_proxies: config.http.trusted_proxies,
            remembered: Remembered::default(),
            store,
            clock,
            readiness: Readiness::default(),
            uses_redis: !config.redis.url.is_empty(),
            body_limit: config.http.body_limit_bytes,
            upload_limit: config.http.upload_limit_bytes,
            uploads: Semaphore::new(UPLOADS),
            request_timeout: Duration::from_secs(config.http.request_timeout_seconds),
            public_host: host_of(&config.http.public_url),
            explorer: config.http.explorer,
            samples: dev,
            mailbox: has_mailbox.then(|| Mailbox::new(&config.mail.mailbox_dir)),
        };
        Ok(Self { listener, address, service, shutdown_seconds: config.worker.shutdown_seconds })
    }

    /// The address that was bound, with the port that was chosen.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The switch behind `/readyz`, to be told when the database lacks migrations.
    pub fn readiness(&self) -> Readiness {
        self.service.readiness.clone()
    }

    /// Serves until `shutdown`, then accepts nothing new, ends all streams, finishes the requests in hand and returns. Requests that take
    /// longer than `worker.shutdown_seconds` are given up.
    ///
    /// # Errors
    /// [`ApiError::Serve`] when the server cannot run.
    pub async fn run(self, shutdown: CancellationToken) -> Result<(), ApiError> {
        let service = web::Data::new(self.service);
        let work = web::Data::new(Work::new(shutdown.clone()));
        let shared_work = work.clone();
        // A thread without connections would only wait for others.
        let threads = service.store.seats(std::thread::available_parallelism().map_or(1, usize::from));
        let app = move || {
            if let Err(error) = service.store.settle(threads) {
                tracing::warn!(%error, "this thread uses the connections of others");
            }
            http::app(service.clone(), shared_work.clone())
        };
        let server = HttpServer::new(app)
            .workers(threads)
            .keep_alive(KEEP_ALIVE)
            // Somebody who hangs up no longer waits for an answer: the work for it ends too.
            .h1_allow_half_closed(false)
            .shutdown_timeout(self.shutdown_seconds)
            .shutdown_signal(shutdown.cancelled_owned())
            .listen(self.listener)
            .map_err(ApiError::Serve)?
            .run();
        tracing::info!(address = %self.address, "the API is listening");
        server.await.map_err(ApiError::Serve)?;
        work.finish().await;
        tracing::info!("the API has stopped");
        Ok(())
    }
}

/// The key to sign with, where there is one: many servers only check what others signed.
fn signer(config: &Config, keys: &Keys) -> Result<Option<Signer>, KeyError> {
    match Signer::load(&config.auth) {
        Ok(signer) if keys.ids().contains(&signer.key_id()) => Ok(Some(signer)),
        Ok(signer) => {
            tracing::warn!(key = signer.key_id(), "the signing key has no public half beside it, and is not used");
            Ok(None)
        }
        Err(KeyError::NoSigningKey(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Hands requests to the schema over this state.
fn schema(state: State, limits: graphql::Limits) -> (Execute, Operate) {
    let schema = graphql::schema(state, limits);
    let same = schema.clone();
    let execute: Execute = Arc::new(move |caller, request, request_id| {
        let schema = schema.clone();
        Box::pin(async move { graphql::execute(&schema, caller, request, &request_id).await })
    });
    let operate: Operate = Arc::new(move |caller, request, request_id| {
        let schema = same.clone();
        Box::pin(async move { graphql::operate(&schema, caller, request, &request_id).await })
    });
    (execute, operate)
}

fn bind(host: &str, port: u16) -> Result<(TcpListener, SocketAddr), ApiError> {
    let bound = TcpListener::bind((host, port)).and_then(|listener| {
        let address = listener.local_addr()?;
        Ok((listener, address))
    });
    bound.map_err(|source| ApiError::Bind { address: format!("{host}:{port}"), source })
}

/// Whoever waits for the file finds it whole or not at all.
fn write_address(path: &Path, address: SocketAddr) -> io::Result<()> {
    let mut draft = path.as_os_str().to_owned();
    draft.push(format!(".{}.tmp", std::process::id()));
    let draft = PathBuf::from(draft);
    std::fs::write(&draft, format!("{address}\n"))?;
    std::fs::rename(&draft, path)
}
