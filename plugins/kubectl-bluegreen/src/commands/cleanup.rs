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
mod place;
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
use release_cli::verb::{Agreed, agree};
use release_core::command::Command;
use release_core::failure::{Failure, Next, Outcome};

use crate::apply::rehearse;
use crate::args::CleanupArgs;
use crate::names::service_names;
use crate::news;
use crate::report::cleanup_document::CleanupMembers;
use decision::{Decision, Kept};
use due::Due;
use place::Place;
use removal::Removal;
use take_down::TakeDown;

/// Runs the verb.
///
/// # Errors
/// Exit 1 where a color isn't idle or not due, 3 where something changed meanwhile, 4 where a
/// budget would not hold or pods stay.
pub async fn run(run: &Run, args: &CleanupArgs, report: &mut Report<CleanupMembers>) -> Outcome<()> {
    let mut places = Vec::new();
    for (run, due) in asked_for(run, args).await? {
        places.push(Place::look(run, args, due).await?);
    }
    if places.iter().all(|place| place.decisions.is_empty()) {
        report.text = "nothing is due".into();
        return Ok(());
    }
    places.iter().for_each(|place| place.show(args.all_namespaces, report));
    if run.dry_run != DryRunFlag::None {
        let lines = removals(&places).map(|(place, r)| format!("{} taken down (dry run)", place.named(args, r)));
        report.text = lines.collect::<Vec<_>>().join("\n");
    }
    if removals(&places).next().is_none() {
        return refusal(&places, args);
    }
    news::about_removals(run, removals(&places).map(|(_, one)| (one.service.as_str(), one.color.as_str())));
    let names: Vec<String> = removals(&places).map(|(place, removal)| place.named(args, removal)).collect();
    match agree(run, &format!("Take down {}?", names.join(", ")), args.write.yes)? {
        Agreed::ToLook => return Ok(()),
        Agreed::ToRehearse => {
            let changes: Vec<_> = removals(&places).flat_map(|(_, removal)| removal.writes().cloned()).collect();
            return rehearse(run, &changes).await;
        }
        Agreed::ToWrite => news::began(run, &[]),
    }
    take_all_down(args, &places, report).await?;
    refusal(&places, args)
}

/// The Services that were named, or that are due, each namespace with a run of its own.
async fn asked_for(run: &Run, args: &CleanupArgs) -> Outcome<Vec<(Run, Due)>> {
    if !args.due {
        let due = Due { names: service_names(&args.services)?, kept: Vec::new() };
        return Ok(vec![(run.in_namespace(&run.cluster.namespace), due)]);
    }
    let due = run.within(due::services(run, args.all_namespaces)).await?;
    Ok(due.into_iter().map(|(namespace, due)| (run.in_namespace(&namespace), due)).collect())
}

fn removals(places: &[Place]) -> impl Iterator<Item = (&Place, &Removal)> {
    places.iter().flat_map(|place| place.decisions.iter().filter_map(move |d| Some((place, d.removal()?))))
}

/// Where all that is due was asked for, one color that can't go is no reason to keep the others.
async fn take_all_down(args: &CleanupArgs, places: &[Place], report: &mut Report<CleanupMembers>) -> Outcome<()> {
    let mut first_failure = None;
    for place in places {
        let mut take_down = TakeDown { run: &place.run, args, written: BTreeSet::new() };
        for removal in place.decisions.iter().filter_map(Decision::removal) {
            match take_down.one(removal, report).await {
                Ok(()) => {}
                Err(failure) if args.due => {
                    place.run.progress.step("failed", &failure.message);
                    first_failure.get_or_insert(failure);
                }
                Err(failure) => return Err(failure),
            }
        }
    }
    first_failure.map_or(Ok(()), Err)
}

/// Nothing to take down is done, unless a color was kept back that was asked for: by name, or because
/// its retention has passed.
fn refusal(places: &[Place], args: &CleanupArgs) -> Outcome<()> {
    let all = places.iter().flat_map(|place| place.decisions.iter().filter_map(move |d| Some((place, d.kept()?))));
    let kept: Vec<(&Place, &Kept)> = all.filter(|(_, kept)| !args.due || kept.due).collect();
    let Some((place, first)) = kept.iter().find(|(_, kept)| kept.next.is_some()).or(kept.first()) else {
        return Ok(());
    };
    let none = removals(places).next().is_none();
    let mut text = if none { "nothing was taken down" } else { "not everything was taken down" }.to_owned();
    if args.due {
        // Nobody watches a nightly run: what is kept stands in its last words.
        text.extend(kept.iter().map(|(place, kept)| format!("\n{}{}", place.lead(args), kept.in_full())));
    }
    let scope = place.run.scope();
    let status = || Command::new("kubectl bluegreen status").arg(&first.service).scope(scope);
    let next = match &first.next {
        Some(command) => Some(Next::Try(vec![command.clone()], None)),
        None => Some(Next::Look(status(), None)),
    };
    Err(Failure { next, ..Failure::failed("Kept", text) })
}
