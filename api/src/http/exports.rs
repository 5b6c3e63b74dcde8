//! `/exports/<kind>.csv`: CSV files, streamed from the database.

use std::{io, time::Duration};

use actix_web::{
    HttpRequest, HttpResponse,
    http::header,
    web::{self, Bytes},
};
use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use futures_util::stream;
use serde::Deserialize;
use shared::domain::api_clients::Scope;
use shared::domain::refusals::Refusal;
use tokio::{
    sync::mpsc::{self, Receiver},
    time::{Instant, timeout, timeout_at},
};

use super::{
    Service, Work,
    access_log::request_id,
    answers::{Fault, answer as write},
    cors,
    media::Media,
    received::{Sender, may},
};
use crate::{
    graphql::read_id,
    use_cases::{
        UseCaseError,
        exports::{Export, ExportError, ExportInput, Kind},
    },
};

/// How long one file may take; the time limit of GraphQL requests is too short for it.
const LONGEST: Duration = Duration::from_hours(1);
/// How long a client may take to read one page of it.
const PATIENCE: Duration = Duration::from_mins(1);

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Parameters {
    program_id: Option<String>,
    round_id: Option<String>,
    from: Option<String>,
    to: Option<String>,
    active: Option<String>,
    bom: Option<bool>,
}

impl Parameters {
    fn input(&self, kind: Kind) -> Result<ExportInput, Fault> {
        let id = |name: &str, of: &str, id: &Option<String>| match id {
            None => Ok(None),
            Some(id) => match read_id(of, id) {
                Some(id) => Ok(Some(id)),
                None => Err(Fault::Malformed(format!("`{name}` is not the id of a {of}."))),
            },
        };
        let active = match self.active.as_deref() {
            _ if kind != Kind::People && self.active.is_some() => {
                return Err(Fault::Malformed("`active` is for people only; leave it out.".to_owned()));
            }
            // Somebody who left would come back with the next import.
            None | Some("true") => Some(true),
            Some("false") => Some(false),
            Some("any") => None,
            Some(_) => return Err(Fault::Malformed("`active` is true, false or any.".to_owned())),
        };
        Ok(ExportInput {
            kind,
            program_id: id("programId", "Program", &self.program_id)?,
            round_id: id("roundId", "Round", &self.round_id)?,
            from: instant("from", self.from.as_deref())?,
            to: instant("to", self.to.as_deref())?,
            active,
            byte_order_mark: self.bom.unwrap_or(true),
        })
    }
}

/// A moment, or the beginning of a day in UTC.
fn instant(name: &str, text: Option<&str>) -> Result<Option<DateTime<Utc>>, Fault> {
    let Some(text) = text else { return Ok(None) };
    let day = || text.parse::<NaiveDate>().ok().map(|day| day.and_time(NaiveTime::MIN).and_utc());
    let found = DateTime::parse_from_rfc3339(text).ok().map(|at| at.to_utc()).or_else(day);
    let message = || format!("`{name}` is a day such as 2026-03-01 or a moment such as 2026-03-01T12:00:00Z.");
    found.map(Some).ok_or_else(|| Fault::Malformed(message()))
}

/// Answers with a file, or with what is wrong with the request.
pub(super) async fn answer(
    request: HttpRequest,
    file: web::Path<String>,
    service: web::Data<Service>,
    work: web::Data<Work>,
) -> HttpResponse {
    let id = request_id(&request);
    match begin(&request, &file, &service, &work, id.clone()).await {
        Ok(answer) => answer,
        Err(fault) => write(&Err(fault), Media::Json, &id),
    }
}

