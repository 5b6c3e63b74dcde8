//! Lists for showing: keyset pages, counts and lookups that give their reader no more than the reader may see.
//!
//! A list is a plain value: what to leave out ([`matches::MatchList`] and its siblings), which [`Stretch`] of it to read
//! and, for the list that hangs under each of many things, the things. However many these are, it is one statement (two
//! where the thing may stand in two columns).

pub mod check_ins;
mod company;
pub mod constraints;
pub mod documents;
pub mod enrollments;
pub mod events;
pub mod identities;
pub mod issuers;
pub mod mail;
pub mod match_runs;
pub mod matches;
pub mod messages;
pub mod people;
pub mod programs;
pub mod rounds;
pub mod sessions;
mod sight;
mod statistics;
mod stretch;
#[cfg(test)]
mod tests;
pub mod webhooks;

use std::collections::HashMap;

use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, FromQueryResult, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait, Select,
    sea_query::{Asterisk, Expr, ExprTrait, Func, Order, OrderedStatement, Query, WindowStatement},
};
use uuid::Uuid;

pub use self::{
    company::{Along, Company, page_along},
    sight::Sight,
    statistics::{Count, RoundStatistics, introduced, statistics},
    stretch::{Key, Page, Position, Stretch},
};
use super::{Reads, StoreError};

mod sealed {
    use std::{future::Future, hash::Hash};

    use sea_orm::{ColumnTrait, Condition, DbErr, EntityTrait, FromQueryResult, Iterable as _, QueryResult, Select};

    use super::{Along, Key, Place, Position, Sight};
    use crate::store::{
        Reads, StoreError,
        known::{Known, Memory},
    };

    /// How a list is read from its table.
    pub trait Rows: Clone + Default + Eq + Hash + Send + Sync + 'static {
        type Entity: EntityTrait<Model: Send + Sync, Column: ColumnTrait + Send + Sync + 'static>;
        type Item: Clone + Send + Sync + 'static;
        type Order: Copy + Eq + Hash + Send + Sync + 'static;
        type Of: Copy + Eq + Hash + Send + Sync + 'static;

        /// The rows of the organization that this reader may see.
        fn visible(&self, sight: &Sight) -> Select<Self::Entity>;
        /// What the list keeps of them.
        fn condition(&self) -> Condition;
        /// The primary key.
        fn id() -> <Self::Entity as EntityTrait>::Column;
        /// What an order orders by; never null.
        fn key(order: Self::Order) -> <Self::Entity as EntityTrait>::Column;
        /// The columns in which the thing stands that a list hangs under.
        fn of(of: Self::Of) -> &'static [<Self::Entity as EntityTrait>::Column];
        /// What is known of such items, where they have versions and come with company.
        fn known(_memory: &Memory) -> Option<&Known<Self::Item>> {
            None
        }
        /// Where an item of a page names people and enrollments that can be read along.
        fn places(_sight: &Sight, _along: Along) -> Vec<Place> {
            Vec::new()
        }
        /// The row of a page that has company, with how many columns it takes; they are the first.
        fn leading(row: &QueryResult) -> Result<(<Self::Entity as EntityTrait>::Model, usize), DbErr> {
            let model = <<Self::Entity as EntityTrait>::Model as FromQueryResult>::from_query_result(row, "")?;
            Ok((model, <Self::Entity as EntityTrait>::Column::iter().count()))
        }
        /// Where an item stands in that order.
        fn position(item: &Self::Item, order: Self::Order) -> Position;
        /// Rows as what they mean.
        fn read(
            reads: &impl Reads,
            rows: Vec<<Self::Entity as EntityTrait>::Model>,
        ) -> impl Future<Output = Result<Vec<Self::Item>, StoreError>> + Send;
    }

    /// The value of a key column.
    pub(super) fn at(key: Key, id: uuid::Uuid) -> Position {
        Position { key, id }
    }
}
use company::Place;
use sealed::{Rows, at};

/// A list that can be read in stretches. `Item` is what it holds, `Order` what it can be ordered by, and `Of` what it can
/// hang under.
pub trait List: Rows {}

impl<T: Rows> List for T {}

type Column<L> = <<L as Rows>::Entity as EntityTrait>::Column;
type Model<L> = <<L as Rows>::Entity as EntityTrait>::Model;

/// Where an item stands, for a cursor.
pub fn position<L: List>(item: &L::Item, order: L::Order) -> Position {
    L::position(item, order)
}

/// The visible things with these ids, in no order; absent and hidden ones are left out.
///
/// # Errors
/// When the database is gone.
pub async fn find_visible<L: List>(
    reads: &impl Reads,
    sight: &Sight,
    list: &L,
    ids: &[Uuid],
) -> Result<Vec<L::Item>, StoreError> {
    let mut found = Vec::with_capacity(ids.len());
    for chunk in ids.chunks(10_000) {
        let query = select(sight, list).filter(L::id().is_in(chunk.iter().copied()));
        found.extend(L::read(reads, query.all(reads.conn()).await?).await?);
    }
    Ok(found)
}

/// One stretch of a list; with `of`, of what hangs under that one thing.
///
/// # Errors
/// When the database is gone.
pub async fn page<L: List>(
    reads: &impl Reads,
    sight: &Sight,
    list: &L,
    stretch: &Stretch<L::Order>,
    of: Option<(L::Of, Uuid)>,
) -> Result<Page<L::Item>, StoreError> {
    let direction = stretch.reading_order();
    let rows = under::<L>(select(sight, list), of)
        .filter(within::<L>(stretch))
        .order_by(L::key(stretch.order), direction.clone())
        .order_by(L::id(), direction)
        .limit(stretch.probe())
        .all(reads.conn())
        .await?;
    Ok(stretch.page(L::read(reads, rows).await?))
}

