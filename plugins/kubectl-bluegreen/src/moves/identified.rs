//! The release that a hook of moves is of.

use release_core::release::hooks::Identity;

use crate::hooks::{About, Loaded};
use crate::left::LeftWorkload;
use crate::plan::{ServicePlan, tracks_of};
use crate::service_view::ServiceView;

/// The hook of moves that are to be made, from what is known of them before: which Services leave what for which
/// version. The same words find it again, and those of the next release don't.
#[must_use]
pub fn of_moves(hook: &Loaded, plans: &[&ServicePlan], views: &[ServiceView<'_>]) -> About {
    let mut parts = vec![hook.moment.word().to_owned(), hook.identity()];
    for plan in plans {
        let view = views.iter().find(|view| view.name() == plan.service());
        let uid = view.and_then(|view| view.service.metadata.uid.clone()).unwrap_or_default();
        let last = view.and_then(|view| view.recorded.current.as_ref()).map(|record| record.id.clone());
        parts.extend([uid, last.unwrap_or_default(), plan.movement.to.clone()]);
        let target = tracks_of(views, plan.service()).and_then(|tracks| tracks.color(&plan.movement.to));
        for left in target.map(LeftWorkload::all).unwrap_or_default() {
            parts.push(left.uid);
            parts.push(left.revision.unwrap_or_else(|| left.images.join(",")));
        }
    }
    let moves = || plans.iter().map(|plan| &plan.movement);
    let names: Vec<&str> = moves().map(|movement| movement.service.as_str()).collect();
    About {
        release: Identity::of(parts.iter().map(String::as_str)),
        services: names.join(" "),
        color: moves().next().map(|movement| movement.to.clone()).unwrap_or_default(),
        selectors: moves().flat_map(|movement| [movement.previous.clone(), movement.selector.clone()]).collect(),
        so_far: "no Service was switched".to_owned(),
        again: None,
    }
}
