//! Objects whose fields are awaited together.
//!
//! The library makes a task of every field, because any of them may have to wait. In a page most have what they tell at
//! hand: the page brought it along. [`Joined`] keeps the fields of an object side by side in one place, asks each of them
//! at once and waits for those that are not ready yet. It also leaves them in the order of the document, as the
//! specification wants it.

use std::borrow::Cow;

use async_graphql::{
    ContainerType, ContextSelectionSet, OutputType, Positioned, ServerResult, Value, indexmap::IndexMap,
    parser::types::Field, registry::Registry,
};
use futures_util::future::{BoxFuture, join_all, ready};

use super::{operations::each_field, plain::merge};

/// An object of the schema, resolved without tasks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Joined<T>(pub(super) T);

impl<T: ContainerType> Joined<T> {
    fn resolve_field<'a>(
        &'a self,
        ctx: &'a ContextSelectionSet<'_>,
        field: &'a Positioned<Field>,
    ) -> BoxFuture<'a, ServerResult<Option<Value>>> {
        if field.node.name.node == "__typename" {
            return Box::pin(ready(Ok(Some(Value::String(T::type_name().into_owned())))));
        }
        Box::pin(async move { self.0.resolve_field(&ctx.with_field(field)).await })
    }
}

impl<T: ContainerType> OutputType for Joined<T> {
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
        let mut fields = Vec::with_capacity(ctx.item.node.items.len());
        each_field(&ctx.item.node, &ctx.query_env.fragments, &mut |field| fields.push(field));
        // Boxed, or the types of objects that lead to one another would hold each other's futures without end.
        let resolved = join_all(fields.iter().map(|field| self.resolve_field(ctx, field))).await;
        let mut written = IndexMap::with_capacity(fields.len());
        for (field, value) in fields.into_iter().zip(resolved) {
            match value {
                Ok(value) => {
                    merge(&mut written, field.node.response_key().node.clone(), value.unwrap_or_default());
                }
                Err(error) => ctx.add_error(error),
            }
        }
        // As the library has it: where nothing could be told, there is no object.
        Ok(if written.is_empty() { Value::Null } else { Value::Object(written) })
    }
}
