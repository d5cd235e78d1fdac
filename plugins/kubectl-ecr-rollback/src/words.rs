//! Images and times as a line of text has room for them.

use jiff::Timestamp;
use release_core::registry::ecr_reference::same_repository;
use release_core::registry::image::{ImageRef, short_digest};
use release_core::text::{and_more, printable};

/// More names than this make no line.
const NAMED: usize = 5;

/// `x-0, x-1`, and how many more.
#[must_use]
pub fn listed<S: AsRef<str>>(names: &[S]) -> String {
    let shown = names.iter().take(NAMED).map(AsRef::as_ref).collect::<Vec<_>>().join(", ");
    format!("{shown}{}", and_more(names.len(), NAMED))
}

/// `api:1.0.5`, with the beginning of the digest where it is pinned to one.
#[must_use]
pub fn pinned_short(reference: &str) -> String {
    let parsed = ImageRef::parse(reference);
    match (parsed.tag, parsed.digest) {
        (Some(_), Some(digest)) => format!("{}@{}", parsed.short(), short_digest(digest)),
        _ => parsed.short(),
    }
}

/// Whole, with the beginning of the digest: registry, path, tag.
#[must_use]
pub fn whole(reference: &str) -> String {
    let parsed = ImageRef::parse(reference);
    let tag = parsed.tag.map(|tag| format!(":{tag}")).unwrap_or_default();
    let digest = parsed.digest.map(|digest| format!("@{}", short_digest(digest))).unwrap_or_default();
    printable(&format!("{}{tag}{digest}", parsed.repository))
}

/// Short beside an image of the same repository; whole where only that tells that it is of another one.
#[must_use]
pub fn beside(other: &str, reference: &str) -> String {
    if same_repository(other, reference) { pinned_short(reference) } else { whole(reference) }
}

/// `api:1.0.6 -> 1.0.5`: the name is said once, where it is the same; both registries where they are not.
#[must_use]
pub fn arrow(from: &str, to: &str) -> String {
    if !same_repository(from, to) {
        return format!("{} -> {}", whole(from), whole(to));
    }
    let (before, after) = (ImageRef::parse(from), ImageRef::parse(to));
    let name = format!("{}:", after.base_name());
    let after_short = pinned_short(to);
    let short = if before.base_name() == after.base_name() { after_short.strip_prefix(&name) } else { None };
    format!("{} -> {}", pinned_short(from), short.unwrap_or(&after_short))
}

/// When a record was written, short.
#[must_use]
pub fn when(at: Timestamp) -> String {
    format!("{at:.0}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_short_for_people_and_its_name_said_once() {
        assert_eq!(arrow("r.io/x/api:2", "r.io/x/api:1"), "api:2 -> 1");
        let moved = arrow("r.io/x/api:2", "evil.io/x/api:1@sha256:0123456789abcdef");
        assert_eq!(moved, "r.io/x/api:2 -> evil.io/x/api:1@sha256:0123456789ab");
        assert_eq!(beside("r.io/x/api:2", "r.io/y/api:1"), "r.io/y/api:1");
        assert_eq!(pinned_short("r.io/x/api:1@sha256:0123456789abcdef"), "api:1@sha256:0123456789ab");
    }
}
