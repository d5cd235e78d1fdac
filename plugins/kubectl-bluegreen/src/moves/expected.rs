//! Whether a target is what was tested, or what was asked for.

use release_cli::run::Run;
use release_core::command::Command;
use release_core::failure::{Failure, Outcome};
use release_core::kube::Pod;
use release_core::release::pod_tests::Covered;
use release_core::text::one_line;
use release_core::traffic::selector::{Color, Tracks, as_label_selector};

use crate::fingerprint::Fingerprint;
use crate::options::{MoveOptions, Target};
use crate::service_view::ServiceView;
use crate::snapshot::{Snapshot, attributed, pods_selected};

/// The reason of a move that isn't made because some of the target's pods were not tested: they are, and then it is.
pub const UNTESTED: &str = "Untested";

/// Holds the target against what is expected of it, where something is.
///
/// # Errors
/// Exit 3 where it is something else, or has pods that were not tested.
pub async fn holds(run: &Run, options: &MoveOptions, snapshot: &Snapshot, views: &[ServiceView<'_>]) -> Outcome<()> {
    for view in views {
        let own = options.of(view.name());
        if let (Some(covered), Target::Color(target), Ok(tracks)) = (&own.tested, &own.target, &view.tracks) {
            all_tested(covered, (tracks, target.as_str()), snapshot)?;
        }
    }
    for view in views {
        let own = options.of(view.name());
        let (Some(expected), Target::Color(target)) = (&own.expect, &own.target) else { continue };
        let Ok(tracks) = &view.tracks else { continue };
        let Some(color) = tracks.color(target) else { continue };
        let there = if expected.asks_for_digests() {
            now(run, snapshot, tracks, color).await?
        } else {
            Fingerprint::of(color, tracks, &[])
        };
        let differences = expected.differences(&there);
        if !differences.is_empty() {
            let text = format!(
                "{target} is not what was expected: {}; service/{} was not switched",
                differences.join("; "),
                view.name()
            );
            let status = Command::new("kubectl bluegreen status").arg(view.name()).scope(run.scope());
            return Err(Failure::changed(text).look(status));
        }
    }
    Ok(())
}

/// Holds a color's ready pods against those that were tested.
///
/// # Errors
/// Exit 3 where others are there.
pub fn all_tested(covered: &Covered, (tracks, color): (&Tracks, &str), snapshot: &Snapshot) -> Outcome<()> {
    let own = tracks.pods_of(color, &snapshot.pods);
    let ready: Vec<&Pod> = own.into_iter().filter(|pod| pod.is_ready()).collect();
    let untested: Vec<String> = covered.untested(&snapshot.workloads, &ready).into_iter().collect();
    if untested.is_empty() {
        return Ok(());
    }
    let text = format!("pods of {color} were not tested: {}; no Service was switched", untested.join(", "));
    Err(Failure { reason: UNTESTED, ..Failure::changed(one_line(&text)) })
}

/// What a color is now, with what its pods run.
///
/// # Errors
/// Where its pods can't be listed.
pub async fn now(run: &Run, snapshot: &Snapshot, tracks: &Tracks, color: &Color) -> Outcome<Fingerprint> {
    let selector = as_label_selector(&tracks.selector_for(&color.name));
    let mut pods = pods_selected(&run.cluster, &selector, |pod| pod).await?;
    attributed(&mut pods, &snapshot.replica_sets, &snapshot.workloads);
    Ok(Fingerprint::of(color, tracks, &pods))
}
