//! `deploy`: prepare the idle color, and move the Service to it; or those of several Services, as one release.

mod admitted;
mod compare;
mod manifests;
mod next_step;
mod pause;
mod planned;
mod pod_tests;
mod preparing;
mod release;
mod resolved;
mod vetted;

use futures::future::try_join;
use release_cli::report::Report;
use release_cli::run::Run;
use release_cli::verb::{Agreed, agree, heading, question, refuse_blocked, show, would_be};
use release_core::failure::Outcome;
use release_core::release::change::Change;

use super::objects;
use crate::apply::{self, MoveInProgress};
use crate::cleanup::overdue::Overdue;
use crate::moves::{self, views};
use crate::news;
use crate::options::MoveOptions;
use crate::options::deploy::DeployOptions;
use crate::options::document::Release;
use crate::options::release::ReleaseOptions;
use crate::plan::deploy::{self as planning, DeployPlan, Deploying, Objects};
use crate::plan::subjects_of;
use crate::refusal::deploying::{is_active, live_and_smaller};
use crate::report::deploy_document::{DeployMembers, of_move};
use crate::service_view::ServiceView;
use crate::snapshot::{ReadScope, load};
use planned::{Basis, Part, plan, text};
use resolved::{resolved, with_images};

/// Runs the verb.
///
/// # Errors
/// As the exit codes say.
pub async fn run(run: &Run, asked: Release, report: &mut Report<DeployMembers>) -> Outcome<()> {
    let Release { parts, others, typed } = asked;
    let options = resolved(run, parts, &typed).await?;
    let whole = &options.whole;
    let looking = whole.looking(ReadScope::Everything);
    let snapshot = run.within(load(&run.cluster, &whole.services, looking)).await?;
    let views = views(&snapshot, whole.track_key.as_deref());
    let chosen = options.parts.iter().zip(&views).map(|(part, view)| planning::choose(&snapshot, view, part));
    let deploying = chosen.collect::<Outcome<Vec<_>>>()?;
    let (copied, changed): (Vec<_>, Vec<_>) = deploying.iter().map(Deploying::workloads).unzip();
    let (copied, changed) = (copied.concat(), changed.concat());
    let compare = async { Ok(compare::compare(&run.cluster, &others).await) };
    let (objects, compared) = run
        .within(async { try_join(objects::read(&run.cluster, &snapshot, &copied, &changed), compare).await })
        .await?;
    let options = with_images(run, options, (&deploying, &objects)).await?;
    let (mut parts, mut colors) = (Vec::new(), Vec::new());
    for (part, one) in options.parts.iter().zip(&deploying) {
        let is_live = is_live(run, (&options, part), one, &objects)?;
        colors.push(if is_live { one.tracks.active.as_str() } else { one.color.as_str() });
        parts.extend((!is_live).then_some(Part { options: part, deploying: one }));
    }
    let movement = options.move_to(colors.into_iter());
    if parts.is_empty() {
        if !compared.is_empty() {
            run.say("what else the file holds is not judged, for nothing is prepared");
        }
        return moves::make(run, &movement, ReadScope::Everything, of_move(report)).await;
    }
    let basis = Basis { snapshot: &snapshot, views: &views, parts, objects: &objects, compared: &compared };
    Box::pin(prepare_and_move(run, (&options, &movement), &basis, report)).await
}

/// True where the active color has what is asked for: nothing is prepared.
fn is_live(
    run: &Run,
    (options, part): (&ReleaseOptions, &DeployOptions),
    one: &Deploying<'_>,
    objects: &Objects,
) -> Outcome<bool> {
    let active = &one.tracks.active;
    let to_active = part.to.as_ref().is_none_or(|to| to == active);
    if !to_active || !planning::runs_already(one, objects, part)? {
        let is_other = one.color != *active;
        return if is_other { Ok(false) } else { Err(is_active(one.view, one.tracks, run.scope())) };
    }
    if let Some(size) = part.replicas.filter(|size| planning::is_smaller(one, *size)) {
        return Err(live_and_smaller(one.view, one.tracks, size, run.scope()));
    }
    let lead = if options.is_of_one() { String::new() } else { format!("service/{}: ", part.service) };
    run.say(&format!("{lead}{active} has these images already"));
    Ok(true)
}

