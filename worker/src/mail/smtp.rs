//! One message at a time to a relay, announced in one packet where the relay takes that (RFC 2920).
//!
//! A pooled transport is not safe to cancel: after a lost reply every later reply belongs to the message before. Here
//! a connection is either at rest in the [`Relay`], after a clean reply, or owned by the one exchange that uses it. If
//! the exchange fails, times out or is dropped, the connection goes with it.

use std::{fmt, future::Future, time::Duration};

use lettre::{
    Address,
    transport::smtp::{
        authentication::{Credentials, DEFAULT_MECHANISMS},
        client::{AsyncSmtpConnection, TlsParameters},
        commands::{Data, Ehlo, Mail, Rcpt, Rset},
        extension::ClientId,
        response::{Response, Severity},
    },
};
use shared::{
    domain::{mail_domains::is_too_fast, mail_status::EnhancedCode},
    failpoints::Point,
};
use tokio::{net::TcpStream, time::timeout};

use super::{message::parse_address, text};

/// How the way to the relay is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Security {
    /// Not at all: for a relay on the same machine or network.
    None,
    /// Plain at first, then encrypted; never falls back to plain.
    StartTls,
    /// Encrypted from the first byte.
    Tls,
}

/// Where the relay is and how to log in.
#[derive(Clone, PartialEq, Eq)]
pub struct SmtpSettings {
    /// The relay's host name, which its certificate must bear.
    pub host: String,
    /// Usually 25, 465 (TLS) or 587 (STARTTLS).
    pub port: u16,
    /// How the way to the relay is protected.
    pub security: Security,
    /// The login, if the relay asks for one.
    pub user: Option<String>,
    /// The login's password.
    pub password: Option<String>,
    /// How long each single command may take.
    pub command_timeout: Duration,
}

impl fmt::Debug for SmtpSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SmtpSettings")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("security", &self.security)
            .field("login", &self.user.is_some())
            .field("command_timeout", &self.command_timeout)
            .finish_non_exhaustive()
    }
}

/// What a failure means for the message and for the relay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// No connection, no greeting or no encryption: every message would fail. Pause; the message lost no attempt.
    RelayUnreachable,
    /// The relay wants a login, or refused ours. Pause; the message lost no attempt.
    LoginFailed,
    /// Not now (4yz, or the relay fell silent before the message was given to it): try again later.
    Temporary,
    /// Mail to the recipient's domain comes too fast ([`is_too_fast`]). Pause for the domain; the message lost no attempt.
    TooFast,
    /// Nobody can be reached at the address ([`EnhancedCode::is_bad_address`]): do not write there again.
    BadAddress,
    /// Refused for good for any other reason; says nothing about the address.
    Refused,
    /// The message was given away and no reply came: it may have been accepted.
    Ambiguous,
}

/// A message that was not, or perhaps not, accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{class:?}: {reply}")]
pub struct SendError {
    /// What it means.
    pub class: Class,
    /// The relay's words, on one line, or ours if it said nothing. May repeat the recipient's address.
    pub reply: String,
}

/// The relay took responsibility for the message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// The relay's words, on one line; often its queue id.
    pub reply: String,
}

/// A relay, with at most one open connection.
pub struct Relay {
    settings: SmtpSettings,
    /// Present only while nothing is owed on it by either side.
    resting: Option<Line>,
}

/// An open connection.
struct Line {
    smtp: AsyncSmtpConnection,
    /// Whether the relay takes several commands at once (RFC 2920).
    pipelines: bool,
    /// Whether it has answered everything it was told, and waits for a command.
    in_step: bool,
}

impl fmt::Debug for Relay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Relay").field("settings", &self.settings).field("connected", &self.resting.is_some()).finish()
    }
}

/// A message announced to the relay, which waits for its content. Dropped, it was never sent.
#[must_use = "the relay waits for the message"]
pub struct Handed<'relay> {
    relay: &'relay mut Relay,
    line: Line,
}

impl fmt::Debug for Handed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handed").field("relay", &self.relay).finish_non_exhaustive()
    }
}

impl Relay {
    /// A relay that is connected to when the first message begins.
    pub fn new(settings: SmtpSettings) -> Self {
        Self { settings, resting: None }
    }

