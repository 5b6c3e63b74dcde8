//! A small relay for tests that keeps to a script.

use std::{io, time::Duration};

use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    time::timeout,
};

use super::smtp::{Security, SmtpSettings};

/// What the relay does at one step.
#[derive(Clone, Copy)]
pub(super) enum Act {
    /// Answers.
    Say(&'static str),
    /// Never answers.
    Hang,
    /// Closes the connection.
    Drop,
}

/// What the relay answers to each command; everything is friendly unless a test says otherwise.
#[derive(Clone, Copy)]
pub(super) struct Script {
    pub(super) greeting: Act,
    pub(super) ehlo: Act,
    pub(super) auth: Act,
    pub(super) mail: Act,
    pub(super) rcpt: Act,
    pub(super) data: Act,
    pub(super) dot: Act,
    pub(super) rset: Act,
    /// Closes the connection after this many accepted messages.
    pub(super) messages: usize,
}

pub(super) const FRIENDLY: Script = Script {
    greeting: Act::Say("220 relay.test ESMTP"),
    ehlo: Act::Say("250-relay.test\r\n250-8BITMIME\r\n250 AUTH PLAIN LOGIN"),
    auth: Act::Say("235 2.7.0 welcome"),
    mail: Act::Say("250 2.1.0 ok"),
    rcpt: Act::Say("250 2.1.5 ok"),
    data: Act::Say("354 go ahead"),
    dot: Act::Say("250 2.0.0 queued as 42"),
    rset: Act::Say("250 2.0.0 ok"),
    messages: usize::MAX,
};

/// What the relay saw: one entry per connection, with its commands (and `.` for each whole message) in order.
pub(super) type Seen = Vec<Vec<String>>;

/// A relay that serves as many connections as there are scripts.
pub(super) struct Server {
    listener: TcpListener,
    scripts: Vec<Script>,
}

impl Server {
    pub(super) async fn new(scripts: &[Script]) -> (Self, SmtpSettings) {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let port = listener.local_addr().expect("bound").port();
        let settings = SmtpSettings {
            host: String::from("127.0.0.1"),
            port,
            security: Security::None,
            user: None,
            password: None,
            command_timeout: Duration::from_millis(200),
        };
        (Self { listener, scripts: scripts.to_vec() }, settings)
    }

    pub(super) async fn serve(self) -> Seen {
        let mut seen = Vec::new();
        for script in self.scripts {
            // A script that is not used shows as a connection that never came.
            let Ok(accepted) = timeout(Duration::from_secs(2), self.listener.accept()).await else {
                break;
            };
            let mut commands = Vec::new();
            let (stream, _) = accepted.expect("accepted");
            // A client that hangs up in the middle is part of the play.
            drop(converse(stream, script, &mut commands).await);
            seen.push(commands);
        }
        seen
    }
}

async fn converse(stream: TcpStream, script: Script, seen: &mut Vec<String>) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut accepted = 0;
    let mut act = script.greeting;
    loop {
        match act {
            Act::Say(reply) => stream.write_all(format!("{reply}\r\n").as_bytes()).await?,
            Act::Hang => {}
            Act::Drop => return Ok(()),
        }
        if accepted >= script.messages {
            return Ok(());
        }
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let line = String::from(line.trim_end());
        act = match line.split([' ', ':']).next().unwrap_or_default() {
            "EHLO" => script.ehlo,
            "AUTH" => script.auth,
            "MAIL" => script.mail,
            "RCPT" => script.rcpt,
            "RSET" => script.rset,
            "DATA" => script.data,
            "QUIT" => Act::Say("221 2.0.0 bye"),
            _ => Act::Say("502 5.5.2 what?"),
        };
        let content_follows = line == "DATA" && matches!(act, Act::Say(reply) if reply.starts_with("354"));
        seen.push(line);
        if content_follows {
            stream.write_all(b"354 go ahead\r\n").await?;
            let mut line = String::new();
            while line != ".\r\n" {
                line.clear();
                if stream.read_line(&mut line).await? == 0 {
                    return Ok(());
                }
            }
            seen.push(String::from("."));
            accepted += 1;
            act = script.dot;
        }
    }
}
