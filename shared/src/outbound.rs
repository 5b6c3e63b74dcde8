//! Requests to addresses that an organization chose: keys of its identity provider, receivers of its webhooks.
//!
//! Such an address is somebody else's word, and this process stands inside a network that is not theirs to look into
//! (server-side request forgery, OWASP). So only public addresses are called, and the networks that the operator allows.
//! What counts is the address that the connection really goes to: names are resolved here, once, and the connection goes
//! to what was judged, so that a name cannot mean something else a moment later. Redirects are answers, never followed,
//! and no proxy is asked.

use std::{
    fmt,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use ipnet::IpNet;
pub use reqwest::header::{HeaderMap, HeaderValue};
use reqwest::{
    Client, Method, Response, Url,
    dns::{Addrs, Name, Resolve, Resolving},
    redirect::Policy,
};
use tokio::{net::lookup_host, time::timeout};

use crate::config::OutboundConfig;

mod networks;
#[cfg(test)]
mod tests;

/// How long establishing a connection may take; the whole request has a limit of its own.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);
/// The longest address that is stored or called, in bytes.
pub const URL_MAX: usize = 2048;

/// What one exchange may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// From the first packet to the last byte of the answer.
    pub time: Duration,
    /// Of the answer's body, in bytes.
    pub body: usize,
    /// Whether a longer body is cut (true) or an error (false).
    pub cut: bool,
}

/// What came back, whatever its status.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, as far as the limits let it in.
    pub body: Vec<u8>,
}

/// Why an address cannot be used, or was not reached. The messages may be shown to whoever named the address: they tell
/// nothing about the network this process is in.
#[derive(Debug, thiserror::Error)]
pub enum OutboundError {
    /// It is no address that is ever called.
    #[error("the address {0}")]
    Address(&'static str),
    /// Its name leads nowhere, or to a network that is not called.
    #[error("the host's name does not lead to a public address")]
    Host,
    /// The connection failed or broke off.
    #[error("the request failed: {0}")]
    Failed(&'static str),
    /// It took too long.
    #[error("there was no complete answer within {} s", .0.as_secs())]
    TimedOut(Duration),
    /// The answer was too long.
    #[error("the answer is longer than {0} bytes")]
    TooLong(usize),
    /// The client could not be set up.
    #[error("no client can be made for requests to other services: {0}")]
    Setup(String),
}

/// An HTTP client for addresses that organizations chose. Clones share its connections.
#[derive(Clone)]
pub struct Outbound {
    http: Client,
    allowed: Arc<[IpNet]>,
}

impl fmt::Debug for Outbound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outbound").field("allowed", &self.allowed).finish_non_exhaustive()
    }
}

