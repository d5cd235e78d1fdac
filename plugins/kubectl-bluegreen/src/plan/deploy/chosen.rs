//! Which color a deploy prepares.

use release_core::failure::{Failure, Outcome};
use release_core::kube::Workload;
use release_core::text::is_label_value;
use release_core::traffic::selector::Tracks;
use release_core::workload::twin::Exchange;

use super::pairs::{Pair, pairs};
use crate::options::deploy::DeployOptions;
use crate::refusal::{self, Asked, deploying};
use crate::service_view::ServiceView;
use crate::snapshot::Snapshot;

/// The usual names: of either, the other one can be meant by nobody else's choice.
const USUAL: [(&str, &str); 2] = [("blue", "green"), ("green", "blue")];

/// The color that is prepared, and from what.
#[derive(Debug)]
pub struct Deploying<'v> {
    pub view: &'v ServiceView<'v>,
    pub tracks: &'v Tracks,
    pub color: String,
    /// How it was chosen, where nobody said.
    pub note: Option<String>,
    pub pairs: Vec<Pair>,
}

impl Deploying<'_> {
    /// What turns objects of the active color into those of the idle one.
    #[must_use]
    pub fn exchange(&self) -> Exchange<'_> {
        let Tracks { key, active, base, .. } = self.tracks;
        Exchange { key, from: active, to: &self.color, base }
    }

    /// The workloads of the active color, which are copied, and those of the idle one, which are changed.
    #[must_use]
    pub fn workloads(&self) -> (Vec<&Workload>, Vec<&Workload>) {
        let copied = self.pairs.iter().filter_map(|pair| pair.active.as_deref());
        let changed = self.pairs.iter().filter_map(|pair| pair.idle.as_deref());
        (copied.collect(), changed.collect())
    }
}

/// Chooses it: the one that was named, the only other one, the one of our record, or the usual other name.
///
/// # Errors
/// Exit 1 where it isn't clear which, where the Service can't be switched, or where something runs it that is
/// neither a Deployment nor a StatefulSet.
pub fn choose<'v>(snapshot: &Snapshot, view: &'v ServiceView<'v>, options: &DeployOptions) -> Outcome<Deploying<'v>> {
    let asked = || Asked::to_deploy(options);
    let tracks = view.tracks.as_ref().map_err(|why| refusal::not_switchable(view, why, snapshot, &asked()))?;
    let (color, note) = match &options.to {
        Some(color) if is_label_value(color) && !color.is_empty() => (color.clone(), None),
        Some(color) => return Err(Failure::usage(format!("\"{}\" is no color's name", color.escape_debug()))),
        None => other(view, tracks, options, snapshot)?,
    };
    let pairs = pairs(view, tracks, &color, snapshot)?;
    Ok(Deploying { view, tracks, color, note, pairs })
}

fn other(
    view: &ServiceView<'_>,
    tracks: &Tracks,
    options: &DeployOptions,
    snapshot: &Snapshot,
) -> Outcome<(String, Option<String>)> {
    let mut others = tracks.others().filter(|color| color.is_run() && !color.name.is_empty());
    match (others.next(), others.next()) {
        (Some(only), None) => return Ok((only.name.clone(), None)),
        (Some(_), Some(_)) => return Err(deploying::several_colors(view, tracks, options, &snapshot.scope)),
        (None, _) => {}
    }
    let active = &tracks.active;
    let recorded = view.recorded.current.as_ref().filter(|record| record.key == tracks.key);
    let left = recorded.and_then(|record| [&record.from, &record.to].into_iter().find(|color| *color != active));
    if let Some(left) = left.filter(|color| !color.is_empty()) {
        return Ok((left.clone(), Some(format!("{left} was there before, as our record says"))));
    }
    let usual = USUAL.iter().find(|(one, _)| one == active).map(|(_, other)| (*other).to_owned());
    usual.map(|other| (other, None)).ok_or_else(|| deploying::no_other_color(view, tracks, options, &snapshot.scope))
}
