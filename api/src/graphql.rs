//! The GraphQL schema: what can be asked and changed, and what of it a caller sees.
//!
//! A request passes, in this order: [`cost`] on its text and its parsed document, the library's validation, the
//! resolvers with a `Reader` (who asks, what they may see, and what is loaded for them), and [`errors::finish`].
#![allow(clippy::too_many_arguments, reason = "a connection has four arguments for its page, and two for its contents")]
#![allow(clippy::unused_self, reason = "a root has fields but nothing of its own")]

pub mod authorization;
pub mod cost;
pub mod errors;

mod batch;
mod connections;
mod constraints;
mod cursors;
mod enrollments;
mod events;
mod explanations;
mod history;
mod ids;
mod issuers;
mod match_runs;
mod matches;
mod messages;
mod mutations;
mod nodes;
mod non_matches;
mod organizations;
mod people;
mod programs;
mod query;
mod reader;
mod rounds;
mod scalars;
mod sentences;
mod shown;
#[cfg(test)]
mod tests;
mod viewer;
mod webhooks;
mod words;

use async_graphql::{EmptySubscription, Request, Response, SDLExportOptions, ServerError, Value, parser::parse_query};

pub(crate) use self::ids::read_id;
pub use self::{cost::Limits, ids::global_id, mutations::Mutation, query::Query};
use self::{
    errors::{ErrorCode, finish, refuse, refused},
    reader::Reader,
};
use crate::{caller::Caller, use_cases::State};

/// The schema with what its resolvers work with.
pub type Schema = async_graphql::Schema<Query, Mutation, EmptySubscription>;

/// The schema over this state; no request may ask for more than `limits`.
pub fn schema(state: State, limits: Limits) -> Schema {
    // The cost is limited before validation. The library's own limit of nesting stays as a second fence.
    Schema::build(Query, Mutation::default(), EmptySubscription)
        .data(state)
        .data(limits)
        .limit_recursive_depth(64)
        .finish()
}

/// The schema as a document, as it is committed in `api/schema.graphql`.
pub fn sdl() -> String {
    let schema = Schema::build(Query, Mutation::default(), EmptySubscription).finish();
    schema.sdl_with_options(SDLExportOptions::new().include_specified_by())
}

/// Answers one request of this caller (`None`: nobody in particular). The answer is ready to be sent: every error has its
/// code and `request_id`, and nothing of our inside shows. `extensions.cost` tells what the request was counted as.
pub async fn execute(schema: &Schema, caller: Option<Caller>, mut request: Request, request_id: &str) -> Response {
    let (Some(state), Some(limits)) = (schema.data::<State>(), schema.data::<Limits>()) else {
        return refuse(ErrorCode::Internal, "the schema was made without its state", request_id);
    };
    if request.query.contains('\0') || request.query.contains("\\u0000") || request.variables.values().any(holds_nul) {
        return refuse(ErrorCode::BadUserInput, "a text must not hold the character U+0000", request_id);
    }
    if let Err(error) = cost::check_text(&request.query) {
        return refuse(ErrorCode::LimitExceeded, error.to_string(), request_id);
    }
    let document = match parse_query(&request.query) {
        Ok(document) => document,
        Err(error) => {
            let response = refused(vec![ServerError::from(error)], ErrorCode::GraphqlParseFailed);
            return finish(response, request_id);
        }
    };
    let cost = match cost::check(&document, &request.variables, limits) {
        Ok(cost) => cost,
        Err(error) => return refuse(ErrorCode::LimitExceeded, error.to_string(), request_id),
    };
    request.set_parsed_query(document);
    if let Some(caller) = caller {
        request = request.data(Reader::new(state.clone(), caller));
    }
    let response = finish(schema.execute(request).await, request_id);
    let counted = [("requested", cost), ("limit", limits.cost)];
    let counted = counted.map(|(name, number)| (async_graphql::Name::new(name), Value::from(number)));
    response.extension("cost", Value::Object(counted.into_iter().collect()))
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
