//! `POST /roster`: a roster as a file, larger than a GraphQL request may be.

use std::time::Duration;

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use serde_json::json;
use shared::domain::api_clients::Scope;
use shared::domain::refusals::{Refusal, RefusalCode};
use tokio::time::Instant;

use super::{
    Service, Work,
    access_log::request_id,
    answers::{Fault, answer as write},
    exports::refused,
    media::{Media, is_plain},
    received::{Sender, body},
};
use crate::use_cases::{
    UseCaseError,
    roster::{OnError, SHOWN_MAX, Source, SyncInput, SyncReport, sync_roster},
};

/// How long the upload and everything that comes of it may take.
const LONGEST: Duration = Duration::from_mins(10);

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct Parameters {
    dry_run: bool,
    deactivate_missing: bool,
    max_deactivated_percent: u8,
    on_error: String,
    expected_plan: Option<String>,
    show: usize,
}

impl Default for Parameters {
    fn default() -> Self {
        Self {
            dry_run: false,
            deactivate_missing: false,
            max_deactivated_percent: 20,
            on_error: "REFUSE_ALL".to_owned(),
            expected_plan: None,
            show: 100,
        }
    }
}

impl Parameters {
    fn input(self, csv: String) -> Result<SyncInput, Fault> {
        let on_error = match self.on_error.as_str() {
            "REFUSE_ALL" => OnError::RefuseAll,
            "SKIP_ROWS" => OnError::SkipRows,
            _ => return Err(Fault::Malformed("`onError` is REFUSE_ALL or SKIP_ROWS.".to_owned())),
        };
        if self.show > SHOWN_MAX {
            return Err(Fault::Malformed(format!("`show` is 0 to {SHOWN_MAX}.")));
        }
        Ok(SyncInput {
            people: Source::Csv(csv),
            deactivate_missing: self.deactivate_missing,
            most_deactivated_percent: self.max_deactivated_percent,
            on_error,
            dry_run: self.dry_run,
            expected_plan: self.expected_plan,
            show: self.show,
        })
    }
}

/// Takes in a roster and tells what came of it, as the payload of `syncRoster`.
pub(super) async fn answer(
    request: HttpRequest,
    payload: web::Payload,
    service: web::Data<Service>,
    work: web::Data<Work>,
) -> HttpResponse {
    let id = request_id(&request);
    match serve(&request, payload, &service, &work, id.clone()).await {
        Ok(Ok(report)) => HttpResponse::Ok().json(json!({ "report": report, "userErrors": [] })),
        Ok(Err(refusals)) => told(&refusals),
        Err(fault) => write(&Err(fault), Media::Json, &id),
    }
}

async fn serve(
    request: &HttpRequest,
    payload: web::Payload,
    service: &web::Data<Service>,
    work: &Work,
    id: String,
) -> Result<Result<SyncReport, Vec<Refusal>>, Fault> {
    let deadline = Instant::now() + LONGEST;
    let sender = Sender::of(request, service)?;
    if !is_plain(request, &["text/csv"]) {
        return Err(Fault::NotCsv);
    }
    let parameters = web::Query::<Parameters>::from_query(request.query_string());
    let parameters =
        parameters.map_err(|error| Fault::Malformed(format!("The parameters cannot be read: {error}.")))?;
    // Nobody's file is read before it is known who sends it.
    let caller = sender.admitted(request, service, work, Scope::Roster, id).await?;
    if !caller.runs_programs() {
        let message = "only administrators and coordinators of all countries may do this";
        return Err(Fault::Forbidden(message.to_owned()));
    }
    let _place = service.uploads.try_acquire().map_err(|_| Fault::FilesBusy)?;
    let body = body(payload, service.upload_limit, deadline, |limit| Fault::FileTooLarge { limit }).await?;
    let csv = String::from_utf8(body.into()).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        Fault::Malformed(format!("The file is not UTF-8 (byte {at}); save it as \"CSV UTF-8\"."))
    })?;
    let input = parameters.into_inner().input(csv)?;
    let shared = service.clone();
    match work.run_apart(deadline, async move { sync_roster(&shared.state, &caller, input).await }).await? {
        Ok(report) => Ok(Ok(report)),
        Err(UseCaseError::Refused(refusals)) => Ok(Err(refusals)),
        Err(error @ (UseCaseError::Store(_) | UseCaseError::Secret(_))) => Err(refused(error)),
    }
}

fn told(refusals: &[Refusal]) -> HttpResponse {
    let conflict = refusals.iter().any(|refusal| refusal.code == RefusalCode::Conflict);
    let mut answer = if conflict { HttpResponse::Conflict() } else { HttpResponse::UnprocessableEntity() };
    let error = |refusal: &Refusal| {
        json!({ "code": refusal.code.as_str(), "message": refusal.message,
        "field": refusal.field.as_ref().map(|field| [field]) })
    };
    answer.json(json!({ "report": null, "userErrors": refusals.iter().map(error).collect::<Vec<_>>() }))
}
