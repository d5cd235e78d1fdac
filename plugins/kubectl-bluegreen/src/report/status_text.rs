//! A Service's colors as a table for people.

use jiff::Timestamp;
use release_cli::clock::clock;
use release_cli::table::table;
use release_core::checks::finding::{Finding, Mend};
use release_core::checks::weighing::blocking;
use release_core::command::Command;
use release_core::duration::age;
use release_core::registry::image::ImageRef;
use release_core::text::printable;
use release_core::traffic::selector::Tracks;
use release_core::workload::trouble::pods_refused;

use super::status_document::{ColorState, ColorStatus, Note, ServiceStatus};
use crate::plan::{ServicePlan, SwitchPlan};
use crate::record::RecordedVerb;
use crate::service_view::ServiceView;
use crate::snapshot::Snapshot;
use crate::together::moved_together;

/// The table at a moment, what is unusual, and the way back.
#[must_use]
pub fn text(status: &ServiceStatus, at: Timestamp, way: Option<String>) -> String {
    let rows: Vec<Vec<String>> = status.colors.iter().flat_map(|color| rows(color, at)).collect();
    let shown = table(&["COLOR", "WORKLOAD", "IMAGE", "READY", "ENDPOINTS", "STATE"], &rows);
    let by = status.router.iter().map(|router| {
        let each: Vec<String> = router.weights.iter().map(|(color, weight)| format!("{color} {weight}")).collect();
        printable(&format!("by {}: {}", router.name, each.join(", ")))
    });
    std::iter::once(shown).chain(by).chain(status.notes.iter().map(noted)).chain(way).collect::<Vec<_>>().join("\n")
}

fn rows(color: &ColorStatus, at: Timestamp) -> Vec<Vec<String>> {
    let (count, state) = (color.endpoints.to_string(), state(&color.state, at));
    if color.workloads.is_empty() && color.others.is_empty() {
        return vec![vec![color.name.clone(), "none".into(), String::new(), "0/0".into(), count, state]];
    }
    let kept = color.workloads.iter().map(|workload| {
        let short = |image: &String| ImageRef::parse(image).short();
        let template = std::slice::from_ref(&workload.image).iter().filter(|image| !image.is_empty());
        let images: Vec<String> = if workload.running.is_empty() {
            template.map(short).collect()
        } else {
            workload.running.iter().map(short).collect()
        };
        (workload.reference.clone(), images.join(", "), format!("{}/{}", workload.ready, workload.replicas))
    });
    let others = color.others.iter().map(|other| {
        let note = if other.stray { " (no workload)" } else { "" };
        (format!("{}{note}", other.run_by), String::new(), format!("{}/{}", other.ready, other.pods))
    });
    let rows = kept.chain(others).enumerate().map(|(index, (what, image, ready))| {
        let first = |text: &str| if index == 0 { text.to_owned() } else { String::new() };
        vec![first(&color.name), what, image, ready, first(&count), first(&state)]
    });
    rows.collect()
}

/// `ACTIVE 21m by ci-bot`
fn state(state: &ColorState, now: Timestamp) -> String {
    match state {
        ColorState::Active { since, by } => {
            let since = since.map(|at| format!(" {}", age(at, now))).unwrap_or_default();
            format!("ACTIVE{since}{}", by.as_ref().map(|by| format!(" by {by}")).unwrap_or_default())
        }
        ColorState::InUse { users } => format!("selected by {}", users.join(", ")),
        ColorState::TakenDown { since, by, reason } => {
            let why = if reason.is_empty() { String::new() } else { format!(" ({reason})") };
            format!("taken down {} ago by {by}{why}", age(*since, now))
        }
        ColorState::Down => "down".into(),
        ColorState::Previous { kept_until: None } => "previous".into(),
        ColorState::Previous { kept_until: Some(due) } if *due > now => {
            format!("previous, kept to {}", until(*due, now))
        }
        ColorState::Previous { .. } => "previous, cleanup is due".into(),
        ColorState::Idle => "idle".into(),
    }
}

