//! Whether the image to go to ever came up, as far as the cluster shows.

use release_core::checks::finding::Finding;
use release_core::checks::ids;
use release_core::kube::Pod;
use release_core::registry::image::is_named;
use release_core::registry::push_history::ready_before;
use release_core::text::printable;
use release_core::workload::failing::failing;
use release_core::workload::trouble::summarize;

use super::case::Case;
use super::recorded::failed_before;
use crate::record::RecordVerb;
use crate::words::{beside, pinned_short};

/// Of two bad releases in a row the first is no way back. Who has named it is told, and not asked.
pub fn check(case: &Case<'_>) -> Vec<Finding> {
    if case.change.record.verb == RecordVerb::Unpin {
        return Vec::new();
    }
    let Some(message) = others_serve(case).or_else(|| fails(case)) else { return Vec::new() };
    let finding = if case.chosen.named {
        case.warns(ids::TARGET_NOT_READY, message)
    } else {
        case.asks(ids::TARGET_NOT_READY, message)
    };
    let way = case.chosen.to_ready.clone().or_else(|| case.chosen.further.clone());
    vec![match way {
        Some(way) => finding.mend(way),
        None => finding.mend("name the one that you mean with --to-tag"),
    }]
}

/// Ready pods still run what was deployed before it.
fn others_serve(case: &Case<'_>) -> Option<String> {
    let container = case.selected.container();
    let pods = case.snapshot.pod_images(container);
    let ready = ready_before(&case.snapshot.revisions, &pods, container, case.change.revision?)?;
    let (to, runs) = (pinned_short(&case.change.to), beside(&case.change.to, &ready.image));
    Some(format!("{to} never became ready: ready pods still run {runs}, which was deployed before it"))
}

/// Pods of it are there, none is ready, and some fail. Of what was taken back because of that the record tells.
fn fails(case: &Case<'_>) -> Option<String> {
    if failed_before(case).is_some() {
        return None;
    }
    let of_target = |pod: &&Pod| {
        let asked = pod.image_of(case.selected.container());
        pod.is_alive() && asked.is_some_and(|asked| is_named(asked, &case.change.to))
    };
    let pods: Vec<&Pod> = case.snapshot.pods.iter().filter(of_target).collect();
    if pods.iter().any(|pod| pod.is_ready()) {
        return None;
    }
    let groups = summarize(&failing(&pods), &case.snapshot.scope);
    let texts: Vec<String> = groups.into_iter().map(|group| group.message).collect();
    let why = printable(&texts.join("; "));
    (!texts.is_empty())
        .then(|| format!("pods of {} are there, and none is ready: {why}", pinned_short(&case.change.to)))
}
