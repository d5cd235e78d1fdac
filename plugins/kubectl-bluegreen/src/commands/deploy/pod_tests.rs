//! Testing a color that is ready, and what follows only for pods that have passed.

use std::time::Duration;

use release_cli::report::Report;
use release_cli::run::Run;
use release_cli::talk::Stand;
use release_core::command::{Command, Scope};
use release_core::failure::{Failure, Outcome};
use release_core::kube::WorkloadKind;
use release_core::release::pod_tests::Covered;
use release_core::traffic::selector::{Color, Tracks};
use tokio::time::sleep;

use super::next_step::again;
use crate::apply::deploy::{Rollout, TESTS_FAILED, cover};
use crate::moves::UNTESTED;
use crate::news;
use crate::options::deploy::DeployOptions;
use crate::plan::deploy::DeployPlan;
use crate::report::deploy_document::DeployMembers;
use crate::report::tests_table::tests_table;
use crate::service_view::ServiceView;

/// Two looks at the same pods may differ for a moment.
const POLL: Duration = Duration::from_millis(250);

/// Tests, and then does what is to be done: again and again where `then` finds pods that were not tested, until the
/// run's time is over.
///
/// # Errors
/// Exit 1 where a test fails; those of `then`.
pub async fn tested(
    run: &Run,
    options: &DeployOptions,
    (plan, rollout): (&DeployPlan, Rollout<'_>),
    report: &mut Report<DeployMembers>,
    mut then: impl AsyncFnMut(Option<Covered>, &mut Report<DeployMembers>) -> Outcome<()>,
) -> Outcome<()> {
    let Some(tests) = &options.tests else { return then(None, report).await };
    let text = format!("interrupted while {} was tested; no Service was switched", rollout.color.name);
    let (mut covered, mut told, mut shown) = (Covered::nothing_of(plan.tests.clone()), Vec::new(), 0);
    loop {
        run.stands(Stand { text: text.clone(), next: Some(again(options, "tests again", run.scope())) });
        let ended = cover(run, rollout, tests, (&mut covered, &mut told)).await;
        report.members.tested(&told);
        run.say(&tests_table(told.get(shown..).unwrap_or_default()));
        if shown < told.len() && ended.is_ok() {
            news::tested(run, &rollout.color.name);
        }
        shown = told.len();
        ended?;
        match then(Some(covered.clone()), report).await {
            Err(failure) if failure.reason == UNTESTED && !run.left().is_zero() => sleep(POLL).await,
            ended => return ended,
        }
    }
}

/// Where tests failed, how the color is taken down once somebody has had a look.
pub fn with_way_down(failure: Failure, view: &ServiceView<'_>, color: Option<&Color>, scope: &Scope) -> Failure {
    let (Ok(tracks), Some(color)) = (&view.tracks, color) else { return failure };
    if failure.reason != TESTS_FAILED {
        return failure;
    }
    let command = way_down(view, tracks, color).scope(scope);
    Failure {
        message: format!("{}\n{} stays for a look; take it down: {command}", failure.message, color.name),
        ..failure
    }
}

/// A clean-up takes down what a switch has left; what never was live is for a person to scale.
fn way_down(view: &ServiceView<'_>, tracks: &Tracks, color: &Color) -> Command {
    if view.recorded.all().any(|record| record.key == tracks.key && record.from == color.name) {
        let command = Command::new("kubectl bluegreen cleanup").arg(view.name());
        let several = tracks.others().filter(|other| other.is_run()).count() > 1;
        let command = if several { command.flag("--color", &color.name) } else { command };
        return command.arg("--before-due").option("--force", "changed-since");
    }
    let scalable = color.workloads.iter().filter(|workload| workload.kind != WorkloadKind::DaemonSet);
    Command::new("kubectl scale").args(scalable.map(|workload| workload.reference())).option("--replicas", "0")
}
