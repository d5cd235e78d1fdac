//! The repository's images as rows: for the picker, and for `history`.

use jiff::Timestamp;
use release_cli::table::table;
use release_core::duration::age;
use release_core::registry::image::short_digest;
use release_core::registry::push_history::{Candidate, PushedImage};
use release_core::registry::scan_gate::findings;
use release_core::text::printable;

/// What heads the columns.
const HEADERS: [&str; 7] = ["TAG", "PUSHED", "AGE", "SIZE", "FINDINGS", "STATE", "DIGEST"];
/// Without the digest, which is for `-o wide`.
const NARROW: usize = 6;

/// The images as a table.
#[must_use]
pub fn images<'a>(candidates: impl Iterator<Item = &'a Candidate<'a>>, now: Timestamp, wide: bool) -> String {
    let columns = if wide { HEADERS.len() } else { NARROW };
    let rows: Vec<Vec<String>> = candidates.map(|c| row(c, now)[..columns].to_vec()).collect();
    table(&HEADERS[..columns], &rows)
}

fn row(candidate: &Candidate<'_>, now: Timestamp) -> Vec<String> {
    let image = candidate.image;
    vec![
        tags(candidate),
        image.pushed_at.strftime("%Y-%m-%d %H:%M").to_string(),
        age(image.pushed_at, now),
        image.size_bytes.map(size).unwrap_or_default(),
        findings(&image.scan),
        state(candidate, now),
        short_digest(&image.digest),
    ]
}

/// The tag to go by first, then the others.
fn tags(candidate: &Candidate<'_>) -> String {
    let Some(chosen) = candidate.tag else { return short_digest(&candidate.image.digest) };
    let others = candidate.image.tags.iter().map(String::as_str).filter(|tag| *tag != chosen);
    std::iter::once(chosen).chain(others).map(printable).collect::<Vec<_>>().join(",")
}

fn state(candidate: &Candidate<'_>, now: Timestamp) -> String {
    let mut words = Vec::new();
    if candidate.running {
        words.push("RUNNING".to_owned());
    } else if candidate.ready {
        words.push("ready pods".to_owned());
    }
    if candidate.previous {
        words.push("previous".to_owned());
    }
    if let Some(deployed) = candidate.deployed.as_ref().filter(|d| !d.current) {
        let ago = deployed.created.map(|at| format!(" {} ago", age(at, now))).unwrap_or_default();
        let what = if deployed.never_ready { "never ready, deployed" } else { "ran" };
        words.push(format!("{what}{ago} (revision {})", deployed.revision));
    }
    words.extend(candidate.left_out.as_ref().map(ToString::to_string));
    words.join(", ")
}

/// Bytes as registries count them: `48 MB`.
fn size(bytes: u64) -> String {
    match bytes {
        0..1_000_000 => format!("{} kB", bytes.div_ceil(1000)),
        1_000_000..1_000_000_000 => format!("{} MB", bytes / 1_000_000),
        _ => format!("{}.{} GB", bytes / 1_000_000_000, bytes / 100_000_000 % 10),
    }
}

/// `pushed 2h ago`
#[must_use]
pub fn pushed(image: &PushedImage, now: Timestamp) -> String {
    format!("pushed {} ago", age(image.pushed_at, now))
}
