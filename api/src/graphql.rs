//! The GraphQL schema: what can be asked and changed, and what of it a caller sees.
//!
//! A request passes, in this order: [`cost`] on its text and its parsed document, the check of its variables, the
//! scopes of an API client, the caller's allowance, the library's validation, the resolvers with a `Reader` (who asks,
//! what they may see, and what is loaded for them), and [`errors::finish`]. A subscription begins on the same way, and then
//! its document is executed once for each event of its [`Feed`].
#![allow(clippy::too_many_arguments, reason = "a connection has four arguments for its page, and two for its contents")]
#![allow(clippy::unused_self, reason = "a root has fields but nothing of its own")]

pub mod authorization;
pub mod cost;
pub mod errors;

mod api_clients;
mod batch;
mod check_ins;
mod connections;
mod constraints;
mod cursors;
mod documents;
mod enrollments;
mod events;
mod explanations;
mod feed;
mod history;
mod ids;
mod issuers;
mod joined;
mod mail;
mod match_runs;
mod matches;
mod messages;
mod mutations;
mod nodes;
mod non_matches;
mod operation;
pub(crate) mod operations;
mod organizations;
mod parsed;
mod people;
mod plain;
mod plans;
mod prepare;
mod programs;
mod query;
mod reader;
mod rounds;
mod scalars;
mod scopes;
mod sentences;
mod sessions;
mod shown;
mod subscription;
#[cfg(test)]
mod tests;
mod variables;
mod viewer;
mod webhooks;
mod words;

use std::{
    any::TypeId,
    sync::{Arc, OnceLock},
};

pub(crate) use self::ids::read_id;
use async_graphql::{
    Request, Response, SDLExportOptions, Value,
    parser::types::{ExecutableDocument, OperationType},
};
use shared::store::idempotency_keys::Mark;

pub use self::{
    cost::Limits,
    feed::Feed,
    ids::global_id,
    mutations::Mutation,
    operation::{Operation, operate},
    query::Query,
    subscription::Subscription,
};
use self::{
    errors::{ErrorCode, finish, refuse},
    parsed::Parsed,
    prepare::prepare,
    reader::Reader,
};
use crate::{
    allowance::{Allowance, Balance},
    caller::Caller,
    use_cases::State,
};

/// The schema with what its resolvers work with.
pub type Schema = async_graphql::Schema<Query, Mutation, Subscription>;

/// The id of the request, for those who have no caller that knows it.
struct RequestId(String);

/// The schema over this state; no request may ask for more than `limits`.
pub fn schema(state: State, limits: Limits) -> Schema {
    // The cost is limited before validation. The library's own limit of nesting stays as a second fence.
    Schema::build(Query, Mutation::default(), Subscription)
        .data(state)
        .data(limits)
        .data(Parsed::default())
        .limit_recursive_depth(64)
        // Whoever guesses names is not told how near they are.
        .disable_suggestions()
        .finish()
}

/// The schema as a document, as it is committed in `api/schema.graphql`.
pub fn sdl() -> String {
    bare().sdl_with_options(SDLExportOptions::new().include_specified_by())
}

/// The schema without a state: it can be described and can validate, and no more.
fn bare() -> Schema {
    Schema::build(Query, Mutation::default(), Subscription).disable_suggestions().finish()
}

/// A request that may be executed: measured, checked and paid for.
struct Admitted {
    state: State,
    request: Request,
    document: Arc<ExecutableDocument>,
    kind: Option<OperationType>,
    cost: u64,
    limit: u64,
    balance: Option<Balance>,
}

