//! Writing what was agreed to: the color, and once it is ready and has passed its tests, the move.

use futures::future::join_all;
use release_cli::report::Report;
use release_cli::run::Run;
use release_cli::talk::Stand;
use release_core::command::{Command, Scope};
use release_core::failure::{Exit, Failure, Next, Outcome};
use release_core::release::change::Change;
use release_core::release::hooks::Identity;
use release_core::release::pod_tests::Covered;
use release_core::traffic::selector::Color;

use super::next_step::again;
use super::pause::pause;
use super::pod_tests::{tested, with_way_down};
use crate::apply;
use crate::apply::deploy::Rollout;
use crate::cleanup::overdue::Overdue;
use crate::fingerprint::Fingerprint;
use crate::hooks::{About, Loaded};
use crate::moves::{self, AgreedPlan, of_moves};
use crate::news;
use crate::options::MoveOptions;
use crate::options::deploy::DeployOptions;
use crate::plan::deploy::DeployPlan;
use crate::plan::{ServicePlan, tracks_of};
use crate::report::deploy_document::{DeployMembers, of_move};
use crate::report::move_document::MoveEntry;
use crate::service_view::ServiceView;
use crate::snapshot::{ReadScope, load};

/// Prepares the color, waits for it, and moves the Service. What was prepared for a move that was not made is
/// told: it is left, for a look.
///
/// # Errors
/// As the exit codes say.
pub async fn release(
    run: &Run,
    options: &DeployOptions,
    (plan, views, overdue): (&DeployPlan, &[ServiceView<'_>], &Overdue),
    report: &mut Report<DeployMembers>,
) -> Outcome<()> {
    let Some(moving) = plan.moves.moves().next() else { return Ok(()) };
    let Some(tracks) = tracks_of(views, moving.service()) else { return Ok(()) };
    may_release(run, options, (plan, views)).await?;
    let gone = || Failure::changed(format!("{} is gone; nothing was written", moving.movement.to));
    let color = with_sizes(moving.target(tracks).ok_or_else(gone)?, plan);
    let rollout = Rollout { tracks, color: &color, required: moving.required };
    news::began(run, &plan.findings);
    overdue.take_down(run, options.movement.looking(ReadScope::Everything)).await;
    let mut written = Vec::new();
    let note = |change: &Change| {
        report.members.wrote(change);
        written.push(change.clone());
    };
    let ready = match Box::pin(migrate(run, options, (plan, views))).await {
        Ok(()) => Box::pin(prepare(run, options, (plan, rollout), note)).await,
        failed => failed,
    };
    let ended = match ready {
        Ok(()) => Box::pin(go_on(run, options, (plan, moving, rollout), report)).await,
        Err(failure) => Err(failure),
    };
    let Err(failure) = ended else { return Ok(()) };
    if !report.members.services.iter().all(MoveEntry::is_untouched) {
        return Err(failure);
    }
    let others = changed_since(run, &written).await;
    others.iter().for_each(|change| report.members.is_others(change));
    let then = if failure.exit == Exit::RolledBack {
        // The same words are refused until something else is deployed.
        let history = Command::new("kubectl bluegreen history").arg(moving.service()).scope(run.scope());
        Next::Look(history, Some(format!("then deploy what mends {}", moving.movement.to)))
    } else {
        again(options, &format!("goes on with {}", moving.movement.to), run.scope())
    };
    let is_live = is_live(run, options, moving).await;
    let failure = left(failure, (&written, &others, is_live), then);
    let view = views.iter().find(|view| view.name() == moving.service());
    Err(view.map_or(failure.clone(), |view| with_way_down(failure, view, Some(&color), run.scope())))
}

/// Nothing is prepared for what may not be done.
async fn may_release(
    run: &Run,
    options: &DeployOptions,
    (plan, views): (&DeployPlan, &[ServiceView<'_>]),
) -> Outcome<()> {
    if !options.no_switch {
        let rights = moves::rights(run, std::slice::from_ref(&options.service)).await;
        moves::may_move_all(&plan.moves, &moves::by_route(run, rights, views).await, run)?;
    }
    if options.tests.is_some() {
        apply::deploy::may_test(run).await?;
    }
    if options.no_switch { Ok(()) } else { apply::may_judge(run, &options.movement.analysis).await }
}

/// Runs what has to be done before the new version's pods come; the same words find it done.
async fn migrate(run: &Run, options: &DeployOptions, (plan, views): (&DeployPlan, &[ServiceView<'_>])) -> Outcome<()> {
    let Some(hook) = &options.movement.hooks.migrate else { return Ok(()) };
    hook.run(run, &migration(hook, options, (plan, views), run.scope())).await
}

/// What the migration is of: the version that is to come, and the release that it follows.
fn migration(
    hook: &Loaded,
    options: &DeployOptions,
    (plan, views): (&DeployPlan, &[ServiceView<'_>]),
    scope: &Scope,
) -> About {
    let of_moves = of_moves(hook, &plan.moves, views);
    let view = views.first();
    let uid = view.and_then(|view| view.service.metadata.uid.clone()).unwrap_or_default();
    let last = view.and_then(|view| view.recorded.current.as_ref()).map(|record| record.id.clone());
    let images = plan.prepared.iter().flat_map(|one| {
        let images = one.containers().into_iter().map(|container| format!("{}={}", container.name, container.image));
        std::iter::once(one.reference()).chain(images)
    });
    let own = [hook.moment.word().to_owned(), hook.identity(), uid, last.unwrap_or_default(), of_moves.color.clone()];
    let parts: Vec<String> = own.into_iter().chain(images).collect();
    About {
        release: Identity::of(parts.iter().map(String::as_str)),
        so_far: "no pod got the new version, and no Service was switched".to_owned(),
        again: Some(again(options, "goes on", scope)),
        ..of_moves
    }
}

/// Tests, where there are any, and then the move, or what stands for it.
async fn go_on(
    run: &Run,
    options: &DeployOptions,
    (plan, moving, rollout): (&DeployPlan, &ServicePlan, Rollout<'_>),
    report: &mut Report<DeployMembers>,
) -> Outcome<()> {
    let mut waited = false;
    let then = async |covered: Option<Covered>, report: &mut Report<DeployMembers>| {
        if !std::mem::replace(&mut waited, true) {
            pause(run, options, rollout).await?;
        }
        if options.no_switch {
            print_fingerprint(run, options, (moving, covered), report).await
        } else {
            Box::pin(switch(run, options, (plan, moving, covered), report)).await
        }
    };
    tested(run, options, (plan, rollout), report, then).await
}

/// Writes that somebody has changed since: to take them back would take back what is theirs.
async fn changed_since<'c>(run: &Run, written: &'c [Change]) -> Vec<&'c Change> {
    let looked = join_all(written.iter().map(|change| apply::deploy::is_as_written(run, change))).await;
    written.iter().zip(looked).filter_map(|(change, is_so)| (!is_so).then_some(change)).collect()
}

async fn prepare(
    run: &Run,
    options: &DeployOptions,
    (plan, rollout): (&DeployPlan, Rollout<'_>),
    made: impl FnMut(&Change),
) -> Outcome<()> {
    let again = again(options, "goes on", run.scope());
    apply::deploy::all(run, &plan.writes, &again, made).await?;
    let text = format!("interrupted while {} was rolled out; no Service was switched", rollout.color.name);
    run.stands(Stand { text, next: Some(again) });
    apply::deploy::wait(run, rollout).await?;
    apply::deploy::runs_as_asked(run, rollout, &plan.prepared).await?;
    news::prepared(run, &rollout.color.name);
    Ok(())
}

/// The color as it was asked for: whoever takes it down meanwhile is noticed by its sizes.
fn with_sizes(color: &Color, plan: &DeployPlan) -> Color {
    let workloads = color.workloads.iter().map(|workload| {
        let own = plan.prepared.iter().find(|one| one.is(workload));
        let replicas = own.map_or(workload.replicas, crate::prepared::Prepared::size);
        std::sync::Arc::new(release_core::kube::Workload { replicas, ..workload.as_ref().clone() })
    });
    Color { workloads: workloads.collect(), ..color.clone() }
}

/// The same way as any switch, from a fresh look: what is ready has to be what was asked for.
async fn switch(
    run: &Run,
    options: &DeployOptions,
    (plan, moving, covered): (&DeployPlan, &ServicePlan, Option<Covered>),
    report: &mut Report<DeployMembers>,
) -> Outcome<()> {
    let expected = plan
        .prepared
        .iter()
        .map(|one| (one.reference(), one.containers().into_iter().map(|container| container.image).collect()));
    let movement = MoveOptions {
        yes: true,
        expect: Some(Fingerprint::of_images(expected)),
        tested: covered,
        ..options.move_to(&moving.movement.to)
    };
    let before = report.findings.clone();
    let ended =
        moves::write_agreed(run, &movement, ReadScope::Everything, AgreedPlan::to(&plan.moves), &mut of_move(report))
            .await;
    let of_deploy = before.into_iter().filter(|finding| !plan.moves.findings.contains(finding));
    let lost: Vec<_> = of_deploy.filter(|finding| !report.findings.contains(finding)).collect();
    report.findings.extend(lost);
    report.findings.sort_by_key(|finding| (finding.severity, finding.overridden));
    ended
}

/// True where somebody else has moved the Service to what was prepared.
async fn is_live(run: &Run, options: &DeployOptions, moving: &ServicePlan) -> bool {
    let movement = options.move_to(&moving.movement.to);
    let looking = movement.looking(ReadScope::Colors);
    let Ok(snapshot) = load(&run.cluster, &movement.services, looking).await else { return false };
    let views = moves::views(&snapshot, movement.track_key.as_deref());
    tracks_of(&views, moving.service()).is_some_and(|tracks| tracks.active == moving.movement.to)
}

/// What is ready now, for whoever tests it and for the switch that follows.
async fn print_fingerprint(
    run: &Run,
    options: &DeployOptions,
    (moving, covered): (&ServicePlan, Option<Covered>),
    report: &mut Report<DeployMembers>,
) -> Outcome<()> {
    let movement = options.move_to(&moving.movement.to);
    let looking = movement.looking(ReadScope::Colors);
    let snapshot = run.within(load(&run.cluster, &movement.services, looking)).await?;
    let views = moves::views(&snapshot, movement.track_key.as_deref());
    let tracks = tracks_of(&views, moving.service());
    let found = tracks.and_then(|tracks| Some((tracks, tracks.color(&moving.movement.to)?)));
    let Some((tracks, color)) = found else {
        return Err(Failure::changed(format!("{} is gone", moving.movement.to)));
    };
    if let Some(covered) = covered {
        moves::all_tested(&covered, (tracks, color.name.as_str()), &snapshot)?;
    }
    let fingerprint = moves::now(run, &snapshot, tracks, color).await?.to_string();
    let switch = Command::new("kubectl bluegreen switch").arg(moving.service()).flag("--to", &moving.movement.to);
    let switch = switch.option("--expect", &fingerprint).scope(run.scope());
    report.text = format!("{} of service/{} is ready\n{fingerprint}", moving.movement.to, moving.service());
    run.say(&format!("Next: {switch}"));
    report.members.fingerprint = Some(fingerprint);
    Ok(())
}

/// What was prepared stays, for a look; the same words go on with it.
fn left(failure: Failure, (written, others, is_live): (&[Change], &[&Change], bool), again: Next) -> Failure {
    let told = written.iter().map(|change| {
        let undo = change.undo.as_ref().map(|undo| format!("; undo: {undo}")).unwrap_or_default();
        let then = match (others.contains(&change), is_live) {
            (true, _) => "; changed by someone else since".to_owned(),
            // To take that back would take it from users.
            (false, true) => "; it has the traffic by now".to_owned(),
            (false, false) => undo,
        };
        format!("\nleft: {} {}{then}", change.object, change.summary)
    });
    let message = std::iter::once(failure.message.clone()).chain(told).collect();
    let next = failure.next.clone().unwrap_or(again);
    Failure { message, next: Some(next), ..failure }
}