/// The wall clock where it is today's, else the date too.
fn until(due: Timestamp, now: Timestamp) -> String {
    let hours = due.duration_since(now).as_hours();
    if hours < 20 { clock(due)[..5].to_owned() } else { format!("{due:.0}") }
}

/// `! converging    2 of 3 endpoints of green, 1 of other colors`
fn noted(note: &Note) -> String {
    let symbol = if note.severity == "block" { 'x' } else { '!' };
    let fix = note.fix.as_ref().map(|fix| format!("\n    {fix}")).unwrap_or_default();
    format!("{symbol} {:<13} {}{fix}", note.id, note.message)
}

/// The command that goes back to the color before, or forward again, and what it takes. `back` is what
/// a rollback would do now.
#[must_use]
pub fn way(view: &ServiceView<'_>, tracks: &Tracks, snapshot: &Snapshot, back: Option<&SwitchPlan>) -> Option<String> {
    let record = view.recorded.current.as_ref()?;
    let services = moved_together(view, record, snapshot);
    let command = Command::new("kubectl bluegreen rollback").args(&services).scope(&snapshot.scope);
    if record.to != tracks.active {
        // Somebody else moved it: back is where it was before that, if a rollback would go anywhere.
        return Some(format!("Back: {command}     {}", effort(back?, tracks, &services)?));
    }
    tracks.color(&record.from).filter(|c| c.is_run() || c.has_strays)?;
    if record.verb == RecordedVerb::Rollback {
        let stops = back.and_then(|plan| stops(plan, &services));
        let short = stops.map(|finding| format!("     not now, {}", finding.message)).unwrap_or_default();
        let forward = Command::new("kubectl bluegreen switch").args(&services).flag("--to", &record.from);
        // An empty value of the label can't be named.
        return (!record.from.is_empty()).then(|| format!("Forward: {}{short}", forward.scope(&snapshot.scope)));
    }
    Some(format!("Back: {command}     {}", effort(back?, tracks, &services)?))
}

/// What stops a move of these Services: that one of them stays is no obstacle to moving all.
fn stops<'p>(plan: &'p SwitchPlan, services: &[String]) -> Option<&'p Finding> {
    let goes_along = |finding: &Finding| matches!(&finding.mend, Some(Mend::AlsoMove(one)) if services.contains(one));
    blocking(&plan.findings).find(|finding| !goes_along(finding))
}

/// What a rollback takes, by its own plan.
fn effort(back: &SwitchPlan, tracks: &Tracks, services: &[String]) -> Option<String> {
    let plan = back.moves().next()?;
    if let Some(blocked) = stops(back, services) {
        return Some(format!("not now, {}", blocked.message));
    }
    if plan.scales_first {
        if let Some(why) = refused_now(plan, tracks) {
            return Some(format!("not now, {why}"));
        }
        let sizes = plan.growth(tracks).unwrap_or_default();
        let asked: usize = sizes.iter().map(|(_, size)| usize::try_from(*size).unwrap_or(0)).sum();
        let pods = asked.max(plan.required).saturating_sub(plan.target_ready);
        // Quotas and room on the nodes show once pods are asked for.
        return Some(format!("starts {pods} pods, if quota and nodes allow"));
    }
    let (ready, required) = (plan.target_ready, plan.required);
    if ready >= required {
        return Some("< 1 s, its pods are ready".into());
    }
    let why = refused_now(plan, tracks).map(|why| format!("; {why}")).unwrap_or_default();
    Some(format!("{ready} of {required} pods are ready{why}"))
}

/// Why pods of the color that a rollback brings to size aren't created as things stand.
fn refused_now(plan: &ServicePlan, tracks: &Tracks) -> Option<String> {
    let workloads = &plan.target(tracks)?.workloads;
    workloads.iter().find_map(|workload| pods_refused(workload))
}
