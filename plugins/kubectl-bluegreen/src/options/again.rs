//! What was typed, as words to type again.

use std::time::Duration;

use super::analysis;
use crate::args::{AfterArgs, CheckArgs};

pub fn again(checks: &CheckArgs) -> impl Iterator<Item = String> + use<> {
    let enough = checks.min_ready.map(|min_ready| format!("--min-ready={min_ready}"));
    enough.into_iter().chain(checks.strict.then(|| "--strict".to_owned()))
}

pub fn because(reason: &str) -> Option<String> {
    (!reason.is_empty()).then(|| format!("--reason={reason}"))
}

/// How long a color that is left stays warm where nobody says otherwise.
pub const RETAINED: Duration = Duration::from_secs(3600);

/// What is to become of a switch.
pub fn afterwards(args: &AfterArgs) -> impl Iterator<Item = String> + use<> {
    let time = |flag: &str, time: Duration| format!("{flag}={}", typed(time));
    let watched = args.verify_for.map(|limit| time("--verify-for", limit));
    let kept = args.retain.filter(|kept| *kept != RETAINED).map(|kept| time("--retain", kept));
    let left = args.no_rollback.then(|| "--no-rollback".to_owned());
    let wide = args.widen.then(|| "--widen".to_owned());
    watched.into_iter().chain(kept).chain(wide).chain(left).chain(analysis::again(&args.analysis))
}

/// A time as it may be typed, with nothing lost.
pub fn typed(time: Duration) -> String {
    if time.subsec_millis() > 0 { format!("{}ms", time.as_millis()) } else { format!("{}s", time.as_secs()) }
}
