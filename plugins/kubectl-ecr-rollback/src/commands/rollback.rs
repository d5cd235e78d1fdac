//! The rollback: load, see where things stand, ask the registry, choose, check, agree, write, watch.

mod how_chosen;
mod known;
mod settled;
mod state;

use futures::future::try_join;
use jiff::Timestamp;
use release_cli::report::Report;
use release_cli::run::Run;
use release_cluster::wait::later;
use release_core::command::Command;
use release_core::failure::{Failure, Outcome};
use release_core::kube::Workload;
use release_core::registry::ecr_reference::{names_repository_of, same_repository};
use release_core::registry::image::ImageRef;
use release_core::registry::push_history::{Choice, Chosen, Question, SkipReason, Why, choose};
use release_core::text::printable;
use release_core::workload::revisions::may_have_another;

use crate::checks::case::{Case, HowChosen};
use crate::contents::RepositoryContents;
use crate::decide::{Decided, settle};
use crate::document::RollbackMembers;
use crate::options::RollbackOptions;
use crate::outage::{pins_without_registry, without_registry};
use crate::plan::image_change::{Author, ImageChange, to_chosen};
use crate::plan::lines;
use crate::plan::state_of_record::StateOfRecord;
use crate::pods_now::{pods_now, sorted};
use crate::proposal::{Proposal, Settled, nothing, propose};
use crate::record::way_here::{left_behind, standing};
use crate::record::{RecordVerb, recorded_on};
use crate::selection::{Asked, Selected};
use crate::snapshot::{Snapshot, read};
use crate::tag_now::{self, Order, TagNow, order, tag_now};
use crate::typed::CONTAINERS;
use crate::which_containers;
use crate::words::pinned_short;
use how_chosen::{how_chosen, repeats_unrecorded, to_ready};
use known::Known;
use release_core::workload::container_image::containers_of;
use state::state_of_believed;

/// Runs the verb.
///
/// # Errors
/// As the exit codes say.
pub async fn run(run: &Run, options: &RollbackOptions, report: &mut Report<RollbackMembers>) -> Outcome<()> {
    let workload = read::workload(&run.cluster, &options.workload).await?;
    let asked = Asked {
        containers: &options.containers,
        include_init: options.include_init_containers,
        names_target: options.is_explicit(),
        offline: options.is_offline(),
        scope: run.scope(),
    };
    let selected = which_containers::ask(run, &workload, &asked, &options.write.typed)?;
    is_of_repository(options, &selected)?;
    let recorded = recorded_on(&workload);
    match state_of_believed(run, options, &workload, (&recorded, &selected)).await? {
        StateOfRecord::Nothing { message, record, further } => {
            let (workload, pods) = read::workload_and_pods(&run.cluster, &workload).await?;
            if let Some(failure) = settled::pushed_again(run, options, (&workload, &pods), (&record, &selected)).await {
                return Err(failure);
            }
            let (image, further) = (selected.image(), further.as_ref());
            let (workload, pods) = sorted(&run.cluster, (workload, pods), &selected).await?;
            if pods.are_replaced && recorded.is_of(&record) {
                return settled::joined(run, options, (&workload, &recorded), (&record, &[], true), report).await;
            }
            nothing(run, &Settled { workload: &workload, image, message: &message, pods: &pods, further }, report)
        }
        StateOfRecord::Attach(record) => {
            // What is left of it may run still; where that can't be read, its reference has to do.
            let pods = read::workload_and_pods(&run.cluster, &workload).await.map(|(_, pods)| pods).unwrap_or_default();
            settled::joined(run, options, (&workload, &recorded), (&record, &pods, false), report).await
        }
        StateOfRecord::Open => Box::pin(plan_and_go(run, options, workload, &selected, report)).await,
    }
}

/// A reference that was pasted has to be of the repository that is rolled back in.
fn is_of_repository(options: &RollbackOptions, selected: &Selected) -> Outcome<()> {
    match &options.of_repository {
        Some(typed) if !names_repository_of(typed, selected.image()) => {
            let runs = ImageRef::parse(selected.image()).repository;
            let message =
                format!("{} is another repository than {runs}, which {} runs", printable(typed), selected.names());
            Err(Failure::failed("OtherRepository", message).next("name the tag or the digest alone"))
        }
        _ => Ok(()),
    }
}

async fn plan_and_go(
    run: &Run,
    options: &RollbackOptions,
    workload: Workload,
    selected: &Selected,
    report: &mut Report<RollbackMembers>,
) -> Outcome<()> {
    // What a workload ran is nothing to look a named image up in.
    let offline = may_have_another(&workload) && !options.is_explicit();
    let registry = async {
        let read = contents(run, options, selected).await;
        read.map_err(|failure| without_registry(run, options, offline, failure))
    };
    let (snapshot, mut contents) = run.within(try_join(read::beside(&run.cluster, workload), registry)).await?;
    let pods = snapshot.pod_images(selected.container());
    let left_behind = left_behind(&snapshot.believed, selected.container(), selected.image());
    let question = Question {
        spec: selected.image(),
        container: selected.container(),
        pods: &pods,
        repository: None,
        revisions: &snapshot.revisions,
        left_behind: &left_behind,
        options: &options.wanted,
    };
    if let Some(contents) = &mut contents {
        let read = contents.read_what_decides(&question).await;
        read.map_err(|failure| without_registry(run, options, offline, failure))?;
    }
    let question = Question { repository: contents.as_ref().map(RepositoryContents::repository), ..question };
    let choice = choose(&question);
    pins_without_registry(run, options, &choice).await?;
    match settle(run, &question, &choice, selected, options)? {
        Decided::Chosen(chosen) => {
            let planned = Planned { options, snapshot: &snapshot, selected, choice: &choice, chosen: &chosen };
            go_back(run, &planned, contents.as_ref(), report).await
        }
        Decided::AlreadyRuns => already_runs(run, options, snapshot, selected, report).await,
    }
}

