//! `unpin`: from a pinned digest back to the tag.

mod target;

use release_cli::report::Report;
use release_cli::run::Run;
use release_cluster::wait::later;
use release_core::failure::{Failure, Next, Outcome};
use release_core::registry::image::ImageRef;
use release_core::registry::push_history::{TagForm, TagKind};
use release_core::registry::scan_gate::Gate;

use crate::checks::case::{Case, HowChosen};
use crate::document::UnpinMembers;
use crate::options::UnpinOptions;
use crate::plan::image_change::{Author, unpinned};
use crate::pods_now::pods_now;
use crate::proposal::{Proposal, Settled, nothing, propose};
use crate::record::Moved;
use crate::record::believed::had_tag;
use crate::record::way_here::{tag_followed, way_here};
use crate::refusal::images_or_revisions;
use crate::selection::{Asked, Selected};
use crate::snapshot::{Snapshot, read};
use crate::tag_now::{PATIENCE, TagNow, tag_now};
use crate::which_containers;
use crate::words::pinned_short;
use release_core::kube::Workload;
use release_core::workload::container_image::ContainerImage;
use target::Target;

/// Runs the verb.
///
/// # Errors
/// As the exit codes say.
pub async fn run(run: &Run, options: &UnpinOptions, report: &mut Report<UnpinMembers>) -> Outcome<()> {
    let (name, write) = (&options.workload, &options.write);
    let workload = read::workload(&run.cluster, name).await?;
    let asked = Asked {
        containers: &options.containers,
        include_init: true,
        names_target: false,
        offline: false,
        scope: run.scope(),
    };
    let selected = which_containers::ask(run, &workload, &asked, &write.typed)?;
    if ImageRef::parse(selected.image()).digest.is_none() {
        return not_pinned(run, workload, &selected, report).await;
    }
    let snapshot = run.within(read::beside(&run.cluster, workload)).await?;
    let selected = pinned_along(selected, &snapshot, &options.containers);
    let to = match tag_before(&snapshot, &selected) {
        Ok(to) => to,
        Err(why) => return Err(no_tag(run, &snapshot, &selected, &why).await),
    };
    let author = Author { run_id: &run.id, user: &run.cluster.user, reason: &write.reason };
    let target = Target::read(run, &snapshot, &selected, &to).await;
    target.can_be_deployed(&snapshot, &selected)?;
    let to_digest = target.digest();
    let change = unpinned(&snapshot, &selected, &to, to_digest, &author);
    let lines = vec![format!("{}: {}", selected.names(), change.summary()), target.in_words()];
    let case = Case {
        snapshot: &snapshot,
        selected: &selected,
        change: &change,
        pushed: None,
        built_for: target.built_for.as_ref(),
        tag_now: None,
        gate: Gate::Off,
        chosen: HowChosen { named: true, unasked: write.yes, moved_back: target.moved_back(), ..HowChosen::default() },
        now: snapshot.at,
    };
    propose(run, &Proposal { name, case: &case, options: write, lines }, report).await
}

async fn not_pinned(
    run: &Run,
    workload: Workload,
    selected: &Selected,
    report: &mut Report<UnpinMembers>,
) -> Outcome<()> {
    let image = selected.image();
    let message = format!("{workload} asks for {}, which is not pinned", pinned_short(image));
    let (workload, pods) = pods_now(&run.cluster, workload, selected).await?;
    let settled = Settled { workload: &workload, image, message: &message, pods: &pods, further: None };
    nothing(run, &settled, report)
}

/// An init container of the same image goes along only where it was named, or pinned together with the others: a
/// migration that has that digest by itself is none of this.
fn pinned_along(mut selected: Selected, snapshot: &Snapshot, named: &[String]) -> Selected {
    let way = way_here(&snapshot.believed, selected.container(), selected.image());
    let moved: Vec<&Moved> = way.first().map(|(record, _)| record.containers.iter().collect()).unwrap_or_default();
    let goes = |one: &ContainerImage| {
        let along = moved.iter().any(|moved| moved.name == one.name && moved.init == one.init);
        !one.runs_before() || named.contains(&one.name) || (named.is_empty() && along)
    };
    let (going, staying): (Vec<_>, Vec<_>) = selected.containers.iter().cloned().partition(goes);
    if !going.is_empty() {
        selected.containers = going;
        selected.staying.extend(staying);
    }
    selected
}

/// The tag that the workload went by before it was pinned, else the one in the reference itself, else
/// one that a change of ours left; or why there is none.
fn tag_before(snapshot: &Snapshot, selected: &Selected) -> Result<String, String> {
    let now = ImageRef::parse(selected.image());
    let recorded = &snapshot.believed;
    let way = way_here(recorded, selected.container(), selected.image());
    let noted = tag_followed(recorded, selected.container(), selected.image());
    let ran =
        |tag: &&str| had_tag(&snapshot.workload, &snapshot.revisions, selected.container(), (now.repository, tag));
    let (noted, unseen) = (noted.filter(ran), noted.filter(|tag| !ran(tag)));
    // Records of before that was noted.
    let left = way.iter().map(|(_, moved)| ImageRef::parse(&moved.from)).find(|from| from.digest.is_none());
    let followed = left.and_then(|from| from.asked_tag()).filter(|tag| TagForm::of(tag).kind() == TagKind::Name);
    let moved = recorded.all().flat_map(|record| &record.containers);
    let any = moved
        .filter(|moved| moved.name == selected.container())
        .map(|moved| ImageRef::parse(&moved.from))
        .find(|from| from.repository == now.repository && from.tag.is_some())
        .and_then(|from| from.tag);
    if let Some(tag) = noted.or(followed).or(now.tag).or(any) {
        return Ok(format!("{}:{tag}", now.repository));
    }
    Err(match unseen {
        Some(tag) => format!("its record says {tag}, which no revision had"),
        None => "no record says which it had".to_owned(),
    })
}

/// The repository has tags, where it answers.
async fn no_tag(run: &Run, snapshot: &Snapshot, selected: &Selected, why: &str) -> Failure {
    let image = pinned_short(selected.image());
    let patience = run.deadline().min(later(PATIENCE));
    let has_answered = !matches!(tag_now(run, selected.image(), patience).await, TagNow::Unknown(_));
    let look = images_or_revisions(&snapshot.workload.reference(), selected.container(), has_answered);
    let then = "then set the image to one of its tags".to_owned();
    let failure = Failure::failed("NoTag", format!("{image} has no tag, and {why}"));
    failure.next(Next::Look(look.scope(&snapshot.scope), Some(then)))
}
