//! `history`: the repository's images, with what this workload has to do with each.

use futures::future::try_join;
use kubectl_release::error::{Failure, Outcome};
use kubectl_release::flags::Output;
use kubectl_release::push_history::{Candidate, Options as Wanted, Question, Repository, choose};
use kubectl_release::report::Report;
use kubectl_release::run::Run;
use serde_json::json;

use super::registry::Shelf;
use super::select;
use crate::args::HistoryArgs;
use crate::listing;
use crate::options::WorkloadName;
use crate::placement::Asked;
use crate::plan::pinned_short;
use crate::snapshot;
use crate::typed::Typed;

/// Runs the verb.
///
/// # Errors
/// Exit 1 where the workload or the repository can't be read.
pub async fn run(run: &Run, args: &HistoryArgs, report: &mut Report) -> Outcome<()> {
    let name = WorkloadName::parse(&args.workload.workload)?;
    let workload = snapshot::workload(&run.cluster, &name).await?;
    let asked =
        Asked { containers: &args.containers.container, include_init: true, offline: false, suffix: &run.suffix };
    let selected = select::containers(run, &workload, &asked, &Typed::default())?;
    let Some(repository) = &selected.repository else {
        return Err(Failure::failed("NotEcr", format!("{} is not in ECR", pinned_short(selected.image()))));
    };
    let (snapshot, mut shelf) =
        try_join(snapshot::beside(&run.cluster, workload), Shelf::read(run, repository)).await?;
    let pods = snapshot.pod_images(selected.container());
    shelf.resolve_parts(&pods).await?;
    let left_behind = snapshot.recorded.left_behind(selected.container(), selected.image());
    let wanted = Wanted { tag_filter: args.tag_filter.clone(), ..Wanted::default() };
    let choice = choose(&Question {
        spec: selected.image(),
        container: selected.container(),
        pods: &pods,
        repository: Some(Repository { images: &shelf.images, children: &shelf.children }),
        revisions: &snapshot.revisions,
        left_behind: &left_behind,
        options: &wanted,
    });
    let wide = run.output == Output::Wide;
    let limit = if args.limit == 0 { usize::MAX } else { args.limit };
    let shown: Vec<&Candidate<'_>> =
        choice.candidates.iter().filter(|c| wide || c.left_out.is_none() || c.running).take(limit).collect();
    report.items = vec![json!({"kind": snapshot.workload.kind.kind(), "name": snapshot.workload.name(),
        "container": selected.container(), "repository": repository.uri(), "left": choice.left,
        "images": choice.candidates.iter().take(limit).collect::<Vec<_>>(),
        "records": snapshot.recorded.current.iter().chain(&snapshot.recorded.history).collect::<Vec<_>>()})];
    report.names = shown.iter().map(|c| c.tag.unwrap_or(&c.image.digest).to_owned()).collect();
    report.text = format!(
        "{}   container {}   {}\n{}",
        snapshot.workload,
        selected.container(),
        repository.uri(),
        listing::images(shown.iter().copied(), snapshot.at, wide)
    );
    if let hidden @ 1.. = choice.candidates.len() - shown.len() {
        run.say(&format!("{hidden} more: --limit 0 shows all, -o wide those that can't be deployed too"));
    }
    Ok(())
}
