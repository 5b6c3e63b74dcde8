//! Objects whose fields are all there: written out at once.
//!
//! The library resolves every field as a task of its own, because any of them might have to wait. The answers and
//! explanations of a page of matches are several hundred fields that never do, and were most of the work of that page.
//! [`Plain`] has the schema of the type in it and walks the selection without tasks.

use std::{borrow::Cow, collections::HashMap};

use async_graphql::{
    ContextSelectionSet, Name, OutputType, Positioned, ServerResult, Value,
    indexmap::{IndexMap, map::Entry},
    parser::types::{Field, FragmentDefinition, SelectionSet},
    registry::Registry,
};

use super::operations::each_field;

/// An object of the schema, resolved at once.
#[derive(Clone, Debug)]
pub(super) struct Plain<T>(pub(super) T);

/// What is selected of a value, with the document's fragments.
#[derive(Clone, Copy)]
pub(super) struct Selected<'a> {
    set: &'a SelectionSet,
    fragments: &'a HashMap<Name, Positioned<FragmentDefinition>>,
}

/// A value that can be written out as it is.
pub(super) trait Written {
    /// The value, as far as it is selected.
    fn written(&self, selected: Selected<'_>) -> Value;
}

/// An object all of whose fields can be.
pub(super) trait Fields: OutputType {
    /// The field of this name in the schema; null for a name that it has not, which validation keeps away.
    fn field(&self, name: &str, selected: Selected<'_>) -> Value;
}

/// Says which member of a struct a field of the schema is.
macro_rules! fields {
    ($object:ty { $($name:literal => $member:ident $(($($call:tt)*))?,)+ }) => {
        impl $crate::graphql::plain::Fields for $object {
            fn field(&self, name: &str, selected: $crate::graphql::plain::Selected<'_>) -> async_graphql::Value {
                match name {
                    $($name => $crate::graphql::plain::Written::written(&self.$member $(($($call)*))?, selected),)+
                    _ => async_graphql::Value::Null,
                }
            }
        }

        impl $crate::graphql::plain::Written for $object {
            fn written(&self, selected: $crate::graphql::plain::Selected<'_>) -> async_graphql::Value {
                $crate::graphql::plain::object(self, selected)
            }
        }
    };
}
pub(super) use fields;

/// An object with the fields that are selected.
pub(super) fn object<T: Fields>(found: &T, selected: Selected<'_>) -> Value {
    let mut written = IndexMap::with_capacity(selected.set.items.len());
    each_field(selected.set, selected.fragments, &mut |field| {
        let name = field.node.name.node.as_str();
        let value = if name == "__typename" {
            Value::String(T::type_name().into_owned())
        } else {
            found.field(name, Selected { set: &field.node.selection_set.node, ..selected })
        };
        merge(&mut written, field.node.response_key().node.clone(), value);
    });
    Value::Object(written)
}

/// A field that is selected twice is one field, with the selections of both.
pub(super) fn merge(written: &mut IndexMap<Name, Value>, name: Name, value: Value) {
    match (written.entry(name), value) {
        (Entry::Vacant(free), value) => {
            free.insert(value);
        }
        (Entry::Occupied(mut before), value) => match (before.get_mut(), value) {
            (Value::Object(before), Value::Object(more)) => merge_all(before, more),
            (Value::List(before), Value::List(more)) => {
                for (before, more) in before.iter_mut().zip(more) {
                    if let (Value::Object(before), Value::Object(more)) = (before, more) {
                        merge_all(before, more);
                    }
                }
            }
            _ => {}
        },
    }
}

fn merge_all(written: &mut IndexMap<Name, Value>, more: IndexMap<Name, Value>) {
    for (name, value) in more {
        merge(written, name, value);
    }
}

impl Written for i32 {
    fn written(&self, _: Selected<'_>) -> Value {
        Value::from(*self)
    }
}

impl Written for bool {
    fn written(&self, _: Selected<'_>) -> Value {
        Value::Boolean(*self)
    }
}

impl Written for String {
    fn written(&self, _: Selected<'_>) -> Value {
        Value::String(self.clone())
    }
}

impl Written for &str {
    fn written(&self, _: Selected<'_>) -> Value {
        Value::String((*self).to_owned())
    }
}

impl<T: Written> Written for &[T] {
    fn written(&self, selected: Selected<'_>) -> Value {
        Value::List(self.iter().map(|item| item.written(selected)).collect())
    }
}

impl<T: Written> Written for Option<T> {
    fn written(&self, selected: Selected<'_>) -> Value {
        self.as_ref().map_or(Value::Null, |found| found.written(selected))
    }
}

impl<T: Written> Written for Vec<T> {
    fn written(&self, selected: Selected<'_>) -> Value {
        self.as_slice().written(selected)
    }
}

impl<T: Fields> OutputType for Plain<T> {
    fn type_name() -> Cow<'static, str> {
        T::type_name()
    }

    fn qualified_type_name() -> String {
        T::qualified_type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        T::create_type_info(registry)
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, _: &Positioned<Field>) -> ServerResult<Value> {
        Ok(object(&self.0, Selected { set: &ctx.item.node, fragments: &ctx.query_env.fragments }))
    }
}
