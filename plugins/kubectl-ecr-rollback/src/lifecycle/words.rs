//! Images as a line of text has room for them.

use release_core::registry::image::short_digest;
use release_core::registry::subject_tag::subject_in_tag;
use release_core::text::printable;

/// An image by its first tags, or by the beginning of its digest.
#[must_use]
pub fn image_name(tags: &[String], digest: &str) -> String {
    match tags {
        [] => short_digest(digest),
        [tag] => short_tag(tag),
        [tag, rest @ ..] => format!("{} (+{})", short_tag(tag), rest.len()),
    }
}

/// A tag that is made of a digest, as signatures have it, is cut like one.
fn short_tag(tag: &str) -> String {
    match subject_in_tag(tag) {
        Some((subject, kind)) => format!("{}{}", short_digest(&subject).replace(':', "-"), printable(kind)),
        None => printable(tag),
    }
}

/// `1 image`, `3 images`
#[must_use]
pub fn images(count: usize) -> String {
    if count == 1 { "1 image".into() } else { format!("{count} images") }
}
