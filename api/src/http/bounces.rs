//! `POST /bounces`: a mail relay passes on a report (RFC 3464) about a mail that it had taken.

use actix_web::{
    HttpMessage as _, HttpRequest, HttpResponse,
    http::header,
    web::{self, Bytes},
};
use serde_json::{Value, json};
use shared::{
    bounces::{Applied, BounceOutcome, LONGEST, RecipientReport, Report},
    domain::api_clients::Scope,
};
use tokio::time::{Instant, timeout_at};

use super::{
    Service, Work,
    access_log::request_id,
    answers::{Fault, answer as write},
    cors,
    exports::refused,
    media::Media,
    received::{Sender, may},
};
use crate::{graphql::global_id, use_cases::bounces::take_bounce};

/// Takes in a report and tells how it was understood.
pub(super) async fn answer(
    request: HttpRequest,
    payload: web::Payload,
    service: web::Data<Service>,
    work: web::Data<Work>,
) -> HttpResponse {
    let id = request_id(&request);
    match serve(&request, payload, &service, &work, id.clone()).await {
        Ok(told) => HttpResponse::Accepted().json(told),
        Err(fault) => write(&Err(fault), Media::Json, &id),
    }
}

async fn serve(
    request: &HttpRequest,
    payload: web::Payload,
    service: &web::Data<Service>,
    work: &Work,
    id: String,
) -> Result<Value, Fault> {
    let deadline = Instant::now() + service.request_timeout;
    let sender = Sender::of(request, service)?;
    let media = request.content_type();
    let is_mail = ["message/rfc822", "message/global"].iter().any(|known| media.eq_ignore_ascii_case(known));
    if !is_mail || request.headers().contains_key(header::CONTENT_ENCODING) {
        return Err(Fault::NotMail);
    }
    let shared = service.clone();
    let who = async move { sender.person(&shared, id).await };
    let caller = work.run(deadline, who).await??;
    cors::asked_by(request, caller.organization_id());
    may(&caller, Scope::Mail)?;
    let report = Report::read(&read(payload, deadline).await?)?;
    let shared = service.clone();
    let (applied, report) =
        work.run(deadline, async move { (take_bounce(&shared.state, &caller, &report).await, report) }).await?;
    match applied.map_err(refused)? {
        Applied::Done(outcomes) => Ok(told(&report, &outcomes)),
        Applied::BeingSent => Err(Fault::BeingSent),
    }
}

async fn read(payload: web::Payload, deadline: Instant) -> Result<Bytes, Fault> {
    match timeout_at(deadline, payload.to_bytes_limited(LONGEST)).await {
        Ok(Ok(Ok(body))) => Ok(body),
        Ok(Ok(Err(error))) => Err(Fault::Malformed(format!("The body cannot be read: {error}."))),
        Ok(Err(_too_large)) => Err(Fault::ReportTooLarge { limit: LONGEST }),
        Err(_) => Err(Fault::TimedOut),
    }
}

/// What was read and what became of it. The message is named only if it was there.
fn told(report: &Report, outcomes: &[BounceOutcome]) -> Value {
    let is_known = |outcome: &BounceOutcome| *outcome != BounceOutcome::UnknownMessage;
    let message = report.about.filter(|_| outcomes.iter().any(is_known)).and_then(|id| global_id("Message", id));
    let recipients = report.recipients.iter().zip(outcomes);
    json!({ "messageId": message, "recipients": recipients.map(recipient).collect::<Vec<_>>() })
}

fn recipient((said, outcome): (&RecipientReport, &BounceOutcome)) -> Value {
    json!({
        "address": said.addresses.first(),
        "action": said.action.as_str(),
        "statusCode": said.code.map(|code| code.to_string()),
        "diagnostic": said.diagnostic,
        "outcome": outcome.as_str(),
    })
}