    /// Announces a message from one address to one other, up to the point where the relay waits for its content.
    ///
    /// # Errors
    ///
    /// When the relay cannot be reached, refuses the login or one of the addresses, or one of them is not an address.
    /// The message was certainly not sent.
    pub async fn begin(&mut self, from: &str, to: &str) -> Result<Handed<'_>, SendError> {
        let from =
            parse_address(from).ok_or_else(|| SendError::own(Class::Refused, "the sender is not a mail address"))?;
        let to = parse_address(to).ok_or_else(|| SendError::own(Class::BadAddress, "not a mail address"))?;

        if let Some(mut line) = self.resting.take() {
            match self.announce(&mut line, &from, &to).await {
                Ok(()) => {
                    return Ok(Handed { relay: self, line });
                }
                // Relays close connections that rest too long; nothing was given away yet, so a new one may be tried.
                Err(Trouble::Silence(_) | Trouble::Reply { code: 421, .. }) => {}
                Err(trouble) => return Err(self.refused(line, trouble).await),
            }
        }
        let mut line = self.connect().await?;
        match self.announce(&mut line, &from, &to).await {
            Ok(()) => Ok(Handed { relay: self, line }),
            Err(trouble) => Err(self.refused(line, trouble).await),
        }
    }

    async fn connect(&self) -> Result<Line, SendError> {
        let unreachable = |trouble: Trouble| SendError::own(Class::RelayUnreachable, &trouble.words());
        let tls = || {
            TlsParameters::new(self.settings.host.clone())
                .map_err(|error| SendError::own(Class::RelayUnreachable, &error.to_string()))
        };
        let hello = ClientId::default();
        let implicit = match self.settings.security {
            Security::None | Security::StartTls => None,
            Security::Tls => Some(tls()?),
        };
        let address = (self.settings.host.as_str(), self.settings.port);
        let connected = match implicit {
            None => {
                let stream = self.reach(address).await?;
                self.timed(AsyncSmtpConnection::connect_with_transport(Box::new(stream), &hello)).await
            }
            Some(tls) => self.timed(AsyncSmtpConnection::connect_tokio1(address, None, &hello, Some(tls), None)).await,
        };
        let mut connection = connected.map_err(unreachable)?;
        if self.settings.security == Security::StartTls {
            self.timed(connection.starttls(tls()?, &hello)).await.map_err(unreachable)?;
        }
        if let Some(user) = &self.settings.user {
            let password = self.settings.password.clone().unwrap_or_default();
            let login = Credentials::new(user.clone(), password);
            self.timed(connection.auth(DEFAULT_MECHANISMS, &login)).await.map_err(|trouble| match trouble {
                Trouble::Silence(_) | Trouble::Reply { code: 400..500, .. } => unreachable(trouble),
                Trouble::Reply { .. } | Trouble::TooFast { .. } | Trouble::Client(_) => {
                    SendError::own(Class::LoginFailed, &trouble.words())
                }
            })?;
        }
        // The library asks as well, and does not tell.
        let told = self.timed(connection.command(Ehlo::new(hello))).await.map_err(unreachable)?;
        let pipelines = told.message().any(|keyword| keyword.trim().eq_ignore_ascii_case("PIPELINING"));
        Ok(Line { smtp: connection, pipelines, in_step: true })
    }

    /// Opens a connection that sends everything at once. Otherwise the final dot, which is written after the message,
    /// would wait for the other side's acknowledgement, 40 ms as a rule; and as the system sends what is written even
    /// when the process dies, the time in which nobody can know whether the message arrived would be so much longer.
    async fn reach(&self, address: (&str, u16)) -> Result<TcpStream, SendError> {
        let connected = timeout(self.settings.command_timeout, async {
            let stream = TcpStream::connect(address).await?;
            stream.set_nodelay(true)?;
            Ok::<_, std::io::Error>(stream)
        });
        match connected.await {
            Ok(Ok(stream)) => Ok(stream),
            Ok(Err(error)) => Err(SendError::own(Class::RelayUnreachable, &format!("Connection error: {error}"))),
            Err(_) => Err(SendError::own(Class::RelayUnreachable, "no connection in time")),
        }
    }

    /// Announces a message. What a relay takes at once is one packet; its replies are all waited for, for the connection
    /// is of no use otherwise.
    async fn announce(&self, line: &mut Line, from: &Address, to: &Address) -> Result<(), Trouble> {
        let Line { smtp, pipelines, in_step } = line;
        let mut commands = vec![
            Mail::new(Some(from.clone()), Vec::new()).to_string(),
            Rcpt::new(to.clone(), Vec::new()).to_string(),
            Data.to_string(),
        ];
        if *pipelines {
            commands = vec![commands.concat()];
        }
        let mut commands = commands.into_iter();
        let mut announced = Ok(());
        for (is_first, is_last) in [(true, false), (false, false), (false, true)] {
            let reply = match commands.next() {
                Some(command) => self.timed(smtp.command(command)).await,
                None => self.timed(smtp.read_response()).await,
            };
            let severity = if is_last { Severity::PositiveIntermediate } else { Severity::PositiveCompletion };
            let agreed = reply
                .map_err(|trouble| if is_first { trouble } else { trouble.of_recipient() })
                .and_then(|reply| expect(&reply, severity));
            // After a no it may wait for a message all the same, and shall get none.
            let waits_in_vain = is_last && agreed.is_ok() && announced.is_err();
            let is_silent = matches!(agreed, Err(Trouble::Silence(_) | Trouble::Client(_)));
            *in_step = !is_silent && !waits_in_vain;
            // The first no counts; the others follow from it.
            announced = announced.and(agreed);
            if is_silent || (announced.is_err() && !*pipelines) {
                break;
            }
        }
        announced
    }

    /// Turns a refusal into an error, and keeps the connection if the relay answers that it is ready for the next.
    async fn refused(&mut self, mut line: Line, trouble: Trouble) -> SendError {
        let ready = line.in_step && trouble.leaves_connection_open();
        if ready && self.timed(line.smtp.command(Rset)).await.is_ok() {
            self.resting = Some(line);
        }
        trouble.into_error(Class::Temporary)
    }

    /// One command, with its own time limit.
    async fn timed<T>(
        &self,
        step: impl Future<Output = Result<T, lettre::transport::smtp::Error>>,
    ) -> Result<T, Trouble> {
        match timeout(self.settings.command_timeout, step).await {
            Ok(result) => result.map_err(|error| Trouble::from(&error)),
            Err(_) => Err(Trouble::Silence(String::from("no reply in time"))),
        }
    }
}

