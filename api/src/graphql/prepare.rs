//! What a request must pass before anything of it is executed.

use std::sync::Arc;

use async_graphql::{
    Request, Response, ServerError, Value,
    parser::types::{ExecutableDocument, OperationType},
};

use super::{
    Limits, cost,
    errors::{ErrorCode, finish, refuse, refused},
    operations::{chosen, root_fields},
    parsed::Parsed,
    scopes, variables,
};
use crate::caller::Caller;

/// A document that may be executed.
pub(super) struct Prepared {
    pub(super) document: Arc<ExecutableDocument>,
    /// What kind of operation is meant; `None` when the request does not say which, which the schema answers.
    pub(super) kind: Option<OperationType>,
    /// In points.
    pub(super) cost: u64,
    /// The mutations it calls, as often as it does.
    pub(super) mutations: Vec<String>,
}

/// Reads, measures and checks a request of this caller.
///
/// # Errors
/// The answer that says why it cannot be executed.
pub(super) fn prepare(
    request: &Request,
    limits: &Limits,
    parsed: &Parsed,
    caller: Option<&Caller>,
    request_id: &str,
) -> Result<Prepared, Box<Response>> {
    let prepared = measure(request, limits, parsed, request_id)?;
    let Some(operation) = chosen(&prepared.document, request.operation_name.as_deref()) else { return Ok(prepared) };
    let refuse = |code, message: String| Err(Box::new(refuse(code, message, request_id)));
    let Some(caller) = caller else {
        let roots = root_fields(&prepared.document, operation);
        let introspects = roots.iter().any(|root| matches!(*root, "__schema" | "__type"));
        if introspects && !limits.open_introspection {
            let message = "the schema is described to callers with a valid bearer token only";
            return refuse(ErrorCode::Unauthenticated, message.to_owned());
        }
        return Ok(prepared);
    };
    match scopes::refusal(&prepared.document, operation, caller) {
        Some(refusal) => refuse(ErrorCode::Forbidden, refusal),
        None => Ok(prepared),
    }
}

/// Reads, measures and checks a request, whoever sends it.
///
/// # Errors
/// As [`prepare`].
pub(super) fn measure(
    request: &Request,
    limits: &Limits,
    parsed: &Parsed,
    request_id: &str,
) -> Result<Prepared, Box<Response>> {
    let refuse = |code, message: String| Err(Box::new(refuse(code, message, request_id)));
    if request.query.contains('\0') || request.query.contains("\\u0000") || request.variables.values().any(holds_nul) {
        return refuse(ErrorCode::BadUserInput, "a text must not hold the character U+0000".to_owned());
    }
    if let Err(error) = cost::check_text(&request.query) {
        return refuse(ErrorCode::LimitExceeded, error.to_string());
    }
    let document = match parsed.read(&request.query) {
        Ok(document) => document,
        Err(error) => {
            let response = refused(vec![ServerError::from(error)], ErrorCode::GraphqlParseFailed);
            return Err(Box::new(finish(response, request_id)));
        }
    };
    let operation = chosen(&document, request.operation_name.as_deref());
    if let Some(Err(error)) = operation.map(|operation| variables::check(operation, &request.variables)) {
        return refuse(ErrorCode::BadUserInput, error);
    }
    let cost = match cost::check(&document, &request.variables, limits) {
        Ok(cost) => cost,
        Err(error) => return refuse(ErrorCode::LimitExceeded, error.to_string()),
    };
    let mut mutations = Vec::new();
    if let Some(operation) = operation
        && operation.ty == OperationType::Mutation
    {
        mutations = root_fields(&document, operation).into_iter().map(str::to_owned).collect();
    }
    let kind = operation.map(|operation| operation.ty);
    Ok(Prepared { document, kind, cost, mutations })
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
