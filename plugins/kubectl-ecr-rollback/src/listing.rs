//! The repository's images as rows: for the picker, and for `history`.

use jiff::Timestamp;
use release_cli::table::table;
use release_core::duration::age;
use release_core::registry::image::short_digest;
use release_core::registry::push_history::{Candidate, PushedImage, Scan, ScanSeverity};
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

/// `1 critical, 2 high`, the lesser ones only counted; `none` for a clean image, and the state of the
/// scan where nothing is known.
#[must_use]
pub fn findings(scan: &Scan) -> String {
    let counts = scan.findings();
    let of = |severity: ScanSeverity| counts.get(&severity).copied().unwrap_or(0);
    let (critical, high) = (of(ScanSeverity::Critical), of(ScanSeverity::High));
    // They may be anything, and are beyond every gate.
    let (untriaged, undefined) = (of(ScanSeverity::Untriaged), of(ScanSeverity::Undefined));
    let all = counts.values().copied().fold(0, u32::saturating_add);
    let named = [critical, high, untriaged, undefined].into_iter().fold(0, u32::saturating_add);
    let lesser = all.saturating_sub(named);
    let named = [
        (critical, "critical"),
        (high, "high"),
        (untriaged, "untriaged"),
        (undefined, "undefined"),
        (lesser, "lesser"),
    ];
    let shown: Vec<String> = named.iter().filter(|(n, _)| *n > 0).map(|(n, word)| format!("{n} {word}")).collect();
    match scan {
        Scan::Unknown { why, .. } if shown.is_empty() => scan_state(why.as_deref()),
        _ if shown.is_empty() => "none".into(),
        _ => shown.join(", "),
    }
}

/// `not scanned`, or the registry's word for the state of the scan: `scan pending`.
#[must_use]
pub fn scan_state(why: Option<&str>) -> String {
    match why {
        None => "not scanned".into(),
        // Finished, and nothing counted.
        Some("COMPLETE" | "ACTIVE") => "scan without a result".into(),
        Some("AccessDenied") => "scan may not be read".into(),
        Some(word) if word.chars().all(|c| c.is_ascii_uppercase() || c == '_') => {
            // `SCAN_ELIGIBILITY_EXPIRED` says that it is one of a scan.
            let words = printable(word).to_lowercase().replace('_', " ");
            format!("scan {}", words.strip_prefix("scan ").unwrap_or(&words))
        }
        Some(word) => format!("scan {}", printable(word)),
    }
}

/// `pushed 2h ago`
#[must_use]
pub fn pushed(image: &PushedImage, now: Timestamp) -> String {
    format!("pushed {} ago", age(image.pushed_at, now))
}

#[cfg(test)]
mod tests {
    use release_core::registry::push_history::Findings;

    use super::*;

    /// "lesser" findings stopped a rollback at `--max-severity=high`, and nobody knew why.
    #[test]
    fn what_is_beyond_every_gate_is_named() {
        let counted = Findings::from([(ScanSeverity::Untriaged, 3), (ScanSeverity::High, 1), (ScanSeverity::Low, 2)]);
        assert_eq!(findings(&Scan::Found { findings: counted }), "1 high, 3 untriaged, 2 lesser");
        let counted = Findings::from([(ScanSeverity::Undefined, 1)]);
        assert_eq!(findings(&Scan::Found { findings: counted }), "1 undefined");
    }

    #[test]
    fn a_state_of_a_scan_reads_as_words() {
        assert_eq!(scan_state(Some("SCAN_ELIGIBILITY_EXPIRED")), "scan eligibility expired");
        assert_eq!(scan_state(Some("UNSUPPORTED_IMAGE")), "scan unsupported image");
    }
}
