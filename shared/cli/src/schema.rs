//! JSON Schemas of the documents that verbs print, as `docs/schema/` keeps them.

use std::path::Path;

use schemars::generate::SchemaSettings;

use crate::report::{Document, Members};

/// The JSON Schema of a verb's document, with a line feed at its end.
#[must_use]
pub fn of<M: Members + 'static>() -> String {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    let schema = settings.into_generator().into_root_schema_for::<Document<'static, M>>();
    format!("{}\n", serde_json::to_string_pretty(&schema).unwrap_or_default())
}

/// Compares the schema with the file that is kept; with `UPDATE_SCHEMAS=1` in the environment, the
/// file is written.
///
/// # Errors
/// What to do where they differ.
pub fn check<M: Members + 'static>(kept: &Path) -> Result<(), String> {
    keep(kept, of::<M>())
}

/// The same of a schema as text.
///
/// # Errors
/// What to do where they differ.
pub fn keep(kept: &Path, schema: String) -> Result<(), String> {
    if std::env::var_os("UPDATE_SCHEMAS").is_some() {
        return std::fs::write(kept, schema).map_err(|error| format!("{}: {error}", kept.display()));
    }
    let read = std::fs::read_to_string(kept).unwrap_or_default();
    if read == schema { Ok(()) } else { Err(format!("{} is not as the code is: UPDATE_SCHEMAS=1", kept.display())) }
}
