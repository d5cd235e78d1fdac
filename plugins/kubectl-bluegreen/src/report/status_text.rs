//! A Service's colors as a table for people.

use release_cli::table::table;
use release_core::checks::weighing::blocking;
use release_core::command::Command;
use release_core::registry::image::ImageRef;
use release_core::traffic::selector::Tracks;

use super::status_document::{ColorStatus, ServiceStatus};
use crate::plan::SwitchPlan;
use crate::record::RecordedVerb;
use crate::service_view::{ServiceView, ready_count};
use crate::snapshot::Snapshot;

/// The table, what is unusual, and the way back.
#[must_use]
pub fn text(status: &ServiceStatus, way: Option<String>) -> String {
    let rows: Vec<Vec<String>> = status.colors.iter().flat_map(rows).collect();
    let shown = table(&["COLOR", "WORKLOAD", "IMAGE", "READY", "ENDPOINTS", "STATE"], &rows);
    std::iter::once(shown).chain(status.notes.iter().cloned()).chain(way).collect::<Vec<_>>().join("\n")
}

fn rows(color: &ColorStatus) -> Vec<Vec<String>> {
    let (count, state) = (color.endpoints.to_string(), &color.state);
    if color.workloads.is_empty() {
        return vec![vec![color.name.clone(), "none".into(), String::new(), "0/0".into(), count, state.clone()]];
    }
    let rows = color.workloads.iter().enumerate().map(|(index, workload)| {
        let first = |text: &str| if index == 0 { text.to_owned() } else { String::new() };
        let image = if workload.image.is_empty() { String::new() } else { ImageRef::parse(&workload.image).short() };
        let ready = format!("{}/{}", workload.ready, workload.replicas);
        vec![first(&color.name), workload.reference.clone(), image, ready, first(&count), first(state)]
    });
    rows.collect()
}

/// The command that goes back to the color before, or forward again, and what it takes. `back` is what
/// a rollback would do now.
#[must_use]
pub fn way(view: &ServiceView<'_>, tracks: &Tracks, snapshot: &Snapshot, back: Option<&SwitchPlan>) -> Option<String> {
    let record = view.recorded.current.as_ref().filter(|r| r.to == tracks.active)?;
    let color = tracks.color(&record.from).filter(|c| !c.workloads.is_empty())?;
    if record.verb == RecordedVerb::Rollback {
        let ready = ready_count(&tracks.pods_of(&color.name, &snapshot.pods));
        let wanted = ready_count(&tracks.pods_of(&tracks.active, &snapshot.pods));
        let short =
            if ready < wanted { format!("     not now, {ready} of {wanted} pods are ready") } else { String::new() };
        let forward = Command::new("kubectl bluegreen switch").arg(view.name()).flag("--to", &record.from);
        return Some(format!("Forward: {}{short}", forward.scope(&snapshot.scope)));
    }
    let command = Command::new("kubectl bluegreen rollback").arg(view.name()).scope(&snapshot.scope);
    Some(format!("Back: {command}     {}", effort(back?, tracks)?))
}

/// What a rollback takes, by its own plan.
fn effort(back: &SwitchPlan, tracks: &Tracks) -> Option<String> {
    let plan = back.moves().next()?;
    if let Some(blocked) = blocking(&back.findings).next() {
        return Some(format!("not now, {}", blocked.message));
    }
    if plan.scales_first {
        let sizes = plan.growth(tracks).unwrap_or_default();
        let asked: usize = sizes.iter().map(|(_, size)| usize::try_from(*size).unwrap_or(0)).sum();
        return Some(format!("starts {} pods", asked.max(plan.required).saturating_sub(plan.target_ready)));
    }
    let (ready, required) = (plan.target_ready, plan.required);
    Some(if ready >= required {
        "< 1 s, its pods are ready".into()
    } else {
        format!("{ready} of {required} pods are ready")
    })
}
