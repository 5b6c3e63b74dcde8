//! One connection to the relay: the server's half of RFC 5321.

use std::io;

use mail_parser::decoders::base64::base64_decode;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::{
        TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    time,
};

use super::{
    Received, Stage, State,
    script::{Call, Fault},
};

/// RFC 5321 4.5.3.1.6, with the line's end.
const LONGEST_LINE: usize = 1000;

/// What a stage does after its rule was looked at.
#[derive(PartialEq)]
enum Course {
    AsUsual,
    Answered,
    AcceptAndDrop,
    Drop,
}

struct Conversation<'a> {
    reader: BufReader<OwnedReadHalf>,
    writer: OwnedWriteHalf,
    number: usize,
    state: &'a State,
    logged_in: bool,
    from: Option<String>,
    to: Vec<String>,
    /// What is to be done once the message is accepted.
    call: Option<Call>,
}

/// Answers until the client leaves or a rule ends the conversation.
pub(super) async fn hold(stream: TcpStream, number: usize, state: &State) -> io::Result<()> {
    let (reader, writer) = stream.into_split();
    let mut conversation = Conversation {
        reader: BufReader::new(reader),
        writer,
        number,
        state,
        logged_in: state.login.is_none(),
        from: None,
        to: Vec::new(),
        call: None,
    };
    if conversation.greet().await? {
        while let Some(line) = conversation.command().await? {
            if !conversation.answer(&line).await? {
                break;
            }
        }
    }
    Ok(())
}

