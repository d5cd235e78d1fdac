//! A move from reading to report: load, plan, check, agree, bring to size, write, prove.

use futures::future::join;
use release_cli::flags::DryRunFlag;
use release_cli::run::Run;
use release_cli::verb::{Agreed, agree, heading, question, refuse_blocked, show};
use release_core::checks::finding;
use release_core::command::Command;
use release_core::failure::{Failure, Outcome};
use release_core::release::change::Change;
use tokio::time::Instant;

use super::agreed::AgreedPlan;
use super::next_step::what_would_go_through;
use super::planning::{make_plan, views};
use super::report::MoveReport;
use super::rights::{by_route, may_move_all, rights, written_after_others};
use super::scaling;
use super::{expected, hooked};
use crate::apply::{self, EMPTIED, MoveInProgress};
use crate::checks::OF_OWNERS;
use crate::cleanup::overdue::Overdue;
use crate::news;
use crate::options::{MoveOptions, Verb};
use crate::plan::{self, SwitchPlan};
use crate::service_view::ServiceView;
use crate::snapshot::{ReadScope, Snapshot, load};

/// Makes a move.
///
/// # Errors
/// As the exit codes say.
pub async fn make(run: &Run, options: &MoveOptions, extent: ReadScope, mut report: MoveReport<'_>) -> Outcome<()> {
    let key = options.track_key.as_deref();
    let reading = run.within(load(&run.cluster, &options.services, options.looking(extent)));
    let needed = written_after_others(options, run);
    let (snapshot, rights) = join(reading, rights(run, needed)).await;
    let snapshot = snapshot?;
    let views = views(&snapshot, key);
    let plan = make_plan(run, options, &snapshot, &views, false)?;
    let overdue = due_before(run, options, Basis { snapshot: &snapshot, views: &views, plan: &plan }).await;
    let first = overdue.as_ref().map(Overdue::text).unwrap_or_default() + &options.hooks_text();
    let text = first + &plan::text(&plan, &views, &snapshot.pods);
    show(run, &heading(run, &plan::subjects_of(&options.services)), &text, &plan.findings, options.services.len());
    report.planned(&plan, options);
    news::about(run, &plan, &views);
    expected::holds(run, options, &snapshot, &views).await?;
    let basis = Basis { snapshot: &snapshot, views: &views, plan: &plan };
    if plan.moves().next().is_none() {
        return prove_what_stands(run, options, basis, &mut report).await;
    }
    refuse(run, options, &plan)?;
    may_move_all(&plan, &by_route(run, rights, &views).await, run)?;
    let agreed = agree(run, &question(&asked(&plan), &plan.findings), options.yes)?;
    Box::pin(carry_out(run, options, extent, (agreed, basis, overdue), &mut report)).await
}

