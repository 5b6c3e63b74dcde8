//! Rows that a statement brings along.

use sea_orm::{DbBackend, Value};

/// The columns of such rows: each name with its type in PostgreSQL.
pub(super) type Columns<const N: usize> = [(&'static str, &'static str); N];

/// An item of `WITH` that is a table of these rows, of which there is at least one; their values come after those that are
/// there. None may be NULL.
///
/// PostgreSQL is given a list for each column: the statement is the same for any number of rows, and so are its plan and
/// what the driver knows of it.
pub(super) fn table<const N: usize>(
    backend: DbBackend,
    name: &str,
    columns: &Columns<N>,
    rows: impl Iterator<Item = [Value; N]>,
    values: &mut Vec<Value>,
) -> String {
    let names = columns.map(|(column, _)| column).join(", ");
    let place = |values: &[Value]| format!("${}", values.len());
    if backend == DbBackend::Postgres {
        let mut lists = [const { Vec::new() }; N];
        for row in rows {
            for (list, value) in lists.iter_mut().zip(row) {
                list.push(value);
            }
        }
        let mut places = Vec::with_capacity(N);
        for (list, (_, kind)) in lists.into_iter().zip(columns) {
            let Some(first) = list.first() else { continue };
            values.push(Value::Array(first.array_type(), Some(Box::new(list))));
            places.push(format!("{}::{kind}[]", place(values)));
        }
        return format!("{name} ({names}) AS (SELECT * FROM unnest({}))", places.join(", "));
    }
    let mut lines = Vec::new();
    for row in rows {
        let places = row.map(|value| {
            values.push(value);
            place(values)
        });
        lines.push(format!("({})", places.join(", ")));
    }
    format!("{name} ({names}) AS (VALUES {})", lines.join(", "))
}
