//! The plan, as a person reads it.

use std::sync::Arc;

use release_core::kube::{Pod, Workload};

use super::images::short_images;
use super::movement::{Move, Width};
use super::services::{Planned, ServicePlan, SwitchPlan, tracks_of};
use crate::service_view::ServiceView;

/// `service/api service/web`
#[must_use]
pub fn subjects_of(services: &[String]) -> String {
    let names: Vec<String> = services.iter().map(|name| format!("service/{name}")).collect();
    names.join(" ")
}

/// The plan for people.
#[must_use]
pub fn text(plan: &SwitchPlan, views: &[ServiceView<'_>], pods: &[Pod]) -> String {
    let mut lines = vec![moves_text(plan, views, pods)];
    let sizes = |plan: &ServicePlan| plan.growth(tracks_of(views, plan.service())?);
    for line in plan.to_scale().filter_map(|plan| Some(growth(plan, &sizes(plan)?))) {
        // Services that move together share workloads.
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    lines.join("\n")
}

/// The moves alone, without what comes first.
#[must_use]
pub fn moves_text(plan: &SwitchPlan, views: &[ServiceView<'_>], pods: &[Pod]) -> String {
    services(&plan.services, |service, color| {
        tracks_of(views, service).map(|tracks| short_images(tracks, color, pods)).unwrap_or_default()
    })
}

/// One or two lines for each Service.
fn services(planned: &[Planned], image_of: impl Fn(&str, &str) -> String) -> String {
    let several = planned.len() > 1;
    let lines = planned.iter().map(|planned| match planned {
        Planned::Move(plan) | Planned::Finish(plan) => move_line(&plan.movement, several, &image_of),
        Planned::Stay(stay) => {
            let hint = stay.next().map(|next| format!("\n  {next}")).unwrap_or_default();
            let lead = if several { format!("{}: ", stay.service) } else { String::new() };
            format!("  {lead}{}{hint}", stay.message)
        }
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn move_line(m: &Move, several: bool, image_of: impl Fn(&str, &str) -> String) -> String {
    let lead = if several { format!("{}  ", m.service) } else { String::new() };
    let (before, after) = (image_of(&m.service, &m.from), image_of(&m.service, &m.to));
    let images = if before == after || after.is_empty() { String::new() } else { format!("   {before} -> {after}") };
    let note = m.note.as_ref().map(|note| format!("\n  ({note})")).unwrap_or_default();
    let by_way = if matches!(m.width, Width::Widens(_)) { format!("{} -> ", m.both()) } else { String::new() };
    format!("  {lead}{}: {} -> {by_way}{}{images}{note}{}", m.key, m.from, m.to, records(m))
}

/// The records that are written: which name it is may be known from our record alone.
fn records(m: &Move) -> String {
    let (Some((_, route)), Some(batch)) = (m.records(), m.batch()) else { return String::new() };
    let lines = batch.shown().into_iter().map(|line| format!("\n    {line}"));
    format!("\n  {}{}", route.reference(), lines.collect::<String>())
}

/// What the target is brought to first, and waited for.
fn growth(plan: &ServicePlan, sizes: &[(Arc<Workload>, i32)]) -> String {
    let grow: Vec<String> = sizes.iter().map(|(w, size)| format!("{w} {} -> {size} replicas, ", w.replicas)).collect();
    format!("  first: {}wait for {} ready pods of {}", grow.concat(), plan.required, plan.movement.to)
}
