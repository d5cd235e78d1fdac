//! Looking again between a person's answer and the write: while the question stood open, others went on working.

use std::time::Duration;

use jiff::Timestamp;
use release_cli::run::Run;
use release_cluster::wait::later;
use release_core::checks::finding::Finding;
use release_core::checks::weighing::blocking;
use release_core::failure::{Failure, Outcome};
use release_core::kube::Workload;
use release_core::registry::ecr_reference::{EcrRepository, same_repository};
use release_core::registry::image::{ImageRef, short_digest};
use release_core::registry::push_history::ImageStatus;

use crate::checks::{self, case::Case};
use crate::options::WriteOptions;
use crate::record::recorded_on;
use crate::refusal::images_or_revisions;
use crate::snapshot::read;
use crate::tag_now::{TagNow, tag_now};
use crate::words::pinned_short;
use release_core::workload::container_image::containers_of;

/// What was read so lately is as it was.
const FRESH: Duration = Duration::from_secs(2);
/// The registry has answered once; in an outage it is not waited for again.
const PATIENCE: Duration = Duration::from_secs(10);

/// Makes sure that the write still means what was shown.
///
/// # Errors
/// Exit 3, with what has changed; exit 1 where the cluster can't be read any more.
pub async fn look_again(run: &Run, case: &Case<'_>, options: &WriteOptions) -> Outcome<()> {
    let age = Duration::try_from(Timestamp::now().duration_since(case.snapshot.at)).unwrap_or(Duration::MAX);
    if options.yes && age < FRESH {
        return Ok(());
    }
    let (cluster, _) = futures::future::try_join(at_cluster(run, case, options), at_registry(run, case)).await?;
    match cluster.first() {
        None => Ok(()),
        Some(finding) => Err(changed(case, case.workload(), &format!("{} ({})", finding.message, finding.id))),
    }
}

/// What stops the change now and didn't before.
async fn at_cluster(run: &Run, case: &Case<'_>, options: &WriteOptions) -> Outcome<Vec<Finding>> {
    let now = match read::again(&run.cluster, case.workload()).await {
        Err(error) if error.is_not_found() => {
            return Err(Failure::changed(format!("{} was deleted by someone else", case.workload())));
        }
        read => read?,
    };
    is_as_shown(case, &now)?;
    let snapshot = read::beside(&run.cluster, now).await?;
    let findings = checks::run(&Case { snapshot: &snapshot, ..case.clone() }, &options.weighing);
    Ok(blocking(&findings).cloned().collect())
}

fn is_as_shown(case: &Case<'_>, now: &Workload) -> Outcome<()> {
    let (shown, template) = (case.workload(), containers_of(now));
    if now.metadata.uid != shown.metadata.uid {
        return Err(changed(case, now, &format!("{shown} was deleted and made again by someone else")));
    }
    if !case.change.record.was_left_for(&template) {
        let find = |name: &str| template.iter().find(|one| one.name == name);
        let images = case.change.containers.iter().filter_map(|one| find(&one.name));
        let images: Vec<String> = images.map(|one| pinned_short(&one.image)).collect();
        return Err(changed(case, now, &format!("{shown} was put to {} by someone else", images.join(", "))));
    }
    if recorded_on(now).raw_current != case.snapshot.recorded.raw_current {
        return Err(changed(case, now, &format!("{shown} has another record of a rollback than it had")));
    }
    Ok(())
}

/// That the image which is gone to is still there, and its tag on it, where the registry was asked before.
async fn at_registry(run: &Run, case: &Case<'_>) -> Outcome<()> {
    let (to, in_ecr) = (ImageRef::parse(&case.change.to), EcrRepository::of(&case.change.to).is_ok());
    let by_tag = case.tag_now.and_then(|now| if let TagNow::On(image) = now { Some(&image.digest) } else { None });
    let by_record = case.change.record.to_digest.as_ref().filter(|_| !case.chosen.by_deployments);
    let Some(known) = by_tag.or(by_record).filter(|_| in_ecr) else { return Ok(()) };
    let name = pinned_short(&case.change.to);
    match tag_now(run, &case.change.to, run.deadline().min(later(PATIENCE))).await {
        TagNow::Gone => Err(changed_in_registry(case, &format!("{name} is not in the repository any more"))),
        TagNow::On(image) if image.status != ImageStatus::Active => {
            Err(changed_in_registry(case, &format!("{name} is in the archive now")))
        }
        TagNow::On(image) if to.digest.is_none() && image.digest != *known => {
            Err(changed_in_registry(case, &format!("the tag of {name} is on {} now", short_digest(&image.digest))))
        }
        TagNow::On(_) => Ok(()),
        TagNow::Unknown(why) => {
            run.progress.step("not seen", &format!("the registry gave no second answer ({why})"));
            Ok(())
        }
    }
}

/// The repository is shown where it was asked for what was planned, and is still that of the workload.
fn changed(case: &Case<'_>, now: &Workload, what: &str) -> Failure {
    let container = case.selected.container();
    let image = containers_of(now).into_iter().find(|one| one.name == container).map(|one| one.image);
    let is_same = image.is_some_and(|image| same_repository(&image, case.change.from()));
    unwritten(case, what, is_same && case.pushed.is_some())
}

/// It has answered just now, for the repository of what is gone to.
fn changed_in_registry(case: &Case<'_>, what: &str) -> Failure {
    unwritten(case, what, same_repository(&case.change.to, case.change.from()))
}

fn unwritten(case: &Case<'_>, what: &str, has_answered: bool) -> Failure {
    let look = images_or_revisions(&case.workload().reference(), case.selected.container(), has_answered);
    Failure::changed(format!("{what}; nothing was written")).look(look.scope(&case.snapshot.scope))
}