/// Lets a request in. It may carry an `Allowance`, out of which it is paid for, and a [`Mark`], which its commits leave
/// behind.
///
/// # Errors
/// The answer that says why it is refused.
async fn admit(
    schema: &Schema,
    caller: Option<&Caller>,
    request: Request,
    request_id: &str,
) -> Result<Admitted, Box<Response>> {
    let (Some(state), Some(limits), Some(parsed)) =
        (schema.data::<State>(), schema.data::<Limits>(), schema.data::<Parsed>())
    else {
        return Err(Box::new(refuse(ErrorCode::Internal, "the schema was made without its state", request_id)));
    };
    let prepared = prepare(&request, limits, parsed, caller, request_id);
    // What is refused has made work too.
    let (cost, mutations) = match &prepared {
        Ok(prepared) => (prepared.cost, prepared.mutations.as_slice()),
        Err(_) => (1, [].as_slice()),
    };
    let paid = match carried::<Allowance>(&request) {
        Some(allowance) => allowance.pay(cost, mutations).await.map(Some),
        None => Ok(None),
    };
    let balance = paid.map_err(|exceeded| {
        let mut response = refuse(ErrorCode::LimitExceeded, exceeded.to_string(), request_id);
        response.http_headers.insert("retry-after", exceeded.seconds().into());
        Box::new(response)
    })?;
    let prepare::Prepared { document, kind, .. } = prepared?;
    let mut state = state.clone();
    if let Some(mark) = carried::<Mark>(&request) {
        state.store = state.store.marking(mark);
    }
    Ok(Admitted { state, request, document, kind, cost, limit: limits.cost, balance })
}

impl Admitted {
    async fn execute(self, schema: &Schema, caller: Option<Caller>, request_id: &str) -> Response {
        let Self { state, mut request, document, cost, limit, balance, .. } = self;
        request.set_parsed_query(Arc::unwrap_or_clone(document));
        request = request.data(RequestId(request_id.to_owned()));
        if let Some(caller) = caller {
            request = request.data(Reader::new(state, caller));
        }
        let response = finish(schema.execute(request).await, request_id);
        let mut counted = vec![("requested", Value::from(cost)), ("limit", Value::from(limit))];
        if let Some(balance) = balance {
            counted.push(("remaining", Value::from(balance.remaining)));
            counted.push(("restoreRate", Value::from(balance.restore_rate)));
        }
        let counted = counted.into_iter().map(|(name, number)| (async_graphql::Name::new(name), number));
        response.extension("cost", Value::Object(counted.collect()))
    }
}

/// Answers one request of this caller (`None`: nobody in particular). The answer is ready to be sent: every error has its
/// code and `request_id`, and nothing of our inside shows. `extensions.cost` tells what the request was counted as.
pub async fn execute(schema: &Schema, caller: Option<Caller>, request: Request, request_id: &str) -> Response {
    match admit(schema, caller.as_ref(), request, request_id).await {
        Ok(admitted) if admitted.kind == Some(OperationType::Subscription) => {
            let message = "a subscription needs a stream: accept text/event-stream, or use a WebSocket";
            refuse(ErrorCode::GraphqlValidationFailed, message, request_id)
        }
        Ok(admitted) => admitted.execute(schema, caller, request_id).await,
        Err(response) => *response,
    }
}

/// What was put beside a request on its way here.
fn carried<T: Clone + 'static>(request: &Request) -> Option<T> {
    request.data.get(&TypeId::of::<T>())?.downcast_ref::<T>().cloned()
}

/// What a document costs in points, when it fits the schema and its limits; none of it is executed. The messages say why
/// it does not.
async fn validate(text: &str) -> Result<u64, Vec<String>> {
    // No operation can have this name, so that the library's validation is followed by nothing but one error.
    const NOTHING: &str = "?";
    static BARE: OnceLock<Schema> = OnceLock::new();
    let told = |response: Response| response.errors.into_iter().map(|error| error.message).collect::<Vec<_>>();
    // What a request costs depends on its variables, and is limited then.
    let limits = Limits { cost: u64::MAX, ..Limits::default() };
    let request = Request::new(text).operation_name(NOTHING);
    let prepared = prepare::measure(&request, &limits, &Parsed::default(), "").map_err(|response| told(*response))?;
    let mut messages = told(BARE.get_or_init(bare).execute(request).await);
    messages.retain(|message| !message.starts_with("Unknown operation named"));
    messages.truncate(errors::ERRORS_MAX);
    if messages.is_empty() { Ok(prepared.cost) } else { Err(messages) }
}
