//! Whether a target is what was tested, or what was asked for.

use release_cli::run::Run;
use release_core::command::Command;
use release_core::failure::{Failure, Outcome};
use release_core::traffic::selector::{Color, Tracks, as_label_selector};

use crate::fingerprint::Fingerprint;
use crate::options::{MoveOptions, Target};
use crate::service_view::ServiceView;
use crate::snapshot::{Snapshot, attributed, pods_selected};

/// Holds the target against what is expected of it, where something is.
///
/// # Errors
/// Exit 3 where it is something else.
pub async fn holds(run: &Run, options: &MoveOptions, snapshot: &Snapshot, views: &[ServiceView<'_>]) -> Outcome<()> {
    let (Some(expected), Target::Color(target)) = (&options.expect, &options.target) else { return Ok(()) };
    for view in views {
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
