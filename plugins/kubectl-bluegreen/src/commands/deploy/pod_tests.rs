//! Testing a color that is ready, and what follows only for pods that have passed.

use std::time::Duration;

use futures::future::try_join_all;
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
use super::preparing::Preparing;
use crate::apply::deploy::{TESTS_FAILED, cover};
use crate::moves::UNTESTED;
use crate::news;
use crate::options::release::ReleaseOptions;
use crate::plan::deploy::DeployPlan;
use crate::report::deploy_document::DeployMembers;
use crate::report::tests_table::tests_table;
use crate::service_view::ServiceView;
use crate::tested::Tested;

/// Two looks at the same pods may differ for a moment.
const POLL: Duration = Duration::from_millis(250);

/// How far the tests of one color are.
struct Testing<'t> {
    one: &'t Preparing<'t>,
    covered: Covered,
    told: Vec<Tested>,
    shown: usize,
}

impl<'t> Testing<'t> {
    fn of(one: &'t Preparing<'t>) -> Self {
        Self { one, covered: Covered::nothing_of(one.plan.tests.clone()), told: Vec::new(), shown: 0 }
    }

    async fn cover(&mut self, run: &Run) -> Outcome<()> {
        let Self { one, covered, told, .. } = self;
        let Some(tests) = &one.options.tests else { return Ok(()) };
        cover(run, one.rollout(), tests, (covered, told)).await.map_err(|failure| one.named(failure))
    }

    /// What was covered; nothing where nothing was to be tested.
    fn covered(&self) -> Option<Covered> {
        self.one.options.tests.as_ref().map(|_| self.covered.clone())
    }

    /// Shows what has ended since; true where that is anything.
    fn show(&mut self, run: &Run) -> bool {
        let shown = std::mem::replace(&mut self.shown, self.told.len());
        run.say(&tests_table(self.told.get(shown..).unwrap_or_default()));
        shown < self.told.len()
    }
}

/// Tests, and then does what is to be done: again and again where `then` finds pods that were not tested, until the
/// run's time is over.
///
/// # Errors
/// Exit 1 where a test fails; those of `then`.
pub async fn tested(
    run: &Run,
    options: &ReleaseOptions,
    (plan, all): (&DeployPlan, &[Preparing<'_>]),
    report: &mut Report<DeployMembers>,
    mut then: impl AsyncFnMut(Vec<Option<Covered>>, &mut Report<DeployMembers>) -> Outcome<()>,
) -> Outcome<()> {
    if all.iter().all(|one| one.options.tests.is_none()) {
        return then(all.iter().map(|_| None).collect(), report).await;
    }
    let text = format!("interrupted while {} was tested; no Service was switched", plan.colors());
    let mut testing: Vec<Testing<'_>> = all.iter().map(Testing::of).collect();
    loop {
        run.stands(Stand { text: text.clone(), next: Some(again(options, "tests again", run.scope())) });
        let ended = try_join_all(testing.iter_mut().map(|one| one.cover(run))).await;
        report.members.tested(testing.iter().flat_map(|one| &one.told));
        let is_news = testing.iter_mut().map(|one| one.show(run)).fold(false, |any, one| any | one);
        if is_news && ended.is_ok() {
            news::tested(run, &plan.colors());
        }
        ended?;
        match then(testing.iter().map(Testing::covered).collect(), report).await {
            Err(failure) if failure.reason == UNTESTED && !run.left().is_zero() => sleep(POLL).await,
            ended => return ended,
        }
    }
}

/// Where tests failed, how the color is taken down once somebody has had a look.
pub fn with_way_down(failure: Failure, one: &Preparing<'_>, scope: &Scope) -> Failure {
    let (color, Ok(tracks)) = (&one.color, &one.view.tracks) else { return failure };
    if failure.reason != TESTS_FAILED {
        return failure;
    }
    let command = way_down(one.view, tracks, color).scope(scope);
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
