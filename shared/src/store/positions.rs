//! Rows of several tables at once, read by where their columns stand.
//!
//! A statement that joins tables tells their columns apart by prefixes, and looking a hundred prefixed names up in every
//! row is a good part of reading a page. Where we wrote the columns ourselves, we know where each of them stands.

use sea_orm::{
    DbErr, EntityTrait, IdenStatic as _, Iterable as _, QueryResult,
    sea_query::{Expr, SelectStatement},
};

/// A row whose columns stand side by side, in the order of its fields.
pub trait Positional: Sized {
    /// How many columns it has.
    const WIDTH: usize;

    /// The row whose first column is the one with this number.
    fn at(row: &QueryResult, first: usize) -> Result<Self, DbErr>;
}

/// Declares a row that can be read by position, too.
macro_rules! positional {
    ($(#[$meta:meta])* pub struct $row:ident { $($(#[$field_meta:meta])* pub $field:ident: $kind:ty,)+ }) => {
        $(#[$meta])*
        pub struct $row { $($(#[$field_meta])* pub $field: $kind,)+ }

        impl $crate::store::positions::Positional for $row {
            const WIDTH: usize = [$(stringify!($field)),+].len();

            fn at(row: &sea_orm::QueryResult, first: usize) -> Result<Self, sea_orm::DbErr> {
                let mut next = first..;
                let mut place = || next.next().unwrap_or_default();
                Ok(Self { $($field: row.try_get_by_index(place())?,)+ })
            }
        }
    };
}
pub(super) use positional;

/// Adds all columns of an entity to a statement that reads several: those of `table`, with `prefix` before their names, in
/// the order in which [`Positional::at`] finds them.
pub(super) fn select_as<E: EntityTrait>(query: &mut SelectStatement, table: &'static str, prefix: &str) {
    for column in E::Column::iter() {
        query.expr_as(Expr::col((table, column)), format!("{prefix}{}", column.as_str()));
    }
}
