//! `counterpart dkim`

use std::path::Path;

use shared::config::{Layers, Role};
use worker::mail::dkim::Dkim;

use super::{Failure, output, settings};

/// Prints a line of a zone file for each key that signs mail.
pub(super) fn run(file: Option<&Path>) -> Result<(), Failure> {
    // Keys need no database; the embedded mode is the one that asks for nothing.
    let layers = Layers::new().role(Role::Tool).embedded(Path::new("."), 0);
    let mail = layers.file(file).env(settings::environment()).load()?.mail;
    let records = Dkim::load(&mail)?.records();
    if records.is_empty() {
        return Err(Failure::new("mail.dkim_keys names no key, so mail is not signed"));
    }
    for record in records {
        output::line(record.to_string());
    }
    Ok(())
}
