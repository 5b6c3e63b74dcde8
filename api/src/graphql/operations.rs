//! Which operation of a document a request means, and what it selects at the top.

use async_graphql::parser::types::{
    DocumentOperations, ExecutableDocument, OperationDefinition, Selection, SelectionSet,
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
    gather(document, &operation.selection_set.node, &mut found);
    found
}

fn gather<'d>(document: &'d ExecutableDocument, set: &'d SelectionSet, found: &mut Vec<&'d str>) {
    for selection in &set.items {
        match &selection.node {
            Selection::Field(field) => found.push(field.node.name.node.as_str()),
            Selection::InlineFragment(fragment) => gather(document, &fragment.node.selection_set.node, found),
            Selection::FragmentSpread(spread) => {
                if let Some(fragment) = document.fragments.get(&spread.node.fragment_name.node) {
                    gather(document, &fragment.node.selection_set.node, found);
                }
            }
        }
    }
}
