//! Which pages are our own.

use actix_web::http::{
    Uri,
    header::{self, HeaderMap},
};

use super::Service;

/// Whether a request was sent by a page of this very server, or by no page at all.
pub(super) fn is_own(service: &Service, headers: &HeaderMap) -> bool {
    let Some(origin) = headers.get(header::ORIGIN) else { return true };
    let Some(origin) = origin.to_str().ok().and_then(|origin| origin.parse::<Uri>().ok()) else { return false };
    let Some(authority) = origin.authority() else { return false };
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    host.is_some_and(|host| authority.as_str().eq_ignore_ascii_case(host))
        || service.public_host.as_deref().is_some_and(|public| authority.host().eq_ignore_ascii_case(public))
}
