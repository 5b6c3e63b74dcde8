//! The relay against a client written by hand.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::TcpStream,
    time::{Duration, Instant},
};

use super::{Rule, SmtpServer, Stage};

const SOON: Duration = Duration::from_secs(10);
const MESSAGE: &str = "Message-ID: <1@counterpart.test>\r\n\
    Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=\r\n\
    List-Unsubscribe: <https://counterpart.test/1>,\r\n <mailto:stop@counterpart.test>\r\n\
    Content-Type: multipart/alternative; boundary=b\r\n\r\n\
    --b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nHello\r\n..\r\n..two dots\r\n\
    --b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>Hello\r\n\
    --b\r\nContent-Type: text/calendar; method=REQUEST\r\n\r\nBEGIN:VCALENDAR\r\n\
    --b--\r\n";

struct Client(BufReader<TcpStream>);

impl Client {
    fn connect(server: &SmtpServer) -> Self {
        let stream = TcpStream::connect(server.address()).unwrap();
        stream.set_read_timeout(Some(SOON)).unwrap();
        Self(BufReader::new(stream))
    }

    /// Past the greeting and EHLO.
    fn greeted(server: &SmtpServer) -> Self {
        let mut client = Self::connect(server);
        assert_eq!(client.reply(), "220 relay.test ESMTP");
        assert!(client.ask("EHLO me.test").starts_with("250-relay.test"));
        client
    }

    /// One reply, all of its lines; empty where the server closed the connection.
    fn reply(&mut self) -> String {
        let mut reply = String::new();
        loop {
            let start = reply.len();
            self.0.read_line(&mut reply).unwrap();
            if reply[start..].get(3..4) != Some("-") {
                return reply.trim_end().to_owned();
            }
        }
    }

    fn write(&mut self, text: &str) {
        self.0.get_mut().write_all(text.as_bytes()).unwrap();
    }

    fn ask(&mut self, command: &str) -> String {
        self.write(&format!("{command}\r\n"));
        self.reply()
    }

    /// Sends a whole message and returns the reply to the final dot, or the first refusal.
    fn send(&mut self, to: &str, content: &str) -> String {
        for command in ["MAIL FROM:<us@counterpart.test> BODY=8BITMIME", &format!("RCPT TO:<{to}>"), "DATA"] {
            let reply = self.ask(command);
            if !reply.starts_with(['2', '3']) {
                return reply;
            }
        }
        self.write(content);
        self.ask(".")
    }
}

