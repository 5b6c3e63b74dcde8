//! GraphQL over WebSocket, as `graphql-transport-ws`.

use std::{collections::BTreeMap, sync::Arc};

use actix_web::{
    HttpRequest, HttpResponse,
    guard::GuardContext,
    http::header::{self, HeaderMap},
    web,
};
use actix_ws::{AggregatedMessage, AggregatedMessageStream, ProtocolError, Session};
use tokio::{
    sync::{OwnedSemaphorePermit, mpsc},
    time::{Instant, MissedTickBehavior, interval_at, sleep_until, timeout},
};
use tokio_util::task::AbortOnDropHandle;

use super::{
    super::{
        Service, Work,
        access_log::request_id,
        answers::{Fault, answer},
        bearer::{self, Credentials},
        cors,
        documents::Asked,
        media::Media,
        origin::is_own,
        received::Sender,
    },
    messages::{self, Closing, PROTOCOL, Said},
    operation::{Event, Outlet, carry_out},
    speaker::Speaker,
};

/// How many operations may go on at a time over one socket.
const OPERATIONS_MAX: usize = 100;
/// How many answers wait until the socket has taken those before.
const WAITING_MAX: usize = 8;
/// Pings without any sign of life, after which a client is gone.
const MISSED_MAX: u32 = 2;

/// Whether a request wants to become a WebSocket.
pub(in crate::http) fn is_upgrade(context: &GuardContext<'_>) -> bool {
    let upgrade = context.head().headers().get(header::UPGRADE);
    upgrade.is_some_and(|upgrade| upgrade.as_bytes().eq_ignore_ascii_case(b"websocket"))
}

/// Opens a socket and leaves it to a task, or says over HTTP why not.
pub(in crate::http) async fn open(
    request: HttpRequest,
    payload: web::Payload,
    service: web::Data<Service>,
    work: web::Data<Work>,
) -> HttpResponse {
    let request_id = request_id(&request);
    match begin(&request, payload, service, &work, request_id.clone()).await {
        Ok(response) => response,
        Err(fault) => answer(&Err(fault), Media::Json, &request_id),
    }
}

async fn begin(
    request: &HttpRequest,
    payload: web::Payload,
    service: web::Data<Service>,
    work: &web::Data<Work>,
    request_id: String,
) -> Result<HttpResponse, Fault> {
    // A browser sends no token of its own accord, so a foreign page would gain nothing; but it is refused as its requests
    // are: now when no organization lists its origin, and when it has said who it is, unless that one's does.
    let page = (!is_own(&service, request.headers())).then(|| request.headers().clone());
    if page.is_some() && !cors::may_read(request, None).await {
        return Err(Fault::Origin);
    }
    let sender = Sender::of(request, &service)?;
    let place = service.streams.enter()?;
    let (response, session, messages) = actix_ws::handle_with_protocols(request, payload, &[PROTOCOL])
        .map_err(|error| Fault::Malformed(format!("This is not a WebSocket handshake: {error}.")))?;
    let limit = service.body_limit;
    let messages = messages.max_frame_size(limit).aggregate_continuations().max_continuation_size(limit);
    let speaks_our_language = response.headers().contains_key(header::SEC_WEBSOCKET_PROTOCOL);
    let (told, events) = mpsc::channel(WAITING_MAX);
    let socket = Socket {
        session,
        service,
        work: work.clone(),
        request_id,
        handshake: sender,
        organization: bearer::organization(request.headers()),
        page,
        joined: None,
        operations: BTreeMap::new(),
        count: 0,
        sender: told,
        _place: place,
    };
    work.start_here(async move {
        if speaks_our_language {
            socket.serve(messages, events).await;
        } else {
            socket.close(Closing::Subprotocol).await;
        }
    });
    Ok(response)
}

/// How a socket ends.
enum End {
    /// The client hung up, or takes nothing any more.
    Gone,
    /// We close it.
    Closed(Closing),
}

impl From<Closing> for End {
    fn from(closing: Closing) -> Self {
        Self::Closed(closing)
    }
}

/// An operation that goes on. Dropping it ends it.
struct Going {
    number: u64,
    _task: AbortOnDropHandle<()>,
}

/// Who speaks over a socket, and a task that tells when their token has ended.
struct Joined {
    speaker: Arc<Speaker>,
    _guard: AbortOnDropHandle<()>,
}

