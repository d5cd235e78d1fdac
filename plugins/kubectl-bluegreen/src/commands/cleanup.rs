//! `cleanup`: take the idle color down once its retention has passed.

mod contract;

use std::collections::BTreeSet;

use release_cli::flags::DryRunFlag;
use release_cli::report::Report;
use release_cli::run::Run;
use release_cli::verb::{Agreed, agree};
use release_core::command::Command;
use release_core::failure::{Failure, Next, Outcome};

use crate::apply::rehearse;
use crate::args::CleanupArgs;
use crate::cleanup::decision::{Decision, Kept};
use crate::cleanup::due::{Due, services};
use crate::cleanup::left_preview::Unexposed;
use crate::cleanup::place::Place;
use crate::cleanup::removal::Removal;
use crate::cleanup::take_down::TakeDown;
use crate::cleanup::unexposed::take_away;
use crate::hooks;
use crate::names::service_names;
use crate::news;
use crate::report::cleanup_document::CleanupMembers;
use contract::Contract;

/// Runs the verb.
///
/// # Errors
/// Exit 1 where a color isn't idle or not due, 3 where something changed meanwhile, 4 where a
/// budget would not hold or pods stay.
pub async fn run(run: &Run, args: &CleanupArgs, report: &mut Report<CleanupMembers>) -> Outcome<()> {
    let Some(contract) = Contract::load(run, args).await? else { return Box::pin(clean_up(run, args, report)).await };
    // Other colors are none of it: they neither go with it nor keep it from being run.
    let args = CleanupArgs { color: Some(contract.left(run, args).await?), ..args.clone() };
    Box::pin(clean_up(run, &args, report)).await?;
    Box::pin(contract.run(run, &args, report)).await
}

async fn clean_up(run: &Run, args: &CleanupArgs, report: &mut Report<CleanupMembers>) -> Outcome<()> {
    let mut places = Vec::new();
    for (run, due) in asked_for(run, args).await? {
        places.push(Place::look(run, args, due).await?);
    }
    if places.iter().all(|place| place.decisions.is_empty()) {
        report.text = if args.preview { "no preview is there" } else { "nothing is due" }.into();
        return Ok(());
    }
    places.iter().for_each(|place| place.show(args.all_namespaces, report));
    if run.dry_run != DryRunFlag::None {
        let lines = removals(&places).map(|(place, r)| format!("{} taken down (dry run)", place.named(args, r)));
        let previews = unexposed(&places).map(|(_, one)| format!("{} removed (dry run)", one.change.object));
        report.text = lines.chain(previews).collect::<Vec<_>>().join("\n");
    }
    let names: Vec<String> = named(&places, args);
    if names.is_empty() {
        return refusal(&places, args);
    }
    news::about_removals(run, removals(&places).map(|(_, one)| (one.service.as_str(), one.color.as_str())));
    match agree(run, &format!("Take down {}?", names.join(", ")), args.write.yes)? {
        Agreed::ToLook => return refusal(&places, args),
        Agreed::ToRehearse => {
            let colors = removals(&places).flat_map(|(_, removal)| removal.writes().cloned());
            let changes: Vec<_> = unexposed(&places).map(|(_, one)| one.change.clone()).chain(colors).collect();
            rehearse(run, &changes).await?;
            return refusal(&places, args);
        }
        Agreed::ToWrite => news::began(run, &[]),
    }
    take_all_down(args, &places, report).await?;
    for (place, removal) in removals(&places) {
        hooks::tidy(&place.run, &removal.service).await;
    }
    refusal(&places, args)
}

/// The Services that were named, or that are due, each namespace with a run of its own.
async fn asked_for(run: &Run, args: &CleanupArgs) -> Outcome<Vec<(Run, Due)>> {
    if !args.due {
        let due = Due { names: service_names(&args.services)?, kept: Vec::new() };
        return Ok(vec![(run.in_namespace(&run.cluster.namespace), due)]);
    }
    let due = run.within(services(run, args.all_namespaces)).await?;
    Ok(due.into_iter().map(|(namespace, due)| (run.in_namespace(&namespace), due)).collect())
}

fn removals(places: &[Place]) -> impl Iterator<Item = (&Place, &Removal)> {
    places.iter().flat_map(|place| place.decisions.iter().filter_map(move |d| Some((place, d.removal()?))))
}

fn unexposed(places: &[Place]) -> impl Iterator<Item = (&Place, &Unexposed)> {
    places.iter().flat_map(|place| place.decisions.iter().filter_map(move |d| Some((place, d.unexposed()?))))
}

/// All that goes.
fn named(places: &[Place], args: &CleanupArgs) -> Vec<String> {
    let colors = removals(places).map(|(place, removal)| place.named(args, removal));
    let previews = unexposed(places).map(|(place, one)| format!("{}{}", place.lead(args), one.change.object));
    colors.chain(previews).collect()
}

/// Where all that is due was asked for, one color that can't go is no reason to keep the others.
async fn take_all_down(args: &CleanupArgs, places: &[Place], report: &mut Report<CleanupMembers>) -> Outcome<()> {
    let mut first_failure = None;
    for place in places {
        let mut take_down = TakeDown { run: &place.run, args, written: BTreeSet::new() };
        for decision in &place.decisions {
            let ended = match decision {
                Decision::Remove(removal) => take_down.one(removal, report).await,
                Decision::Unexpose(one) => take_away(&place.run, one, report).await,
                Decision::Kept(_) | Decision::Down { .. } => Ok(()),
            };
            match ended {
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
    let none = removals(places).next().is_none() && unexposed(places).next().is_none();
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
