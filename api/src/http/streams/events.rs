//! Server-sent events: the "distinct connections mode" of the GraphQL over Server-Sent Events protocol (`graphql-sse`).
//!
//! One request, one operation, one stream of `next` events with answers and a `complete` event. What is wrong with the
//! HTTP of a request, or with its token, is told by the status as usual; what is wrong with its document is told in an
//! event, as the protocol asks, because browsers keep the body of a failed stream to themselves.

use std::sync::Arc;

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{self, Accept, Header as _},
    mime,
    web::{self, Bytes},
};
use futures_util::stream;
use serde_json::json;
use tokio::{
    sync::{OwnedSemaphorePermit, mpsc},
    time::{Instant, Interval, interval_at},
};
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};
use uuid::Uuid;

use super::{
    super::{
        Service, Work,
        answers::{AS_IT_IS, Fault, Refused},
        documents::Asked,
        received::Sender,
    },
    operation::{Event, Outlet, carry_out},
    speaker::Speaker,
};

/// Whether a client wants its answer as a stream of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::http) enum Wanted {
    /// It takes nothing else.
    Always,
    /// It takes it for subscriptions, and JSON for the rest.
    ForSubscriptions,
}

/// What the header `Accept` says about streams; `None` when it does not name them.
pub(in crate::http) fn wanted(request: &HttpRequest) -> Option<Wanted> {
    let Accept(ranges) = Accept::parse(request).ok()?;
    let names =
        |name: &str| ranges.iter().any(|range| range.item.essence_str() == name && range.quality > header::q(0.0));
    if !names(mime::TEXT_EVENT_STREAM.essence_str()) {
        return None;
    }
    let takes_json = ["application/json", "application/graphql-response+json", "application/*", "*/*"];
    Some(if takes_json.into_iter().any(names) { Wanted::ForSubscriptions } else { Wanted::Always })
}

/// Carries out an operation and answers with its events, and says whose organization's they are.
pub(in crate::http) async fn answer(
    service: web::Data<Service>,
    work: web::Data<Work>,
    sender: Sender,
    asked: Asked,
    over_get: bool,
    request_id: String,
) -> Result<(Option<Uuid>, HttpResponse), Fault> {
    let place = service.streams.enter()?;
    let between = service.streams.pace.comment;
    let (told, mut events) = mpsc::channel(1);
    let outlet = Outlet { number: 0, events: told };
    let speaker = Arc::new(Speaker::new(service, sender, request_id.clone()));
    let known = Arc::clone(&speaker);
    let task = work.start(async move {
        let guard = Arc::clone(&speaker);
        let last = outlet.clone();
        tokio::select! {
            () = carry_out(speaker, asked, over_get, outlet) => {}
            fault = guard.ends() => last.say(Event::Ended(fault)).await,
        }
    });
    let first = match events.recv().await {
        None => return Err(Fault::Internal),
        Some((_, Event::Failed(fault) | Event::Ended(fault))) => return Err(fault),
        Some((_, event)) => event,
    };
    let body = Body {
        events,
        first: Some(first),
        request_id,
        comments: interval_at(Instant::now() + between, between),
        stopping: work.stopping().clone(),
        is_over: false,
        _task: task,
        _place: place,
    };
    let parts = stream::unfold(body, |mut body| async move { body.next().await.map(|part| (part, body)) });
    let response = HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "text/event-stream; charset=utf-8"))
        .insert_header((header::CONTENT_ENCODING, AS_IT_IS))
        .insert_header((header::VARY, "accept"))
        // Proxies that gather an answer before they pass it on would hold every event back.
        .insert_header(("x-accel-buffering", "no"))
        .streaming(parts);
    Ok((known.organization_id().await, response))
}

/// A stream on its way to the client. Dropping it ends the operation.
struct Body {
    events: mpsc::Receiver<(u64, Event)>,
    first: Option<Event>,
    request_id: String,
    comments: Interval,
    stopping: CancellationToken,
    is_over: bool,
    _task: AbortOnDropHandle<()>,
    _place: OwnedSemaphorePermit,
}

const COMPLETE: &str = "event: complete\ndata:\n\n";
const COMMENT: &str = ":\n\n";

impl Body {
    async fn next(&mut self) -> Option<Result<Bytes, actix_web::Error>> {
        if self.is_over {
            return None;
        }
        let event = if let Some(first) = self.first.take() {
            Some(first)
        } else {
            tokio::select! {
                event = self.events.recv() => event.map(|(_, event)| event),
                () = self.stopping.cancelled() => None,
                _ = self.comments.tick() => return Some(Ok(Bytes::from_static(COMMENT.as_bytes()))),
            }
        };
        let answer = match event {
            Some(Event::Begun) => return Some(Ok(Bytes::from_static(COMMENT.as_bytes()))),
            Some(Event::Next(response)) => serde_json::to_string(&*response).ok(),
            Some(Event::Refused(response)) => {
                self.is_over = true;
                serde_json::to_string(&Refused::from(&*response)).ok()
            }
            Some(Event::Failed(fault) | Event::Ended(fault)) => {
                self.is_over = true;
                Some(json!({ "errors": [fault.error(&self.request_id)] }).to_string())
            }
            Some(Event::Over) | None => {
                self.is_over = true;
                None
            }
        };
        // JSON has its line breaks escaped, so it fits on the one line that an event has.
        let next = answer.map(|answer| format!("event: next\ndata: {answer}\n\n")).unwrap_or_default();
        let last = if self.is_over { COMPLETE } else { "" };
        Some(Ok(Bytes::from(next + last)))
    }
}
