//! What is unusual about a Service.

use release_core::kube::has_all;
use release_core::kube::service::service_name;
use release_core::traffic::selector::Tracks;

use crate::service_view::ServiceView;
use crate::snapshot::Snapshot;

/// A line each.
#[must_use]
pub fn notes(view: &ServiceView<'_>, tracks: &Tracks, snapshot: &Snapshot) -> Vec<String> {
    let mut notes = left_behind(view, tracks, snapshot);
    if let Some(why) = &view.recorded.unreadable {
        notes.push(format!("! record        {why}; rollback will not use it"));
    }
    match view.recorded.current.as_ref() {
        Some(r) if r.to != tracks.active => {
            notes.push(format!(
                "! by hand       {} is active since a change that we did not make; our last: {} {} -> {}",
                tracks.active, r.verb, r.from, r.to
            ));
        }
        Some(r) if r.result.is_none() => {
            notes.push(format!(
                "! unfinished    the {} {} -> {} by {} has no result: it is still going on, or was cut off",
                r.verb, r.from, r.to, r.by
            ));
        }
        _ => {}
    }
    notes
}

fn left_behind(view: &ServiceView<'_>, tracks: &Tracks, snapshot: &Snapshot) -> Vec<String> {
    let mut notes = Vec::new();
    for neighbour in snapshot.neighbours.iter().flatten() {
        let name = service_name(neighbour);
        let selector = neighbour.spec.as_ref().and_then(|s| s.selector.clone()).unwrap_or_default();
        let follows = selector.contains_key(&tracks.key) && has_all(&selector, &tracks.base);
        if name != view.name()
            && follows
            && selector.get(&tracks.key) != Some(&tracks.active)
            && was_together(view, name)
        {
            let on = selector.get(&tracks.key).cloned().unwrap_or_default();
            notes.push(format!("! twin-service  {name} still selects {on}"));
        }
    }
    notes
}

/// A Service that selects another color on purpose (a preview) is no twin left behind; one that
/// moved with this one, or that has no record of its own, is.
fn was_together(view: &ServiceView<'_>, name: &str) -> bool {
    let record = view.recorded.current.as_ref();
    record.is_none_or(|r| r.services.is_empty() || r.services.iter().any(|s| s == name))
}
