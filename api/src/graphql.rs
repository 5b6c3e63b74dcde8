//! The GraphQL schema: what can be asked and changed, and what of it a caller sees.
//!
//! A request passes, in this order: [`cost`] on its text and its parsed document, the [`scopes`] of an API client, the
//! library's validation, the resolvers with a `Reader` (who asks, what they may see, and what is loaded for them), and
//! [`errors::finish`]. A subscription begins on the same way, and then its document is executed once for each event of its
//! [`Feed`].
#![allow(clippy::too_many_arguments, reason = "a connection has four arguments for its page, and two for its contents")]
#![allow(clippy::unused_self, reason = "a root has fields but nothing of its own")]

pub mod authorization;
pub mod cost;
pub mod errors;

mod api_clients;
mod batch;
mod connections;
mod constraints;
mod cursors;
mod enrollments;
mod events;
mod explanations;
mod feed;
mod history;
mod ids;
mod issuers;
mod match_runs;
mod matches;
mod messages;
mod mutations;
mod nodes;
mod non_matches;
mod operation;
mod organizations;
mod people;
mod programs;
mod query;
mod reader;
mod rounds;
mod scalars;
mod scopes;
mod sentences;
mod shown;
mod subscription;
#[cfg(test)]
mod tests;
mod viewer;
mod webhooks;
mod words;

use async_graphql::{
    Request, Response, SDLExportOptions, ServerError, Value,
    parser::{
        parse_query,
        types::{ExecutableDocument, OperationType},
    },
};

pub use self::{
    cost::Limits,
    feed::Feed,
    ids::global_id,
    mutations::Mutation,
    operation::{Operation, chosen, operate},
    query::Query,
    subscription::Subscription,
};
use self::{
    errors::{ErrorCode, finish, refuse, refused},
    reader::Reader,
};
use crate::{caller::Caller, use_cases::State};

/// The schema with what its resolvers work with.
pub type Schema = async_graphql::Schema<Query, Mutation, Subscription>;

/// The id of the request, for those who have no caller that knows it.
struct RequestId(String);

/// The schema over this state; no request may ask for more than `limits`.
pub fn schema(state: State, limits: Limits) -> Schema {
    // The cost is limited before validation. The library's own limit of nesting stays as a second fence.
    Schema::build(Query, Mutation::default(), Subscription).data(state).data(limits).limit_recursive_depth(64).finish()
}

/// The schema as a document, as it is committed in `api/schema.graphql`.
pub fn sdl() -> String {
    let schema = Schema::build(Query, Mutation::default(), Subscription).finish();
    schema.sdl_with_options(SDLExportOptions::new().include_specified_by())
}

/// A request whose document was measured.
struct Prepared {
    state: State,
    request: Request,
    document: ExecutableDocument,
    cost: u64,
    limit: u64,
}

/// Reads and measures a document before anything else is done with it.
///
/// # Errors
/// The answer that says why it is refused.
fn prepare(
    schema: &Schema,
    caller: Option<&Caller>,
    request: Request,
    request_id: &str,
) -> Result<Prepared, Box<Response>> {
    let told = |code, message: String| Box::new(refuse(code, message, request_id));
    let (Some(state), Some(limits)) = (schema.data::<State>(), schema.data::<Limits>()) else {
        return Err(told(ErrorCode::Internal, "the schema was made without its state".to_owned()));
    };
    if request.query.contains('\0') || request.query.contains("\\u0000") || request.variables.values().any(holds_nul) {
        return Err(told(ErrorCode::BadUserInput, "a text must not hold the character U+0000".to_owned()));
    }
    if let Err(error) = cost::check_text(&request.query) {
        return Err(told(ErrorCode::LimitExceeded, error.to_string()));
    }
    let document = parse_query(&request.query).map_err(|error| {
        let response = refused(vec![ServerError::from(error)], ErrorCode::GraphqlParseFailed);
        Box::new(finish(response, request_id))
    })?;
    let cost = cost::check(&document, &request.variables, limits)
        .map_err(|error| told(ErrorCode::LimitExceeded, error.to_string()))?;
    let operation = chosen(&document, request.operation_name.as_deref());
    if let Some(refusal) = caller.zip(operation).and_then(|(caller, chosen)| scopes::refusal(&document, chosen, caller))
    {
        return Err(told(ErrorCode::Forbidden, refusal));
    }
    Ok(Prepared { state: state.clone(), request, document, cost, limit: limits.cost })
}

impl Prepared {
    fn is_subscription(&self) -> bool {
        let operation = chosen(&self.document, self.request.operation_name.as_deref());
        operation.is_some_and(|operation| operation.ty == OperationType::Subscription)
    }

    async fn execute(self, schema: &Schema, caller: Option<Caller>, request_id: &str) -> Response {
        let Self { state, mut request, document, cost, limit } = self;
        request.set_parsed_query(document);
        request = request.data(RequestId(request_id.to_owned()));
        if let Some(caller) = caller {
            request = request.data(Reader::new(state, caller));
        }
        let response = finish(schema.execute(request).await, request_id);
        let counted = [("requested", cost), ("limit", limit)];
        let counted = counted.map(|(name, number)| (async_graphql::Name::new(name), Value::from(number)));
        response.extension("cost", Value::Object(counted.into_iter().collect()))
    }
}

/// Answers one request of this caller (`None`: nobody in particular). The answer is ready to be sent: every error has its
/// code and `request_id`, and nothing of our inside shows. `extensions.cost` tells what the request was counted as.
pub async fn execute(schema: &Schema, caller: Option<Caller>, request: Request, request_id: &str) -> Response {
    match prepare(schema, caller.as_ref(), request, request_id) {
        Ok(prepared) if prepared.is_subscription() => {
            let message = "a subscription needs a stream: accept text/event-stream, or use a WebSocket";
            refuse(ErrorCode::GraphqlValidationFailed, message, request_id)
        }
        Ok(prepared) => prepared.execute(schema, caller, request_id).await,
        Err(response) => *response,
    }
}

/// PostgreSQL has no text with this character; SQLite has, and would keep what the other cannot.
fn holds_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::List(items) => items.iter().any(holds_nul),
        Value::Object(fields) => fields.values().any(holds_nul),
        Value::Null | Value::Number(_) | Value::Boolean(_) | Value::Binary(_) | Value::Enum(_) => false,
    }
}
