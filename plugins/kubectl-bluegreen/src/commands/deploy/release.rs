//! Writing what was agreed to: the colors, and once they are ready and have passed their tests, the move.

use futures::future::join_all;
use release_cli::report::Report;
use release_cli::run::Run;
use release_core::command::Command;
use release_core::duration::typed_duration;
use release_core::failure::{Exit, Failure, Next, Outcome};
use release_core::release::change::Change;
use release_core::release::pod_tests::Covered;
use release_core::traffic::selector::{Color, Tracks};

use super::next_step::again;
use super::pause::pause;
use super::pod_tests::{tested, with_way_down};
use super::preparing::{Preparing, prepare};
use super::vetted::still_vetted;
use crate::apply;
use crate::cleanup::overdue::Overdue;
use crate::fingerprint::Fingerprint;
use crate::moves::{self, AgreedPlan};
use crate::news;
use crate::options::release::ReleaseOptions;
use crate::options::{MoveOptions, RETAINED, VerifyFor};
use crate::plan::deploy::{DeployPlan, Preparation};
use crate::plan::tracks_of;
use crate::report::deploy_document::{DeployMembers, ReadyColor, of_move};
use crate::report::move_document::MoveEntry;
use crate::service_view::ServiceView;
use crate::snapshot::{ReadScope, Snapshot, load};

/// What a release is asked to be, and its move.
type Asked<'a> = (&'a ReleaseOptions, &'a MoveOptions);

