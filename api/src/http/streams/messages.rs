//! The messages of the GraphQL over WebSocket protocol (sub-protocol `graphql-transport-ws`, `graphql-ws` on npm).

use actix_ws::{CloseCode, CloseReason};
use async_graphql::Response;
use serde_json::{Map, Value, json};

use super::super::{
    answers::Fault,
    documents::{self, Asked},
};

/// The name that client and server agree on.
pub(super) const PROTOCOL: &str = "graphql-transport-ws";

/// What a client says.
#[derive(Debug)]
pub(super) enum Said {
    /// `connection_init`, with the token in its payload if there is one.
    Init {
        authorization: Option<String>,
    },
    Ping,
    Pong,
    /// `subscribe`: any operation, in spite of its name.
    Subscribe {
        id: String,
        asked: Box<Asked>,
    },
    Complete {
        id: String,
    },
}

/// Reads a message.
///
/// # Errors
/// With what is wrong with it, in words for a developer.
pub(super) fn read(text: &str) -> Result<Said, &'static str> {
    let Ok(Value::Object(mut message)) = serde_json::from_str(text) else {
        return Err("a message must be a JSON object");
    };
    let Some(Value::String(kind)) = message.remove("type") else { return Err("a message needs a `type`") };
    let payload = message.remove("payload").filter(|payload| !payload.is_null());
    match kind.as_str() {
        "connection_init" => init(payload),
        "ping" | "pong" if payload.as_ref().is_some_and(|payload| !payload.is_object()) => {
            Err("the `payload` of a ping or pong must be an object")
        }
        "ping" => Ok(Said::Ping),
        "pong" => Ok(Said::Pong),
        "subscribe" => {
            let id = id(&mut message)?;
            let Some(Value::Object(parameters)) = payload else { return Err("`subscribe` needs a `payload`") };
            let asked = documents::from_parameters(parameters);
            let asked = asked.map_err(|_| "the `payload` of `subscribe` must have `query`, and what goes with it")?;
            Ok(Said::Subscribe { id, asked: Box::new(asked) })
        }
        "complete" => Ok(Said::Complete { id: id(&mut message)? }),
        _ => Err("the `type` of the message is unknown"),
    }
}

fn id(message: &mut Map<String, Value>) -> Result<String, &'static str> {
    match message.remove("id") {
        Some(Value::String(id)) if !id.is_empty() => Ok(id),
        _ => Err("`id` must be a text that is not empty"),
    }
}

fn init(payload: Option<Value>) -> Result<Said, &'static str> {
    let mut given = match payload {
        None => return Ok(Said::Init { authorization: None }),
        Some(Value::Object(given)) => given,
        Some(_) => return Err("the `payload` of `connection_init` must be an object"),
    };
    // Both spellings could name two people.
    match (given.remove("authorization"), given.remove("Authorization")) {
        (Some(Value::String(text)), None) | (None, Some(Value::String(text))) => {
            Ok(Said::Init { authorization: Some(text) })
        }
        (None | Some(Value::Null), None | Some(Value::Null)) => Ok(Said::Init { authorization: None }),
        _ => Err("`authorization` must be one text, such as `Bearer ...`"),
    }
}

/// `connection_ack`.
pub(super) fn ack() -> String {
    json!({ "type": "connection_ack" }).to_string()
}

/// `pong`.
pub(super) fn pong() -> String {
    json!({ "type": "pong" }).to_string()
}

/// `next`, with an answer.
pub(super) fn next(id: &str, response: &Response) -> String {
    json!({ "id": id, "type": "next", "payload": response }).to_string()
}

/// `error`, when nothing was executed.
pub(super) fn refused(id: &str, response: &Response) -> String {
    json!({ "id": id, "type": "error", "payload": response.errors }).to_string()
}

/// `error`, when there is no answer.
pub(super) fn failed(id: &str, fault: &Fault, request_id: &str) -> String {
    json!({ "id": id, "type": "error", "payload": [fault.error(request_id)] }).to_string()
}

/// `complete`.
pub(super) fn complete(id: &str) -> String {
    json!({ "id": id, "type": "complete" }).to_string()
}

/// Why the server closes a socket. The codes are the protocol's, and those of RFC 6455 below 4000.
#[derive(Debug)]
pub(super) enum Closing {
    /// 1001: the server stops.
    GoingAway,
    /// 1009: a message is too large.
    TooBig,
    /// 4400: a message that the protocol does not know.
    Invalid(&'static str),
    /// 4401: an operation before `connection_ack`, or a token that has ended.
    Unauthorized(String),
    /// 4403: a token that was not accepted.
    Forbidden(String),
    /// 4406: the client speaks another sub-protocol.
    Subprotocol,
    /// 4408: no `connection_init` in time.
    InitTimeout,
    /// 4409: an operation of this id is going on.
    IdInUse(String),
    /// 4429: a second `connection_init`.
    SecondInit,
    /// 4500: something went wrong on our side.
    Internal,
}

impl Closing {
    /// The close frame. Longer reasons than 123 bytes are cut on the way.
    pub(super) fn reason(self) -> CloseReason {
        let (code, description) = match self {
            Self::GoingAway => (CloseCode::Away, "The server stops; connect again".to_owned()),
            Self::TooBig => (CloseCode::Size, "The message is too large".to_owned()),
            Self::Invalid(what) => (CloseCode::Other(4400), format!("Invalid message: {what}")),
            Self::Unauthorized(why) => (CloseCode::Other(4401), format!("Unauthorized: {why}")),
            Self::Forbidden(why) => (CloseCode::Other(4403), format!("Forbidden: {why}")),
            Self::Subprotocol => (CloseCode::Other(4406), "Subprotocol not acceptable".to_owned()),
            Self::InitTimeout => (CloseCode::Other(4408), "Connection initialisation timeout".to_owned()),
            Self::IdInUse(id) => (CloseCode::Other(4409), format!("Subscriber for {id} already exists")),
            Self::SecondInit => (CloseCode::Other(4429), "Too many initialisation requests".to_owned()),
            Self::Internal => (CloseCode::Other(4500), "Internal server error".to_owned()),
        };
        CloseReason { code, description: Some(description) }
    }
}
