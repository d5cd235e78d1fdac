//! `deploy`: prepare the idle color, and move the Service to it.

mod admitted;
mod compare;
mod manifests;
mod next_step;
mod pause;
mod pod_tests;
mod release;

use futures::future::try_join;
use release_cli::report::Report;
use release_cli::run::Run;
use release_cli::verb::{Agreed, agree, heading, question, refuse_blocked, show, would_be};
use release_core::checks::finding::Finding;
use release_core::checks::ids;
use release_core::checks::severity::Severity;
use release_core::duration::typed_duration;
use release_core::failure::Outcome;
use release_core::release::change::Change;
use release_core::release::hooks::Moment;
use release_core::release::pod_tests::{ForWorkload, PodTests};
use serde_json::Value;

use super::objects;
use crate::apply::{self, MoveInProgress};
use crate::args::{DeployArgs, DeployHookArgs};
use crate::checks::deploy::{DeployCase, run as checks};
use crate::cleanup::overdue::Overdue;
use crate::compared::Compared;
use crate::hooks::Hooks;
use crate::moves::{self, make_plan, views};
use crate::news;
use crate::options::MoveOptions;
use crate::options::deploy::{self as options, DeployOptions};
use crate::plan::deploy::{self as planning, DeployPlan, Deploying, Objects};
use crate::plan::{moves_text, subjects_of};
use crate::refusal::deploying::{autoscaler_taken, is_active, live_and_smaller};
use crate::report::deploy_document::{DeployMembers, of_move};
use crate::routed_view::seen;
use crate::service_view::ServiceView;
use crate::snapshot::{ReadScope, Snapshot, load};
use admitted::as_admitted;

/// Runs the verb.
///
/// # Errors
/// As the exit codes say.
pub async fn run(
    run: &Run,
    (args, tests, others): (DeployArgs, Option<PodTests>, &[Value]),
    report: &mut Report<DeployMembers>,
) -> Outcome<()> {
    let typed = args.hooks.clone();
    let mut options = options::deploy(args, tests)?;
    options.movement.hooks = load_hooks(run, &typed, &options).await?;
    let movement = &options.movement;
    let looking = movement.looking(ReadScope::Everything);
    let snapshot = run.within(load(&run.cluster, &movement.services, looking)).await?;
    let key = movement.track_key.as_deref();
    let view = seen(&snapshot.services[0], &snapshot, key);
    let deploying = planning::choose(&snapshot, &view, &options)?;
    let (copied, changed) = deploying.workloads();
    let compare = async { Ok(compare::compare(&run.cluster, others).await) };
    let (objects, compared) = run
        .within(async { try_join(objects::read(&run.cluster, &snapshot, &copied, &changed), compare).await })
        .await?;
    let options = as_admitted(run, &deploying, &objects, options).await;
    let active = &deploying.tracks.active;
    let to_active = options.to.as_ref().is_none_or(|to| to == active);
    if to_active && planning::runs_already(&deploying, &objects, &options)? {
        if let Some(size) = options.replicas.filter(|size| planning::is_smaller(&deploying, *size)) {
            return Err(live_and_smaller(&view, deploying.tracks, size, run.scope()));
        }
        run.say(&format!("{active} has these images already"));
        if !compared.is_empty() {
            run.say("what else the file holds is not judged, for nothing is prepared");
        }
        return moves::make(run, &options.move_to(active), ReadScope::Everything, of_move(report)).await;
    }
    if deploying.color == *active {
        return Err(is_active(&view, deploying.tracks, run.scope()));
    }
    prepare_and_move(run, &options, (&snapshot, &deploying, &objects, &compared), report).await
}

/// What goes with the switch is left to that.
async fn load_hooks(run: &Run, typed: &DeployHookArgs, options: &DeployOptions) -> Outcome<Hooks> {
    let around = &typed.around;
    let moves = !options.no_switch;
    if !moves && (around.before_switch.is_some() || around.after_switch.is_some()) {
        run.say("note: before-switch and after-switch run with the switch that follows, where they are said again");
    }
    let hooks = [
        (Moment::Migrate, typed.migrate.as_ref()),
        (Moment::BeforeSwitch, around.before_switch.as_ref().filter(|_| moves)),
        (Moment::AfterSwitch, around.after_switch.as_ref().filter(|_| moves)),
    ];
    Hooks::load(run, hooks, &options.service).await
}

