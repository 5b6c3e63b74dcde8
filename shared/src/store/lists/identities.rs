//! Lists of identities.

use sea_orm::{ColumnTrait, Condition, QueryFilter, Select};

use super::{Key, Position, Sight, at, sealed::Rows};
use crate::{
    domain::issuers::Identity,
    store::{
        Reads, StoreError,
        identities::{
            row::{Column, Entity, Model},
            scoped,
        },
    },
};

/// The reader's identities, or everybody's for a reader without a limit of countries; whoever shows them asks for more
/// than that.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct IdentityList;

/// What identities can be ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum IdentityOrder {
    /// When they were linked.
    CreatedAt,
}

/// What identities can hang under.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum IdentitiesOf {
    /// Whom they stand for.
    Person,
}

impl Rows for IdentityList {
    type Entity = Entity;
    type Item = Identity;
    type Order = IdentityOrder;
    type Of = IdentitiesOf;

    fn visible(&self, sight: &Sight) -> Select<Entity> {
        let all = scoped(sight.organization_id);
        if sight.is_whole() { all } else { all.filter(Column::PersonId.eq(sight.person_id)) }
    }

    fn condition(&self) -> Condition {
        Condition::all()
    }

    fn id() -> Column {
        Column::Id
    }

    fn key(order: IdentityOrder) -> Column {
        match order {
            IdentityOrder::CreatedAt => Column::CreatedAt,
        }
    }

    fn of(of: IdentitiesOf) -> &'static [Column] {
        match of {
            IdentitiesOf::Person => &[Column::PersonId],
        }
    }

    fn position(item: &Identity, order: IdentityOrder) -> Position {
        match order {
            IdentityOrder::CreatedAt => at(Key::Instant(item.created_at), item.id),
        }
    }

    async fn read(_: &impl Reads, rows: Vec<Model>) -> Result<Vec<Identity>, StoreError> {
        Ok(rows.into_iter().map(Identity::from).collect())
    }
}
