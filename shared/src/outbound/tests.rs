use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

use super::*;

const LIMITS: Limits = Limits { time: Duration::from_secs(5), body: 1000, cut: false };

fn outbound(networks: &str) -> Outbound {
    // Refused when another test was first, which is as good.
    rustls::crypto::ring::default_provider().install_default().ok();
    let allowed_networks = networks.split(',').filter(|word| !word.is_empty()).map(|word| word.parse().unwrap());
    Outbound::new(&OutboundConfig { allowed_networks: allowed_networks.collect() }).unwrap()
}

/// A server that answers every request with this text, and counts them.
async fn server(answer: String) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    #[expect(clippy::disallowed_methods, reason = "ends with the test")]
    tokio::spawn(async move {
        loop {
            let (mut socket, _) = listener.accept().await.unwrap();
            counted.fetch_add(1, Ordering::SeqCst);
            let mut request = [0; 4096];
            let _length = socket.read(&mut request).await.unwrap();
            // Whoever has read enough hangs up.
            socket.write_all(answer.as_bytes()).await.ok();
        }
    });
    (address, count)
}

#[test]
fn only_public_addresses_are_public() {
    let public = ["1.1.1.1", "9.9.9.9", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "64:ff9b::101:101"];
    for address in public {
        assert!(networks::is_public(address.parse().unwrap()), "{address}");
    }
    let private = [
        "0.0.0.0",
        "10.1.2.3",
        "100.64.0.1",
        "127.0.0.1",
        "127.255.255.254",
        "169.254.169.254",
        "172.31.255.255",
        "192.168.0.1",
        "198.19.0.1",
        "203.0.113.9",
        "224.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::7f00:1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::1",
        "2001::1",
        "2001:db8::1",
        "2002:7f00:1::",
        "fc00::1",
        "fd12:3456::1",
        "fe80::1",
        "fec0::1",
        "ff02::1",
    ];
    for address in private {
        assert!(!networks::is_public(address.parse().unwrap()), "{address}");
    }
}

#[test]
fn an_address_is_refused_before_it_is_stored() {
    let strict = outbound("");
    strict.check_url("https://portal.example.org/hooks?key=1").unwrap();
    strict.check_url("https://portal.example.org:8443").unwrap();
    let refused = [
        "",
        "portal.example.org",
        "ftp://portal.example.org",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "http://portal.example.org",
        "https://user@portal.example.org",
        "https://user:secret@portal.example.org",
        "https://portal.example.org/#x",
        "https://127.0.0.1/",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://0177.0.0.1/",
        "https://[::1]/",
        "https://[::ffff:169.254.169.254]/",
        "https://169.254.169.254/latest/meta-data",
        "http://localhost/",
    ];
    for url in refused {
        assert!(matches!(strict.check_url(url), Err(OutboundError::Address(_))), "{url}");
    }
    assert!(strict.check_url(&format!("https://portal.example.org/{}", "x".repeat(URL_MAX))).is_err());

    let own = outbound("127.0.0.0/8,10.20.0.0/16");
    for url in ["http://127.0.0.1:8080/", "http://localhost:8080/", "http://10.20.30.40/", "https://10.20.30.40/"] {
        own.check_url(url).unwrap();
    }
    for url in ["http://10.21.0.1/", "https://10.21.0.1/", "http://1.1.1.1/"] {
        assert!(own.check_url(url).is_err(), "{url}");
    }
}

#[tokio::test]
async fn a_name_that_leads_inside_is_not_called() {
    let (address, count) = server("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n".to_owned()).await;
    // `localhost` is a name that leads inside on every machine.
    let url = format!("https://localhost:{}/", address.port());
    let refused = outbound("").get(&url, LIMITS).await;
    assert!(matches!(refused, Err(OutboundError::Host)), "{refused:?}");
    assert_eq!(count.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn an_answer_comes_as_it_is_and_is_never_followed() {
    let body = "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 5\r\n\r\nmoved";
    let (address, count) = server(body.to_owned()).await;
    let answer = outbound("127.0.0.0/8").get(&format!("http://{address}/"), LIMITS).await.unwrap();
    assert_eq!((answer.status, answer.body.as_slice()), (302, b"moved".as_slice()));
    assert_eq!(answer.headers["location"], "http://127.0.0.1:1/");
    assert_eq!(count.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn long_and_endless_answers_are_cut_or_refused() {
    let long = format!("HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n{}", "x".repeat(50_000));
    let (address, _) = server(long).await;
    let url = format!("http://{address}/");
    let outbound = outbound("127.0.0.0/8");
    assert!(matches!(outbound.get(&url, LIMITS).await, Err(OutboundError::TooLong(1000))));
    let cut = outbound.post(&url, HeaderMap::new(), b"{}".to_vec(), Limits { cut: true, ..LIMITS }).await.unwrap();
    assert_eq!(cut.body.len(), 1000);

    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", silent.local_addr().unwrap());
    let patience = Limits { time: Duration::from_millis(200), ..LIMITS };
    assert!(matches!(outbound.get(&url, patience).await, Err(OutboundError::TimedOut(_))));
    let closed = format!("http://127.0.0.1:{}/", {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        listener.local_addr().unwrap().port()
    });
    assert!(matches!(outbound.get(&closed, LIMITS).await, Err(OutboundError::Failed(_))));
}
