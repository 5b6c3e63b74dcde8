//! Which of the two media types an answer has, and whether a body is one we read.

use actix_web::{
    HttpMessage as _, HttpRequest,
    http::header::{self, Accept, Header as _, HeaderMap},
    mime::{self, Mime},
};

/// The media type of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Media {
    /// `application/graphql-response+json`: the status says how it went.
    GraphqlResponse,
    /// `application/json`, as older clients expect: 200 whenever there is a GraphQL answer at all.
    Json,
}

impl Media {
    /// The `Content-Type` of an answer.
    pub(super) fn content_type(self) -> &'static str {
        match self {
            Self::GraphqlResponse => "application/graphql-response+json; charset=utf-8",
            Self::Json => "application/json; charset=utf-8",
        }
    }

    fn subtype(self) -> &'static str {
        match self {
            Self::GraphqlResponse => "graphql-response+json",
            Self::Json => "json",
        }
    }

    /// The type that the client likes best; `None` when it takes neither. Whoever does not care gets `application/json`.
    pub(super) fn negotiate(request: &HttpRequest) -> Option<Self> {
        if !request.headers().contains_key(header::ACCEPT) {
            return Some(Self::Json);
        }
        let Accept(ranges) = Accept::parse(request).ok()?;
        let liking = |media: Self| -> Option<Liking> {
            // The most specific range decides, whatever its weight.
            let fitting = ranges
                .iter()
                .filter_map(|range| specificity(&range.item, media).map(|specificity| (specificity, range.quality)));
            let (specificity, quality) = fitting.max_by_key(|(specificity, _)| *specificity)?;
            (quality > header::q(0.0)).then_some((quality, specificity))
        };
        match (liking(Self::GraphqlResponse), liking(Self::Json)) {
            (None, None) => None,
            (Some(_), None) => Some(Self::GraphqlResponse),
            // Named alike, the newer type is meant; covered alike by a `*`, the one that every client understands.
            (Some(newer), Some(older)) if newer > older || (newer == older && newer.1 == NAMED) => {
                Some(Self::GraphqlResponse)
            }
            (_, Some(_)) => Some(Self::Json),
        }
    }
}

/// A weight, and how specific the range is that has it.
type Liking = (header::Quality, u8);

const NAMED: u8 = 2;

/// How specifically a range of `Accept` speaks of a media type; `None` when it does not.
fn specificity(range: &Mime, media: Media) -> Option<u8> {
    if !is_utf8(range) {
        return None;
    }
    match (range.type_(), range.subtype(), range.suffix()) {
        (mime::STAR, mime::STAR, None) => Some(0),
        (mime::APPLICATION, mime::STAR, None) => Some(1),
        (mime::APPLICATION, subtype, suffix) => {
            let name = media.subtype();
            let (plain, ending) = name.split_once('+').map_or((name, None), |(plain, ending)| (plain, Some(ending)));
            (subtype == plain && suffix.map(|suffix| suffix.as_str()) == ending).then_some(NAMED)
        }
        _ => None,
    }
}

fn is_utf8(media: &Mime) -> bool {
    media.get_param(mime::CHARSET).is_none_or(|charset| charset == mime::UTF_8)
}

/// Whether the body is a file of one of these types, in lower case, and not compressed.
pub(super) fn is_plain(request: &HttpRequest, types: &[&str]) -> bool {
    let media = request.content_type();
    types.iter().any(|known| media.eq_ignore_ascii_case(known))
        && !request.headers().contains_key(header::CONTENT_ENCODING)
}

/// Whether the body is JSON in UTF-8 and nothing else. A form or plain text, which another site's page may send without
/// asking, never is.
pub(super) fn is_json(request: &HttpRequest) -> bool {
    let is_plain = |headers: &HeaderMap| {
        headers.get(header::CONTENT_ENCODING).is_none_or(|encoding| encoding.as_bytes() == b"identity")
    };
    let media = request.mime_type().ok().flatten();
    media.is_some_and(|media| media.essence_str() == "application/json" && is_utf8(&media))
        && is_plain(request.headers())
}
