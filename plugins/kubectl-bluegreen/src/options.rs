//! From what was typed to what is meant; conflicts that clap can't see end here.

use std::time::Duration;

use kubectl_release::confirm::has_terminal;
use kubectl_release::error::{Failure, Outcome};
use kubectl_release::flags::DryRunFlag;

use crate::args::{CheckArgs, PreflightArgs, RollbackArgs, SwitchArgs, TargetArgs};
use crate::checks::{Verb, Weighing};
use crate::subject::MinReady;

/// Where a move goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Aim {
    Color(String),
    /// The color whose workloads run this image tag.
    Image(String),
    /// The only other color.
    Other,
    /// Where the last switch came from.
    Back,
}

/// A switch, a rollback or a preflight, resolved.
#[derive(Debug, Clone)]
pub struct MoveOptions {
    pub verb: Verb,
    pub services: Vec<String>,
    pub aim: Aim,
    pub track_key: Option<String>,
    pub min_ready: Option<MinReady>,
    pub weighing: Weighing,
    /// Bring the target to size before the move.
    pub scale: bool,
    /// One ready pod is enough.
    pub now: bool,
    /// Nothing: the target's readiness failure window.
    pub verify_for: Option<Duration>,
    pub retain: Duration,
    pub rollback_on_failure: bool,
    pub reason: String,
    pub yes: bool,
    pub dry_run: DryRunFlag,
}

/// Resolves `switch`.
///
/// # Errors
/// Exit 2 for names that are none, and for a bare switch without a terminal: it toggles, and a
/// CI job that is retried would restore the old version.
pub fn switch(args: SwitchArgs, suffix: &str) -> Outcome<MoveOptions> {
    let aim = aim(&args.target);
    let services = service_names(&args.services.services)?;
    if aim == Aim::Other && !has_terminal() {
        return Err(Failure::usage("without a terminal, switch needs --to COLOR or --to-image TAG")
            .next(format!("kubectl bluegreen status {}{suffix}", services.join(" "))));
    }
    Ok(MoveOptions {
        verb: Verb::Switch,
        services,
        aim,
        track_key: args.track.track_key,
        min_ready: args.checks.min_ready,
        weighing: weighing(args.checks),
        scale: args.scale,
        now: false,
        verify_for: args.verify_for,
        retain: args.retain,
        rollback_on_failure: !args.no_rollback,
        reason: args.write.reason,
        yes: args.write.yes,
        dry_run: args.write.dry_run,
    })
}

/// Resolves `preflight`: the checks of a switch, which may toggle because nothing is written.
///
/// # Errors
/// Exit 2 for names that are none.
pub fn preflight(args: PreflightArgs) -> Outcome<MoveOptions> {
    Ok(MoveOptions {
        verb: Verb::Switch,
        services: service_names(&args.services.services)?,
        aim: aim(&args.target),
        track_key: args.track.track_key,
        min_ready: args.checks.min_ready,
        weighing: weighing(args.checks),
        scale: false,
        now: false,
        verify_for: Some(Duration::ZERO),
        retain: Duration::ZERO,
        rollback_on_failure: false,
        reason: String::new(),
        yes: false,
        dry_run: DryRunFlag::Client,
    })
}

/// Resolves `rollback`.
///
/// # Errors
/// Exit 2 for names that are none.
pub fn rollback(args: RollbackArgs) -> Outcome<MoveOptions> {
    Ok(MoveOptions {
        verb: Verb::Rollback,
        services: service_names(&args.services.services)?,
        aim: Aim::Back,
        track_key: args.track.track_key,
        min_ready: None,
        weighing: Weighing::default(),
        scale: true,
        now: args.now,
        verify_for: Some(args.verify_for),
        retain: Duration::from_secs(3600),
        rollback_on_failure: false,
        reason: args.write.reason,
        yes: args.write.yes,
        dry_run: args.write.dry_run,
    })
}

fn aim(target: &TargetArgs) -> Aim {
    match (&target.to, &target.to_image) {
        (Some(color), _) => Aim::Color(color.clone()),
        (None, Some(tag)) => Aim::Image(tag.clone()),
        (None, None) => Aim::Other,
    }
}

fn weighing(checks: CheckArgs) -> Weighing {
    Weighing { force: checks.force, strict: checks.strict }
}

/// Names without `svc/`, each once, in the order typed.
///
/// # Errors
/// Exit 2 for what can't be a Service's name (RFC 1035 label, as the API server demands).
pub fn service_names(typed: &[String]) -> Outcome<Vec<String>> {
    let mut names: Vec<String> = Vec::new();
    for word in typed {
        let name = ["svc/", "service/", "services/"].iter().find_map(|kind| word.strip_prefix(kind)).unwrap_or(word);
        let is_label = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if name.is_empty() || name.len() > 63 || !name.chars().all(is_label) {
            let hint = if word.contains('/') {
                "only Services can be switched: svc/NAME"
            } else {
                "lower case letters, digits and hyphens"
            };
            return Err(Failure::usage(format!("\"{}\" is no Service name", word.escape_debug())).next(hint));
        }
        if !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_with_or_without_their_kind_and_nothing_else() {
        let typed = ["api", "svc/web", "service/api"].map(String::from);
        assert_eq!(service_names(&typed).unwrap(), ["api", "web"]);
        for bad in ["", "svc/", "deploy/api", "../secrets/x", "API", "a b", "api?x=1"] {
            assert!(service_names(&[bad.to_owned()]).is_err(), "{bad}");
        }
    }
}
