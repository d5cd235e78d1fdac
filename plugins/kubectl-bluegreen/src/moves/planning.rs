//! Reading and planning.

use release_cli::run::Run;
use release_core::failure::Outcome;

use crate::options::MoveOptions;
use crate::plan::{MoveRequest, SwitchPlan};
use crate::routed_view::seen;
use crate::service_view::ServiceView;
use crate::snapshot::Snapshot;

/// Every Service asked for, with what was found out about it.
#[must_use]
pub fn views<'s>(snapshot: &'s Snapshot, key: Option<&str>) -> Vec<ServiceView<'s>> {
    snapshot.services.iter().map(|service| seen(service, snapshot, key)).collect()
}

/// Plans and checks. `scaled` is set once the targets have been brought to size.
///
/// # Errors
/// Where a Service can't be moved at all.
pub fn make_plan(
    run: &Run,
    options: &MoveOptions,
    snapshot: &Snapshot,
    views: &[ServiceView<'_>],
    scaled: bool,
) -> Outcome<SwitchPlan> {
    let request = MoveRequest { options, run_id: &run.id, user: &run.cluster.user };
    SwitchPlan::of(snapshot, views, request, scaled)
}
