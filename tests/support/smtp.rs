//! A mail relay that remembers every message it accepted, and misbehaves when asked to.
//!
//! It runs on a thread of its own, so a test may block without stopping it. Like a strict relay it refuses lines
//! longer than 998 octets and lines that do not end with CR LF.

use std::{
    collections::BTreeMap,
    io,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
    time,
};

#[path = "smtp/conversation.rs"]
mod conversation;
#[path = "smtp/ledger.rs"]
pub(crate) mod ledger;
#[path = "smtp/received.rs"]
mod received;
#[path = "smtp/script.rs"]
mod script;
#[path = "smtp/self_test.rs"]
mod self_test;

pub(crate) use ledger::Ledger;
pub(crate) use received::Received;
pub(crate) use script::{Rule, Stage};

/// A running relay; its port is closed with this value.
pub(crate) struct SmtpServer {
    address: SocketAddr,
    state: Arc<State>,
    wanted: watch::Sender<Mode>,
    thread: Option<thread::JoinHandle<()>>,
}

#[derive(Clone, Copy, PartialEq)]
enum Mode {
    Listening,
    Away,
    Ended,
}

/// What every conversation shares.
struct State {
    port: u16,
    ledger: Option<Ledger>,
    login: Option<(String, String)>,
    /// What the thread has carried out of what was wanted.
    mode: watch::Sender<Mode>,
    rules: Mutex<Vec<Rule>>,
    messages: Mutex<Vec<Received>>,
    accepted: watch::Sender<usize>,
    commands: Mutex<Vec<String>>,
    connections: AtomicUsize,
}

impl SmtpServer {
    /// A relay on a free port that takes mail from anybody.
    pub(crate) fn start() -> Self {
        Self::with(None, None)
    }

    /// The same, which also writes down what it accepts.
    pub(crate) fn with_ledger(ledger: &Ledger) -> Self {
        Self::with(None, Some(ledger.clone()))
    }

    /// A relay that takes no mail before `AUTH PLAIN` with that user and password.
    pub(crate) fn with_login(user: &str, password: &str) -> Self {
        Self::with(Some((user.to_owned(), password.to_owned())), None)
    }

    fn with(login: Option<(String, String)>, ledger: Option<Ledger>) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        listener.set_nonblocking(true).expect("a listener");
        let address = listener.local_addr().expect("an address");
        let state = Arc::new(State {
            port: address.port(),
            ledger,
            login,
            mode: watch::Sender::new(Mode::Listening),
            rules: Mutex::default(),
            messages: Mutex::default(),
            accepted: watch::Sender::new(0),
            commands: Mutex::default(),
            connections: AtomicUsize::new(0),
        });
        let wanted = watch::Sender::new(Mode::Listening);
        let (shared, changes) = (Arc::clone(&state), wanted.subscribe());
        let thread = thread::spawn(move || {
            tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(async {
                let listener = TcpListener::from_std(listener).expect("a listener");
                serve(listener, address, &shared, changes).await;
            });
        });
        Self { address, state, wanted, thread: Some(thread) }
    }

    /// Where it listens, for `COUNTERPART_MAIL__SMTP_HOST` and `COUNTERPART_MAIL__SMTP_PORT`.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Misbehaves as the rule says. Rules are tried in the order in which they were added.
    pub(crate) fn script(&self, rule: Rule) {
        self.state.rules.lock().unwrap().push(rule);
    }

    /// Forgets every rule that was not used up.
    pub(crate) fn behave(&self) {
        self.state.rules.lock().unwrap().clear();
    }

    /// Refuses connections and drops the open ones, as a relay that is down.
    pub(crate) async fn go_away(&self) {
        self.change(Mode::Away).await;
    }

    /// Listens again on the same port.
    pub(crate) async fn come_back(&self) {
        self.change(Mode::Listening).await;
    }

    async fn change(&self, mode: Mode) {
        let mut now = self.state.mode.subscribe();
        self.wanted.send_replace(mode);
        now.wait_for(|now| *now == mode).await.expect("a running relay");
    }

    /// Every message accepted so far, oldest first.
    pub(crate) fn messages(&self) -> Vec<Received> {
        self.state.messages.lock().unwrap().clone()
    }

    /// The messages accepted for one recipient, oldest first.
    pub(crate) fn messages_to(&self, address: &str) -> Vec<Received> {
        let mut messages = self.messages();
        messages.retain(|message| message.to.iter().any(|to| to.eq_ignore_ascii_case(address)));
        messages
    }

    /// Waits until at least `count` messages were accepted, and gives back all of them.
    pub(crate) async fn wait_for(&self, count: usize, patience: Duration) -> Vec<Received> {
        let mut accepted = self.state.accepted.subscribe();
        let enough = accepted.wait_for(|so_far| *so_far >= count);
        let came = time::timeout(patience, enough).await.is_ok();
        assert!(
            came,
            "waited {patience:?} for {count} messages, but only these came:\n{:#?}\nafter\n{}",
            self.messages(),
            self.commands().join("\n")
        );
        self.messages()
    }

    /// How many copies of each message each recipient was given, by `(Message-ID, recipient)`.
    pub(crate) fn ledger(&self) -> BTreeMap<(String, String), usize> {
        let mut copies = BTreeMap::new();
        for message in self.messages() {
            let id = message.header("Message-ID").unwrap_or_default();
            for to in &message.to {
                *copies.entry((id.clone(), to.clone())).or_default() += 1;
            }
        }
        copies
    }

    /// Every command received, each with the number of its connection in front; passwords are left out.
    pub(crate) fn commands(&self) -> Vec<String> {
        self.state.commands.lock().unwrap().clone()
    }

    /// How many connections were opened.
    pub(crate) fn connections(&self) -> usize {
        self.state.connections.load(Ordering::SeqCst)
    }
}

impl Drop for SmtpServer {
    fn drop(&mut self) {
        self.wanted.send_replace(Mode::Ended);
        let ended = self.thread.take().map(thread::JoinHandle::join);
        if !thread::panicking() {
            assert!(matches!(ended, Some(Ok(()))), "the relay failed");
        }
    }
}

async fn serve(first: TcpListener, address: SocketAddr, state: &Arc<State>, mut wanted: watch::Receiver<Mode>) {
    let mut listener = Some(first);
    let mut conversations = JoinSet::new();
    loop {
        let mode = *wanted.borrow_and_update();
        match mode {
            Mode::Ended => return,
            Mode::Away => {
                listener = None;
                conversations.shutdown().await;
            }
            Mode::Listening if listener.is_none() => {
                listener = Some(TcpListener::bind(address).await.expect("the same port"));
            }
            Mode::Listening => {}
        }
        state.mode.send_replace(mode);
        tokio::select! {
            changed = wanted.changed() => if changed.is_err() { return },
            stream = accept(listener.as_ref()) => {
                let number = state.connections.fetch_add(1, Ordering::SeqCst) + 1;
                let state = Arc::clone(state);
                conversations.spawn(async move {
                    // A client that goes away in the middle is the client's affair.
                    conversation::hold(stream, number, &state).await.ok();
                });
            }
            Some(ended) = conversations.join_next() => ended.expect("a conversation"),
        }
    }
}

async fn accept(listener: Option<&TcpListener>) -> TcpStream {
    let Some(listener) = listener else {
        return std::future::pending().await;
    };
    loop {
        let accepted: io::Result<_> = listener.accept().await;
        if let Ok((stream, _)) = accepted {
            // Replies to commands of one packet are written one by one, and none shall wait for an acknowledgement.
            stream.set_nodelay(true).ok();
            return stream;
        }
    }
}
