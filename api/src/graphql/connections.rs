//! Connections: pages by cursor, 0 to 100 items at a time.

use std::{borrow::Cow, fmt::Debug, marker::PhantomData};

use async_graphql::{
    Context, Object, Result, TypeName,
    connection::{Connection, Edge},
};
use shared::store::lists::{self, Page, Position, Stretch};
use uuid::Uuid;

use super::{
    cursors::{Cursor, decode, order_name},
    errors::{ErrorCode, fail},
    joined::Joined,
    plans::{Selected, stands_alone},
    reader::{Maybe, Shown, reader},
    words::OrderDirection,
};

/// The most items of a page.
pub(super) const PAGE_MAX: u32 = 100;

/// A page of a list, as GraphQL shows it.
pub(super) type Listing<L> = Connection<Cursor, Joined<<L as Shown>::Node>, Total<L>>;

/// The arguments that every connection has.
#[derive(Clone, Debug)]
pub(super) struct Paging {
    pub(super) first: Option<i32>,
    pub(super) after: Option<String>,
    pub(super) last: Option<i32>,
    pub(super) before: Option<String>,
}

impl Paging {
    /// The stretch of a list in this order that the arguments ask for.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` when they ask for none, for two, or for too much, or hold a cursor of another list.
    pub(super) fn stretch<O: Copy + Debug>(self, order: O, direction: OrderDirection) -> Result<Stretch<O>> {
        let (limit, from_end) = match (self.first, self.last) {
            (Some(first), None) => (("first", first), false),
            (None, Some(last)) => (("last", last), true),
            _ => return Err(fail(ErrorCode::BadUserInput, "give either `first` or `last`, 0 to 100")),
        };
        let (name, limit) = limit;
        let limit = u32::try_from(limit).ok().filter(|limit| *limit <= PAGE_MAX);
        let limit = limit.ok_or_else(|| fail(ErrorCode::BadUserInput, format!("`{name}` takes 0 to {PAGE_MAX}")))?;
        let descending = direction == OrderDirection::Desc;
        let position = |name: &str, cursor: Option<String>| -> Result<Option<Position>> {
            let Some(cursor) = cursor else { return Ok(None) };
            decode(&order_name(order, descending), &cursor).map(Some).ok_or_else(|| {
                let message = format!("`{name}` is not a cursor of this list in this order");
                fail(ErrorCode::BadUserInput, message)
            })
        };
        let after = position("after", self.after)?;
        let before = position("before", self.before)?;
        Ok(Stretch { order, descending, after, before, limit, from_end })
    }
}

/// A page of a list; null with an error when the arguments cannot be used.
pub(super) async fn list<L: Shown>(
    ctx: &Context<'_>,
    list: Result<L>,
    stretch: Result<Stretch<L::Order>>,
    of: Option<(L::Of, Uuid)>,
) -> Maybe<Listing<L>>
where
    L::Order: Debug,
{
    // The future of an object's field is as large as that of its largest one, and a page has hundreds of them.
    Some(Box::pin(read(ctx, list, stretch, of)).await)
}

async fn read<L: Shown>(
    ctx: &Context<'_>,
    list: Result<L>,
    stretch: Result<Stretch<L::Order>>,
    of: Option<(L::Of, Uuid)>,
) -> Result<Listing<L>>
where
    L::Order: Debug,
{
    let reader = reader(ctx)?;
    let (list, stretch) = (list?, stretch?);
    let order = stretch.order;
    let name = order_name(order, stretch.descending);
    let looks = |field: &str| ctx.look_ahead().field(field).exists();
    let page = async {
        if !(looks("edges") || looks("nodes") || looks("pageInfo")) {
            return Ok(Page::default());
        }
        let along = L::along(&Selected::under(ctx));
        if along.is_any() && stands_alone(ctx) {
            return reader.page_along(&list, &stretch, of, along).await;
        }
        reader.page(list.clone(), stretch.clone(), of).await
    };
    let count = async { if looks("totalCount") { reader.count(list.clone(), of).await.map(Some) } else { Ok(None) } };
    // The two do not wait for each other.
    let (page, count) = tokio::join!(page, count);
    let (page, total) = (page?, Total { count, of: PhantomData::<L> });
    let mut listing = Connection::with_additional_fields(page.has_previous, page.has_next, total);
    listing.edges.extend(page.items.into_iter().map(|item| {
        let cursor = Cursor { order: name.clone(), position: lists::position::<L>(&item, order) };
        Edge::new(cursor, Joined(item.into()))
    }));
    Ok(listing)
}

/// How many items a whole list has, when that was asked for.
#[derive(Debug)]
pub(super) struct Total<L: Shown> {
    count: Result<Option<u64>>,
    of: PhantomData<L>,
}

impl<L: Shown> TypeName for Total<L> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Total", <L::Node as async_graphql::OutputType>::type_name()).into()
    }
}

#[Object(name_type)]
impl<L: Shown> Total<L> {
    /// How many items the whole list has, of those the caller may see. Counted only when asked for.
    async fn total_count(&self) -> Maybe<i32> {
        let count = self.count.as_ref().map_err(Clone::clone);
        Some(count.map(|count| i32::try_from(count.unwrap_or_default()).unwrap_or(i32::MAX)))
    }
}

/// Declares the `orderBy` input of a list: its fields, and which of them orders when nothing is said.
macro_rules! order {
    ($(#[$meta:meta])* $input:ident, $field:ident = $remote:literal $store:ty {
        $($(#[$variant_meta:meta])* $variant:ident,)+
    } default $default:ident $direction:ident) => {
        $crate::graphql::words::word! {
            /// What the list is ordered by.
            $field = $remote { $($(#[$variant_meta])* $variant,)+ }
        }

        $(#[$meta])*
        #[derive(async_graphql::InputObject, Clone, Copy, Debug)]
        pub(super) struct $input {
            /// What the list is ordered by; equals are ordered by their making.
            field: $field,
            /// In which direction.
            direction: $crate::graphql::words::OrderDirection,
        }

        impl $input {
            /// The stretch that these arguments ask for.
            pub(super) fn stretch(
                order: Option<Self>,
                paging: $crate::graphql::connections::Paging,
            ) -> async_graphql::Result<shared::store::lists::Stretch<$store>> {
                let order = order.unwrap_or(Self {
                    field: $field::$default,
                    direction: $crate::graphql::words::OrderDirection::$direction,
                });
                paging.stretch(<$store>::from(order.field), order.direction)
            }
        }
    };
}
pub(super) use order;

#[cfg(test)]
mod tests {
    use super::{OrderDirection, Paging};

    #[test]
    fn a_page_has_one_size_and_a_limit() {
        let paging = |first, last| Paging { first, after: None, last, before: None };
        let stretch = |paging: Paging| paging.stretch("x", OrderDirection::Asc);
        assert_eq!(stretch(paging(Some(100), None)).expect("a page").limit, 100);
        assert!(stretch(paging(None, Some(0))).expect("a page").from_end);
        for refused in [paging(None, None), paging(Some(1), Some(1)), paging(Some(101), None), paging(Some(-1), None)] {
            assert!(stretch(refused).is_err());
        }
        let foreign = Paging { after: Some("MQ".to_owned()), ..paging(Some(1), None) };
        assert_eq!(
            stretch(foreign).expect_err("no cursor").message,
            "`after` is not a cursor of this list in this order"
        );
    }
}
