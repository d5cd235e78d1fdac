//! `unpin`: from a pinned digest back to the tag.

use release_aws::connect::Address;
use release_aws::ecr::{ImageId, connect};
use release_cli::report::Report;
use release_cli::run::Run;
use release_core::command::Command;
use release_core::failure::{Failure, Next, Outcome};
use release_core::registry::image::{ImageRef, short_digest};

use crate::checks::case::{Case, Gate};
use crate::document::UnpinMembers;
use crate::options::UnpinOptions;
use crate::plan::image_change::{Author, unpinned};
use crate::proposal::{Proposal, nothing, propose};
use crate::selection::{Asked, Selected};
use crate::snapshot::{Snapshot, read};
use crate::which_containers;
use crate::words::pinned_short;

/// Runs the verb.
///
/// # Errors
/// As the exit codes say.
pub async fn run(run: &Run, options: &UnpinOptions, report: &mut Report<UnpinMembers>) -> Outcome<()> {
    let (name, write) = (&options.workload, &options.write);
    let workload = read::workload(&run.cluster, name).await?;
    let asked = Asked { containers: &options.containers, include_init: true, offline: false, scope: run.scope() };
    let selected = which_containers::ask(run, &workload, &asked, &write.typed)?;
    if ImageRef::parse(selected.image()).digest.is_none() {
        let message = format!("{workload} asks for {}, which is not pinned", pinned_short(selected.image()));
        nothing(run, &workload, &message, None, report);
        return Ok(());
    }
    let snapshot = read::beside(&run.cluster, workload).await?;
    let to = tag_before(&snapshot, &selected)?;
    let author = Author { run_id: &run.id, user: &run.cluster.user, reason: &write.reason };
    let change = unpinned(&snapshot, &selected, &to, &author);
    let lines = vec![format!("{}: {}", selected.names(), change.summary()), tag_is_on(run, &selected, &to).await];
    let case = Case {
        snapshot: &snapshot,
        selected: &selected,
        change: &change,
        pushed: None,
        gate: Gate::Off,
        now: snapshot.at,
    };
    propose(run, &Proposal { name, case: &case, options: write, past: "unpinned", lines }, report).await
}

/// The tag in the reference itself, else the one that the rollback left.
fn tag_before(snapshot: &Snapshot, selected: &Selected) -> Outcome<String> {
    let now = ImageRef::parse(selected.image());
    if let Some(tag) = now.tag {
        return Ok(format!("{}:{tag}", now.repository));
    }
    let moved = snapshot.recorded.all().flat_map(|record| &record.containers);
    let left = moved
        .filter(|moved| moved.name == selected.container())
        .map(|moved| ImageRef::parse(&moved.from))
        .find(|from| from.repository == now.repository && from.tag.is_some());
    if let Some(ImageRef { repository, tag: Some(tag), .. }) = left {
        return Ok(format!("{repository}:{tag}"));
    }
    let image = pinned_short(selected.image());
    let history = Command::new("kubectl ecr-rollback history").arg(snapshot.workload.reference());
    let history = history.flag("-c", selected.container()).scope(&snapshot.scope);
    let then = "then set the image to one of its tags".to_owned();
    Err(Failure::failed("NoTag", format!("{image} has no tag, and no record says which it had"))
        .next(Next::Look(history, Some(then))))
}

/// What the tag leads to now, as far as the registry says.
async fn tag_is_on(run: &Run, selected: &Selected, to: &str) -> String {
    let tag = ImageRef::parse(to).tag.unwrap_or("latest").to_owned();
    let Some(repository) = &selected.repository else { return format!("{tag} is whatever it is on then") };
    let found = async {
        let address = Address::from(repository);
        let registry = connect(&address, run.cluster.request_timeout(), run.log()).await.ok()?;
        registry.images_by(&repository.name, &[ImageId::Tag(tag.clone())]).await.ok()?.into_iter().next()
    };
    match found.await {
        Some(image) => format!("{tag} is on {} now, pushed {:.0}", short_digest(&image.digest), image.pushed_at),
        None => format!("what {tag} is on now could not be found out"),
    }
}
