//! A GraphQL request out of a body or a query string.

use actix_web::web;
use async_graphql::{Request, Variables};
use serde_json::{Map, Value};

use super::{answers::Fault, strict_json};

/// A request as it was sent. Its `query` is empty when it names a registered document instead.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) request: Request,
    /// SHA-256 of the registered document, as 64 lower-case hexadecimal digits.
    pub(super) hash: Option<String>,
}

/// How an id of a registered document begins; the only kind there is.
const SHA256: &str = "sha256:";

/// Reads the body of a POST request: one JSON object with `query` or `documentId`, `operationName`, `variables` and
/// `extensions`. Other members are passed over, as the specification asks.
pub(super) fn from_body(body: &[u8]) -> Result<Asked, Fault> {
    match strict_json::read(body) {
        Ok(Value::Object(parameters)) => from_parameters(parameters),
        Ok(Value::Array(_)) => Err(malformed("Batches are not accepted; send each request on its own.")),
        Ok(Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => {
            Err(malformed("The body must be a JSON object with the member `query`."))
        }
        Err(error) => Err(malformed(&format!("The body is not JSON: {error}."))),
    }
}

/// Reads the query string of a GET request, where `variables` and `extensions` are JSON texts.
pub(super) fn from_query_string(query_string: &str) -> Result<Asked, Fault> {
    let Ok(web::Query(pairs)) = web::Query::<Vec<(String, String)>>::from_query(query_string) else {
        return Err(malformed("The query string cannot be read; percent-encode its values."));
    };
    let mut parameters = Map::new();
    for (name, text) in pairs {
        let value = match name.as_str() {
            _ if text.is_empty() => Value::Null,
            "query" | "documentId" | "operationName" => Value::String(text),
            "variables" | "extensions" => strict_json::read(text.as_bytes())
                .map_err(|error| malformed(&format!("The parameter `{name}` is not JSON: {error}.")))?,
            _ => continue,
        };
        if parameters.insert(name.clone(), value).is_some() {
            return Err(malformed(&format!("A parameter stands twice in the query string: `{name}`.")));
        }
    }
    from_parameters(parameters)
}

/// Reads the members of a request, wherever they came from.
pub(super) fn from_parameters(mut parameters: Map<String, Value>) -> Result<Asked, Fault> {
    let mut take = |name: &str| parameters.remove(name).filter(|value| !value.is_null());
    let extensions = take("extensions");
    let hash = document_hash(take("documentId"), extensions.as_ref())?;
    let mut request = match take("query") {
        Some(Value::String(document)) if document.is_empty() => {
            return Err(malformed("`query` is empty; it must be a string with a GraphQL document."));
        }
        Some(Value::String(document)) => Request::new(document),
        Some(_) => return Err(malformed("`query` must be a string with a GraphQL document.")),
        None if hash.is_some() => Request::new(""),
        None => {
            let message = "`query` is missing; it must be a string with a GraphQL document, or send the `documentId` of a \
                           registered one.";
            return Err(malformed(message));
        }
    };
    match take("operationName") {
        Some(Value::String(name)) => request = request.operation_name(name),
        Some(_) => return Err(malformed("`operationName` must be a string or null.")),
        None => {}
    }
    match take("variables") {
        Some(variables @ Value::Object(_)) => request = request.variables(Variables::from_json(variables)),
        Some(_) => return Err(malformed("`variables` must be a JSON object or null.")),
        None => {}
    }
    match extensions {
        Some(extensions @ Value::Object(_)) => {
            request.extensions = serde_json::from_value(extensions)
                .map_err(|error| malformed(&format!("`extensions` cannot be read: {error}.")))?;
        }
        Some(_) => return Err(malformed("`extensions` must be a JSON object or null.")),
        None => {}
    }
    Ok(Asked { request, hash })
}

/// The registered document that is asked for, in either of the two ways that clients have.
fn document_hash(id: Option<Value>, extensions: Option<&Value>) -> Result<Option<String>, Fault> {
    let is_hash = |text: &str| text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if let Some(id) = id {
        let hash = id.as_str().and_then(|id| id.strip_prefix(SHA256)).filter(|hash| is_hash(hash));
        let message =
            "`documentId` must be `sha256:` and the 64 lower-case hexadecimal digits of the document's SHA-256.";
        return hash.map(|hash| Some(hash.to_owned())).ok_or_else(|| malformed(message));
    }
    let Some(persisted) = extensions.and_then(|extensions| extensions.get("persistedQuery")) else { return Ok(None) };
    let hash = persisted.get("sha256Hash").and_then(Value::as_str).filter(|hash| is_hash(hash));
    let message = "`extensions.persistedQuery.sha256Hash` must be the 64 lower-case hexadecimal digits of the document's \
                   SHA-256.";
    hash.map(|hash| Some(hash.to_owned())).ok_or_else(|| malformed(message))
}

fn malformed(message: &str) -> Fault {
    Fault::Malformed(message.to_owned())
}