impl Outbound {
    /// A client that calls public addresses and the allowed networks. The process must have chosen its TLS provider.
    ///
    /// # Errors
    /// [`OutboundError::Setup`] when the system's certificates cannot be read.
    pub fn new(config: &OutboundConfig) -> Result<Self, OutboundError> {
        let allowed: Arc<[IpNet]> = config.allowed_networks.as_slice().into();
        let http = Client::builder()
            .dns_resolver(Arc::new(Judged { allowed: Arc::clone(&allowed) }))
            .redirect(Policy::none())
            .no_proxy()
            .connect_timeout(CONNECT_LIMIT)
            .pool_max_idle_per_host(4)
            .pool_idle_timeout(Duration::from_secs(30))
            .user_agent(concat!("Counterpart/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| OutboundError::Setup(error.to_string()))?;
        Ok(Self { http, allowed })
    }

    /// Whether this is an address that may be called, as far as it can be told without asking for its name: for forms.
    /// Where the name leads is judged at each request.
    ///
    /// # Errors
    /// [`OutboundError::Address`], as a sentence that begins with "the address".
    pub fn check_url(&self, text: &str) -> Result<Url, OutboundError> {
        let refuse = |reason| Err(OutboundError::Address(reason));
        if text.len() > URL_MAX {
            return refuse("is longer than 2048 bytes");
        }
        let Ok(url) = Url::parse(text) else { return refuse("is not a URL such as https://portal.example.org/hooks") };
        if !url.username().is_empty() || url.password().is_some() {
            return refuse("must not hold a user name or a password");
        }
        if url.fragment().is_some() {
            return refuse("must not have a part after `#`");
        }
        let Some(host) = url.host_str() else { return refuse("must name a host") };
        // The parser has brought every spelling of an IPv4 address into one form.
        let literal: Option<IpAddr> = host.trim_start_matches('[').trim_end_matches(']').parse().ok();
        if literal.is_some_and(|address| !may_be_called(address, &self.allowed)) {
            return refuse("is not a public one");
        }
        let is_own = literal.is_some_and(|address| is_in(address, &self.allowed))
            || (host == "localhost" && self.allowed.iter().any(|network| network.addr().is_loopback()));
        match url.scheme() {
            "https" => Ok(url),
            "http" if is_own => Ok(url),
            "http" => refuse("must begin with https://"),
            _ => refuse("must begin with https://, as this service speaks nothing else"),
        }
    }

    /// Reads what is at this address.
    ///
    /// # Errors
    /// [`OutboundError`] when there is no answer within the limits; an answer with an unwelcome status is none.
    pub async fn get(&self, url: &str, limits: Limits) -> Result<Answer, OutboundError> {
        self.send(Method::GET, url, HeaderMap::new(), Vec::new(), limits).await
    }

    /// Sends a body to this address.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub async fn post(
        &self,
        url: &str,
        headers: HeaderMap,
        body: Vec<u8>,
        limits: Limits,
    ) -> Result<Answer, OutboundError> {
        self.send(Method::POST, url, headers, body, limits).await
    }

    async fn send(
        &self,
        method: Method,
        url: &str,
        headers: HeaderMap,
        body: Vec<u8>,
        limits: Limits,
    ) -> Result<Answer, OutboundError> {
        // Checked again: the operator may allow less today than when the address was stored.
        let url = self.check_url(url)?;
        let mut request = self.http.request(method.clone(), url).headers(headers);
        if method != Method::GET {
            request = request.body(body);
        }
        let exchange = async { read(request.send().await.map_err(|error| explain(&error))?, limits).await };
        timeout(limits.time, exchange).await.unwrap_or(Err(OutboundError::TimedOut(limits.time)))
    }
}

/// Reads an answer piece by piece, so that an endless one is not kept.
async fn read(mut response: Response, limits: Limits) -> Result<Answer, OutboundError> {
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let mut body = Vec::new();
    while let Some(piece) = response.chunk().await.map_err(|error| explain(&error))? {
        let room = limits.body.saturating_sub(body.len());
        if piece.len() > room {
            if !limits.cut {
                return Err(OutboundError::TooLong(limits.body));
            }
            body.extend_from_slice(piece.get(..room).unwrap_or_default());
            break;
        }
        body.extend_from_slice(&piece);
    }
    Ok(Answer { status, headers, body })
}

/// What went wrong, without addresses of ours.
fn explain(error: &reqwest::Error) -> OutboundError {
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        if cause.is::<NoWay>() {
            return OutboundError::Host;
        }
        source = cause.source();
    }
    if error.is_timeout() {
        OutboundError::TimedOut(CONNECT_LIMIT)
    } else if error.is_connect() {
        OutboundError::Failed("no connection could be made (is the server up, and its certificate valid?)")
    } else {
        OutboundError::Failed("the connection broke off before the answer was complete")
    }
}

/// Resolves names and keeps only addresses that may be called.
struct Judged {
    allowed: Arc<[IpNet]>,
}

/// The name leads to nothing that may be called.
#[derive(Debug, thiserror::Error)]
#[error("no public address")]
struct NoWay;

impl Resolve for Judged {
    fn resolve(&self, name: Name) -> Resolving {
        let allowed = Arc::clone(&self.allowed);
        Box::pin(async move {
            let found = lookup_host((name.as_str(), 0)).await.map_err(|_| NoWay)?;
            let fitting: Vec<SocketAddr> = found.filter(|address| may_be_called(address.ip(), &allowed)).collect();
            if fitting.is_empty() {
                return Err(NoWay.into());
            }
            let addresses: Addrs = Box::new(fitting.into_iter());
            Ok(addresses)
        })
    }
}

fn may_be_called(address: IpAddr, allowed: &[IpNet]) -> bool {
    is_in(address, allowed) || networks::is_public(address)
}

fn is_in(address: IpAddr, networks: &[IpNet]) -> bool {
    let address = address.to_canonical();
    networks.iter().any(|network| network.contains(&address))
}
