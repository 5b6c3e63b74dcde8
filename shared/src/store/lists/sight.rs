//! What a reader may see, as conditions of the statement itself: counts and pages cannot differ from it.

use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QuerySelect, QueryTrait, sea_query::SelectStatement};
use uuid::Uuid;

use crate::store::{matches, people};

/// Who reads, and how far they may look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sight {
    /// The tenant; nothing outside it exists.
    pub organization_id: Uuid,
    /// The reader, who always sees what is theirs.
    pub person_id: Uuid,
    /// Whether the reader is staff of any kind.
    pub staff: bool,
    /// Whether the reader administers the organization.
    pub administrator: bool,
    /// The countries whose people the reader looks after: `None` for everybody, an empty list for nobody.
    pub countries: Option<Vec<String>>,
}

impl Sight {
    /// Whether the reader sees everything in the organization that staff may see.
    pub fn is_whole(&self) -> bool {
        self.countries.is_none()
    }

    /// Rows in which one of these columns names the reader, or somebody the reader looks after.
    pub(super) fn names_any<C: ColumnTrait>(&self, columns: &[C]) -> Condition {
        if self.is_whole() {
            return Condition::all();
        }
        columns.iter().fold(Condition::any(), |any, column| {
            let any = any.add(column.eq(self.person_id));
            match self.looked_after() {
                Some(people) => any.add(column.in_subquery(people)),
                None => any,
            }
        })
    }

    /// Rows in which this column names somebody the reader looks after as staff; not the reader as such.
    pub(super) fn looks_after<C: ColumnTrait>(&self, column: C) -> Condition {
        if self.is_whole() {
            return Condition::all();
        }
        match self.looked_after() {
            Some(people) => Condition::all().add(column.in_subquery(people)),
            None => Self::nothing(column),
        }
    }

    /// People who are or were matched with somebody the reader sees.
    pub(super) fn partners(&self) -> Condition {
        use matches::row::Column::{OrganizationId, PersonA, PersonB};
        let partner = |shown, seen| {
            matches::row::Entity::find()
                .select_only()
                .column(shown)
                .filter(OrganizationId.eq(self.organization_id))
                .filter(self.names_any(&[seen]))
                .into_query()
        };
        Condition::any()
            .add(people::row::Column::Id.in_subquery(partner(PersonA, PersonB)))
            .add(people::row::Column::Id.in_subquery(partner(PersonB, PersonA)))
    }

    /// No row at all.
    pub(super) fn nothing<C: ColumnTrait>(column: C) -> Condition {
        Condition::all().add(column.is_null())
    }

    fn looked_after(&self) -> Option<SelectStatement> {
        let countries = self.countries.as_ref().filter(|countries| !countries.is_empty())?;
        let people = people::row::Entity::find()
            .select_only()
            .column(people::row::Column::Id)
            .filter(people::row::Column::OrganizationId.eq(self.organization_id))
            .filter(people::row::Column::Country.is_in(countries.iter().map(String::as_str)));
        Some(people.into_query())
    }
}
