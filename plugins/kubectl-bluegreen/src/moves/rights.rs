//! Whether we may write what decides about each Service of a move.

use std::collections::BTreeMap;

use futures::future::join_all;
use release_cli::flags::DryRunFlag;
use release_cli::run::Run;
use release_core::command::Command;
use release_core::failure::{Failure, Outcome};

use crate::options::MoveOptions;
use crate::plan::SwitchPlan;
use crate::service_view::ServiceView;
use crate::snapshot::Reading;

/// Asks the API server, which everybody may.
pub async fn rights(run: &Run, services: &[String]) -> BTreeMap<String, Reading<bool>> {
    let ask = |name: &String| {
        let name = name.clone();
        async move {
            let may = run.cluster.may("patch", "", "services", &name).await.map_err(|error| error.short());
            (name, may)
        }
    };
    join_all(services.iter().map(ask)).await.into_iter().collect()
}

/// The same of the routes that decide about some of them: those are written instead.
pub async fn by_route(
    run: &Run,
    mut rights: BTreeMap<String, Reading<bool>>,
    views: &[ServiceView<'_>],
) -> BTreeMap<String, Reading<bool>> {
    let asked = views.iter().filter(|view| rights.contains_key(view.name()));
    let routes: Vec<_> = asked.filter_map(|view| Some((view.name().to_owned(), view.route.clone()?))).collect();
    for (name, route) in routes {
        let mut there = run.cluster.clone();
        route.namespace.clone_into(&mut there.namespace);
        let may = there.may("patch", route.kind.group(), route.kind.plural(), &route.name).await;
        rights.insert(name, may.map_err(|error| error.short()));
    }
    rights
}

/// The Services whose right is asked for first. Of one alone the write itself tells; of a set, some would have been
/// moved by then, and where a color is brought to size first, that would have been written, unless it is only tried.
#[must_use]
pub fn written_after_others<'o>(options: &'o MoveOptions, run: &Run) -> &'o [String] {
    let is_tried = run.dry_run != DryRunFlag::None;
    if options.services.len() > 1 || (options.grows() && !is_tried) { &options.services } else { &[] }
}

/// Holds the plan against the rights that were asked for.
///
/// # Errors
/// Exit 1 where one may not be written.
pub fn may_move_all(plan: &SwitchPlan, rights: &BTreeMap<String, Reading<bool>>, run: &Run) -> Outcome<()> {
    let forbidden = plan.moves().find(|plan| rights.get(plan.service()) == Some(&Ok(false)));
    let Some(plan_of_one) = forbidden else { return Ok(()) };
    let together = if plan.moves().nth(1).is_some() { ", and the Services move as one" } else { "" };
    let movement = &plan_of_one.movement;
    let text = format!("you may not patch {}{together}; nothing was written", movement.object());
    let (name, scope) = match &movement.route {
        Some(route) => (route.name.as_str(), route.scope(run.scope())),
        None => (movement.service.as_str(), run.scope().clone()),
    };
    let look = Command::new("kubectl auth can-i patch").arg(format!("{}/{name}", movement.kind().plural()));
    Err(Failure::failed("Forbidden", text).look(look.scope(&scope)))
}
