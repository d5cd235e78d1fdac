//! A deploy, as a person reads it.

use release_core::registry::image::ImageRef;
use release_core::release::change::Change;
use release_core::workload::twin::ImageEdit;

use super::chosen::Deploying;
use crate::prepared::Prepared;
use crate::service_view::ServiceView;
use crate::snapshot::Snapshot;

/// What is prepared, line by line; the move that follows is told by itself.
#[must_use]
pub fn lines(deploying: &Deploying<'_>, prepared: &[Prepared], writes: &[Change], snapshot: &Snapshot) -> Vec<String> {
    let color = &deploying.color;
    let mut lines: Vec<String> = writes.iter().map(|change| format!("  {}", said(change))).collect();
    let ready = prepared.iter().filter(|one| one.is_so());
    lines.extend(ready.map(|one| format!("  {} is as asked for{}", one.reference(), images(one))));
    for one in prepared {
        let follow = one.edits.iter().filter(|edit| edit.follows && !edit.is_so());
        let names: Vec<&str> = follow.map(|edit| edit.container.name.as_str()).collect();
        if !names.is_empty() {
            lines.push(format!("  (init container {}: of the same repository)", names.join(", ")));
        }
    }
    lines.extend(deploying.note.iter().map(|note| format!("  ({note})")));
    lines.extend(claims(prepared));
    lines.extend(given_up(deploying.view, color, prepared, snapshot).map(|note| format!("  ({note})")));
    lines
}

/// `create deploy/api-green like deploy/api-blue, app api:1.5.0 -> 1.6.0, 6 replicas`
#[must_use]
pub fn said(change: &Change) -> String {
    let verb = if change.creates() { "create " } else { "" };
    format!("{verb}{} {}", change.object, change.summary)
}

/// `: app api:1.6.0`
fn images(one: &Prepared) -> String {
    let has = |edit: &ImageEdit| {
        let image = ImageRef::parse(&edit.to).short();
        format!("{} {image}", edit.container.name)
    };
    let images: Vec<String> = one.edits.iter().filter(|edit| !edit.follows).map(has).collect();
    if images.is_empty() { String::new() } else { format!(": {}", images.join(", ")) }
}

/// Claims of a StatefulSet are made anew, and empty.
fn claims(prepared: &[Prepared]) -> Option<String> {
    let made = prepared.iter().filter(|one| one.idle.is_none());
    let with = made.filter(|one| one.wanted["spec"]["volumeClaimTemplates"].as_array().is_some_and(|c| !c.is_empty()));
    let names: Vec<String> = with.map(Prepared::reference).collect();
    (!names.is_empty())
        .then(|| format!("  (volume claims of {} are new and empty: no data is copied)", names.join(", ")))
}

/// The way back to what the color ran, which ends with this.
fn given_up(view: &ServiceView<'_>, color: &str, prepared: &[Prepared], snapshot: &Snapshot) -> Option<String> {
    let last = view.recorded.current.as_ref().filter(|record| record.from == *color)?;
    let overwritten: Vec<&Prepared> = prepared.iter().filter(|one| one.idle.is_some() && one.changes_pods()).collect();
    if overwritten.is_empty() || last.due() <= snapshot.at {
        return None;
    }
    let left = overwritten.iter().flat_map(|one| one.edits.iter()).filter(|edit| !edit.follows && !edit.is_so());
    let left: Vec<String> = left.map(|edit| ImageRef::parse(&edit.container.image).short()).collect();
    let what = if left.is_empty() { "what was left there".to_owned() } else { left.join(", ") };
    Some(format!("{color} is no way back to {what} any more, which was kept until {:.0}", last.due()))
}