/// Nothing is to be written; what a change of ours has begun may still go on.
async fn already_runs(
    run: &Run,
    options: &RollbackOptions,
    snapshot: Snapshot,
    selected: &Selected,
    report: &mut Report<RollbackMembers>,
) -> Outcome<()> {
    let message = already(&snapshot.workload, selected.image(), options);
    let (image, recorded) = (selected.image(), snapshot.believed);
    let (workload, pods) = pods_now(&run.cluster, snapshot.workload, selected).await?;
    let led = standing(&recorded, &selected.containers[0], &containers_of(&workload));
    if let Some(record) = led.filter(|record| pods.are_replaced && recorded.is_of(record)) {
        return settled::joined(run, options, (&workload, &recorded), (record, &[], true), report).await;
    }
    nothing(run, &Settled { workload: &workload, image, message: &message, pods: &pods, further: None }, report)
}

/// What was named may be another tag of the very image.
fn already(workload: &Workload, image: &str, options: &RollbackOptions) -> String {
    let asks = format!("{workload} asks for {} already", pinned_short(image));
    let other = options.wanted.to_tag.as_deref().filter(|tag| ImageRef::parse(image).asked_tag() != Some(tag));
    other.map_or(asks.clone(), |tag| format!("{asks}, and {} is a tag of the same image", printable(tag)))
}

/// What is gone back to, and from where.
struct Planned<'a> {
    options: &'a RollbackOptions,
    snapshot: &'a Snapshot,
    selected: &'a Selected,
    choice: &'a Choice<'a>,
    chosen: &'a Chosen,
}

async fn go_back(
    run: &Run,
    planned: &Planned<'_>,
    contents: Option<&RepositoryContents>,
    report: &mut Report<RollbackMembers>,
) -> Outcome<()> {
    let Planned { options, snapshot, selected, choice, chosen } = planned;
    let author = Author { run_id: &run.id, user: &run.cluster.user, reason: &options.write.reason };
    let mut change = to_chosen(snapshot, selected, choice, chosen, &author);
    change.record.steps = (chosen.why != Why::Asked).then_some(options.wanted.steps).filter(|steps| *steps > 1);
    let known = Known::of(run, contents, (snapshot, chosen)).await;
    let (tag_now, order) = tag_of_history(run, options, chosen, &mut change).await;
    // What the registry has looked at needs no second look.
    change.expects = chosen.digest.clone().filter(|_| matches!(tag_now, Some(TagNow::Unknown(_))));
    let case = Case {
        snapshot,
        selected,
        change: &change,
        pushed: contents.map(|contents| known.pushed(contents)),
        built_for: known.built_for.as_ref(),
        tag_now: tag_now.as_ref(),
        gate: options.gate,
        chosen: HowChosen {
            to_ready: to_ready(run, options, (snapshot, selected), chosen),
            unrecorded: repeats_unrecorded(run, options, snapshot, selected),
            never_named: choice.never_named(chosen, &snapshot.revisions, selected.container()),
            unproven: unproven(chosen, order),
            ..how_chosen(run, options, chosen)
        },
        now: Timestamp::now(),
    };
    let unpin = Command::new("kubectl ecr-rollback unpin").arg(snapshot.workload.reference());
    let unpin = unpin.args(options.write.typed.only(&CONTAINERS[..1])).scope(run.scope());
    let proposal = Proposal {
        name: &options.workload,
        case: &case,
        options: &options.write,
        lines: lines::of_rollback(choice, chosen, &change, &unpin, snapshot.at),
    };
    propose(run, &proposal, report).await
}

/// The rollout history needs no registry; where there is one, it knows what a tag is on now, and what was pushed
/// after what: a move to a newer push is no rollback.
async fn tag_of_history(
    run: &Run,
    options: &RollbackOptions,
    chosen: &Chosen,
    change: &mut ImageChange,
) -> (Option<TagNow>, Option<Order>) {
    if !options.is_offline() {
        return (None, None);
    }
    change.record.by_history = true;
    let patience = run.deadline().min(later(tag_now::PATIENCE));
    let now = tag_now(run, &chosen.image, patience).await;
    let left = (change.from(), change.record.from_digest.as_ref());
    let order = if same_repository(left.0, &chosen.image) {
        order(run, &now, left, patience).await
    } else {
        Order::Unknown("it is of another repository".into())
    };
    if order == Order::Forward {
        change.record.verb = RecordVerb::Forward;
    }
    (Some(now).filter(|_| ImageRef::parse(&chosen.image).digest.is_none()), Some(order))
}

/// Why it is not known that the way leads back, where a record had a say in it: whoever may annotate writes records, and
/// what one passes over decides where the rollout history leads.
fn unproven(chosen: &Chosen, order: Option<Order>) -> Option<String> {
    let Some(Order::Unknown(why)) = order else { return None };
    let by_record = chosen.skipped.iter().any(|skipped| skipped.why == SkipReason::RolledBackFrom);
    by_record.then_some(why)
}

/// All images of the repository, unless the rollout history alone decides.
async fn contents(run: &Run, options: &RollbackOptions, selected: &Selected) -> Outcome<Option<RepositoryContents>> {
    let Some(repository) = selected.repository.as_ref().filter(|_| !options.is_offline()) else { return Ok(None) };
    RepositoryContents::read(run, repository).await.map(Some)
}
