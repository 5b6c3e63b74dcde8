//! The local mailbox: what the development mode would have mailed, to look at in a browser.

mod folder;
mod mails;

use std::{io, path::Path};

use actix_web::{HttpRequest, HttpResponse, http::header, middleware::from_fn, web};
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use self::{folder::Folder, mails::Mail};
use super::{Service, own_name, read};

/// A mail's own HTML: no scripts, no forms, nothing fetched from anywhere, an origin of its own, framed by our page only.
const MAIL_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; sandbox";
const TEXT: &str = "text/plain; charset=utf-8";
const HTML: &str = "text/html; charset=utf-8";

/// The mails of one folder.
#[derive(Clone, Debug)]
pub(crate) struct Mailbox {
    folder: Folder,
}

impl Mailbox {
    /// The mails that were delivered into `dir`, the folder of the mailbox transport.
    pub(crate) fn new(dir: &Path) -> Self {
        Self { folder: Folder::new(dir) }
    }
}

#[derive(Deserialize)]
struct ListQuery {
    #[serde(default)]
    search: String,
    before: Option<Uuid>,
    limit: Option<usize>,
}

/// What one request wants of one mail.
#[derive(Clone, Copy)]
enum View {
    Summary,
    Html,
    Source,
}

/// Adds what the mailbox page asks for.
pub(super) fn configure(config: &mut web::ServiceConfig) {
    let messages = web::scope("/mailbox/messages")
        .route("/{id}.json", read().to(|id, service| view(id, service, View::Summary)))
        .route("/{id}/html", read().to(|id, service| view(id, service, View::Html)))
        .route("/{id}/source", read().to(|id, service| view(id, service, View::Source)));
    config
        .route("/mailbox/messages.json", read().to(list).wrap(from_fn(own_name::only)))
        .service(messages.wrap(from_fn(own_name::only)));
}

async fn list(request: HttpRequest, service: web::Data<Service>) -> HttpResponse {
    let Ok(web::Query(query)) = web::Query::<ListQuery>::from_query(request.query_string()) else {
        return HttpResponse::BadRequest()
            .json(json!({ "error": "`before` is the id of a mail, and `limit` a number from 1 to 200." }));
    };
    let limit = query.limit.unwrap_or(50).clamp(1, 200);
    let look = move |folder: &Folder| folder.list(&query.search, query.before, limit);
    answered(look_into(&service, look).await, |page| HttpResponse::Ok().json(page))
}

async fn view(id: web::Path<String>, service: web::Data<Service>, view: View) -> HttpResponse {
    let Ok(id) = Uuid::try_parse(&id) else { return no_such_mail() };
    match view {
        View::Summary => {
            let mail = look_into(&service, move |folder| Ok(Mail::read(id, &folder.read(id)?))).await;
            answered(mail, |mail| HttpResponse::Ok().json(mail))
        }
        View::Html => {
            let html = look_into(&service, move |folder| Ok(mails::html(&folder.read(id)?))).await;
            answered(html, |html| html.map_or_else(no_such_mail, |html| shown(HTML, html.into_bytes())))
        }
        View::Source => {
            let source = look_into(&service, move |folder| folder.read(id)).await;
            answered(source, |source| shown(TEXT, source))
        }
    }
}

/// Looks into the folder on a thread that may block, and that survives whatever a mail does to its parser.
async fn look_into<T: Send + 'static>(
    service: &Service,
    look: impl FnOnce(&Folder) -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    let Some(Mailbox { folder }) = service.mailbox.clone() else { return Err(io::ErrorKind::NotFound.into()) };
    web::block(move || look(&folder)).await.map_err(io::Error::other)?
}

fn answered<T>(looked: io::Result<T>, show: impl FnOnce(T) -> HttpResponse) -> HttpResponse {
    match looked {
        Ok(found) => show(found),
        Err(error) if error.kind() == io::ErrorKind::NotFound => no_such_mail(),
        Err(error) => {
            tracing::error!(%error, "the mailbox folder cannot be read");
            HttpResponse::InternalServerError().json(json!({ "error": "The mailbox folder cannot be read." }))
        }
    }
}

fn shown(media: &'static str, content: Vec<u8>) -> HttpResponse {
    HttpResponse::Ok().content_type(media).insert_header((header::CONTENT_SECURITY_POLICY, MAIL_POLICY)).body(content)
}

fn no_such_mail() -> HttpResponse {
    HttpResponse::NotFound().json(json!({ "error": "There is no such mail." }))
}
