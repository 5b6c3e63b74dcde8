//! The public spelling of ids: opaque to clients, and each knows what kind of thing it is of.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use uuid::Uuid;

/// The global id of a thing; `kind` is the name of its type in the API, such as `Person`.
pub fn encode(kind: &str, id: Uuid) -> String {
    URL_SAFE_NO_PAD.encode(format!("{kind}:{}", id.simple()))
}

/// The kind and the id that a global id names; `None` for anything that is not one, to the letter. Whether there is such
/// a kind is not asked.
pub fn decode(text: &str) -> Option<(String, Uuid)> {
    // The longest id has 67 characters; whatever is much longer need not be decoded.
    if text.len() > 100 {
        return None;
    }
    let decoded = String::from_utf8(URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
    let (kind, id) = decoded.split_once(':')?;
    let id = Uuid::try_parse(id).ok()?;
    // A UUID has many spellings, an id only one: clients compare them as texts.
    (encode(kind, id) == text).then(|| (kind.to_owned(), id))
}
