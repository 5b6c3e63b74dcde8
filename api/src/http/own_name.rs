//! What is open to whoever reaches the port is answered under names of our own only.
//!
//! The development mode's tokens and mails need no login. Another site's page could let its own name point at this machine
//! and would then, for the browser, be the same site; such a request still carries the other name.

use std::net::IpAddr;

use actix_web::{
    Error, HttpResponse,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::{StatusCode, Uri, header, uri::Authority},
    middleware::Next,
    web,
};
use serde_json::json;

use super::Service;

/// Lets a request through that was sent to an address, to `localhost`, or to the name in `http.public_url`.
pub(super) async fn only(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    let public = request.app_data::<web::Data<Service>>().and_then(|service| service.public_host.as_deref());
    if host.is_some_and(|host| is_ours(host, public)) {
        return Ok(next.call(request).await?.map_into_left_body());
    }
    let told = "This is only shown under localhost, an IP address, or the name in http.public_url.";
    let answer = HttpResponse::build(StatusCode::MISDIRECTED_REQUEST).json(json!({ "error": told }));
    Ok(request.into_response(answer).map_into_right_body())
}

fn is_ours(host: &str, public: Option<&str>) -> bool {
    let Ok(authority) = host.parse::<Authority>() else { return false };
    let name = authority.host().trim_start_matches('[').trim_end_matches(']');
    name.parse::<IpAddr>().is_ok()
        || name.eq_ignore_ascii_case("localhost")
        || public.is_some_and(|public| name.eq_ignore_ascii_case(public))
}

/// The host name in a public address.
pub(crate) fn host_of(public_url: &str) -> Option<String> {
    public_url.parse::<Uri>().ok()?.host().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_ours_or_it_is_not() {
        let public = host_of("https://mentoring.example.org/base");
        for host in [
            "localhost",
            "LOCALHOST:8080",
            "127.0.0.1:8080",
            "192.0.2.7",
            "[::1]:8080",
            "mentoring.example.org",
            "Mentoring.Example.org:443",
        ] {
            assert!(is_ours(host, public.as_deref()), "{host}");
        }
        for host in ["", "evil.example", "localhost.evil.example", "127.0.0.1.evil.example:8080", "a b", "example.org"]
        {
            assert!(!is_ours(host, public.as_deref()), "{host}");
        }
        assert!(!is_ours("mentoring.example.org", None));
        assert_eq!(host_of(""), None);
    }
}
