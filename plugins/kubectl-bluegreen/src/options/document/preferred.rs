//! What was typed wins over the document, and that is said.

use release_core::text::printable;

/// Takes what the document says where nothing was typed; where both say something else, `differ` is told.
pub fn prefer<T: PartialEq>(typed: &mut Option<T>, said: Option<T>, differ: impl FnOnce(&T, &T)) {
    match (&*typed, said) {
        (Some(typed), Some(said)) if *typed != said => differ(&said, typed),
        (None, said) => *typed = said,
        _ => {}
    }
}

/// A flag that wins over the document.
#[must_use]
pub fn overruled(field: &str, said: &str, flag: &str) -> String {
    printable(&format!("{flag} wins over {field}: {said}"))
}