#[tokio::test]
async fn a_message_is_remembered_as_it_was_meant() {
    let server = SmtpServer::start();
    let mut client = Client::greeted(&server);
    assert_eq!(client.send("ada@example.org", MESSAGE), "250 2.0.0 accepted as 1");
    assert_eq!(client.ask("QUIT"), "221 2.0.0 goodbye");

    let messages = server.wait_for(1, SOON).await;
    let message = &messages[0];
    assert_eq!((message.from.as_str(), message.connection), ("us@counterpart.test", 1));
    assert_eq!(message.to, ["ada@example.org"]);
    assert!(message.confirmed);
    assert_eq!(message.raw, MESSAGE.replace("\r\n..", "\r\n.").into_bytes());
    assert_eq!(message.subject(), "Grüße");
    assert_eq!(message.text().replace("\r\n", "\n"), "Hello\n.\n.two dots");
    assert_eq!(message.html(), "<p>Hello");
    assert_eq!(message.calendar().as_deref(), Some("BEGIN:VCALENDAR"));
    assert_eq!(
        message.header("list-unsubscribe").as_deref(),
        Some("<https://counterpart.test/1>, <mailto:stop@counterpart.test>")
    );
    assert_eq!(message.header("X-None"), None);
    assert_eq!(server.messages_to("ADA@example.org").len(), 1);
    assert!(server.messages_to("bob@example.org").is_empty());
    let copies: Vec<_> = server.ledger().into_iter().collect();
    let key = ("<1@counterpart.test>".to_owned(), "ada@example.org".to_owned());
    assert_eq!(copies, [(key, 1)]);
    assert_eq!(server.commands().last().unwrap(), "1 QUIT");
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn a_client_may_send_its_commands_at_once() {
    let server = SmtpServer::start();
    let mut client = Client::greeted(&server);
    client.write("MAIL FROM:<>\r\nRCPT TO:<a@b.c>\r\nRCPT TO:<d@e.f>\r\nDATA\r\n");
    for code in ["250", "250", "250", "354"] {
        assert!(client.reply().starts_with(code));
    }
    client.write("Subject: x\r\n\r\n.\r\nMAIL FROM:<g@h.i>\r\n");
    assert!(client.reply().starts_with("250 2.0.0"));
    assert!(client.reply().starts_with("250 2.1.0"));
    let messages = server.wait_for(1, SOON).await;
    assert_eq!(messages[0].to, ["a@b.c", "d@e.f"]);
    assert_eq!(messages[0].from, "");
}

#[tokio::test]
async fn rules_apply_at_their_stage_to_their_address_as_often_as_they_say() {
    let server = SmtpServer::start();
    server.script(Rule::reply(Stage::Rcpt, "550 5.1.1 no such user").to("gone@b.c").times(2));
    server.script(Rule::reply(Stage::Mail, "451 4.7.1 later"));
    let mut client = Client::greeted(&server);
    assert_eq!(client.send("gone@b.c", "\r\n"), "451 4.7.1 later");
    assert_eq!(client.send("gone@b.c", "\r\n"), "550 5.1.1 no such user");
    assert!(client.ask("RSET").starts_with("250"));
    assert!(client.send("here@b.c", "\r\n").starts_with("250"));
    assert_eq!(client.send("gone@b.c", "\r\n"), "550 5.1.1 no such user");
    assert!(client.ask("RSET").starts_with("250"));
    assert!(client.send("gone@b.c", "\r\n").starts_with("250"));

    for stage in [Stage::Data, Stage::Dot] {
        server.script(Rule::reply(stage, "452 4.3.1 full"));
        assert_eq!(client.send("here@b.c", "\r\n"), "452 4.3.1 full");
        client.ask("RSET");
    }
    server.script(Rule::reply(Stage::Greeting, "421 4.3.2 closing"));
    let mut late = Client::connect(&server);
    assert_eq!(late.reply(), "421 4.3.2 closing");
    assert_eq!(late.reply(), "");
    assert_eq!(server.messages().len(), 2);
}

#[tokio::test]
async fn a_connection_can_be_dropped_on_either_side_of_acceptance() {
    let server = SmtpServer::start();
    server.script(Rule::drop(Stage::Dot));
    assert_eq!(Client::greeted(&server).send("a@b.c", "\r\n"), "");
    assert!(server.messages().is_empty());

    server.script(Rule::accept_and_drop());
    assert_eq!(Client::greeted(&server).send("a@b.c", "\r\n"), "");
    assert!(!server.wait_for(1, SOON).await[0].confirmed);

    server.script(Rule::drop(Stage::Mail));
    server.behave();
    server.script(Rule::delay(Stage::Dot, Duration::from_millis(200)));
    let start = Instant::now();
    assert!(Client::greeted(&server).send("a@b.c", "\r\n").starts_with("250"));
    assert!(start.elapsed() >= Duration::from_millis(200));
}

#[tokio::test]
async fn a_message_cut_short_is_not_accepted() {
    let server = SmtpServer::start();
    let mut client = Client::greeted(&server);
    for command in ["MAIL FROM:<a@b.c>", "RCPT TO:<a@b.c>", "DATA"] {
        client.ask(command);
    }
    client.write("Subject: x\r\n\r\nhalf a li");
    drop(client);
    assert!(Client::greeted(&server).send("a@b.c", "\r\n").starts_with("250"));
    assert_eq!(server.wait_for(1, SOON).await.len(), 1);
}

#[tokio::test]
async fn lines_must_be_short_and_end_properly() {
    let server = SmtpServer::start();
    let mut client = Client::greeted(&server);
    let longest = format!("{}\r\n", "x".repeat(998));
    assert!(client.send("a@b.c", &longest).starts_with("250"));
    assert!(client.send("a@b.c", &format!("x{longest}")).starts_with("550 5.6.0"));
    assert!(client.send("a@b.c", "bare\nline feed\r\n").starts_with("550 5.6.0"));
    assert!(client.send("a@b.c", "not the end\n.\r\n").starts_with("550 5.6.0"));
    assert!(client.send("a@b.c", "\r\n").starts_with("250"));
}

#[tokio::test]
async fn a_relay_with_a_login_takes_no_mail_before_it() {
    // NUL "ada" NUL "secret"
    let right = "AGFkYQBzZWNyZXQ=";
    let server = SmtpServer::with_login("ada", "secret");
    let mut client = Client::connect(&server);
    client.reply();
    assert!(client.ask("EHLO me.test").contains("AUTH PLAIN"));
    assert!(client.send("a@b.c", "\r\n").starts_with("530 5.7.0"));
    assert!(client.ask("AUTH PLAIN AGFkYQBndWVzcw==").starts_with("535 5.7.8"));
    server.script(Rule::reply(Stage::Auth, "454 4.7.0 later"));
    assert_eq!(client.ask(&format!("AUTH PLAIN {right}")), "454 4.7.0 later");
    assert_eq!(client.ask("AUTH PLAIN"), "334");
    assert!(client.ask(right).starts_with("235"));
    assert!(client.send("a@b.c", "\r\n").starts_with("250"));
    assert!(!server.commands().join("\n").contains(right));
}

#[tokio::test]
async fn a_relay_can_go_away_and_come_back() {
    let server = SmtpServer::start();
    let mut client = Client::greeted(&server);
    server.go_away().await;
    assert_eq!(client.reply(), "");
    assert!(TcpStream::connect(server.address()).is_err());
    server.come_back().await;
    assert!(Client::greeted(&server).send("a@b.c", "\r\n").starts_with("250"));
}