impl Conversation<'_> {
    async fn greet(&mut self) -> io::Result<bool> {
        self.stage(Stage::Greeting, &[], "220 relay.test ESMTP").await
    }

    /// Answers one command; `false` ends the conversation.
    async fn answer(&mut self, line: &str) -> io::Result<bool> {
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        match verb.to_ascii_uppercase().as_str() {
            "EHLO" => self.hello().await,
            "HELO" => self.stage(Stage::Hello, &[], "250 relay.test").await,
            "AUTH" => self.auth(rest).await,
            "MAIL" => self.mail(rest).await,
            "RCPT" => self.rcpt(rest).await,
            "DATA" => self.data().await,
            "RSET" => {
                self.reset();
                self.say("250 2.0.0 forgotten").await
            }
            "NOOP" => self.say("250 2.0.0 nothing done").await,
            "VRFY" => self.say("252 2.5.0 try it").await,
            "QUIT" => {
                self.say("221 2.0.0 goodbye").await?;
                Ok(false)
            }
            _ => self.say("500 5.5.1 unknown command").await,
        }
    }

    async fn hello(&mut self) -> io::Result<bool> {
        self.reset();
        let login = self.state.login.as_ref().map(|_| "250-AUTH PLAIN\r\n");
        let reply = format!(
            "250-relay.test\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250-PIPELINING\r\n{}250 ENHANCEDSTATUSCODES",
            login.unwrap_or_default()
        );
        self.stage(Stage::Hello, &[], &reply).await
    }

    async fn auth(&mut self, rest: &str) -> io::Result<bool> {
        let (mechanism, initial) = rest.split_once(' ').unwrap_or((rest, ""));
        if self.state.login.is_none() || !mechanism.eq_ignore_ascii_case("PLAIN") {
            return self.say("504 5.5.4 unknown mechanism").await;
        }
        let mut response = initial.to_owned();
        if response.is_empty() {
            self.say("334 ").await?;
            let Some(line) = self.line().await? else {
                return Ok(false);
            };
            response.push_str(String::from_utf8_lossy(&line).trim_end());
        }
        let course = self.course(Stage::Auth, &[]).await?;
        if course != Course::AsUsual {
            return Ok(course == Course::Answered);
        }
        let given = base64_decode(response.as_bytes()).unwrap_or_default();
        let mut given = given.splitn(3, |byte| *byte == 0).skip(1);
        let login = self.state.login.as_ref();
        self.logged_in = login.is_some_and(|(user, password)| {
            given.next() == Some(user.as_bytes()) && given.next() == Some(password.as_bytes())
        });
        if self.logged_in {
            self.say("235 2.7.0 welcome").await
        } else {
            self.say("535 5.7.8 wrong user or password").await
        }
    }

    async fn mail(&mut self, rest: &str) -> io::Result<bool> {
        if !self.logged_in {
            return self.say("530 5.7.0 log in first").await;
        }
        if self.from.is_some() {
            return self.say("503 5.5.1 one message at a time").await;
        }
        let Some(from) = path(rest, "FROM:") else {
            return self.say("501 5.5.4 MAIL FROM:<address>").await;
        };
        let course = self.course(Stage::Mail, std::slice::from_ref(&from)).await?;
        if course != Course::AsUsual {
            return Ok(course == Course::Answered);
        }
        self.from = Some(from);
        if let Some(ledger) = &self.state.ledger {
            ledger.begun(self.state.port, self.number);
        }
        self.say("250 2.1.0 sender ok").await
    }

    async fn rcpt(&mut self, rest: &str) -> io::Result<bool> {
        if self.from.is_none() {
            return self.say("503 5.5.1 MAIL first").await;
        }
        let Some(to) = path(rest, "TO:").filter(|to| !to.is_empty()) else {
            return self.say("501 5.5.4 RCPT TO:<address>").await;
        };
        let course = self.course(Stage::Rcpt, std::slice::from_ref(&to)).await?;
        if course != Course::AsUsual {
            return Ok(course == Course::Answered);
        }
        self.to.push(to);
        self.say("250 2.1.5 recipient ok").await
    }

    async fn data(&mut self) -> io::Result<bool> {
        if self.to.is_empty() {
            return self.say("503 5.5.1 RCPT first").await;
        }
        let to = self.to.clone();
        let course = self.course(Stage::Data, &to).await?;
        if course != Course::AsUsual {
            return Ok(course == Course::Answered);
        }
        self.say("354 go ahead").await?;
        let Some(content) = self.content().await? else {
            return Ok(false);
        };
        let from = self.from.take().unwrap_or_default();
        self.reset();
        let raw = match content {
            Ok(raw) => raw,
            Err(refusal) => return self.say(refusal).await,
        };
        let course = self.course(Stage::Dot, &to).await?;
        let confirmed = course == Course::AsUsual;
        if confirmed || course == Course::AcceptAndDrop {
            let message = Received { connection: self.number, from, to, raw, confirmed };
            if let Some(ledger) = &self.state.ledger {
                ledger.accepted(self.state.port, &message);
            }
            let count = {
                let mut messages = self.state.messages.lock().unwrap();
                messages.push(message);
                messages.len()
            };
            if let Some(Call(call)) = self.call.take() {
                call();
            }
            // Told first, so that whoever sees the message also finds the client answered, or soon so.
            if confirmed {
                self.say(&format!("250 2.0.0 accepted as {count}")).await.ok();
            }
            self.state.accepted.send_replace(count);
        }
        Ok(confirmed || course == Course::Answered)
    }

    /// The lines up to the final dot, or why they are refused; `None` where the client left before it.
    async fn content(&mut self) -> io::Result<Option<Result<Vec<u8>, &'static str>>> {
        let mut raw = Vec::new();
        let mut refusal = None;
        let mut at_start = true;
        loop {
            let Some(line) = self.line().await? else {
                return Ok(None);
            };
            // A dot after a bare line feed ends nothing: that is how mail is smuggled.
            if at_start && line == b".\r\n" {
                return Ok(Some(refusal.map_or(Ok(raw), Err)));
            }
            at_start = line.ends_with(b"\r\n");
            if line.len() > LONGEST_LINE {
                refusal = Some("550 5.6.0 a line is longer than 998 octets");
            }
            if !at_start {
                refusal = Some("550 5.6.0 a line does not end with CR LF");
            }
            raw.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
        }
    }

    /// Looks for a rule, and gives the usual answer where there is none.
    async fn stage(&mut self, stage: Stage, addresses: &[String], usual: &str) -> io::Result<bool> {
        let course = self.course(stage, addresses).await?;
        if course != Course::AsUsual {
            return Ok(course == Course::Answered);
        }
        self.say(usual).await
    }

    async fn course(&mut self, stage: Stage, addresses: &[String]) -> io::Result<Course> {
        loop {
            return match self.state.fault(stage, addresses) {
                None => Ok(Course::AsUsual),
                Some(Fault::Delay(delay)) => {
                    time::sleep(delay).await;
                    Ok(Course::AsUsual)
                }
                Some(Fault::Call(call)) => {
                    if stage == Stage::Dot {
                        self.call = Some(call);
                    } else {
                        (call.0)();
                    }
                    // It changes nothing about what another rule says.
                    continue;
                }
                Some(Fault::LateReply(delay, reply)) => {
                    time::sleep(delay).await;
                    self.say(&reply).await?;
                    Ok(Course::Answered)
                }
                Some(Fault::Reply(reply)) => {
                    self.say(&reply).await?;
                    // 421 means that the relay is leaving.
                    Ok(if reply.starts_with("421") { Course::Drop } else { Course::Answered })
                }
                Some(Fault::Drop) => Ok(Course::Drop),
                Some(Fault::AcceptAndDrop) => Ok(Course::AcceptAndDrop),
            };
        }
    }

    async fn command(&mut self) -> io::Result<Option<String>> {
        let Some(line) = self.line().await? else {
            return Ok(None);
        };
        let line = String::from_utf8_lossy(&line).trim_end().to_owned();
        let shown = if line.get(..4).is_some_and(|verb| verb.eq_ignore_ascii_case("AUTH")) { "AUTH" } else { &line };
        let mut commands = self.state.commands.lock().unwrap();
        commands.push(format!("{} {shown}", self.number));
        Ok(Some(line))
    }

    /// One line with its end; `None` where the client left, even in the middle of a line.
    async fn line(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut line = Vec::new();
        self.reader.read_until(b'\n', &mut line).await?;
        Ok(line.ends_with(b"\n").then_some(line))
    }

    async fn say(&mut self, reply: &str) -> io::Result<bool> {
        let reply = format!("{reply}\r\n");
        self.writer.write_all(reply.as_bytes()).await?;
        Ok(true)
    }

    fn reset(&mut self) {
        self.from = None;
        self.to.clear();
    }
}

/// The address in `FROM:<address> PARAMETERS` or `TO:<address>`.
fn path(rest: &str, keyword: &str) -> Option<String> {
    let start = rest.get(..keyword.len())?;
    let (address, _) = rest.get(keyword.len()..)?.trim_start().strip_prefix('<')?.split_once('>')?;
    start.eq_ignore_ascii_case(keyword).then(|| address.to_owned())
}