/// What a deploy is made from: what was read, which color, the objects as they are, and those that its file has
/// besides.
type Basis<'b, 'v> = (&'b Snapshot, &'b Deploying<'v>, &'b Objects, &'b [Compared]);

async fn prepare_and_move(
    run: &Run,
    options: &DeployOptions,
    basis: Basis<'_, '_>,
    report: &mut Report<DeployMembers>,
) -> Outcome<()> {
    let (snapshot, deploying, objects, _) = basis;
    let movement = options.move_to(&deploying.color);
    let prepared = planning::prepare(deploying, objects, options)?;
    let world = planning::as_prepared(snapshot, &prepared)?;
    let tests = planning::tests_for(options, deploying.view.service, (prepared.as_slice(), &world))?;
    let views = views(&world, movement.track_key.as_deref());
    let mut moves = make_plan(run, &movement, &world, &views, false)?;
    if options.no_switch {
        leave_to_the_switch(&mut moves.findings);
    }
    let prepared = planning::sized(prepared, &moves, &views, options)?;
    let writes = planning::writes(&prepared, objects, snapshot, &deploying.exchange());
    if let Some(taken) = planning::autoscaler_taken(&writes, snapshot) {
        return Err(autoscaler_taken(taken, &deploying.color, run.scope()));
    }
    let plan = plan(basis, (prepared, writes, tests), (moves, &movement));
    let overdue = Overdue::of(run, snapshot, std::slice::from_ref(deploying.view), &plan.moves).await;
    let text = overdue.text() + &movement.hooks.text() + &text(&plan, options, basis, (&views, &world));
    show(run, &heading(run, &subjects_of(&movement.services)), &text, &plan.findings, 1);
    planned(&plan, &deploying.color, &movement, report);
    news::about(run, &plan.moves, &views);
    refuse(run, &plan, options)?;
    let what = if options.no_switch { "Prepare" } else { "Deploy" };
    let asked = question(&format!("{what} {} of service/{}", deploying.color, options.service), &plan.findings);
    match agree(run, &asked, movement.yes)? {
        Agreed::ToLook => {
            report.manifests = manifests::of(&plan, options, snapshot);
            would_have_been(run, &plan, options, report);
        }
        Agreed::ToRehearse => {
            rehearse(run, options, &rehearsed(&plan, &views, (&movement, options), &snapshot.namespace)).await?;
            would_have_been(run, &plan, options, report);
        }
        Agreed::ToWrite => release::release(run, options, (&plan, &views, &overdue), report).await?,
    }
    Ok(())
}

/// Stops where a finding blocks that isn't overridden, or where a hook's pods would get traffic.
fn refuse(run: &Run, plan: &DeployPlan, options: &DeployOptions) -> Outcome<()> {
    let next = |blocking: &[&_]| next_step::all_the_same(blocking, options, run.scope());
    refuse_blocked(&plan.findings, "deployed", next)?;
    let moves = || plan.moves.moves().map(|plan| &plan.movement);
    let selectors: Vec<_> = moves().flat_map(|one| [one.previous.clone(), one.selector.clone()]).collect();
    options.movement.hooks.would_not_serve(&selectors)
}

/// What the report says before anything is done.
fn planned(plan: &DeployPlan, color: &str, movement: &MoveOptions, report: &mut Report<DeployMembers>) {
    report.members.planned(color, &plan.prepared, &plan.writes);
    report.members.asked(&plan.tests);
    of_move(report).planned(&plan.moves, movement);
    report.findings.clone_from(&plan.findings);
}

/// Who would stay behind is a matter of the move, which judges it again.
fn leave_to_the_switch(findings: &mut [Finding]) {
    for finding in findings.iter_mut().filter(|finding| finding.id == ids::TWIN_SERVICE) {
        finding.severity = finding.severity.max(Severity::Warns);
    }
}

/// The plan with what its checks found, those of the move among them.
fn plan(
    (snapshot, deploying, _, compared): Basis<'_, '_>,
    (prepared, writes, tests): (Vec<crate::prepared::Prepared>, Vec<Change>, Vec<ForWorkload>),
    (moves, movement): (crate::plan::SwitchPlan, &MoveOptions),
) -> DeployPlan {
    let Deploying { view, tracks, color, .. } = deploying;
    let case = DeployCase { snapshot, view, tracks, color, prepared: &prepared, compared };
    let mut findings = checks(&case, &movement.weighing);
    findings.extend(moves.findings.iter().cloned());
    findings.sort_by_key(|finding| (finding.severity, finding.overridden));
    DeployPlan { prepared, writes, tests, moves, findings }
}

fn text(
    plan: &DeployPlan,
    options: &DeployOptions,
    basis: Basis<'_, '_>,
    (views, world): (&[ServiceView<'_>], &Snapshot),
) -> String {
    let (snapshot, deploying, ..) = basis;
    let mut lines = planning::lines(deploying, &plan.prepared, &plan.writes, snapshot);
    let required = plan.moves.moves().next().map_or(1, |plan| plan.required);
    let then = if options.no_switch { "" } else { ", then" };
    lines.push(format!("  wait for {required} ready pods of {}{then}", deploying.color));
    lines.extend(planning::tests_text(options, &plan.tests));
    lines.extend(options.switch_after.map(|pause| format!("  wait for {}, then", typed_duration(pause))));
    if !options.no_switch {
        lines.push(moves_text(&plan.moves, views, &world.pods));
    }
    lines.join("\n")
}

/// What a dry run says.
fn would_have_been(run: &Run, plan: &DeployPlan, options: &DeployOptions, report: &mut Report<DeployMembers>) {
    let mut lines: Vec<String> = plan.writes.iter().map(|write| would_be(run, &planning::said(write))).collect();
    if !options.no_switch {
        of_move(report).would_be(run, &plan.moves);
        lines.push(std::mem::take(&mut report.text));
    }
    report.text = lines.join("\n");
}

/// What a deploy would be refused is refused here, too.
async fn rehearse(run: &Run, options: &DeployOptions, writes: &[Change]) -> Outcome<()> {
    if options.tests.is_some() {
        apply::deploy::may_test(run).await?;
    }
    apply::rehearse(run, writes).await
}

/// All writes that a deploy would make.
fn rehearsed(
    plan: &DeployPlan,
    views: &[ServiceView<'_>],
    (movement, options): (&MoveOptions, &DeployOptions),
    namespace: &str,
) -> Vec<Change> {
    let moves = if options.no_switch { Vec::new() } else { MoveInProgress::all(&plan.moves, views, movement) };
    // What would be made first isn't there in a rehearsal.
    let is_there = |change: &&Change| change.creates() || !plan.makes(&change.object);
    let writes = plan.writes.iter().filter(is_there).cloned();
    let hooks = movement.hooks.rehearsed(namespace);
    writes.chain(moves.iter().map(MoveInProgress::change)).chain(hooks).collect()
}
