//! Where the schema and the rows of this program disagree.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::{ConnectionTrait, DbBackend, EntityTrait, IdenStatic, Iterable, Statement};

use super::{
    Reads, StoreError, api_clients, audit, check_ins, constraints, documents, enrollments, events, history,
    idempotency_keys, identities, issuers, mail_domains, mail_preferences, mail_suppressions, match_runs, matches,
    message_attempts, messages, non_matches, organization_settings, organizations, people, planned_pairs, programs,
    roster, rounds, sessions, sign_in_links, sign_ins, webhook_deliveries, webhook_endpoints,
};

/// The table of the migrations themselves.
const WITHOUT_ROWS: &[&str] = &["seaql_migrations"];

/// Every column that only the database or only this program knows, as `table.column: where`; empty when all is well.
///
/// # Errors
/// When the database is gone.
pub async fn find(reads: &impl Reads) -> Result<Vec<String>, StoreError> {
    let ours = rows();
    let mut theirs = stored(reads).await?;
    for table in WITHOUT_ROWS {
        theirs.remove(*table);
    }
    let mut found = Vec::new();
    let tables: BTreeSet<&String> = ours.keys().chain(theirs.keys()).collect();
    let none = BTreeSet::new();
    for table in tables {
        let (ours, theirs) = (ours.get(table).unwrap_or(&none), theirs.get(table).unwrap_or(&none));
        found.extend(ours.difference(theirs).map(|column| format!("{table}.{column}: not in the database")));
        found.extend(theirs.difference(ours).map(|column| format!("{table}.{column}: not in the program")));
    }
    Ok(found)
}

fn rows() -> BTreeMap<String, BTreeSet<String>> {
    BTreeMap::from([
        described::<api_clients::row::Entity>(),
        described::<audit::row::Entity>(),
        described::<check_ins::row::Entity>(),
        described::<constraints::row::Entity>(),
        described::<documents::row::Entity>(),
        described::<enrollments::row::Entity>(),
        described::<events::log_row::Entity>(),
        described::<events::row::Entity>(),
        described::<history::row::Entity>(),
        described::<idempotency_keys::row::Entity>(),
        described::<identities::row::Entity>(),
        described::<issuers::row::Entity>(),
        described::<mail_domains::row::Entity>(),
        described::<mail_preferences::key_row::Entity>(),
        described::<mail_preferences::row::Entity>(),
        described::<mail_suppressions::row::Entity>(),
        described::<match_runs::row::Entity>(),
        described::<matches::place_row::Entity>(),
        described::<matches::row::Entity>(),
        described::<message_attempts::row::Entity>(),
        described::<messages::row::Entity>(),
        described::<non_matches::row::Entity>(),
        described::<organization_settings::row::Entity>(),
        described::<organizations::row::Entity>(),
        described::<organizations::staff_row::Entity>(),
        described::<people::row::Entity>(),
        described::<planned_pairs::row::Entity>(),
        described::<programs::criterion_row::Entity>(),
        described::<programs::question_row::Entity>(),
        described::<programs::row::Entity>(),
        described::<roster::row::Entity>(),
        described::<rounds::row::Entity>(),
        described::<sessions::row::Entity>(),
        described::<sign_in_links::row::Entity>(),
        described::<sign_ins::row::Entity>(),
        described::<sign_ins::token_row::Entity>(),
        described::<webhook_deliveries::row::Entity>(),
        described::<webhook_endpoints::row::Entity>(),
    ])
}

fn described<E: EntityTrait>() -> (String, BTreeSet<String>) {
    let columns = E::Column::iter().map(|column| column.as_str().to_owned());
    (E::default().table_name().to_owned(), columns.collect())
}

async fn stored(reads: &impl Reads) -> Result<BTreeMap<String, BTreeSet<String>>, StoreError> {
    let conn = reads.conn();
    let backend = conn.get_database_backend();
    let sql = if backend == DbBackend::Postgres {
        "SELECT table_name::text, column_name::text FROM information_schema.columns \
         WHERE table_schema = current_schema()"
    } else {
        "SELECT t.name, c.name FROM sqlite_master t, pragma_table_info(t.name) c \
         WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%'"
    };
    let mut tables: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for row in conn.query_all_raw(Statement::from_string(backend, sql)).await? {
        let (table, column): (String, String) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
        tables.entry(table).or_default().insert(column);
    }
    Ok(tables)
}
