//! Lists of registered documents.

use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, Select};

use super::{Key, Position, Sight, at, sealed::Rows};
use crate::{
    domain::documents::Document,
    store::{
        Reads, StoreError,
        documents::{
            document,
            row::{Column, Entity, Model},
        },
    },
};

/// The organization's documents, for its administrators: whoever lists them for somebody else has to refuse first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct DocumentList {
    /// With one of these hashes; `None` for all.
    pub hashes: Option<Vec<String>>,
}

/// What documents can be ordered by. They never change, so there is no other order than that of their making.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DocumentOrder {
    /// When they were registered.
    CreatedAt,
}

/// Documents hang under nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DocumentsOf {}

impl Rows for DocumentList {
    type Entity = Entity;
    type Item = Document;
    type Order = DocumentOrder;
    type Of = DocumentsOf;

    fn visible(&self, sight: &Sight) -> Select<Entity> {
        Entity::find().filter(Column::OrganizationId.eq(sight.organization_id))
    }

    fn condition(&self) -> Condition {
        match &self.hashes {
            None => Condition::all(),
            Some(hashes) => Condition::all().add(Column::Hash.is_in(hashes.iter().map(String::as_str))),
        }
    }

    fn id() -> Column {
        Column::Id
    }

    fn key(order: DocumentOrder) -> Column {
        match order {
            DocumentOrder::CreatedAt => Column::CreatedAt,
        }
    }

    fn of(of: DocumentsOf) -> &'static [Column] {
        match of {}
    }

    fn position(item: &Document, order: DocumentOrder) -> Position {
        let key = match order {
            DocumentOrder::CreatedAt => item.created_at,
        };
        at(Key::Instant(key), item.id)
    }

    async fn read(_: &impl Reads, rows: Vec<Model>) -> Result<Vec<Document>, StoreError> {
        Ok(rows.into_iter().map(document).collect())
    }
}
