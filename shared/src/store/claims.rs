//! Taking rows under a lease: one statement that picks, changes and returns them.
//!
//! The states stand in the text, not in parameters: that is how PostgreSQL knows that a small index of only the waiting
//! rows will do.

use sea_orm::{ConnectionTrait, DbBackend, EntityName, EntityTrait, FromQueryResult, Statement, Value};

use super::{StoreError, Tx};

/// Which rows are taken and what becomes of them. Parameters are `$1`, `$2` and so on.
pub(super) struct Claim<'a> {
    /// The new values, as in `SET`.
    pub(super) set: &'a str,
    /// Which rows, in which order and how many, as after `WHERE`.
    pub(super) pick: &'a str,
    pub(super) values: Vec<Value>,
}

impl Claim<'_> {
    /// Takes the rows and returns them, changed already, in no order. What others are just taking is passed over.
    pub(super) async fn rows<E>(self, tx: &Tx) -> Result<Vec<E::Model>, StoreError>
    where
        E: EntityTrait + EntityName + Default,
        E::Model: FromQueryResult,
    {
        let backend = tx.tx.get_database_backend();
        let (table, set, pick) = (E::default().table_name().to_owned(), self.set, self.pick);
        let sql = if backend == DbBackend::Postgres {
            // Materialized: a subquery could be run more than once, and take more than it should.
            format!(
                "WITH picked AS MATERIALIZED (SELECT id FROM {table} WHERE {pick} FOR UPDATE SKIP LOCKED) \
                 UPDATE {table} SET {set} FROM picked WHERE {table}.id = picked.id RETURNING {table}.*"
            )
        } else {
            // There is one writer, so nothing is locked.
            format!("UPDATE {table} SET {set} WHERE id IN (SELECT id FROM {table} WHERE {pick}) RETURNING *")
        };
        let statement = Statement::from_sql_and_values(backend, sql, self.values);
        Ok(E::find().from_raw_sql(statement).all(&tx.tx).await?)
    }
}
