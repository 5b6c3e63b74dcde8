//! `counterpart health`: a container has no other program to ask with.

use std::time::Duration;

use clap::Args;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use super::{Failure, output};

const PATIENCE: Duration = Duration::from_secs(3);

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Where to ask, over plain HTTP; /readyz also asks for the database
    #[arg(long, default_value = "http://127.0.0.1:8080/readyz")]
    url: String,
}

/// Fails unless the answer is 200.
pub(super) async fn run(options: &Options) -> Result<(), Failure> {
    let url = &options.url;
    let status = match timeout(PATIENCE, ask(url)).await {
        Ok(status) => status.map_err(|error| Failure::new(format!("{url} does not answer: {error}")))?,
        Err(_) => return Err(Failure::new(format!("{url} does not answer within {} seconds", PATIENCE.as_secs()))),
    };
    if status == "200" {
        output::line("well");
        return Ok(());
    }
    Err(Failure::new(format!("{url} answers {status}")))
}

/// The status of the answer to a GET, such as `200`.
async fn ask(url: &str) -> std::io::Result<String> {
    let malformed = |problem| std::io::Error::new(std::io::ErrorKind::InvalidInput, problem);
    let rest = url.strip_prefix("http://").ok_or_else(|| malformed("the address must begin with http://"))?;
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let has_port = host.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
    let address = if has_port { host.to_owned() } else { format!("{host}:80") };
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(format!("GET /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").as_bytes()).await?;
    // The status line is all that counts, and it comes first.
    let mut begin = Vec::new();
    stream.take(64).read_to_end(&mut begin).await?;
    let begin = String::from_utf8_lossy(&begin);
    let status = begin.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3));
    status.map(str::to_owned).ok_or_else(|| malformed("the answer is not HTTP"))
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    async fn answered(answer: &'static str) -> Result<(), Failure> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/readyz", listener.local_addr().unwrap());
        let server = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 256];
            let length = stream.read(&mut request).await.unwrap();
            assert!(request[..length].starts_with(b"GET /readyz HTTP/1.1\r\nHost: 127.0.0.1:"));
            stream.write_all(answer.as_bytes()).await.unwrap();
            drop(stream);
        };
        let options = Options { url };
        tokio::join!(server, run(&options)).1
    }

    #[tokio::test]
    async fn only_an_ok_is_well() {
        assert!(answered("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}").await.is_ok());
        assert!(answered("HTTP/1.1 503 Service Unavailable\r\n\r\n").await.is_err());
        assert!(answered("").await.is_err());
        assert!(run(&Options { url: "https://127.0.0.1/".to_owned() }).await.is_err());
    }
}