impl Handed<'_> {
    /// Sends the content and the final dot. Call it once the decision to send is safely stored: from here on the
    /// message may arrive whatever happens.
    ///
    /// # Errors
    ///
    /// When the relay refuses the content, or ([`Class::Ambiguous`]) when its reply does not come.
    pub async fn finish(self, message: &[u8]) -> Result<Accepted, SendError> {
        let Self { relay, mut line } = self;
        Point::MailBeforeDot.pass().await;
        let outcome = relay.timed(give(&mut line.smtp, message)).await.and_then(|response| {
            expect(&response, Severity::PositiveCompletion)?;
            Ok(Accepted { reply: reply(&response) })
        });
        Point::MailAfterDot.pass().await;
        match outcome {
            Ok(accepted) => {
                relay.resting = Some(line);
                Ok(accepted)
            }
            Err(trouble) => {
                if trouble.leaves_connection_open() {
                    relay.resting = Some(line);
                }
                Err(trouble.of_recipient().into_error(Class::Ambiguous))
            }
        }
    }
}

/// Gives a message away.
async fn give(smtp: &mut AsyncSmtpConnection, message: &[u8]) -> Result<Response, lettre::transport::smtp::Error> {
    match std::str::from_utf8(message) {
        Ok(text) => smtp.command(content(text)).await,
        // None of ours; and the library writes these in two packets.
        Err(_) => smtp.message(message).await,
    }
}

/// A message as a relay takes it: a line that begins with a dot begins with two, and a dot alone ends it (RFC 5321, 4.5.2).
fn content(message: &str) -> String {
    const END: &str = "\r\n.\r\n";
    let mut content = String::with_capacity(message.len() + END.len());
    for (number, part) in message.split("\r\n.").enumerate() {
        if number > 0 {
            content.push_str("\r\n..");
        } else if part.starts_with('.') {
            content.push('.');
        }
        content.push_str(part);
    }
    content.push_str(if content.ends_with("\r\n") { ".\r\n" } else { END });
    content
}

