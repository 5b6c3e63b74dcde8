//! The ceiling of an API client: whether its scopes cover what an operation begins with.

use std::collections::HashSet;

use async_graphql::parser::types::{ExecutableDocument, OperationDefinition, OperationType, Selection, SelectionSet};

use super::authorization::{Needs, ROOT_FIELDS, Root};
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
    let mut fields = Fields { document, names: Vec::new(), seen: HashSet::new() };
    fields.collect(&operation.selection_set.node);
    fields.names.into_iter().find_map(|name| beyond(root, name, caller))
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

/// The fields at the top of an operation.
struct Fields<'a> {
    document: &'a ExecutableDocument,
    names: Vec<&'a str>,
    /// Fragments that were looked through: a circle of them must not go on for ever.
    seen: HashSet<&'a str>,
}

impl<'a> Fields<'a> {
    fn collect(&mut self, set: &'a SelectionSet) {
        for selection in &set.items {
            match &selection.node {
                Selection::Field(field) => self.names.push(field.node.name.node.as_str()),
                Selection::InlineFragment(fragment) => self.collect(&fragment.node.selection_set.node),
                Selection::FragmentSpread(spread) => {
                    let name = spread.node.fragment_name.node.as_str();
                    if let Some(fragment) = self.document.fragments.get(name).filter(|_| self.seen.insert(name)) {
                        self.collect(&fragment.node.selection_set.node);
                    }
                }
            }
        }
    }
}