/// Prepares the colors, waits for them, and moves the Services. What was prepared for a move that was not made is
/// told: it is left, for a look.
///
/// # Errors
/// As the exit codes say.
pub async fn release(
    run: &Run,
    (options, movement): Asked<'_>,
    (plan, views, overdue): (&DeployPlan, &[ServiceView<'_>], &Overdue),
    report: &mut Report<DeployMembers>,
) -> Outcome<()> {
    if plan.moves.moves().next().is_none() {
        return Ok(());
    }
    may_release(run, (options, movement), (plan, views)).await?;
    let all = Preparing::all(options, plan, views)?;
    news::began(run, &plan.findings);
    overdue.take_down(run, movement.looking(ReadScope::Everything)).await;
    let mut written = Vec::new();
    let note = |change: &Change| {
        report.members.wrote(change);
        written.push(change.clone());
    };
    let ready = Box::pin(prepare(run, options, (plan, &all), note)).await;
    let ended = match ready {
        Ok(()) => Box::pin(go_on(run, (options, movement), (plan, views, &all), report)).await,
        Err(failure) => Err(failure),
    };
    let Err(failure) = ended else { return Ok(()) };
    if !report.members.services.iter().all(MoveEntry::is_untouched) {
        return Err(failure);
    }
    let others = changed_since(run, &written).await;
    others.iter().for_each(|change| report.members.has_no_undo(change));
    let then = if failure.exit == Exit::RolledBack {
        // The same words are refused until something else is deployed.
        let service = movement.services.first().map(String::as_str).unwrap_or_default();
        let history = Command::new("kubectl bluegreen history").arg(service).scope(run.scope());
        Next::Look(history, Some(format!("then deploy what mends {}", plan.colors())))
    } else {
        again(options, &format!("goes on with {}", plan.colors()), run.scope())
    };
    let live = live(run, movement, (plan, &written)).await;
    live.iter().for_each(|change| report.members.has_no_undo(change));
    let failure = left(failure, (&written, &others, &live), then);
    Err(all.iter().fold(failure, |failure, one| with_way_down(failure, one, run.scope())))
}

/// Nothing is prepared for what may not be done.
async fn may_release(
    run: &Run,
    (options, movement): Asked<'_>,
    (plan, views): (&DeployPlan, &[ServiceView<'_>]),
) -> Outcome<()> {
    if !options.no_switch {
        let rights = moves::rights(run, &movement.services).await;
        moves::may_move_all(&plan.moves, &moves::by_route(run, rights, views).await, run)?;
    }
    if options.parts.iter().any(|part| part.tests.is_some()) {
        apply::deploy::may_test(run).await?;
    }
    if options.no_switch { Ok(()) } else { apply::may_judge(run, movement).await }
}

/// Tests, where there are any, and then the move, or what stands for it.
async fn go_on(
    run: &Run,
    (options, movement): Asked<'_>,
    (plan, views, all): (&DeployPlan, &[ServiceView<'_>], &[Preparing<'_>]),
    report: &mut Report<DeployMembers>,
) -> Outcome<()> {
    let mut waited = false;
    let then = async |covered: Vec<Option<Covered>>, report: &mut Report<DeployMembers>| {
        if !std::mem::replace(&mut waited, true) {
            pause(run, options, &plan.colors()).await?;
        }
        still_vetted(run, options, all).await?;
        if options.no_switch {
            print_fingerprints(run, (options, movement), (all, covered), report).await
        } else {
            Box::pin(switch(run, movement, (plan, views, covered), report)).await
        }
    };
    tested(run, options, (plan, all), report, then).await
}

/// Writes that somebody has changed since: to take them back would take back what is theirs.
async fn changed_since<'c>(run: &Run, written: &'c [Change]) -> Vec<&'c Change> {
    let looked = join_all(written.iter().map(|change| apply::deploy::is_as_written(run, change))).await;
    written.iter().zip(looked).filter_map(|(change, is_so)| (!is_so).then_some(change)).collect()
}

/// The same way as any switch, from a fresh look: what is ready has to be what was asked for.
async fn switch(
    run: &Run,
    movement: &MoveOptions,
    (plan, views, covered): (&DeployPlan, &[ServiceView<'_>], Vec<Option<Covered>>),
    report: &mut Report<DeployMembers>,
) -> Outcome<()> {
    let mut movement = MoveOptions { yes: true, ..movement.clone() };
    for (own, covered) in plan.parts.iter().zip(covered) {
        expect(&mut movement, own, covered);
    }
    let before = report.findings.clone();
    let agreed = AgreedPlan::to(&plan.moves, views);
    let ended = moves::write_agreed(run, &movement, ReadScope::Everything, agreed, &mut of_move(report)).await;
    let of_deploy = before.into_iter().filter(|finding| !plan.moves.findings.contains(finding));
    let lost: Vec<_> = of_deploy.filter(|finding| !report.findings.contains(finding)).collect();
    report.findings.extend(lost);
    report.findings.sort_by_key(|finding| (finding.severity, finding.overridden));
    ended
}

/// What was written to colors to which somebody else has moved their Services.
async fn live<'c>(run: &Run, movement: &MoveOptions, (plan, written): (&DeployPlan, &'c [Change])) -> Vec<&'c Change> {
    let looking = movement.looking(ReadScope::Colors);
    let Ok(snapshot) = load(&run.cluster, &movement.services, looking).await else { return Vec::new() };
    let views = moves::views(&snapshot, movement.track_key.as_deref());
    let is_on = |own: &&Preparation| tracks_of(&views, &own.service).is_some_and(|tracks| tracks.active == own.color);
    let (on, off): (Vec<&Preparation>, Vec<&Preparation>) = plan.parts.iter().partition(is_on);
    // What is of none alone, such as an autoscaler, is taken for live as soon as one is.
    let is_of_another =
        |change: &&Change| off.iter().flat_map(|own| &own.prepared).any(|one| one.reference() == change.object);
    written.iter().filter(|change| !on.is_empty() && !is_of_another(change)).collect()
}

/// The color has to be what was prepared, in the pods that were tested.
fn expect(movement: &mut MoveOptions, own: &Preparation, covered: Option<Covered>) {
    let images = own
        .prepared
        .iter()
        .map(|one| (one.reference(), one.containers().into_iter().map(|container| container.image).collect()));
    let one = match movement.parts.iter_mut().find(|part| part.services.contains(&own.service)) {
        Some(part) => part,
        None => movement,
    };
    (one.yes, one.expect, one.tested) = (true, Some(Fingerprint::of_images(images)), covered);
}

/// What is ready now, for whoever tests it and for the switch that follows.
async fn print_fingerprints(
    run: &Run,
    (options, movement): Asked<'_>,
    (all, covered): (&[Preparing<'_>], Vec<Option<Covered>>),
    report: &mut Report<DeployMembers>,
) -> Outcome<()> {
    let looking = movement.looking(ReadScope::Colors);
    let snapshot = run.within(load(&run.cluster, &movement.services, looking)).await?;
    let views = moves::views(&snapshot, movement.track_key.as_deref());
    let mut ready = Vec::new();
    for (one, covered) in all.iter().zip(&covered) {
        ready.push(fingerprint(run, (&snapshot, &views), one, covered.as_ref()).await?);
    }
    let said = |one: &ReadyColor| format!("{} of service/{} is ready\n{}", one.color, one.service, one.fingerprint);
    report.text = ready.iter().map(said).collect::<Vec<_>>().join("\n");
    for one in &ready {
        let own = movement.of(&one.service);
        run.say(&format!("Next: {}", next_switch(one, own).scope(run.scope())));
        if !own.analysis.is_empty() {
            let (color, ways) = (&one.color, "--analysis or --compare there, or the same words without --no-switch");
            run.say(&format!("! analysis  what judges {color} by numbers is asked once it serves: {ways}"));
        }
    }
    match ready.pop() {
        Some(only) if options.is_of_one() => report.members.fingerprint = Some(only.fingerprint),
        last => report.members.fingerprints = ready.into_iter().chain(last).collect(),
    }
    Ok(())
}

/// The move to a color that is ready, proven and kept as it was asked for.
fn next_switch(ready: &ReadyColor, own: &MoveOptions) -> Command {
    let switch = Command::new("kubectl bluegreen switch").arg(&ready.service).flag("--to", &ready.color);
    let switch = match own.verify_for {
        VerifyFor::Typed(time) => switch.option("--verify-for", &typed_duration(time)),
        VerifyFor::Usual { .. } => switch,
    };
    let switch = if own.retain == RETAINED { switch } else { switch.option("--retain", &typed_duration(own.retain)) };
    let hooks = own.hooks.typed().map(|(moment, hook)| format!("--{moment}={hook}"));
    switch.args(hooks).option("--expect", &ready.fingerprint)
}

/// What a color is now.
async fn fingerprint(
    run: &Run,
    (snapshot, views): (&Snapshot, &[ServiceView<'_>]),
    one: &Preparing<'_>,
    covered: Option<&Covered>,
) -> Outcome<ReadyColor> {
    let (service, to) = (&one.plan.service, &one.plan.color);
    let found: Option<(&Tracks, &Color)> =
        tracks_of(views, service).and_then(|tracks| Some((tracks, tracks.color(to)?)));
    let Some((tracks, color)) = found else { return Err(Failure::changed(format!("{to} is gone"))) };
    if let Some(covered) = covered {
        moves::all_tested(covered, (tracks, color.name.as_str()), snapshot)?;
    }
    let fingerprint = moves::now(run, snapshot, tracks, color).await?.to_string();
    Ok(ReadyColor { service: service.clone(), color: to.clone(), fingerprint })
}

/// What was prepared stays, for a look; the same words go on with it.
fn left(failure: Failure, (written, others, live): (&[Change], &[&Change], &[&Change]), again: Next) -> Failure {
    let told = written.iter().map(|change| {
        let undo = change.undo.as_ref().map(|undo| format!("; undo: {undo}")).unwrap_or_default();
        let then = match (others.contains(&change), live.contains(&change)) {
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
