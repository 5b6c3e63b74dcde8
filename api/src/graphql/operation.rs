//! What comes of an operation, whatever its kind.

use std::sync::Arc;

use async_graphql::{
    Request, Response,
    parser::types::{OperationDefinition, OperationType, Selection},
};
use futures_util::StreamExt as _;

use super::{
    Admitted, Schema, admit,
    errors::{ErrorCode, finish, refuse},
    feed::{Asked, Feed},
    operations::chosen,
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

/// Carries out whatever operation a request means, for transports that can carry a stream. As [`super::execute`]
/// otherwise.
pub async fn operate(schema: &Schema, caller: Option<Caller>, request: Request, request_id: &str) -> Operation {
    let admitted = match admit(schema, caller.as_ref(), request, request_id).await {
        Ok(admitted) => admitted,
        Err(response) => return Operation::Answer(response),
    };
    let operation = chosen(&admitted.document, admitted.request.operation_name.as_deref());
    let Some(operation) = operation.filter(|operation| operation.ty == OperationType::Subscription) else {
        return Operation::Answer(Box::new(admitted.execute(schema, caller, request_id).await));
    };
    if !is_one_plain_field(operation) {
        let message =
            "a subscription names exactly one field at the top, without a fragment and without @skip or @include";
        return Operation::Answer(Box::new(refuse(ErrorCode::GraphqlValidationFailed, message, request_id)));
    }
    begin(schema, admitted, caller, request_id).await
}

/// What the GraphQL specification asks of a subscription, and the library does not check.
fn is_one_plain_field(operation: &OperationDefinition) -> bool {
    match operation.selection_set.node.items.as_slice() {
        [only] => matches!(&only.node, Selection::Field(field) if field.node.directives.is_empty()),
        _ => false,
    }
}

async fn begin(schema: &Schema, admitted: Admitted, caller: Option<Caller>, request_id: &str) -> Operation {
    let Admitted { state, mut request, document, .. } = admitted;
    let asked = Asked {
        query: request.query.clone(),
        document: Arc::clone(&document),
        variables: request.variables.clone(),
        operation_name: request.operation_name.clone(),
        request_id: request_id.to_owned(),
    };
    let occasion = Occasion::begin();
    request.set_parsed_query(Arc::unwrap_or_clone(document));
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
