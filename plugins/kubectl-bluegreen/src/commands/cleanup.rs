//! `cleanup`: take the idle color down once its retention has passed.

mod asked;
mod brought_back;
mod budgets;
mod decision;
mod due;
mod gone;
mod hindrance;
mod judge;
mod look;
mod overtaken;
mod put_back;
mod refused;
mod removal;
mod retention;
mod seen;
mod take_down;

use std::collections::BTreeSet;

use release_cli::flags::DryRunFlag;
use release_cli::report::Report;
use release_cli::run::Run;
use release_cli::verb::{Agreed, agree, heading};
use release_core::command::Command;
use release_core::failure::{Failure, Next, Outcome};

use crate::apply::rehearse;
use crate::args::CleanupArgs;
use crate::names::service_names;
use crate::news;
use crate::plan::subjects_of;
use crate::report::cleanup_document::CleanupMembers;
use decision::{Decision, Kept};
use due::Due;
use look::{Judged, look};
use removal::Removal;
use take_down::TakeDown;

/// Runs the verb.
///
/// # Errors
/// Exit 1 where a color isn't idle or not due, 3 where something changed meanwhile, 4 where a
/// budget would not hold or pods stay.
pub async fn run(run: &Run, args: &CleanupArgs, report: &mut Report<CleanupMembers>) -> Outcome<()> {
    let Due { names, kept } = if args.due { run.within(due::services(run)).await? } else { named(args)? };
    let Judged { decisions, unread } = look(run, args, &names).await?;
    let decisions: Vec<Decision> = kept.into_iter().map(Decision::Kept).chain(decisions).collect();
    if decisions.is_empty() {
        report.text = "nothing is due".into();
        return Ok(());
    }
    show(run, &names, &decisions, report);
    for what in unread {
        run.say(&format!("? not checked  {what}"));
    }
    let removals: Vec<&Removal> = decisions.iter().filter_map(Decision::removal).collect();
    if removals.is_empty() {
        return refusal(run, &decisions, args.due);
    }
    news::about_removals(run, removals.iter().map(|one| (one.service.as_str(), one.color.as_str())));
    match agree(run, &format!("Take down {}?", names_of(&removals)), args.write.yes)? {
        Agreed::ToLook => return Ok(()),
        Agreed::ToRehearse => {
            let changes: Vec<_> = removals.iter().flat_map(|removal| removal.writes().cloned()).collect();
            return rehearse(run, &changes).await;
        }
        Agreed::ToWrite => news::began(run, &[]),
    }
    take_all_down(run, args, &removals, report).await?;
    refusal(run, &decisions, args.due)
}

/// The Services that were named.
fn named(args: &CleanupArgs) -> Outcome<Due> {
    Ok(Due { names: service_names(&args.services)?, kept: Vec::new() })
}

/// Where all that is due was asked for, one color that can't go is no reason to keep the others.
async fn take_all_down(
    run: &Run,
    args: &CleanupArgs,
    removals: &[&Removal],
    report: &mut Report<CleanupMembers>,
) -> Outcome<()> {
    let mut take_down = TakeDown { run, args, written: BTreeSet::new() };
    let mut first_failure = None;
    for removal in removals {
        match take_down.one(removal, report).await {
            Ok(()) => {}
            Err(failure) if args.due => {
                run.progress.step("failed", &failure.message);
                first_failure.get_or_insert(failure);
            }
            Err(failure) => return Err(failure),
        }
    }
    first_failure.map_or(Ok(()), Err)
}

fn show(run: &Run, names: &[String], decisions: &[Decision], report: &mut Report<CleanupMembers>) {
    if !names.is_empty() {
        run.say(&heading(run, &subjects_of(names)));
    }
    for decision in decisions {
        run.say(&decision.line());
        report.members.services.push(decision.entry());
    }
    report.names = names.iter().map(|name| format!("service/{name}")).collect();
    if run.dry_run != DryRunFlag::None {
        let removals = decisions.iter().filter_map(Decision::removal);
        let lines = removals.map(|r| format!("{} of service/{} taken down (dry run)", r.color, r.service));
        report.text = lines.collect::<Vec<_>>().join("\n");
    }
}

/// Nothing to take down is done, unless a color was kept back that was asked for: by name, or because
/// its retention has passed.
fn refusal(run: &Run, decisions: &[Decision], due: bool) -> Outcome<()> {
    let kept: Vec<&Kept> = decisions.iter().filter_map(Decision::kept).filter(|kept| !due || kept.due).collect();
    let Some(first) = kept.iter().find(|kept| kept.next.is_some()).or(kept.first()) else { return Ok(()) };
    let none = decisions.iter().all(|decision| decision.removal().is_none());
    let mut text = if none { "nothing was taken down" } else { "not everything was taken down" }.to_owned();
    if due {
        // Nobody watches a nightly run: what is kept stands in its last words.
        let sentences = kept.iter().map(|kept| format!("\n{}", kept.in_full()));
        text.extend(sentences);
    }
    let status = || Command::new("kubectl bluegreen status").arg(&first.service).scope(run.scope());
    let next = match &first.next {
        Some(command) => Some(Next::Try(vec![command.clone()], None)),
        None => Some(Next::Look(status(), None)),
    };
    Err(Failure { next, ..Failure::failed("Kept", text) })
}

fn names_of(removals: &[&Removal]) -> String {
    removals.iter().map(|r| format!("{} of service/{}", r.color, r.service)).collect::<Vec<_>>().join(", ")
}
