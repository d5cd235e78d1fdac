//! What a document may say and no release does yet: it is refused by name, never passed over.

use serde_json::Value;

use crate::traffic::router::NamedRouter;

/// The fields, by their path in the document, whose capability doesn't stand yet. Who builds one deletes its
/// line here.
pub const REFUSED: &[&str] = &[];

/// Those of a document (as JSON) that would not be done, and its router where that is none that is known yet.
#[must_use]
pub fn refused_in(document: &Value) -> Vec<String> {
    let says = |path: &str| {
        let value = path.split('.').try_fold(document, |value, name| value.get(name));
        value.is_some_and(says_something)
    };
    let fields = REFUSED.iter().filter(|path| says(path)).map(|path| (*path).to_owned());
    let router = document
        .pointer("/spec/router")
        .and_then(Value::as_str)
        .filter(|router| router.parse::<NamedRouter>().is_err());
    fields.chain(router.map(|router| format!("spec.router: {}", router.escape_debug()))).collect()
}

/// An empty list asks for nothing.
fn says_something(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Array(items) => !items.is_empty(),
        _ => true,
    }
}