async fn prepare_and_move(
    run: &Run,
    (options, movement): (&ReleaseOptions, &MoveOptions),
    basis: &Basis<'_>,
    report: &mut Report<DeployMembers>,
) -> Outcome<()> {
    let prepared = basis.prepared()?;
    let world = planning::as_prepared(basis.snapshot, &prepared.concat())?;
    let views = views(&world, movement.track_key.as_deref());
    let prepared = vetted::vetted(run, basis, prepared).await?;
    let plan = plan(run, (options, movement), basis, (prepared, &world, &views))?;
    let overdue = Overdue::of(run, basis.snapshot, basis.views, &plan.moves).await;
    let text = overdue.text() + &movement.hooks_text() + &text(&plan, options, basis, (&views, &world));
    show(run, &heading(run, &subjects_of(&movement.services)), &text, &plan.findings, options.parts.len());
    planned(&plan, (options, movement), report);
    news::about(run, &plan.moves, &views);
    refuse(run, &plan, (options, movement))?;
    let what = if options.no_switch { "Prepare" } else { "Deploy" };
    let asked = question(&format!("{what} {}", planning::colors_of(&plan.parts)), &plan.findings);
    match agree(run, &asked, movement.yes)? {
        Agreed::ToLook => {
            report.manifests = manifests::of(&plan, options, basis.snapshot);
            would_have_been(run, &plan, options, report);
        }
        Agreed::ToRehearse => {
            let writes = rehearsed(&plan, &views, (movement, options), &basis.snapshot.namespace);
            rehearse(run, options, &writes).await?;
            would_have_been(run, &plan, options, report);
        }
        Agreed::ToWrite => release::release(run, (options, movement), (&plan, &views, &overdue), report).await?,
    }
    Ok(())
}

/// Stops where a finding blocks that isn't overridden, or where a hook's pods would get traffic.
fn refuse(run: &Run, plan: &DeployPlan, (options, movement): (&ReleaseOptions, &MoveOptions)) -> Outcome<()> {
    let next = |blocking: &[&_]| next_step::all_the_same(blocking, options, run.scope());
    refuse_blocked(&plan.findings, "deployed", next)?;
    let moves = || plan.moves.moves().map(|plan| &plan.movement);
    let selectors: Vec<_> = moves().flat_map(|one| [one.previous.clone(), one.selector.clone()]).collect();
    movement.hooks_would_not_serve(&selectors)
}

/// What the report says before anything is done.
fn planned(
    plan: &DeployPlan,
    (options, movement): (&ReleaseOptions, &MoveOptions),
    report: &mut Report<DeployMembers>,
) {
    let color = plan.parts.first().filter(|_| options.is_of_one()).map(|part| part.color.as_str());
    report.members.planned(color, plan);
    of_move(report).planned(&plan.moves, movement);
    report.findings.clone_from(&plan.findings);
}

/// What a dry run says.
fn would_have_been(run: &Run, plan: &DeployPlan, options: &ReleaseOptions, report: &mut Report<DeployMembers>) {
    let mut lines: Vec<String> = plan.writes().map(|write| would_be(run, &planning::said(write))).collect();
    if !options.no_switch {
        of_move(report).would_be(run, &plan.moves);
        lines.push(std::mem::take(&mut report.text));
    }
    report.text = lines.join("\n");
}

/// What a deploy would be refused is refused here, too.
async fn rehearse(run: &Run, options: &ReleaseOptions, writes: &[Change]) -> Outcome<()> {
    if options.parts.iter().any(|part| part.tests.is_some()) {
        apply::deploy::may_test(run).await?;
    }
    apply::rehearse(run, writes).await
}

/// All writes that a deploy would make.
fn rehearsed(
    plan: &DeployPlan,
    views: &[ServiceView<'_>],
    (movement, options): (&MoveOptions, &ReleaseOptions),
    namespace: &str,
) -> Vec<Change> {
    let moves = if options.no_switch { Vec::new() } else { MoveInProgress::all(&plan.moves, views, movement) };
    // What would be made first isn't there in a rehearsal.
    let is_there = |change: &&Change| change.creates() || !plan.makes(&change.object);
    let writes = plan.writes().filter(is_there).cloned();
    let hooks = movement.hooks_rehearsed(namespace);
    writes.chain(moves.iter().map(MoveInProgress::change)).chain(hooks).collect()
}
