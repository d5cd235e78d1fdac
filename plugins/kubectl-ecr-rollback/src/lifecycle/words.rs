//! Images as a line of text has room for them.

use release_core::registry::image::short_digest;
use release_core::text::printable;

/// An image by its first tags, or by the beginning of its digest.
#[must_use]
pub fn image_name(tags: &[String], digest: &str) -> String {
    match tags {
        [] => short_digest(digest),
        [tag] => printable(tag),
        [tag, rest @ ..] => format!("{} (+{})", printable(tag), rest.len()),
    }
}

/// `1 image`, `3 images`
#[must_use]
pub fn images(count: usize) -> String {
    if count == 1 { "1 image".into() } else { format!("{count} images") }
}
