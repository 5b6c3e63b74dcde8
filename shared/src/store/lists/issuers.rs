//! Lists of issuers.

use sea_orm::{Condition, QueryFilter, Select};

use super::{Key, Position, Sight, at, sealed::Rows};
use crate::{
    domain::issuers::Issuer,
    store::{
        Reads, StoreError,
        issuers::{
            issuer,
            row::{Column, Entity, Model},
            scoped,
        },
    },
};

/// Issuers, for readers without a limit of countries; whoever shows them asks for more than that.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct IssuerList;

/// What issuers can be ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum IssuerOrder {
    /// Their name.
    Name,
    /// When they last changed.
    UpdatedAt,
}

/// Issuers hang under nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum IssuersOf {}

impl Rows for IssuerList {
    type Entity = Entity;
    type Item = Issuer;
    type Order = IssuerOrder;
    type Of = IssuersOf;

    fn visible(&self, sight: &Sight) -> Select<Entity> {
        let all = scoped(sight.organization_id);
        if sight.is_whole() { all } else { all.filter(Sight::nothing(Column::Id)) }
    }

    fn condition(&self) -> Condition {
        Condition::all()
    }

    fn id() -> Column {
        Column::Id
    }

    fn key(order: IssuerOrder) -> Column {
        match order {
            IssuerOrder::Name => Column::Name,
            IssuerOrder::UpdatedAt => Column::UpdatedAt,
        }
    }

    fn of(of: IssuersOf) -> &'static [Column] {
        match of {}
    }

    fn position(item: &Issuer, order: IssuerOrder) -> Position {
        let key = match order {
            IssuerOrder::Name => Key::Text(item.name.clone()),
            IssuerOrder::UpdatedAt => Key::Instant(item.updated_at),
        };
        at(key, item.id)
    }

    async fn read(_: &impl Reads, rows: Vec<Model>) -> Result<Vec<Issuer>, StoreError> {
        rows.into_iter().map(issuer).collect()
    }
}