/// What can come instead of the reply that was hoped for.
enum Trouble {
    /// The relay said no.
    Reply { code: u16, words: String },
    /// The relay said no because mail to this domain comes too fast.
    TooFast { code: u16, words: String },
    /// No reply, half a reply or a wrong one: what the relay thinks is unknown.
    Silence(String),
    /// Not asked, because the relay does not offer what it would take.
    Client(String),
}

impl From<&lettre::transport::smtp::Error> for Trouble {
    fn from(error: &lettre::transport::smtp::Error) -> Self {
        let source = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
        match error.status() {
            Some(code) => Self::Reply { code: code.into(), words: source },
            None if error.is_client() => Self::Client(source),
            None => Self::Silence(error.to_string()),
        }
    }
}

impl Trouble {
    /// What was said once the recipient was known: too fast means too fast for them. Before that it is not about a domain.
    fn of_recipient(self) -> Self {
        match self {
            Self::Reply { code, words }
                if EnhancedCode::of_text(&words).is_some_and(|said| is_too_fast(code, said)) =>
            {
                Self::TooFast { code, words }
            }
            Self::Reply { .. } | Self::TooFast { .. } | Self::Silence(_) | Self::Client(_) => self,
        }
    }

    /// 421 announces that the relay hangs up.
    fn leaves_connection_open(&self) -> bool {
        matches!(self, Self::Reply { code, .. } | Self::TooFast { code, .. } if *code != 421)
    }

    fn words(&self) -> String {
        match self {
            Self::Reply { code, words } | Self::TooFast { code, words } => format!("{code} {words}"),
            Self::Silence(words) | Self::Client(words) => words.clone(),
        }
    }

    /// What it means for a message; a missing reply means `silence`.
    fn into_error(self, silence: Class) -> SendError {
        let class = match &self {
            Self::Silence(_) | Self::Client(_) => silence,
            Self::TooFast { .. } => Class::TooFast,
            Self::Reply { code: 400..500, .. } => Class::Temporary,
            // The relay wants a login or encryption first (RFC 4954): true for every message, whoever it is for.
            Self::Reply { code: 530 | 535 | 538, .. } => Class::LoginFailed,
            Self::Reply { code: 500..600, words } => match EnhancedCode::of_text(words) {
                Some(code) if code.is_bad_address() => Class::BadAddress,
                Some(code) if code.is_vague() => Class::Temporary,
                Some(_) | None => Class::Refused,
            },
            Self::Reply { .. } => Class::Refused,
        };
        SendError::own(class, &self.words())
    }
}

impl SendError {
    fn own(class: Class, words: &str) -> Self {
        Self { class, reply: text::shorten(&text::one_line(words), LONGEST_REPLY) }
    }
}

/// Replies are stored with the message; a talkative relay must not fill the table.
const LONGEST_REPLY: usize = 500;

/// A positive reply of the wrong kind means that replies and commands are out of step.
fn expect(response: &Response, severity: Severity) -> Result<(), Trouble> {
    if response.code().severity == severity {
        Ok(())
    } else {
        Err(Trouble::Silence(format!("unexpected reply: {}", reply(response))))
    }
}

fn reply(response: &Response) -> String {
    let words: Vec<&str> = response.message().collect();
    text::shorten(&text::one_line(&format!("{} {}", response.code(), words.join(" "))), LONGEST_REPLY)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dot_ends_the_content_and_none_before_it_does() {
        for (message, given) in [
            ("a\r\n", "a\r\n.\r\n"),
            ("a", "a\r\n.\r\n"),
            (".\r\n..\r\n.b.\r\n", "..\r\n...\r\n..b.\r\n.\r\n"),
            ("\r\n.\r\n", "\r\n..\r\n.\r\n"),
            ("a\r\n.", "a\r\n..\r\n.\r\n"),
            ("", "\r\n.\r\n"),
        ] {
            assert_eq!(content(message), given, "{message:?}");
        }
    }
}
