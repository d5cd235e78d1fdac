//! `history`: the repository's images, with what this workload has to do with each.

use futures::future::try_join;
use release_cli::report::Report;
use release_cli::run::Run;
use release_core::failure::{Failure, Outcome};
use release_core::registry::ecr_reference::EcrRepository;
use release_core::registry::push_history::{
    Candidate, Choice, LeftOut, Options as Wanted, PUSH_MAY_FOLLOW, Question, choose,
};
use release_core::release::record::RunResult;

use crate::args::HistoryArgs;
use crate::contents::RepositoryContents;
use crate::document::{HistoryMembers, ListedImage, WorkloadHistory};
use crate::listing;
use crate::names::WorkloadName;
use crate::record::ImageRecord;
use crate::record::way_here::left_behind;
use crate::restore::{called, restore};
use crate::selection::{Asked, Selected};
use crate::snapshot::{Snapshot, read};
use crate::typed::Typed;
use crate::which_containers;
use crate::words::pinned_short;

/// Runs the verb.
///
/// # Errors
/// Exit 1 where the workload or the repository can't be read.
pub async fn run(run: &Run, args: &HistoryArgs, report: &mut Report<HistoryMembers>) -> Outcome<()> {
    let name = WorkloadName::parse(&args.workload.workload)?;
    let workload = read::workload(&run.cluster, &name).await?;
    let containers = &args.containers.container;
    let asked = Asked { containers, include_init: true, names_target: false, offline: false, scope: run.scope() };
    let selected = which_containers::ask(run, &workload, &asked, &Typed::history(args))?;
    let Some(repository) = &selected.repository else {
        return Err(Failure::failed("NotEcr", format!("{} is not in ECR", pinned_short(selected.image()))));
    };
    let (snapshot, mut contents) =
        run.within(try_join(read::beside(&run.cluster, workload), RepositoryContents::read(run, repository))).await?;
    let pods = snapshot.pod_images(selected.container());
    let left_behind = left_behind(&snapshot.believed, selected.container(), selected.image());
    let wanted = Wanted { tag_filter: args.tag_filter.clone(), ..Wanted::default() };
    let question = Question {
        spec: selected.image(),
        container: selected.container(),
        pods: &pods,
        repository: None,
        revisions: &snapshot.revisions,
        left_behind: &left_behind,
        options: &wanted,
    };
    contents.read_what_decides(&question).await?;
    let mut choice = choose(&Question { repository: Some(contents.repository()), ..question });
    mark_failed(&mut choice, &snapshot);
    show(run, args, (&snapshot, &selected, repository), &choice, report);
    Ok(())
}

fn show(
    run: &Run,
    args: &HistoryArgs,
    (snapshot, selected, repository): (&Snapshot, &Selected, &EcrRepository),
    choice: &Choice<'_>,
    report: &mut Report<HistoryMembers>,
) {
    let (workload, uri) = (&snapshot.workload, repository.uri());
    let limit = if args.limit == 0 { usize::MAX } else { args.limit };
    let listed =
        choice.candidates.iter().filter(|c| run.wide() || c.left_out.is_none() || c.running || is_in_archive(c));
    let shown: Vec<&Candidate<'_>> = listed.take(limit).collect();
    report.members.workloads.push(WorkloadHistory {
        kind: workload.kind.kind(),
        name: workload.name().to_owned(),
        container: selected.container().to_owned(),
        repository: uri.clone(),
        left: choice.left.clone(),
        images: choice.candidates.iter().take(limit).map(ListedImage::from).collect(),
        records: snapshot.recorded.all().cloned().collect(),
    });
    report.names = shown.iter().map(|c| c.tag.unwrap_or(&c.image.digest).to_owned()).collect();
    let images = listing::images(shown.iter().copied(), snapshot.at, run.wide());
    report.text = format!("{workload}   container {}   {uri}\n{images}", selected.container());
    let archived = shown.iter().find(|c| c.left_out == Some(LeftOut::Archived));
    if let Some(archived) = archived {
        let image = called(archived.tag.unwrap_or(&archived.image.digest));
        run.say(&format!("what is archived is restored by: {}", restore(&image, repository)));
    }
    if let hidden @ 1.. = choice.candidates.len().saturating_sub(shown.len()) {
        run.say(&format!("{hidden} more: --limit 0 shows all, -o wide those that can't be deployed too"));
    }
}

/// It is to be seen: it can be brought back.
fn is_in_archive(candidate: &Candidate<'_>) -> bool {
    matches!(candidate.left_out, Some(LeftOut::Archived | LeftOut::Activating))
}

/// A record tells what only ever failed: a revision of no other time than that has run nothing.
fn mark_failed(choice: &mut Choice<'_>, snapshot: &Snapshot) {
    let failed = |record: &&ImageRecord| record.result == Some(RunResult::RolledBack) && record.failure.is_some();
    for candidate in &mut choice.candidates {
        let Some(deployed) = candidate.deployed.as_mut().filter(|deployed| !deployed.current) else { continue };
        let is_it = |record: &&ImageRecord| record.to_digest.as_ref() == Some(&candidate.image.digest);
        let made = deployed.created.map(|created| created.checked_add(PUSH_MAY_FOLLOW).unwrap_or(created));
        let records = snapshot.believed.all().filter(failed).filter(is_it);
        deployed.never_ready |= records.into_iter().any(|record| made.is_some_and(|made| made >= record.at));
    }
}
