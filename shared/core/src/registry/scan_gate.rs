//! Which image scans pass a gate, and how what they found is said.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::push_history::{Findings, Scan, ScanSeverity};
use crate::text::printable;

/// The gravest findings that are let through, as they are typed: `high`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum MaxSeverity {
    /// No findings at all.
    None,
    Informational,
    Low,
    Medium,
    High,
    Critical,
}

impl MaxSeverity {
    /// All of them, the strictest first.
    pub const ALL: [Self; 6] = [Self::None, Self::Informational, Self::Low, Self::Medium, Self::High, Self::Critical];

    /// As it is typed.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Informational => "informational",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }

    /// The one of this word.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|severity| severity.word() == word)
    }
}

/// What an image scan may have found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Gate {
    /// Anything.
    #[default]
    Off,
    /// No findings at all.
    NoFindings,
    /// None graver than this.
    UpTo(ScanSeverity),
}

impl From<Option<MaxSeverity>> for Gate {
    fn from(most: Option<MaxSeverity>) -> Self {
        match most {
            None => Self::Off,
            Some(MaxSeverity::None) => Self::NoFindings,
            Some(MaxSeverity::Informational) => Self::UpTo(ScanSeverity::Informational),
            Some(MaxSeverity::Low) => Self::UpTo(ScanSeverity::Low),
            Some(MaxSeverity::Medium) => Self::UpTo(ScanSeverity::Medium),
            Some(MaxSeverity::High) => Self::UpTo(ScanSeverity::High),
            Some(MaxSeverity::Critical) => Self::UpTo(ScanSeverity::Critical),
        }
    }
}

impl Gate {
    /// True where something that was found is beyond the gate. Undefined and untriaged findings may be anything, and
    /// are beyond every one.
    #[must_use]
    pub fn refuses(self, found: &Findings) -> bool {
        let is_beyond = |severity: ScanSeverity| match self {
            Self::Off => false,
            Self::NoFindings => true,
            Self::UpTo(limit) => severity > limit || severity <= ScanSeverity::Untriaged,
        };
        found.iter().any(|(severity, count)| *count > 0 && is_beyond(*severity))
    }
}

/// True where something HIGH or CRITICAL was found.
#[must_use]
pub fn is_grave(found: &Findings) -> bool {
    found.iter().any(|(severity, count)| *count > 0 && *severity >= ScanSeverity::High)
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

#[cfg(test)]
mod tests {
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

    /// A gate of `high` that refused what is high, or let through what is critical, would be turned off.
    #[test]
    fn a_gate_lets_through_what_it_names_and_nothing_that_may_be_anything() {
        let refuses = |most: Option<MaxSeverity>, severity| Gate::from(most).refuses(&Findings::from([(severity, 1)]));
        for (most, severity, refused) in [
            (Some(MaxSeverity::High), ScanSeverity::High, false),
            (Some(MaxSeverity::High), ScanSeverity::Critical, true),
            (Some(MaxSeverity::Critical), ScanSeverity::Undefined, true),
            (Some(MaxSeverity::Critical), ScanSeverity::Untriaged, true),
            (Some(MaxSeverity::None), ScanSeverity::Informational, true),
            (None, ScanSeverity::Critical, false),
        ] {
            assert_eq!(refuses(most, severity), refused, "{most:?} {severity:?}");
        }
        assert!(
            !Gate::NoFindings.refuses(&Findings::new())
                && !Gate::NoFindings.refuses(&Findings::from([(ScanSeverity::High, 0)]))
        );
        for most in MaxSeverity::ALL {
            assert_eq!(MaxSeverity::of(most.word()), Some(most));
            assert_eq!(serde_json::to_value(most).unwrap(), most.word());
        }
    }
}