/// Goes as far as was agreed to.
async fn carry_out(
    run: &Run,
    options: &MoveOptions,
    extent: ReadScope,
    (agreed, basis, overdue): (Agreed, Basis<'_>, Option<Overdue>),
    report: &mut MoveReport<'_>,
) -> Outcome<()> {
    let Basis { snapshot, views, plan } = basis;
    let sizes = scaling::changes(plan, views, snapshot);
    match agreed {
        Agreed::ToLook => report.would_be(run, plan),
        Agreed::ToRehearse => {
            if plan.moves().any(|plan| plan.movement.records().is_some()) {
                run.say("Route 53 has no dry run: its records were read, and the API server is asked about the rest");
            }
            apply::rehearse(run, &rehearsed(plan, views, (options, &snapshot.namespace), sizes)).await?;
            report.would_be(run, plan);
        }
        Agreed::ToWrite => {
            apply::may_judge(run, options).await?;
            in_time(run).inspect(|()| news::began(run, &plan.findings))?;
            let is_other = match overdue {
                Some(overdue) => overdue.take_down(run, options.looking(ReadScope::Everything)).await,
                None => false,
            };
            if plan.to_scale().next().is_some() {
                return scale_and_write(run, options, extent, (basis, &sizes), report).await;
            }
            if !options.yes || is_other || options.has_before_switch() {
                return write_agreed(run, options, extent, basis.agreed(), report).await;
            }
            return write_and_grow(run, options, basis, report).await;
        }
    }
    Ok(())
}

/// What is due is done first where there is time for it: by a switch, and not in an outage.
async fn due_before(run: &Run, options: &MoveOptions, basis: Basis<'_>) -> Option<Overdue> {
    if options.verb != Verb::Switch || options.only_checks {
        return None;
    }
    Some(Overdue::of(run, basis.snapshot, basis.views, basis.plan).await)
}

/// Whoever has no time left to see it arrive would have to take it back at once, and call it failed.
fn in_time(run: &Run) -> Outcome<()> {
    let failure =
        || Failure::out_of_time("out of time before anything was written").next("give it longer with --timeout");
    if run.left().is_zero() { Err(failure()) } else { Ok(()) }
}

/// What was brought to size is told, with its undo, where no move follows: it was written, whatever else
/// was not.
async fn scale_and_write(
    run: &Run,
    options: &MoveOptions,
    extent: ReadScope,
    (basis, sizes): (Basis<'_>, &[Change]),
    report: &mut MoveReport<'_>,
) -> Outcome<()> {
    let Basis { snapshot, views, plan } = basis;
    let mut written = Vec::new();
    let grown = scaling::bring_to_size(run, plan, views, (sizes, &mut written)).await;
    let made = match grown {
        Ok(()) => write_agreed(run, options, extent, basis.agreed(), report).await,
        Err(failure) => Err(failure),
    };
    let Err(failure) = made else { return Ok(()) };
    let written = scaling::still_so(run, written).await;
    let (serving, written) = scaling::serving_now(run, (plan, views), written).await;
    let failure = scaling::left_serving(&serving, failure);
    let of_service = |service: &str| {
        let own = scaling::of_service(plan, views, snapshot, service);
        written.iter().filter(|change| own.iter().any(|one| one.path == change.path)).cloned().collect()
    };
    let is_left = !written.is_empty() && report.left_scaled(of_service);
    Err(if is_left { scaling::left_scaled(&written, failure) } else { failure })
}

/// Stops where a blocking finding isn't overridden.
fn refuse(run: &Run, options: &MoveOptions, plan: &SwitchPlan) -> Outcome<()> {
    let next = |blocking: &[&finding::Finding]| what_would_go_through(blocking, plan, options, run.scope());
    refuse_blocked(&plan.findings, options.verb.past(), next)?;
    let moves = || plan.moves().map(|plan| &plan.movement);
    let selectors: Vec<_> = moves().flat_map(|one| [one.previous.clone(), one.selector.clone()]).collect();
    options.hooks_would_not_serve(&selectors)
}

fn asked(plan: &SwitchPlan) -> String {
    let moves: Vec<String> = plan.moves().map(|m| format!("service/{} to {}", m.service(), m.movement.to)).collect();
    format!("Switch {}", moves.join(", "))
}

/// All writes that a move would make.
fn rehearsed(
    plan: &SwitchPlan,
    views: &[ServiceView<'_>],
    (options, namespace): (&MoveOptions, &str),
    sizes: Vec<Change>,
) -> Vec<Change> {
    let moves = MoveInProgress::all(plan, views, options);
    let hooks = options.hooks_rehearsed(namespace);
    sizes.into_iter().chain(moves.iter().map(MoveInProgress::change)).chain(hooks).collect()
}

/// Pods took their time to start, or a person to answer: everything is read, planned and checked
/// anew, and has to be what was agreed to.
///
/// # Errors
/// As the exit codes say; 3 where it isn't.
pub async fn write_agreed(
    run: &Run,
    options: &MoveOptions,
    extent: ReadScope,
    agreed: AgreedPlan<'_>,
    report: &mut MoveReport<'_>,
) -> Outcome<()> {
    let key = options.track_key.as_deref();
    hooked::before_switch(run, options, extent, agreed).await?;
    let snapshot = run.within(load(&run.cluster, &options.services, options.looking(extent))).await?;
    let views = views(&snapshot, key);
    let status = || Command::new("kubectl bluegreen status").args(&options.services).scope(run.scope());
    let changed = |what: &str| Failure::changed(format!("{what} meanwhile; nothing was switched")).look(status());
    if let Some(what) = agreed.deployed_since(&snapshot, &views) {
        return Err(changed(&what));
    }
    let plan = make_plan(run, options, &snapshot, &views, true)?;
    expected::holds(run, options, &snapshot, &views).await?;
    if let Some(what) = agreed.moved_by_hand(&plan, &views) {
        return Err(changed(&what));
    }
    if agreed.is_reached(&plan, &views) {
        // Somebody else got there first, by the same words perhaps: it is proven as theirs.
        report.planned(&plan, options);
        return prove_what_stands(run, options, Basis { snapshot: &snapshot, views: &views, plan: &plan }, report)
            .await;
    }
    if let Some(what) = agreed.moved_since(&views) {
        return Err(changed(&what));
    }
    if !agreed.leads_as(&plan) {
        return Err(changed("someone else moved a Service"));
    }
    *report.findings = still_so(agreed.plan, &plan);
    if let Err(refused) = refuse(run, options, &plan) {
        run.say(&finding::lines(&plan.findings, run.look(options.services.len())));
        return Err(Failure { message: format!("not {}", options.verb.past()), ..refused });
    }
    write_and_grow(run, options, Basis { snapshot: &snapshot, views: &views, plan: &plan }, report).await
}

/// What the plan found, and what was known of who owns the sizes that have been written since: a field
/// that was written is ours, and no longer shows whose it was.
fn still_so(agreed: &SwitchPlan, plan: &SwitchPlan) -> Vec<finding::Finding> {
    let of_owners = agreed.findings.iter().filter(|f| OF_OWNERS.contains(&f.id) && !plan.findings.contains(f));
    let mut findings: Vec<finding::Finding> = plan.findings.iter().chain(of_owners).cloned().collect();
    findings.sort_by_key(|f| (f.severity, f.overridden));
    findings
}

/// With `--now`, a rollback goes to a color that has not its size yet: it gets it meanwhile.
async fn write_and_grow(
    run: &Run,
    options: &MoveOptions,
    basis: Basis<'_>,
    report: &mut MoveReport<'_>,
) -> Outcome<()> {
    if !options.now {
        return write(run, options, basis, report).await;
    }
    let growing = scaling::grow_meanwhile(run, basis.plan, basis.views, basis.snapshot);
    join(write(run, options, basis, report), growing).await.0
}

/// What the moves are written from.
#[derive(Debug, Clone, Copy)]
struct Basis<'a> {
    snapshot: &'a Snapshot,
    views: &'a [ServiceView<'a>],
    plan: &'a SwitchPlan,
}

impl<'a> Basis<'a> {
    fn agreed(self) -> AgreedPlan<'a> {
        AgreedPlan::as_shown(self.plan, self.snapshot, self.views)
    }
}

