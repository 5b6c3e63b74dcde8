//! Operations of a document: which one is meant, and what comes of it.

use std::sync::Arc;

use async_graphql::{
    Request, Response,
    parser::types::{DocumentOperations, ExecutableDocument, OperationDefinition, OperationType, Selection},
};
use futures_util::StreamExt as _;

use super::{
    Prepared, Schema,
    errors::{ErrorCode, finish, refuse},
    feed::{Asked, Feed},
    prepare,
    reader::Reader,
    subscription::Occasion,
};
use crate::caller::Caller;

/// What comes of an operation.
#[derive(Debug)]
pub enum Operation {
    /// One answer: to a query, to a mutation, or to a subscription that cannot begin.
    Answer(Box<Response>),
    /// A subscription that has begun.
    Live(Box<Feed>),
}

/// The operation that a request means; `None` when it does not say which, which the schema answers with an error.
pub fn chosen<'d>(document: &'d ExecutableDocument, name: Option<&str>) -> Option<&'d OperationDefinition> {
    let chosen = match (&document.operations, name) {
        (DocumentOperations::Single(operation), _) => Some(operation),
        (DocumentOperations::Multiple(operations), Some(name)) => operations.get(name),
        (DocumentOperations::Multiple(operations), None) => {
            operations.values().next().filter(|_| operations.len() == 1)
        }
    };
    chosen.map(|operation| &operation.node)
}

/// Carries out whatever operation a request means, for transports that can carry a stream. As [`super::execute`]
/// otherwise.
pub async fn operate(schema: &Schema, caller: Option<Caller>, request: Request, request_id: &str) -> Operation {
    let prepared = match prepare(schema, caller.as_ref(), request, request_id) {
        Ok(prepared) => prepared,
        Err(response) => return Operation::Answer(response),
    };
    let operation = chosen(&prepared.document, prepared.request.operation_name.as_deref());
    let Some(operation) = operation.filter(|operation| operation.ty == OperationType::Subscription) else {
        return Operation::Answer(Box::new(prepared.execute(schema, caller, request_id).await));
    };
    if !is_one_plain_field(operation) {
        let message =
            "a subscription names exactly one field at the top, without a fragment and without @skip or @include";
        return Operation::Answer(Box::new(refuse(ErrorCode::GraphqlValidationFailed, message, request_id)));
    }
    begin(schema, prepared, caller, request_id).await
}

/// What the GraphQL specification asks of a subscription, and the library does not check.
fn is_one_plain_field(operation: &OperationDefinition) -> bool {
    match operation.selection_set.node.items.as_slice() {
        [only] => matches!(&only.node, Selection::Field(field) if field.node.directives.is_empty()),
        _ => false,
    }
}

async fn begin(schema: &Schema, prepared: Prepared, caller: Option<Caller>, request_id: &str) -> Operation {
    let Prepared { state, mut request, document, .. } = prepared;
    let asked = Asked {
        query: request.query.clone(),
        document: document.clone(),
        variables: request.variables.clone(),
        operation_name: request.operation_name.clone(),
        request_id: request_id.to_owned(),
    };
    let occasion = Occasion::begin();
    request.set_parsed_query(document);
    request = request.data(Arc::clone(&occasion));
    if let Some(caller) = caller {
        request = request.data(Reader::new(state.clone(), caller));
    }
    if let Some(response) = schema.execute_stream(request).next().await {
        let mut response = finish(response, request_id);
        // Nothing was executed, so there is no place in an answer that the errors belong to.
        response.data = async_graphql::Value::Null;
        for error in &mut response.errors {
            error.path.clear();
        }
        return Operation::Answer(Box::new(response));
    }
    match occasion.source() {
        Some(source) => Operation::Live(Box::new(Feed::new(schema.clone(), state, asked, *source))),
        None => Operation::Answer(Box::new(refuse(ErrorCode::Internal, "a subscription has no source", request_id))),
    }
}
