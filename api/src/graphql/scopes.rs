//! The ceiling of an API client: whether its scopes cover what an operation begins with.

use async_graphql::parser::types::{ExecutableDocument, OperationDefinition, OperationType};

use super::{
    authorization::{Needs, ROOT_FIELDS, Root},
    operations::root_fields,
};
use crate::caller::Caller;

/// Why this caller's client may not do this; `None` when it may, and for people's own tokens. Looked at before anything
/// is executed, through fragments and whatever aliases and directives say.
pub(super) fn refusal(
    document: &ExecutableDocument,
    operation: &OperationDefinition,
    caller: &Caller,
) -> Option<String> {
    caller.client?;
    let root = match operation.ty {
        OperationType::Query => Root::Query,
        OperationType::Mutation => Root::Mutation,
        OperationType::Subscription => Root::Subscription,
    };
    root_fields(document, operation).into_iter().find_map(|name| beyond(root, name, caller))
}

fn beyond(root: Root, name: &str, caller: &Caller) -> Option<String> {
    // The schema's description is nobody's secret; a field that does not exist is refused by validation.
    let field = ROOT_FIELDS.iter().find(|field| field.root == root && field.name == name)?;
    match field.needs {
        Needs::Scope(scope) if !caller.allows(scope) => {
            Some(format!("`{name}` needs the scope {scope}, which this API client or token does not have"))
        }
        Needs::Person => Some(format!("`{name}` is for people who signed in themselves, not for API clients")),
        Needs::Scope(_) | Needs::Nothing => None,
    }
}