/// The same stretch of what hangs under each of these things. Things with nothing visible under them are left out.
///
/// # Errors
/// When the database is gone.
pub async fn pages<L: List>(
    reads: &impl Reads,
    sight: &Sight,
    list: &L,
    stretch: &Stretch<L::Order>,
    of: L::Of,
    things: &[Uuid],
) -> Result<HashMap<Uuid, Page<L::Item>>, StoreError> {
    if let [only] = things {
        let page = page(reads, sight, list, stretch, Some((of, *only))).await?;
        return Ok(HashMap::from([(*only, page)]));
    }
    let columns = L::of(of);
    let mut found: HashMap<Uuid, Vec<L::Item>> = HashMap::new();
    for column in columns {
        let (owners, rows) = ranked(reads, sight, list, stretch, *column, things).await?;
        for (owner, item) in owners.into_iter().zip(L::read(reads, rows).await?) {
            found.entry(owner).or_default().push(item);
        }
    }
    let merged = |(owner, mut items): (Uuid, Vec<L::Item>)| {
        if columns.len() > 1 {
            items.sort_by(|one, other| {
                let forward = L::position(one, stretch.order).cmp(&L::position(other, stretch.order));
                if stretch.reading_order() == Order::Asc { forward } else { forward.reverse() }
            });
        }
        (owner, stretch.page(items))
    };
    Ok(found.into_iter().map(merged).collect())
}

/// How many things a list holds; with `of`, under that one thing.
///
/// # Errors
/// When the database is gone.
pub async fn count<L: List>(
    reads: &impl Reads,
    sight: &Sight,
    list: &L,
    of: Option<(L::Of, Uuid)>,
) -> Result<u64, StoreError> {
    let query = under::<L>(select(sight, list), of).select_only().column(L::id());
    Ok(query.count(reads.conn()).await?)
}

/// How many things hang under each of these; those with none are left out.
///
/// # Errors
/// When the database is gone.
pub async fn counts<L: List>(
    reads: &impl Reads,
    sight: &Sight,
    list: &L,
    of: L::Of,
    things: &[Uuid],
) -> Result<HashMap<Uuid, u64>, StoreError> {
    let mut counted: HashMap<Uuid, u64> = HashMap::new();
    for column in L::of(of) {
        let rows: Vec<(Uuid, i64)> = select(sight, list)
            .filter(column.is_in(things.iter().copied()))
            .select_only()
            .column(*column)
            .column_as(L::id().count(), "count")
            .group_by(*column)
            .into_tuple()
            .all(reads.conn())
            .await?;
        for (owner, count) in rows {
            *counted.entry(owner).or_default() += u64::try_from(count).unwrap_or(0);
        }
    }
    Ok(counted)
}

fn select<L: List>(sight: &Sight, list: &L) -> Select<L::Entity> {
    list.visible(sight).filter(list.condition())
}

fn under<L: List>(select: Select<L::Entity>, of: Option<(L::Of, Uuid)>) -> Select<L::Entity> {
    let Some((of, thing)) = of else { return select };
    let columns = L::of(of).iter();
    select.filter(columns.fold(Condition::any(), |any, column| any.add(column.eq(thing))))
}

/// What lies between the stretch's two ends. Row values, so that the index on key and id is used as it is.
fn within<L: List>(stretch: &Stretch<L::Order>) -> Condition {
    let columns = || {
        let column = |column: Column<L>| Expr::col(column.as_column_ref());
        Expr::tuple([column(L::key(stretch.order)), column(L::id())])
    };
    let end = |position: &Position| Expr::tuple([Expr::val(position.key.to_value()), Expr::val(position.id)]);
    let mut between = Condition::all();
    if let Some(after) = &stretch.after {
        let beyond = if stretch.descending { columns().lt(end(after)) } else { columns().gt(end(after)) };
        between = between.add(beyond);
    }
    if let Some(before) = &stretch.before {
        let beyond = if stretch.descending { columns().gt(end(before)) } else { columns().lt(end(before)) };
        between = between.add(beyond);
    }
    between
}

/// What a ranked row has besides its table's columns, none of which is called like this.
const THING: &str = "ranked_thing";
const RANK: &str = "ranked_place";

/// The first rows of each thing in the stretch's reading order, with the thing they hang under.
async fn ranked<L: List>(
    reads: &impl Reads,
    sight: &Sight,
    list: &L,
    stretch: &Stretch<L::Order>,
    column: Column<L>,
    things: &[Uuid],
) -> Result<(Vec<Uuid>, Vec<Model<L>>), StoreError> {
    let direction = stretch.reading_order();
    let mut window = WindowStatement::partition_by(column.as_column_ref());
    OrderedStatement::order_by(&mut window, L::key(stretch.order).as_column_ref(), direction.clone());
    OrderedStatement::order_by(&mut window, L::id().as_column_ref(), direction);
    let mut rows =
        select(sight, list).filter(column.is_in(things.iter().copied())).filter(within::<L>(stretch)).into_query();
    rows.expr_as(Expr::col(column.as_column_ref()), THING);
    rows.expr_window_as(Func::cust("ROW_NUMBER"), window, RANK);
    let query = Query::select()
        .column(Asterisk)
        .from_subquery(rows, "ranked")
        .and_where(Expr::col(RANK).lte(stretch.probe()))
        .order_by(RANK, Order::Asc)
        .to_owned();
    let mut owners = Vec::new();
    let mut models = Vec::new();
    for row in reads.conn().query_all(&query).await? {
        owners.push(row.try_get::<Uuid>("", THING)?);
        models.push(<Model<L> as FromQueryResult>::from_query_result(&row, "")?);
    }
    Ok((owners, models))
}
