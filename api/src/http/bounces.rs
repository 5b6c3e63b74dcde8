//! `POST /bounces`: a mail relay passes on a report (RFC 3464) about a mail that it had taken.

use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Value, json};
use shared::{
    bounces::{Applied, BounceOutcome, LONGEST, RecipientReport, Report},
    domain::api_clients::Scope,
};
use tokio::time::Instant;

use super::{
    Service, Work,
    access_log::request_id,
    answers::{Fault, answer as write},
    exports::refused,
    media::{Media, is_plain},
    received::{Sender, body},
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
    if !is_plain(request, &["message/rfc822", "message/global"]) {
        return Err(Fault::NotMail);
    }
    let caller = sender.admitted(request, service, work, Scope::Mail, id).await?;
    let body = body(payload, LONGEST, deadline, |limit| Fault::ReportTooLarge { limit }).await?;
    let report = Report::read(&body)?;
    let shared = service.clone();
    let (applied, report) =
        work.run_apart(deadline, async move { (take_bounce(&shared.state, &caller, &report).await, report) }).await?;
    match applied.map_err(refused)? {
        Applied::Done(outcomes) => Ok(told(&report, &outcomes)),
        Applied::BeingSent => Err(Fault::BeingSent),
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
