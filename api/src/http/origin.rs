//! Which pages of other sites may open a socket.

use actix_web::http::{
    Uri,
    header::{self, HeaderMap},
};

use super::Service;

/// Whether a page of this origin may open a socket. A browser sends no token of its own accord, so a foreign page would
/// gain nothing; but it is refused as its requests are.
pub(super) fn origin_allowed(service: &Service, headers: &HeaderMap) -> bool {
    let Some(origin) = headers.get(header::ORIGIN) else { return true };
    let Some(origin) = origin.to_str().ok().and_then(|origin| origin.parse::<Uri>().ok()) else { return false };
    let Some(authority) = origin.authority() else { return false };
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    host.is_some_and(|host| authority.as_str().eq_ignore_ascii_case(host))
        || service.public_host.as_deref().is_some_and(|public| authority.host().eq_ignore_ascii_case(public))
}
