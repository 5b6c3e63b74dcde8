//! One operation: a query, a mutation or a subscription, from its request to its last word.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use async_graphql::Response;
use futures_util::FutureExt as _;
use tokio::{
    sync::mpsc,
    time::{Instant, sleep, timeout},
};

use super::{
    super::{
        answers::Fault,
        documents::Asked,
        received::{may_be_got, operation_type, ready},
    },
    speaker::Speaker,
};
use crate::graphql::{Feed, Operation, errors::is_request_error};

/// How fresh a caller's rights must be when something is told, also to a reader who was slow to take it.
const FRESH: Duration = Duration::from_secs(1);
/// How long to wait before a database that is away is asked again.
const RETRY: Duration = Duration::from_secs(1);

/// What an operation says.
#[derive(Debug)]
pub(super) enum Event {
    /// The subscription has begun; answers come when there are any.
    Begun,
    /// An answer.
    Next(Box<Response>),
    /// Nothing was executed; the answer says why. It is the last word.
    Refused(Box<Response>),
    /// There is nothing more to come.
    Over,
    /// There is no answer. It is the last word.
    Failed(Fault),
    /// The caller's token does not stand any more: the connection's last word.
    Ended(Fault),
}

impl From<Fault> for Event {
    fn from(fault: Fault) -> Self {
        if fault.is_about_the_token() { Self::Ended(fault) } else { Self::Failed(fault) }
    }
}

/// Where an operation's events go, with the number of the operation on its connection.
#[derive(Clone, Debug)]
pub(super) struct Outlet {
    pub(super) number: u64,
    pub(super) events: mpsc::Sender<(u64, Event)>,
}

impl Outlet {
    /// Nobody may be listening any more; then the task is about to be dropped.
    pub(super) async fn say(&self, event: Event) {
        let _gone = self.events.send((self.number, event)).await;
    }
}

/// Carries out an operation to its end. One that was asked for with GET must change nothing.
pub(super) async fn carry_out(speaker: Arc<Speaker>, asked: Asked, over_get: bool, outlet: Outlet) {
    if AssertUnwindSafe(follow(&speaker, asked, over_get, &outlet)).catch_unwind().await.is_err() {
        tracing::error!(request_id = speaker.request_id(), "the work of an operation broke off");
        outlet.say(Event::Failed(Fault::Internal)).await;
    }
}

async fn follow(speaker: &Speaker, asked: Asked, over_get: bool, outlet: &Outlet) {
    let service = speaker.service();
    let first = async {
        let caller = speaker.since(Instant::now()).await?;
        let allowance = speaker.allowance(caller.as_ref());
        let mut request = ready(service, caller.as_ref(), allowance.as_ref(), asked).await?;
        if over_get && !may_be_got(operation_type(&mut request), true) {
            return Err(Fault::QueriesOnly);
        }
        Ok::<_, Fault>((service.operate)(caller, request, speaker.request_id().to_owned()).await)
    };
    let event = match timeout(service.request_timeout, first).await {
        Ok(Ok(Operation::Live(feed))) => {
            outlet.say(Event::Begun).await;
            return watch(speaker, *feed, outlet).await;
        }
        Ok(Ok(Operation::Answer(response))) if is_request_error(&response) => Event::Refused(response),
        Ok(Ok(Operation::Answer(response))) => {
            outlet.say(Event::Next(response)).await;
            Event::Over
        }
        Ok(Err(fault)) => Event::from(fault),
        Err(_) => Event::Failed(Fault::TimedOut),
    };
    outlet.say(event).await;
}

async fn watch(speaker: &Speaker, mut feed: Feed, outlet: &Outlet) {
    let limit = speaker.service().request_timeout;
    while feed.changed().await {
        // Whoever is slow is told what is so when they are ready, not what was so before.
        let Ok(room) = outlet.events.reserve().await else { return };
        let now = Instant::now();
        let since = now.checked_sub(FRESH).unwrap_or(now).max(feed.heard_at());
        let caller = match speaker.since(since).await {
            Ok(Some(caller)) => caller,
            Err(fault) if fault.is_about_the_token() => return room.send((outlet.number, Event::Ended(fault))),
            // Nothing is lost: it is told when the database is back.
            Ok(None) | Err(_) => {
                drop(room);
                sleep(RETRY).await;
                continue;
            }
        };
        match timeout(limit, feed.tell(caller)).await {
            Ok(Ok(Some(response))) => room.send((outlet.number, Event::Next(Box::new(response)))),
            Ok(Ok(None)) => {}
            Ok(Err(error)) => {
                tracing::warn!(%error, request_id = speaker.request_id(), "an event waits for the database");
                drop(room);
                sleep(RETRY).await;
            }
            Err(_) => return room.send((outlet.number, Event::Failed(Fault::TimedOut))),
        }
        if feed.is_over() {
            break;
        }
    }
    outlet.say(Event::Over).await;
}