async fn begin(
    request: &HttpRequest,
    file: &str,
    service: &web::Data<Service>,
    work: &Work,
    id: String,
) -> Result<HttpResponse, Fault> {
    let kind = Kind::ALL.into_iter().find(|kind| file.strip_suffix(".csv") == Some(kind.name()));
    let kind = kind.ok_or(Fault::NoSuchFile)?;
    let sender = Sender::of(request, service)?;
    let parameters = web::Query::<Parameters>::from_query(request.query_string());
    let parameters =
        parameters.map_err(|error| Fault::Malformed(format!("The parameters cannot be read: {error}.")))?;
    let input = parameters.input(kind)?;
    let shared = service.clone();
    let first = async move {
        let caller = sender.person(&shared, id).await?;
        may(&caller, Scope::Export)?;
        let mut export = Export::begin(&shared.state, &caller, input).await.map_err(refused)?;
        let page = export.next().await.map_err(broken)?;
        Ok::<_, Fault>((caller.organization_id(), export, page))
    };
    // What can be answered with a status is: from here on the client only sees the file break off.
    let (organization_id, export, page) = work.run_apart(Instant::now() + service.request_timeout, first).await??;
    cors::asked_by(request, organization_id);
    let (pages, waiting) = mpsc::channel(1);
    work.go_on(pump(export, page, pages));
    let name = format!("attachment; filename=\"{}.csv\"", kind.name());
    Ok(HttpResponse::Ok()
        .content_type("text/csv; charset=utf-8; header=present")
        .insert_header((header::CONTENT_DISPOSITION, name))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .streaming(stream::unfold(Some(waiting), take)))
}

/// A page on its way to the client. Only [`End`](Self::End) is the end of a file; anything else that ends is a break.
enum Part {
    Page(Bytes),
    End,
}

async fn take(waiting: Option<Receiver<Part>>) -> Option<(io::Result<Bytes>, Option<Receiver<Part>>)> {
    let mut waiting = waiting?;
    match waiting.recv().await {
        Some(Part::Page(page)) => Some((Ok(page), Some(waiting))),
        Some(Part::End) => None,
        None => Some((Err(io::Error::other("the export broke off")), None)),
    }
}

/// Reads page after page until the file is whole or nobody wants it any more.
async fn pump(mut export: Export, first: Option<Vec<u8>>, pages: mpsc::Sender<Part>) {
    let deadline = Instant::now() + LONGEST;
    let is_whole = tokio::select! {
        sent = timeout_at(deadline, send_all(&mut export, first, &pages)) => match sent {
            Ok(Ok(())) => true,
            Ok(Err(error)) => {
                tracing::error!(%error, "an export broke off");
                false
            }
            Err(_) => {
                tracing::warn!("an export took too long");
                false
            }
        },
        () = pages.closed() => false,
    };
    // What was read is written down before the client can know that the file is whole.
    if let Err(error) = export.end(is_whole).await {
        tracing::error!(%error, "the end of an export cannot be written down");
        return;
    }
    if is_whole {
        pages.send(Part::End).await.ok();
    }
}

#[derive(Debug, thiserror::Error)]
enum Break {
    #[error(transparent)]
    Export(#[from] ExportError),
    #[error("the client does not read")]
    Stalled,
}

async fn send_all(export: &mut Export, first: Option<Vec<u8>>, pages: &mpsc::Sender<Part>) -> Result<(), Break> {
    let mut page = first;
    while let Some(bytes) = page {
        match timeout(PATIENCE, pages.send(Part::Page(bytes.into()))).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) | Err(_) => return Err(Break::Stalled),
        }
        page = export.next().await?;
    }
    Ok(())
}

/// What is told of a use case that did nothing, where there is no payload to tell it in.
pub(super) fn refused(error: UseCaseError) -> Fault {
    match error {
        UseCaseError::Refused(refusals) => {
            let told: Vec<&str> = refusals.iter().map(|Refusal { message, .. }| message.as_str()).collect();
            Fault::Forbidden(told.join("; "))
        }
        error @ (UseCaseError::Store(_) | UseCaseError::Secret(_)) => {
            tracing::error!(%error, "nothing could be done");
            Fault::Internal
        }
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it maps an error")]
fn broken(error: ExportError) -> Fault {
    tracing::error!(%error, "an export broke off");
    Fault::Internal
}