/// A socket. Dropping it ends whatever goes on over it.
struct Socket {
    session: Session,
    service: web::Data<Service>,
    work: web::Data<Work>,
    request_id: String,
    /// Who sent the handshake.
    handshake: Sender,
    /// What the handshake named as the organization.
    organization: Option<String>,
    /// The headers of the handshake, when a page of another origin sent it.
    page: Option<HeaderMap>,
    /// Set by `connection_init`.
    joined: Option<Joined>,
    operations: BTreeMap<String, Going>,
    /// Tells an operation from an earlier one of the same id.
    count: u64,
    sender: mpsc::Sender<(u64, Event)>,
    _place: OwnedSemaphorePermit,
}

impl Socket {
    async fn serve(mut self, mut messages: AggregatedMessageStream, mut events: mpsc::Receiver<(u64, Event)>) {
        let end = self.converse(&mut messages, &mut events).await;
        if let End::Closed(closing) = end {
            self.close(closing).await;
        }
    }

    async fn close(self, closing: Closing) {
        // Whoever is gone needs no farewell.
        let _gone = self.session.close(Some(closing.reason())).await;
    }

    async fn converse(
        &mut self,
        messages: &mut AggregatedMessageStream,
        events: &mut mpsc::Receiver<(u64, Event)>,
    ) -> End {
        let pace = self.service.streams.pace;
        let stopping = self.work.stopping().clone();
        let init_until = Instant::now() + pace.init;
        let mut ping = interval_at(Instant::now() + pace.ping, pace.ping);
        ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut missed = 0;
        loop {
            let done = tokio::select! {
                () = stopping.cancelled() => Err(Closing::GoingAway.into()),
                message = messages.recv() => {
                    missed = 0;
                    match message {
                        None => Err(End::Gone),
                        Some(Ok(message)) => self.hear(message).await,
                        Some(Err(error)) => Err(broken(&error)),
                    }
                }
                Some((number, event)) = events.recv() => self.pass_on(number, event).await,
                () = sleep_until(init_until), if self.joined.is_none() => Err(Closing::InitTimeout.into()),
                _ = ping.tick() => {
                    if missed >= MISSED_MAX {
                        return End::Gone;
                    }
                    missed += 1;
                    self.session.ping(b"").await.map_err(|_| End::Gone)
                }
            };
            if let Err(end) = done {
                return end;
            }
        }
    }

    async fn hear(&mut self, message: AggregatedMessage) -> Result<(), End> {
        let text = match message {
            AggregatedMessage::Text(text) => text,
            AggregatedMessage::Binary(_) => return Err(Closing::Invalid("messages are texts").into()),
            AggregatedMessage::Ping(bytes) => return self.session.pong(&bytes).await.map_err(|_| End::Gone),
            AggregatedMessage::Pong(_) => return Ok(()),
            AggregatedMessage::Close(reason) => {
                // The same code goes back (RFC 6455, section 5.5.1): clients take any other for a fault.
                let _gone = self.session.clone().close(reason).await;
                return Err(End::Gone);
            }
        };
        match messages::read(&text).map_err(Closing::Invalid)? {
            Said::Init { authorization } => self.init(authorization).await,
            Said::Ping => self.send(messages::pong()).await,
            Said::Pong => Ok(()),
            Said::Subscribe { id, asked } => self.subscribe(id, *asked).await,
            Said::Complete { id } => {
                // It may have completed at the same moment by itself.
                self.operations.remove(&id);
                Ok(())
            }
        }
    }

