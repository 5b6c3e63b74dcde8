//! Which operation of a document a request means, and what it selects at the top.

use std::collections::HashMap;

use async_graphql::{
    Name, Positioned,
    parser::types::{
        DocumentOperations, ExecutableDocument, Field, FragmentDefinition, OperationDefinition, Selection, SelectionSet,
    },
};

/// The operation that would be executed; `None` when the document does not say which, or has none of that name.
pub(crate) fn chosen<'d>(document: &'d ExecutableDocument, name: Option<&str>) -> Option<&'d OperationDefinition> {
    let found = match (&document.operations, name) {
        (DocumentOperations::Single(operation), None) => Some(operation),
        // A name that the one operation does not have: the schema tells.
        (DocumentOperations::Single(_), Some(_)) => None,
        (DocumentOperations::Multiple(operations), Some(name)) => operations.get(name),
        (DocumentOperations::Multiple(operations), None) => {
            operations.values().next().filter(|_| operations.len() == 1)
        }
    };
    found.map(|operation| &operation.node)
}

/// The names of the fields at the top of an operation, fragments unfolded, as often as they stand there. Only for
/// documents whose fragments are known to end.
pub(super) fn root_fields<'d>(document: &'d ExecutableDocument, operation: &'d OperationDefinition) -> Vec<&'d str> {
    let mut found = Vec::new();
    each_field(&operation.selection_set.node, &document.fragments, &mut |field| {
        found.push(field.node.name.node.as_str());
    });
    found
}

/// Every field of a selection in its order, fragments unfolded, as often as it stands there; of whatever type a fragment
/// is. Objects are of one type, so that within them a valid fragment is of that type or an interface of it. Only for
/// documents whose fragments are known to end.
pub(super) fn each_field<'d>(
    set: &'d SelectionSet,
    fragments: &'d HashMap<Name, Positioned<FragmentDefinition>>,
    visit: &mut impl FnMut(&'d Positioned<Field>),
) {
    for selection in &set.items {
        match &selection.node {
            Selection::Field(field) => visit(field),
            Selection::InlineFragment(fragment) => each_field(&fragment.node.selection_set.node, fragments, visit),
            Selection::FragmentSpread(spread) => {
                if let Some(fragment) = fragments.get(&spread.node.fragment_name.node) {
                    each_field(&fragment.node.selection_set.node, fragments, visit);
                }
            }
        }
    }
}
