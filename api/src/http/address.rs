//! Where a request comes from.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use actix_web::HttpRequest;

const FORWARDED: &str = "x-forwarded-for";

/// The address of the client: of whoever connected, or, behind so many proxies that are trusted, the entry that the
/// outermost of them added to `X-Forwarded-For`. What the client itself put there stands further left and counts for
/// nothing. An IPv6 address stands for its /64, of which every household has a whole one.
pub(super) fn client_address(request: &HttpRequest, trusted_proxies: u32) -> String {
    let peer = request.peer_addr().map(|peer| peer.ip());
    let forwarded = usize::try_from(trusted_proxies).ok().filter(|hops| *hops > 0).and_then(|hops| {
        let entries: Vec<&str> = request
            .headers()
            .get_all(FORWARDED)
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .collect();
        let index = entries.len().checked_sub(hops)?;
        entries.get(index).and_then(|entry| read(entry.trim()))
    });
    forwarded.or(peer).map_or_else(|| "unknown".to_owned(), network)
}

/// An address, with or without a port.
fn read(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    bare.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|address| address.ip()))
}

fn network(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{}/64", Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::client_address;

    #[test]
    fn only_what_trusted_proxies_added_counts() {
        let found = |forwarded: &[&str], trusted: u32| {
            let mut request = TestRequest::default().peer_addr("10.0.0.1:5000".parse().expect("an address"));
            for value in forwarded {
                request = request.append_header(("x-forwarded-for", *value));
            }
            client_address(&request.to_http_request(), trusted)
        };
        let header = ["198.51.100.7, 203.0.113.9", "192.0.2.4"];
        assert_eq!(found(&header, 0), "10.0.0.1", "the header is anybody's word");
        assert_eq!(found(&header, 1), "192.0.2.4");
        assert_eq!(found(&header, 2), "203.0.113.9");
        assert_eq!(found(&header, 4), "10.0.0.1", "whoever came past the proxies is the peer");
        assert_eq!(found(&[], 1), "10.0.0.1");
        assert_eq!(found(&["nonsense"], 1), "10.0.0.1");
        assert_eq!(found(&["192.0.2.4:4711"], 1), "192.0.2.4");
        assert_eq!(found(&["2001:db8:1:2:3:4:5:6"], 1), "2001:db8:1:2::/64");
        assert_eq!(found(&["[2001:db8:1:2:3:4:5:6]:443"], 1), "2001:db8:1:2::/64");
        assert_eq!(found(&["::ffff:192.0.2.4"], 1), "192.0.2.4");
    }
}
