//! A release before it begins: what it is made from, and the record that it begins with.

use std::time::Duration;

use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use release_cli::images::TypedImage;
use release_cli::run::Run;
use release_cluster::wait::later;
use release_core::failure::{Failure, Outcome};
use release_core::kube::Replacement;
use release_core::release::canary::amount::Amount;
use release_core::release::canary::run::State;
use release_core::text::one_line;
use release_core::workload::revisions::deployed_number;
use release_core::workload::twin::{AskedImage, ContainerImage, ImageEdit, containers_of, edits};
use tokio::time::{Instant, sleep};

use crate::around::{self, Around};
use crate::look::{Look, Seen, look};
use crate::names::canary_of;
use crate::options::Release;
use crate::record::{CanaryRecord, Moved, RecordedReleases, Router};

/// Which container kubectl takes where none is named
/// (<https://kubernetes.io/docs/reference/labels-annotations-taints/#kubectl-kubernetes-io-default-container>).
const DEFAULT_CONTAINER: &str = "kubectl.kubernetes.io/default-container";

/// A controller sees a change within this, unless it is in trouble.
const OBSERVED: Duration = Duration::from_secs(5);
const AGAIN: Duration = Duration::from_millis(200);

/// A release that may begin.
#[derive(Debug)]
pub struct Proposal {
    pub look: Look,
    pub around: Around,
    pub record: CanaryRecord,
}

/// What is released to a Deployment, and by whom.
///
/// # Errors
/// Exit 1 where the images are for no container of it, or change nothing.
pub async fn propose(run: &Run, seen: &Seen, release: &Release, reason: &str) -> Outcome<Proposal> {
    let around = around::read(&run.cluster, &seen.workload).await?;
    let looked = once_observed(run, seen.workload.name(), &around.services).await?;
    let record = record(run, &looked.stable, (release, &around), reason)?;
    Ok(Proposal { look: looked, around, record })
}

/// A look once the Deployment's controller has seen it as it is: every write counts to it, that of a record that has
/// just ended, too. Where it takes its time, that is a finding.
async fn once_observed(run: &Run, name: &str, services: &[String]) -> Outcome<Look> {
    let give_up = run.deadline().min(later(OBSERVED));
    loop {
        let looked = look(&run.cluster, name, services).await.map_err(Failure::from)?;
        let workload = &looked.stable.workload;
        if workload.observed_generation >= workload.metadata.generation.unwrap_or_default() || Instant::now() >= give_up
        {
            return Ok(looked);
        }
        sleep(AGAIN).await;
    }
}

fn record(run: &Run, stable: &Seen, (release, around): (&Release, &Around), reason: &str) -> Outcome<CanaryRecord> {
    let workload = &stable.workload;
    let replicas = u32::try_from(workload.replicas).unwrap_or_default();
    Ok(CanaryRecord {
        id: run.id.clone(),
        uid: workload.uid().to_owned(),
        revision: deployed_number(workload).unwrap_or_default(),
        containers: moved(stable, &release.images)?,
        canary: canary_of(workload.name()),
        router: Router::Replicas,
        services: around.services.clone(),
        time_scale: release.time_scale,
        by: around.user.clone(),
        at: run.cluster.now(),
        reason: reason.to_owned(),
        state: State::new(release.plan.clone(), replicas, surge(&workload.replacement, replicas)),
        taken_back_by: None,
        result: None,
        millis: None,
    })
}

/// So many pods more than it has may it have while it is updated; one where that is none: nothing could move else.
fn surge(replacement: &Replacement, replicas: u32) -> u32 {
    let Replacement::Rolling { max_surge, .. } = replacement else { return 1 };
    let surge = match max_surge {
        IntOrString::Int(pods) => u32::try_from(*pods).ok().map(Amount::Pods),
        IntOrString::String(share) => share.strip_suffix('%').and_then(|share| share.parse().ok()).map(Amount::Percent),
    };
    surge.map_or(1, |surge| surge.of_up(replicas)).max(1)
}

fn moved(stable: &Seen, images: &[TypedImage]) -> Outcome<Vec<Moved>> {
    let containers = containers_of(&stable.raw);
    let asked: Vec<AskedImage> =
        images.iter().map(|typed| of_container(stable, typed, &containers)).collect::<Outcome<_>>()?;
    let edits = edits(&stable.raw, &asked);
    if edits.iter().all(ImageEdit::is_so) {
        return Err(Failure::failed("NothingNew", format!("{} asks for these images already", stable.workload)));
    }
    let moved = |edit: &ImageEdit| Moved {
        name: edit.container.name.clone(),
        init: edit.container.init,
        from: edit.container.image.clone(),
        to: edit.to.clone(),
    };
    Ok(edits.iter().map(moved).collect())
}

fn of_container(stable: &Seen, typed: &TypedImage, containers: &[ContainerImage]) -> Outcome<AskedImage> {
    let names: Vec<&str> = containers.iter().filter(|one| !one.init).map(|one| one.name.as_str()).collect();
    let said = stable.raw["spec"]["template"]["metadata"]["annotations"][DEFAULT_CONTAINER].as_str();
    let name = match (&typed.container, names.as_slice()) {
        (Some(name), _) => name.clone(),
        (None, [only]) => (*only).to_owned(),
        (None, _) => said.unwrap_or_default().to_owned(),
    };
    if containers.iter().any(|container| container.name == name) {
        return Ok(AskedImage { container: name, image: typed.image.clone() });
    }
    let message = match typed.container {
        Some(_) => format!("{} has no container {}", stable.workload, one_line(&name)),
        None => format!("{} has several containers", stable.workload),
    };
    let next = format!("--image CONTAINER=IMAGE, of {}", one_line(&names.join(", ")));
    Err(Failure::failed("NoSuchContainer", message).next(next))
}

/// Refuses where annotations of others leave no room for the record, which everything hangs on.
///
/// # Errors
/// Exit 1.
pub fn has_room(recorded: &RecordedReleases, record: &CanaryRecord) -> Outcome<()> {
    if recorded.has_room_for(record) {
        return Ok(());
    }
    let why = "annotations of others leave no room for the record of this release, which it is gone on by";
    Err(Failure::failed("NoRoom", why).next("take some of them away, or make the plan shorter"))
}
