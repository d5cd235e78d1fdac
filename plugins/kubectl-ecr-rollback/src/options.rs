//! From what was typed to what is meant; conflicts that clap can't see end here.

use std::fmt;

use kubectl_release::error::{Failure, Outcome};
use kubectl_release::finding::Weighing;
use kubectl_release::flags::{DryRunFlag, WriteArgs};
use kubectl_release::objects::WorkloadKind;
use kubectl_release::push_history::{Options as Wanted, ScanSeverity, Source};
use kubectl_release::record::printable;

use crate::args::{CheckArgs, RollbackArgs, RolloutArgs, SeverityFlag, SourceFlag, UnpinArgs};
use crate::typed::Typed;

/// A workload as people name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkloadName {
    pub kind: WorkloadKind,
    pub name: String,
}

impl fmt::Display for WorkloadName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.kind.short(), self.name)
    }
}

impl WorkloadName {
    /// Reads `deployment/api`, `deploy api`, `sts/db`.
    ///
    /// # Errors
    /// Exit 2 for what is none.
    pub fn parse(words: &[String]) -> Outcome<Self> {
        let typed = words.join("/");
        let (kind, name) = typed.split_once('/').unwrap_or((&typed, ""));
        let kind = match kind {
            "deployment" | "deployments" | "deploy" | "deployment.apps" | "deployments.apps" => {
                Some(WorkloadKind::Deployment)
            }
            "statefulset" | "statefulsets" | "sts" | "statefulset.apps" | "statefulsets.apps" => {
                Some(WorkloadKind::StatefulSet)
            }
            "daemonset" | "daemonsets" | "ds" | "daemonset.apps" | "daemonsets.apps" => Some(WorkloadKind::DaemonSet),
            _ => None,
        };
        let bad = || {
            Failure::usage(format!("\"{}\" is no workload", printable(&words.join(" "))))
                .next("deployment/NAME, statefulset/NAME or daemonset/NAME; flags go after a command's name")
        };
        // RFC 1123 subdomain, as the API server demands.
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '.';
        let named = !name.is_empty() && name.len() <= 253 && name.chars().all(plain) && !name.starts_with('.');
        kind.filter(|_| named).map(|kind| Self { kind, name: name.to_owned() }).ok_or_else(bad)
    }
}

/// What is to be moved where.
#[derive(Debug, Clone)]
pub struct RollbackOptions {
    pub workload: WorkloadName,
    /// None means: the only one.
    pub containers: Vec<String>,
    pub include_init_containers: bool,
    pub wanted: Wanted,
    pub again: bool,
    pub if_running: Option<String>,
    pub gate: Option<ScanSeverity>,
    /// `--max-severity none`: no findings at all.
    pub gate_allows_none: bool,
    pub carry: Carry,
}

/// How a change of images is carried out.
#[derive(Debug, Clone)]
pub struct Carry {
    pub weighing: Weighing,
    pub wait: bool,
    pub rollback_on_failure: bool,
    pub reason: String,
    pub yes: bool,
    pub dry_run: DryRunFlag,
    /// For commands that are printed.
    pub typed: Typed,
}

impl RollbackOptions {
    /// True where the user named the image.
    #[must_use]
    pub fn is_explicit(&self) -> bool {
        self.wanted.to_tag.is_some() || self.wanted.to_digest.is_some()
    }

    /// True where no registry may be asked.
    #[must_use]
    pub fn is_offline(&self) -> bool {
        self.wanted.from == Some(Source::RolloutHistory)
    }
}

