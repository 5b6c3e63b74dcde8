//! Repeating a mutation without repeating its effect: the header `Idempotency-Key`
//! (draft-ietf-httpapi-idempotency-key-header).
//!
//! The first request under a key claims it in the database and is carried out to its end even when its client hangs up,
//! because the client will ask again. Its twins, here or in another replica, wait for its answer. An answer is kept once
//! something was tried; whatever failed before that gives the key back.

use std::time::Duration;

use actix_web::{http::header::HeaderMap, web};
use async_graphql::{Request, Response};
use chrono::TimeDelta;
use shared::{
    domain::documents::hash,
    store::{
        StoreError,
        idempotency_keys::{self, Claim, Key, Mark},
    },
};
use tokio::time::{Instant, sleep};

use super::{Service, Work, answers::Fault};
use crate::{
    caller::Caller,
    graphql::{
        authorization::SHOW_SECRETS,
        errors::{ErrorCode, is_request_error},
    },
};

const HEADER: &str = "idempotency-key";
/// Tells a client that nothing was done just now.
const REPLAYED: &str = "idempotency-replayed";
const LONGEST_KEY: usize = 255;

/// How much longer than a request a claim holds: the answer is stored in that time.
const GRACE: Duration = Duration::from_secs(3);
/// The first and the longest pause between two looks at what became of a twin.
const PAUSES: (Duration, Duration) = (Duration::from_millis(10), Duration::from_millis(250));

/// The key of a request; `None` without one. The draft writes it as a quoted string, many clients without quotation
/// marks: both are the same key.
pub(super) fn key(headers: &HeaderMap) -> Result<Option<String>, Fault> {
    let mut values = headers.get_all(HEADER);
    let Some(value) = values.next() else { return Ok(None) };
    let text = value.to_str().unwrap_or_default().trim();
    let text = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(text);
    let is_key = (1..=LONGEST_KEY).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    if !is_key || values.next().is_some() {
        let message =
            "The header Idempotency-Key must be one key of 1 to 255 visible ASCII characters, such as a UUID.";
        return Err(Fault::Malformed(message.to_owned()));
    }
    Ok(Some(text.to_owned()))
}

/// An answer that holds a secret must not lie in a table for a day. The text is enough to go by: it is better to refuse a
/// document that only mentions such a mutation than to look for it in one that was not measured yet.
fn refuse_secrets(request: &Request) -> Result<(), Fault> {
    match SHOW_SECRETS.iter().find(|mutation| request.query.contains(**mutation)) {
        Some(mutation) => Err(Fault::Malformed(format!(
            "The answer of `{mutation}` holds a secret and is not kept for a retry; send it without Idempotency-Key."
        ))),
        None => Ok(()),
    }
}

/// Carries a mutation out under a key, or answers as it was answered before.
pub(super) async fn execute(
    service: web::Data<Service>,
    work: web::Data<Work>,
    key: String,
    caller: Caller,
    request: Request,
    deadline: Instant,
) -> Result<Response, Fault> {
    refuse_secrets(&request)?;
    let key = Key {
        organization_id: caller.organization_id(),
        person_id: caller.person_id(),
        client: caller.client.map(|client| client.simple().to_string()).unwrap_or_default(),
        key,
        fingerprint: fingerprint(&request)?,
    };
    let owner = service.clock.new_id();
    let lease = TimeDelta::from_std(service.request_timeout + GRACE).unwrap_or(TimeDelta::seconds(60));
    // Half of the time is for waiting, the rest for carrying it out, should it come to that.
    let wait_until = deadline.checked_sub(service.request_timeout / 2).unwrap_or(deadline);
    let mut pause = PAUSES.0;
    loop {
        match idempotency_keys::claim(&service.store, &key, owner, lease).await.map_err(unavailable)? {
            Claim::Won(mark) => {
                let carried_out = carry_out(service, work.clone(), mark, caller, request, deadline);
                return work.run_to_its_end(carried_out).await;
            }
            Claim::Answered(answer) => return replay(&answer),
            Claim::OtherRequest => return Err(Fault::KeyReused),
            Claim::Lost => return Err(Fault::AnswerLost),
            Claim::Busy if Instant::now() + pause < wait_until => {
                sleep(pause).await;
                pause = (pause * 2).min(PAUSES.1);
            }
            Claim::Busy => return Err(Fault::KeyBusy),
        }
    }
}

async fn carry_out(
    service: web::Data<Service>,
    work: web::Data<Work>,
    mark: Mark,
    caller: Caller,
    request: Request,
    deadline: Instant,
) -> Result<Response, Fault> {
    let request_id = caller.request_id.clone();
    let executed = (service.execute)(Some(caller), request.data(mark.clone()), request_id);
    let outcome = work.run(deadline, executed).await;
    let settled = match &outcome {
        Ok(response) if is_worth_keeping(response) => keep(&service, &mark, response).await,
        // Something may have been changed before it failed, and then the answer is kept nevertheless.
        Ok(response) => match idempotency_keys::release(&service.store, &mark).await {
            Ok(false) => keep(&service, &mark, response).await,
            released => released.map(|_| ()),
        },
        Err(_) => idempotency_keys::release(&service.store, &mark).await.map(|_| ()),
    };
    if let Err(error) = settled {
        // The claim runs out by itself, and its mark tells what happened.
        tracing::error!(%error, "the answer under an idempotency key cannot be kept");
    }
    outcome
}

/// Whether a request got as far as trying something.
fn is_worth_keeping(response: &Response) -> bool {
    let is_ours = |code| matches!(code, Some(ErrorCode::Internal | ErrorCode::Timeout));
    !is_request_error(response) && !response.errors.iter().any(|error| is_ours(ErrorCode::of(error)))
}

async fn keep(service: &Service, mark: &Mark, response: &Response) -> Result<(), StoreError> {
    match serde_json::to_string(response) {
        Ok(answer) => idempotency_keys::finish(&service.store, mark, &answer).await,
        Err(error) => {
            tracing::error!(%error, "an answer cannot be written as JSON");
            Ok(())
        }
    }
}

fn replay(answer: &str) -> Result<Response, Fault> {
    let mut response: Response = serde_json::from_str(answer).map_err(|error| {
        tracing::error!(%error, "a kept answer cannot be read");
        Fault::Internal
    })?;
    if let Ok(yes) = "true".parse() {
        response.http_headers.insert(REPLAYED, yes);
    }
    Ok(response)
}

/// What makes two requests the same: document, operation and variables.
fn fingerprint(request: &Request) -> Result<String, Fault> {
    let asked = (&request.query, &request.operation_name, &request.variables);
    let asked = serde_json::to_string(&asked).map_err(|error| {
        tracing::error!(%error, "a request cannot be written as JSON");
        Fault::Internal
    })?;
    Ok(hash(&asked))
}

#[expect(clippy::needless_pass_by_value, reason = "it maps an error")]
fn unavailable(error: StoreError) -> Fault {
    tracing::error!(%error, "an idempotency key cannot be claimed");
    Fault::Unavailable
}
