//! A GraphQL request out of a body or a query string.

use actix_web::web;
use async_graphql::{Request, Variables};
use serde_json::{Map, Value};

use super::answers::Fault;

/// Reads the body of a POST request: one JSON object with `query`, `operationName`, `variables` and `extensions`. Other
/// members are passed over, as the specification asks.
pub(super) fn from_body(body: &[u8]) -> Result<Request, Fault> {
    match serde_json::from_slice(body) {
        Ok(Value::Object(parameters)) => from_parameters(parameters),
        Ok(Value::Array(_)) => Err(malformed("Batches are not accepted; send each request on its own.")),
        Ok(Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => {
            Err(malformed("The body must be a JSON object with the member `query`."))
        }
        Err(error) => Err(malformed(&format!("The body is not JSON: {error}."))),
    }
}

/// Reads the query string of a GET request, where `variables` and `extensions` are JSON texts.
pub(super) fn from_query_string(query_string: &str) -> Result<Request, Fault> {
    let Ok(web::Query(pairs)) = web::Query::<Vec<(String, String)>>::from_query(query_string) else {
        return Err(malformed("The query string cannot be read; percent-encode its values."));
    };
    let mut parameters = Map::new();
    for (name, text) in pairs {
        let value = match name.as_str() {
            _ if text.is_empty() => Value::Null,
            "query" | "operationName" => Value::String(text),
            "variables" | "extensions" => serde_json::from_str(&text)
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
pub(super) fn from_parameters(mut parameters: Map<String, Value>) -> Result<Request, Fault> {
    let mut take = |name: &str| parameters.remove(name).filter(|value| !value.is_null());
    let mut request = match take("query") {
        Some(Value::String(document)) => Request::new(document),
        Some(_) => return Err(malformed("`query` must be a string with a GraphQL document.")),
        None => return Err(malformed("`query` is missing; it must be a string with a GraphQL document.")),
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
    match take("extensions") {
        Some(extensions @ Value::Object(_)) => {
            request.extensions = serde_json::from_value(extensions)
                .map_err(|error| malformed(&format!("`extensions` cannot be read: {error}.")))?;
        }
        Some(_) => return Err(malformed("`extensions` must be a JSON object or null.")),
        None => {}
    }
    Ok(request)
}

fn malformed(message: &str) -> Fault {
    Fault::Malformed(message.to_owned())
}