async fn write(run: &Run, options: &MoveOptions, basis: Basis<'_>, report: &mut MoveReport<'_>) -> Outcome<()> {
    let Basis { snapshot, views, plan } = basis;
    // What is written already goes along: it is proven, and taken back, with the rest.
    let mut moves = MoveInProgress::begun(plan, views, options);
    moves.extend(MoveInProgress::all(plan, views, options));
    let plans = || plan.begun().chain(plan.moves());
    // Before the first write, so that an interrupted run's document is as true as any.
    report.ended(run, plans(), &moves, None);
    let reached = apply::apply(run, snapshot, &moves, options.take_back).await;
    report.ended(run, plans(), &moves, reached.as_deref().ok());
    report.weakened(&moves);
    reached?;
    report.done(&moves, options);
    prove_what_stands(run, options, basis, report).await
}

/// What is so already is proven, too: a run that was not proven is finished, and what was must be served.
async fn prove_what_stands(
    run: &Run,
    options: &MoveOptions,
    basis: Basis<'_>,
    report: &mut MoveReport<'_>,
) -> Outcome<()> {
    let Basis { snapshot, views, plan } = basis;
    if plan.unfinished_alone().next().is_some() {
        refuse(run, options, plan)?;
    }
    if run.dry_run != DryRunFlag::None {
        return plan.unserved(EMPTIED).map_or(Ok(()), Err);
    }
    let unfinished = MoveInProgress::unfinished(plan, views, options);
    if !unfinished.is_empty() {
        report.ended(run, plan.unfinished_alone(), &unfinished, None);
        let reached = apply::finish(run, snapshot, &unfinished, options.take_back, Instant::now()).await;
        report.ended(run, plan.unfinished_alone(), &unfinished, reached.as_deref().ok());
        report.weakened(&unfinished);
        reached?;
        report.done(&unfinished, options);
    }
    if let Some(unserved) = plan.unserved(EMPTIED) {
        return Err(unserved);
    }
    let staying = |view: &&ServiceView<'_>| plan.services.iter().any(|planned| planned.stays(view.name()));
    for view in views.iter().filter(staying) {
        apply::stands(run, snapshot, view).await?;
    }
    hooked::tidied(run, options).await;
    Ok(())
}
