//! The pages for people: the schema explorer, the local mailbox, and what they are made of. Everything is in the binary;
//! nothing comes from elsewhere.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{self, ETag, EntityTag, Header as _, IfNoneMatch},
    middleware::from_fn,
    web,
};
use serde_json::json;

use super::{Service, mailbox, own_name, read};
use crate::app::DevSamples;

/// Scripts, styles and data from here only, and no other page may frame these.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
                      frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const JAVASCRIPT: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";

/// A file of a page.
#[derive(Clone, Copy)]
pub(super) struct Asset {
    pub(super) address: &'static str,
    media: &'static str,
    content: &'static [u8],
}

macro_rules! asset {
    ($address:literal, $media:ident, $file:literal) => {
        Asset {
            address: $address,
            media: $media,
            content: include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/assets/", $file)),
        }
    };
}

/// What all pages share.
pub(super) const SHARED: [Asset; 3] = [
    asset!("/assets/dom.js", JAVASCRIPT, "dom.js"),
    asset!("/assets/mark.svg", SVG, "mark.svg"),
    asset!("/assets/theme.css", CSS, "theme.css"),
];

/// The schema explorer.
pub(super) const EXPLORER: [Asset; 15] = [
    asset!("/explorer", HTML, "explorer/explorer.html"),
    asset!("/explorer/assets/docs.js", JAVASCRIPT, "explorer/docs.js"),
    asset!("/explorer/assets/editor.js", JAVASCRIPT, "explorer/editor.js"),
    asset!("/explorer/assets/explorer.css", CSS, "explorer/explorer.css"),
    asset!("/explorer/assets/explorer.js", JAVASCRIPT, "explorer/explorer.js"),
    asset!("/explorer/assets/guide.js", JAVASCRIPT, "explorer/guide.js"),
    asset!("/explorer/assets/language.js", JAVASCRIPT, "explorer/language.js"),
    asset!("/explorer/assets/layout.js", JAVASCRIPT, "explorer/layout.js"),
    asset!("/explorer/assets/request.js", JAVASCRIPT, "explorer/request.js"),
    asset!("/explorer/assets/result.js", JAVASCRIPT, "explorer/result.js"),
    asset!("/explorer/assets/schema.js", JAVASCRIPT, "explorer/schema.js"),
    asset!("/explorer/assets/skeleton.js", JAVASCRIPT, "explorer/skeleton.js"),
    asset!("/explorer/assets/table.js", JAVASCRIPT, "explorer/table.js"),
    asset!("/explorer/assets/tokens.js", JAVASCRIPT, "explorer/tokens.js"),
    asset!("/explorer/assets/tree.js", JAVASCRIPT, "explorer/tree.js"),
];

/// The local mailbox.
pub(super) const MAILBOX: [Asset; 5] = [
    asset!("/mailbox", HTML, "mailbox/mailbox.html"),
    asset!("/mailbox/assets/list.js", JAVASCRIPT, "mailbox/list.js"),
    asset!("/mailbox/assets/mailbox.css", CSS, "mailbox/mailbox.css"),
    asset!("/mailbox/assets/mailbox.js", JAVASCRIPT, "mailbox/mailbox.js"),
    asset!("/mailbox/assets/reader.js", JAVASCRIPT, "mailbox/reader.js"),
];

/// Where links to sign in lead that have no portal to lead to.
pub(super) const SIGN_IN: [Asset; 3] = [
    asset!("/sign-in", HTML, "sign-in/sign-in.html"),
    asset!("/sign-in/assets/sign-in.css", CSS, "sign-in/sign-in.css"),
    asset!("/sign-in/assets/sign-in.js", JAVASCRIPT, "sign-in/sign-in.js"),
];

/// Adds the page to sign in, which is there whether the explorer is or not.
pub(super) fn configure_sign_in(config: &mut web::ServiceConfig) {
    for asset in SHARED.iter().chain(&SIGN_IN) {
        serve(config, asset);
    }
}

/// Adds the other pages that this process shows.
pub(super) fn configure(config: &mut web::ServiceConfig, service: &Service) {
    config.route("/", read().to(to_explorer));
    for asset in &EXPLORER {
        serve(config, asset);
    }
    if service.samples.is_some() || service.mailbox.is_some() {
        config.route("/explorer/samples.json", read().to(samples).wrap(from_fn(own_name::only)));
    }
    if service.mailbox.is_some() {
        for asset in &MAILBOX {
            serve(config, asset);
        }
        mailbox::configure(config);
    }
}

fn serve(config: &mut web::ServiceConfig, asset: &'static Asset) {
    let tag = asset.tag();
    config.route(
        asset.address,
        read().to(move |request: HttpRequest| {
            let answer = asset.answer(&request, &tag);
            async move { answer }
        }),
    );
}

impl Asset {
    /// Names this content, and another one as soon as a byte changes.
    fn tag(&self) -> EntityTag {
        let mut hasher = DefaultHasher::new();
        self.content.hash(&mut hasher);
        // Weak, because the same content is also sent compressed.
        EntityTag::new_weak(format!("{:016x}", hasher.finish()))
    }

    fn answer(&self, request: &HttpRequest, tag: &EntityTag) -> HttpResponse {
        let is_known = match IfNoneMatch::parse(request) {
            Ok(IfNoneMatch::Items(known)) => known.iter().any(|known| known.weak_eq(tag)),
            Ok(IfNoneMatch::Any) | Err(_) => false,
        };
        let mut answer = if is_known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
        answer
            .insert_header(ETag(tag.clone()))
            // The browser may keep it, and asks each time whether it is still right.
            .insert_header((header::CACHE_CONTROL, "no-cache"))
            .insert_header((header::CONTENT_SECURITY_POLICY, POLICY));
        if is_known { answer.finish() } else { answer.content_type(self.media).body(self.content) }
    }
}

async fn to_explorer() -> HttpResponse {
    HttpResponse::Found().insert_header((header::LOCATION, "/explorer")).finish()
}

/// `/` of a process that shows no pages.
pub(super) async fn front() -> HttpResponse {
    HttpResponse::Ok().json(json!({ "name": "Counterpart", "graphql": "/graphql" }))
}

/// What the explorer offers, and whether there is a mailbox to look into.
async fn samples(service: web::Data<Service>) -> HttpResponse {
    let none = DevSamples::default();
    let DevSamples { tokens, queries } = service.samples.as_ref().unwrap_or(&none);
    let mailbox = service.mailbox.as_ref().map(|_| "/mailbox");
    HttpResponse::Ok().json(json!({ "tokens": tokens, "queries": queries, "mailbox": mailbox }))
}
