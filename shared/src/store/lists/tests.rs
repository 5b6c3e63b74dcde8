//! Pages of pages, without a database.