    async fn init(&mut self, authorization: Option<String>) -> Result<(), End> {
        if self.joined.is_some() {
            return Err(Closing::SecondInit.into());
        }
        let forbidden = |fault: &Fault| Closing::Forbidden(fault.to_string());
        let mut sender = self.handshake.clone();
        if let Some(text) = authorization {
            let token = bearer::read(&text).map_err(|error| forbidden(&error.into()))?;
            if sender.credentials.as_ref().is_some_and(|other| other.token != token) {
                let why = "the header and the payload hold different tokens";
                return Err(Closing::Forbidden(why.to_owned()).into());
            }
            sender.credentials = Some(Credentials { token, organization: self.organization.clone() });
        }
        let speaker = Arc::new(Speaker::new(self.service.clone(), sender, self.request_id.clone()));
        let (asked, page) = (Arc::clone(&speaker), self.page.clone());
        let until = Instant::now() + self.service.request_timeout;
        let known = async move {
            let caller = asked.since(Instant::now()).await?;
            let organization_id = caller.map(|caller| caller.organization_id());
            match page {
                Some(page) if !cors::origin_allowed(asked.service(), &page, organization_id).await => {
                    Err(Fault::Origin)
                }
                _ => Ok(()),
            }
        };
        let known = self.work.run(until, known).await;
        match known {
            Ok(Ok(())) => {}
            Ok(Err(fault)) if fault.is_about_the_token() || matches!(fault, Fault::Origin) => {
                return Err(forbidden(&fault).into());
            }
            Ok(Err(_)) | Err(_) => return Err(Closing::Internal.into()),
        }
        let (guard, last) = (Arc::clone(&speaker), Outlet { number: 0, events: self.sender.clone() });
        let guarding = self.work.start(async move { last.say(Event::Ended(guard.ends().await)).await });
        self.joined = Some(Joined { speaker, _guard: guarding });
        self.send(messages::ack()).await
    }

    async fn subscribe(&mut self, id: String, asked: Asked) -> Result<(), End> {
        let Some(Joined { speaker, .. }) = &self.joined else {
            return Err(Closing::Unauthorized("send connection_init first".to_owned()).into());
        };
        if self.operations.contains_key(&id) {
            return Err(Closing::IdInUse(id).into());
        }
        if self.operations.len() >= OPERATIONS_MAX {
            let refused = messages::failed(&id, &Fault::TooManyOperations { most: OPERATIONS_MAX }, &self.request_id);
            return self.send(refused).await;
        }
        self.count += 1;
        let outlet = Outlet { number: self.count, events: self.sender.clone() };
        let task = self.work.start(carry_out(Arc::clone(speaker), asked, false, outlet));
        self.operations.insert(id, Going { number: self.count, _task: task });
        Ok(())
    }

    async fn pass_on(&mut self, number: u64, event: Event) -> Result<(), End> {
        if let Event::Ended(fault) = &event {
            return Err(Closing::Unauthorized(fault.to_string()).into());
        }
        // What an operation said that the client has completed meanwhile is for nobody.
        let going = self.operations.iter().find(|(_, going)| going.number == number);
        let Some(id) = going.map(|(id, _)| id.clone()) else { return Ok(()) };
        let (text, is_last) = match event {
            Event::Begun | Event::Ended(_) => return Ok(()),
            Event::Next(response) => (messages::next(&id, &response), false),
            Event::Refused(response) => (messages::refused(&id, &response), true),
            Event::Over => (messages::complete(&id), true),
            Event::Failed(fault) => (messages::failed(&id, &fault, &self.request_id), true),
        };
        if is_last {
            self.operations.remove(&id);
        }
        self.send(text).await
    }

    /// A client that takes nothing for as long as two pings is gone.
    async fn send(&mut self, text: String) -> Result<(), End> {
        let patience = self.service.streams.pace.ping * MISSED_MAX;
        let stopping = self.work.stopping().clone();
        let sent = stopping.run_until_cancelled(timeout(patience, self.session.text(text))).await;
        match sent {
            Some(Ok(Ok(()))) => Ok(()),
            Some(Ok(Err(_)) | Err(_)) => Err(End::Gone),
            None => Err(Closing::GoingAway.into()),
        }
    }
}

/// What a broken message means for its socket.
#[expect(clippy::wildcard_enum_match_arm, reason = "the library's list is open; whatever else it finds is no message")]
fn broken(error: &ProtocolError) -> End {
    match error {
        ProtocolError::Overflow => Closing::TooBig.into(),
        // The library has no name for a message that grows too large over several frames, nor for one that is not UTF-8.
        ProtocolError::Io(error) if error.kind() == std::io::ErrorKind::InvalidData => {
            Closing::Invalid("a text must be UTF-8").into()
        }
        ProtocolError::Io(error) if error.to_string().contains("size") => Closing::TooBig.into(),
        ProtocolError::Io(_) => End::Gone,
        _ => Closing::Invalid("the frame cannot be read").into(),
    }
}