/// Resolves a rollback.
///
/// # Errors
/// Exit 2 for what is no workload, no tag and no digest.
pub fn rollback(args: RollbackArgs) -> Outcome<RollbackOptions> {
    let typed = Typed::rollback(&args);
    let target = args.target;
    if let Some(tag) = target.to_tag.as_ref().filter(|tag| !is_tag(tag)) {
        return Err(Failure::usage(format!("--to-tag: \"{}\" is no tag", printable(tag))));
    }
    let from = target.from.map(|source| match source {
        SourceFlag::Registry => Source::Registry,
        SourceFlag::RolloutHistory => Source::RolloutHistory,
    });
    if from == Some(Source::RolloutHistory) && (target.to_tag.is_some() || target.to_digest.is_some()) {
        return Err(Failure::usage("--from rollout-history can't be used with --to-tag or --to-digest"));
    }
    if from == Some(Source::RolloutHistory) && args.max_severity.is_some() {
        return Err(Failure::usage("--max-severity asks the registry, --from rollout-history does not"));
    }
    Ok(RollbackOptions {
        workload: WorkloadName::parse(&args.workload.workload)?,
        containers: args.containers.container,
        include_init_containers: args.include_init_containers,
        wanted: Wanted {
            to_tag: target.to_tag,
            to_digest: target.to_digest,
            steps: usize::from(target.steps.unwrap_or(1)),
            from,
            tag_filter: target.tag_filter,
            pin_digest: target.pin_digest,
        },
        again: args.again,
        if_running: args.if_running,
        gate: args.max_severity.and_then(severity),
        gate_allows_none: args.max_severity == Some(SeverityFlag::None),
        carry: Carry { typed, ..carry(args.checks, &args.rollout, args.write) },
    })
}

/// Resolves an `unpin`.
///
/// # Errors
/// Exit 2 for what is no workload.
pub fn unpin(args: UnpinArgs) -> Outcome<(WorkloadName, Vec<String>, Carry)> {
    let workload = WorkloadName::parse(&args.workload.workload)?;
    let typed = Typed::unpin(&args);
    let carry = Carry { typed, ..carry(args.checks, &args.rollout, args.write) };
    Ok((workload, args.containers.container, carry))
}

fn carry(checks: CheckArgs, rollout: &RolloutArgs, write: WriteArgs) -> Carry {
    Carry {
        weighing: Weighing { force: checks.force, strict: checks.strict },
        wait: !rollout.no_wait,
        rollback_on_failure: !rollout.no_rollback,
        reason: printable(&write.reason),
        yes: write.yes,
        dry_run: write.dry_run,
        typed: Typed::default(),
    }
}

fn severity(flag: SeverityFlag) -> Option<ScanSeverity> {
    match flag {
        SeverityFlag::None => None,
        SeverityFlag::Informational => Some(ScanSeverity::Informational),
        SeverityFlag::Low => Some(ScanSeverity::Low),
        SeverityFlag::Medium => Some(ScanSeverity::Medium),
        SeverityFlag::High => Some(ScanSeverity::High),
        SeverityFlag::Critical => Some(ScanSeverity::Critical),
    }
}

/// A tag as the OCI distribution specification has it.
fn is_tag(text: &str) -> bool {
    let inner = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    let first = text.chars().next().is_some_and(|c| c.is_ascii_alphanumeric() || c == '_');
    first && text.len() <= 128 && text.chars().all(inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &[&str]) -> Outcome<WorkloadName> {
        WorkloadName::parse(&words.iter().map(ToString::to_string).collect::<Vec<_>>())
    }

    #[test]
    fn workloads_are_named_as_kubectl_takes_them() {
        for words in [&["deployment/api"][..], &["deploy/api"], &["deployments.apps/api"], &["deploy", "api"]] {
            assert_eq!(parse(words).unwrap().to_string(), "deploy/api", "{words:?}");
        }
        assert_eq!(parse(&["sts/db-0.a"]).unwrap().kind, WorkloadKind::StatefulSet);
        assert_eq!(parse(&["ds", "agent"]).unwrap().kind, WorkloadKind::DaemonSet);
        let bad: [&[&str]; 8] = [
            &["api"],
            &["svc/api"],
            &["deploy/"],
            &["deploy/../secrets"],
            &["deploy/A"],
            &["deploy/a?x=1"],
            &["history", "deploy/api"],
            &[],
        ];
        for words in bad {
            assert!(parse(words).is_err(), "{words:?}");
        }
    }

    #[test]
    fn a_tag_is_what_a_registry_takes_for_one() {
        assert!(is_tag("latest-release-1.0.5") && is_tag("_x"));
        assert!(!is_tag("") && !is_tag("-a") && !is_tag("a/b") && !is_tag("a:b") && !is_tag(&"a".repeat(129)));
    }
}
