//! `unpin`: from a pinned digest back to the tag.

use kubectl_release::error::{Failure, Outcome};
use kubectl_release::image::ImageRef;
use kubectl_release::registry::{ImageId, RegistryAddress, connect};
use kubectl_release::report::Report;
use kubectl_release::run::Run;

use super::change::{Plan, carry_out, nothing};
use super::select;
use crate::checks::{Case, Gate};
use crate::options::{Carry, WorkloadName};
use crate::placement::{Asked, Selected};
use crate::plan::{self, Context, pinned_short, short_digest};
use crate::snapshot::{self, Snapshot};

/// Runs the verb.
///
/// # Errors
/// As the exit codes say.
pub async fn run(
    run: &Run,
    name: &WorkloadName,
    containers: &[String],
    carry: &Carry,
    report: &mut Report,
) -> Outcome<()> {
    let workload = snapshot::workload(&run.cluster, name).await?;
    let asked = Asked { containers, include_init: true, offline: false, suffix: &run.suffix };
    let selected = select::containers(run, &workload, &asked, &carry.typed)?;
    if ImageRef::parse(selected.image()).digest.is_none() {
        let message = format!("{workload} asks for {}, which is not pinned", pinned_short(selected.image()));
        nothing(run, &workload, &message, None, report);
        return Ok(());
    }
    let snapshot = snapshot::beside(&run.cluster, workload).await?;
    let to = tag_before(&snapshot, &selected)?;
    let context = Context { carry, run_id: &run.id, user: &run.cluster.user };
    let roll = plan::unpinned(&snapshot, &selected, &to, &context);
    let lines = vec![format!("{}: {}", selected.names(), roll.summary()), tag_is_on(run, &selected, &to).await];
    let case =
        Case { snapshot: &snapshot, selected: &selected, roll: &roll, pushed: None, gate: Gate::Off, now: snapshot.at };
    carry_out(run, &Plan { name, case: &case, carry, past: "unpinned", lines }, report).await
}

/// The tag in the reference itself, else the one that the rollback left.
fn tag_before(snapshot: &Snapshot, selected: &Selected) -> Outcome<String> {
    let now = ImageRef::parse(selected.image());
    if let Some(tag) = now.tag {
        return Ok(format!("{}:{tag}", now.repository));
    }
    let recorded = &snapshot.recorded;
    let records = recorded.current.iter().chain(&recorded.history);
    let left = records
        .flat_map(|record| &record.containers)
        .filter(|moved| moved.name == selected.container())
        .map(|moved| ImageRef::parse(&moved.from))
        .find(|from| from.repository == now.repository && from.tag.is_some());
    match left {
        Some(ImageRef { repository, tag: Some(tag), .. }) => Ok(format!("{repository}:{tag}")),
        _ => Err(Failure::failed(
            "NoTag",
            format!("{} has no tag, and no record says which it had", pinned_short(selected.image())),
        )
        .next(format!(
            "kubectl set image {} {}={}:TAG{}",
            snapshot.workload,
            selected.container(),
            now.repository,
            " -n ".to_owned() + &snapshot.namespace
        ))),
    }
}

/// What the tag leads to now, as far as the registry says.
async fn tag_is_on(run: &Run, selected: &Selected, to: &str) -> String {
    let tag = ImageRef::parse(to).tag.unwrap_or("latest").to_owned();
    let Some(repository) = &selected.repository else { return format!("{tag} is whatever it is on then") };
    let found = async {
        let address = RegistryAddress::from(repository);
        let registry = connect(&address, run.cluster.request_timeout(), run.verbosity()).await.ok()?;
        registry.images_by(&repository.name, &[ImageId::Tag(tag.clone())]).await.ok()?.into_iter().next()
    };
    match found.await {
        Some(image) => format!("{tag} is on {} now, pushed {:.0}", short_digest(&image.digest), image.pushed_at),
        None => format!("what {tag} is on now could not be found out"),
    }
}
