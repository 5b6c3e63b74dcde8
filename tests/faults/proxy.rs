//! A way to PostgreSQL that loses the answers to some commits, asked for as such or by a statement of its own.

use std::{
    collections::HashSet,
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// The simple query by which a transaction is committed.
const COMMIT: &[u8] = b"COMMIT\0";
/// What a statement that writes says somewhere.
const WRITES: [&[u8]; 3] = [b"INSERT INTO ", b"UPDATE ", b"DELETE FROM "];
/// Every so many commits one is hit.
const EVERY: usize = 9;

pub(super) struct Proxy {
    address: SocketAddr,
    state: Arc<State>,
    task: JoinHandle<()>,
}

struct State {
    breaks: AtomicBool,
    commits: AtomicUsize,
    /// Commits that happened and were not confirmed.
    lost: AtomicUsize,
    /// Commits that did not happen.
    cut: AtomicUsize,
}

impl Proxy {
    pub(super) async fn before(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(State {
            breaks: AtomicBool::new(true),
            commits: AtomicUsize::new(0),
            lost: AtomicUsize::new(0),
            cut: AtomicUsize::new(0),
        });
        let shared = Arc::clone(&state);
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let state = Arc::clone(&shared);
                tokio::spawn(async move {
                    // Either end may hang up, which ends both ways.
                    relay(client, port, &state).await.ok();
                });
            }
        });
        Self { address, state, task }
    }

    /// The address of a database, by way of this proxy.
    pub(super) fn way_to(&self, url: &str) -> String {
        let mut url: reqwest::Url = url.parse().unwrap();
        url.set_port(Some(self.address.port())).unwrap();
        // What is encrypted cannot be looked into.
        url.set_query(Some("sslmode=disable"));
        url.into()
    }

    /// Breaks nothing more.
    pub(super) fn behave(&self) {
        self.state.breaks.store(false, Ordering::SeqCst);
    }

    /// Commits that happened and were not confirmed, and those that did not happen.
    pub(super) fn broken(&self) -> (usize, usize) {
        (self.state.lost.load(Ordering::SeqCst), self.state.cut.load(Ordering::SeqCst))
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

enum Fate {
    Spared,
    /// Carried out, but nobody is told.
    Lost,
    /// Not even carried out.
    Cut,
}

impl State {
    fn fate_of_next(&self) -> Fate {
        if !self.breaks.load(Ordering::SeqCst) {
            return Fate::Spared;
        }
        let number = self.commits.fetch_add(1, Ordering::SeqCst) + 1;
        match (number % EVERY, number % (2 * EVERY)) {
            (0, 0) => Fate::Cut,
            (0, _) => Fate::Lost,
            _ => Fate::Spared,
        }
    }
}

/// What goes one way, in messages: a type (but for the first one of a client), four bytes of length, and a body.
#[derive(Default)]
struct Messages {
    bytes: Vec<u8>,
}

impl Messages {
    fn next(&mut self, has_type: bool) -> Option<(u8, Vec<u8>)> {
        let start = usize::from(has_type);
        let length = self.bytes.get(start..start + 4)?;
        let end = start + u32::from_be_bytes(length.try_into().unwrap()) as usize;
        if self.bytes.len() < end {
            return None;
        }
        let message: Vec<u8> = self.bytes.drain(..end).collect();
        Some((if has_type { message[0] } else { 0 }, message[start + 4..].to_vec()))
    }
}

/// What is known of a connection.
#[derive(Default)]
struct Talk {
    has_begun: bool,
    asked: Messages,
    answered: Messages,
    /// Names of prepared statements that write.
    writers: HashSet<Vec<u8>>,
    is_in_transaction: bool,
}

impl Talk {
    /// Whether the client asks for a commit with these bytes.
    fn asks_for_commit(&mut self, bytes: &[u8]) -> bool {
        self.asked.bytes.extend_from_slice(bytes);
        let mut asks = false;
        while let Some((kind, body)) = self.asked.next(self.has_begun) {
            self.has_begun = true;
            let mut texts = body.split(|byte| *byte == 0);
            match kind {
                b'Q' => asks |= body == COMMIT,
                b'P' => {
                    let (name, sql) = (texts.next().unwrap(), texts.next().unwrap());
                    if WRITES.iter().any(|writes| sql.windows(writes.len()).any(|window| window == *writes)) {
                        self.writers.insert(name.to_vec());
                    }
                }
                // The portal comes before the statement.
                b'B' => asks |= !self.is_in_transaction && self.writers.contains(texts.nth(1).unwrap()),
                _ => {}
            }
        }
        asks
    }

    /// Listens to what the server says about transactions.
    fn hear(&mut self, bytes: &[u8]) {
        self.answered.bytes.extend_from_slice(bytes);
        while let Some((kind, body)) = self.answered.next(true) {
            if kind == b'Z' {
                self.is_in_transaction = body != b"I";
            }
        }
    }
}

async fn relay(client: TcpStream, port: u16, state: &State) -> io::Result<()> {
    let server = TcpStream::connect(("127.0.0.1", port)).await?;
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let (mut asked, mut answered) = (vec![0; 65_536], vec![0; 65_536]);
    let mut talk = Talk::default();
    loop {
        tokio::select! {
            count = from_client.read(&mut asked) => {
                let bytes = &asked[..count?];
                if bytes.is_empty() {
                    return Ok(());
                }
                match if talk.asks_for_commit(bytes) { state.fate_of_next() } else { Fate::Spared } {
                    Fate::Spared => to_server.write_all(bytes).await?,
                    Fate::Lost => {
                        to_server.write_all(bytes).await?;
                        // The answer says that it is done.
                        if from_server.read(&mut answered).await? == 0 {
                            return Ok(());
                        }
                        state.lost.fetch_add(1, Ordering::SeqCst);
                        return Ok(());
                    }
                    Fate::Cut => {
                        state.cut.fetch_add(1, Ordering::SeqCst);
                        return Ok(());
                    }
                }
            }
            count = from_server.read(&mut answered) => {
                let bytes = &answered[..count?];
                if bytes.is_empty() {
                    return Ok(());
                }
                talk.hear(bytes);
                to_client.write_all(bytes).await?;
            }
        }
    }
}
