//! What a scan says about an image: three things, for unknown is not clean.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

/// How grave a finding of an image scan is, the gravest last. Written as ECR writes it: `HIGH`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ScanSeverity {
    Undefined,
    Untriaged,
    Informational,
    Low,
    Medium,
    High,
    Critical,
}

/// Findings by severity; none of a severity is no entry.
pub type Findings = BTreeMap<ScanSeverity, u32>;

/// What an image scan says: `{"result": "clean"}`, `{"result": "found", "findings": {"HIGH": 2}}` or
/// `{"result": "unknown", "why": "PENDING", "findings": {}}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(tag = "result", rename_all = "camelCase")]
pub enum Scan {
    /// A finished scan found nothing.
    Clean,
    /// A finished scan found something.
    Found { findings: Findings },
    /// There is no finished scan.
    Unknown {
        /// As the registry says it (`UNSUPPORTED_IMAGE`), or why it can't be asked; null where it
        /// knows of no scan.
        why: Option<String>,
        /// What was found all the same: by a scan that is too old, or in some of the parts.
        findings: Findings,
    },
}

impl Scan {
    /// Nothing is known.
    #[must_use]
    pub fn unknown(why: Option<&str>) -> Self {
        Self::Unknown { why: why.map(str::to_owned), findings: Findings::new() }
    }

    /// A scan in this state. Only one that is finished and has counted its findings is known:
    /// `COMPLETE` without counts is said seconds before the findings are there, and `ACTIVE` before
    /// the first scan (aws/aws-sdk#289, aws/aws-cli#6759).
    #[must_use]
    pub fn of(status: Option<&str>, counted: Option<Findings>) -> Self {
        let is_finished = matches!(status, Some("COMPLETE" | "ACTIVE"));
        match counted {
            Some(findings) if is_finished && findings.is_empty() => Self::Clean,
            Some(findings) if is_finished => Self::Found { findings },
            counted => Self::Unknown { why: status.map(str::to_owned), findings: counted.unwrap_or_default() },
        }
    }

    /// What an index' parts say together: an index is scanned in its parts, and its own scan is empty.
    /// The worst part counts, and one that is unknown makes the whole so.
    #[must_use]
    pub fn of_parts<'s>(parts: impl Iterator<Item = &'s Self>) -> Self {
        let (mut findings, mut unknown, mut any) = (Findings::new(), None, false);
        for part in parts {
            any = true;
            for (severity, count) in part.findings() {
                let most = findings.entry(*severity).or_insert(0);
                *most = (*most).max(*count);
            }
            if let Self::Unknown { why, .. } = part {
                unknown = unknown.or(Some(why.clone()));
            }
        }
        match unknown {
            Some(why) => Self::Unknown { why, findings },
            None if !any => Self::unknown(None),
            None if findings.is_empty() => Self::Clean,
            None => Self::Found { findings },
        }
    }

    /// What is known to be there.
    #[must_use]
    pub fn findings(&self) -> &Findings {
        static NONE: Findings = Findings::new();
        match self {
            Self::Clean => &NONE,
            Self::Found { findings } | Self::Unknown { findings, .. } => findings,
        }
    }

    /// There may be more than is known.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        matches!(self, Self::Unknown { .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(severity: ScanSeverity, count: u32) -> Findings {
        Findings::from([(severity, count)])
    }

    /// A gate would pass an image that nobody has looked at.
    #[test]
    fn only_a_finished_scan_with_counts_is_known() {
        let high = || Some(findings(ScanSeverity::High, 1));
        for status in ["COMPLETE", "ACTIVE"] {
            assert_eq!(Scan::of(Some(status), Some(Findings::new())), Scan::Clean);
            assert!(matches!(Scan::of(Some(status), high()), Scan::Found { .. }));
            assert!(Scan::of(Some(status), None).is_unknown(), "{status} without counts");
        }
        let states = [
            "PENDING",
            "IN_PROGRESS",
            "FAILED",
            "SCAN_ELIGIBILITY_EXPIRED",
            "FINDINGS_UNAVAILABLE",
            "UNSUPPORTED_IMAGE",
            "LIMIT_EXCEEDED",
            "A_NEW_WORD",
        ];
        for status in states {
            for counts in [None, Some(Findings::new()), high()] {
                let scan = Scan::of(Some(status), counts.clone());
                assert!(scan.is_unknown(), "{status}");
                assert_eq!(*scan.findings(), counts.unwrap_or_default(), "what is known stays known");
            }
        }
        assert_eq!(Scan::of(None, None), Scan::unknown(None));
    }

    /// The findings of a multi-architecture image are in its parts.
    #[test]
    fn the_worst_part_counts_and_an_unknown_one_makes_the_whole_unknown() {
        let found = |severity, count| Scan::Found { findings: findings(severity, count) };
        let (two, three) = (found(ScanSeverity::High, 2), found(ScanSeverity::High, 3));
        assert_eq!(Scan::of_parts([&two, &three, &Scan::Clean].into_iter()), three);
        assert_eq!(Scan::of_parts([&Scan::Clean, &Scan::Clean].into_iter()), Scan::Clean);
        let pending = Scan::unknown(Some("PENDING"));
        let mixed = Scan::of_parts([&two, &pending].into_iter());
        assert_eq!(mixed, Scan::Unknown { why: Some("PENDING".into()), findings: findings(ScanSeverity::High, 2) });
        assert!(Scan::of_parts([].into_iter()).is_unknown(), "nothing was looked at");
    }
}
