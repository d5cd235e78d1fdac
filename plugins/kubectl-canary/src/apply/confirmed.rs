//! Images are put back only where the Deployment's own ReplicaSets say that it had them: whoever may annotate it could
//! have written others into its record.

use k8s_openapi::api::apps::v1::ReplicaSet;
use release_cli::run::Run;
use release_cluster::read::ListQuery;
use release_core::command::Command;
use release_core::failure::{Failure, Next, Outcome};
use release_core::kube::path::collection;
use release_core::kube::selector_text;
use release_core::workload::revisions::{Revision, of_workload};

use crate::look::Look;
use crate::record::CanaryRecord;

/// Refuses to put back what no revision had.
///
/// # Errors
/// Exit 1, with the command that does it by hand.
pub async fn is_confirmed(run: &Run, seen: &Look, record: &CanaryRecord) -> Outcome<()> {
    let stable = &seen.stable.workload;
    let query = ListQuery::labelled(selector_text(&stable.selector));
    let path = collection::<ReplicaSet>(Some(&run.cluster.namespace));
    let listed = run.cluster.list::<Revision>(&path, &query).await.map_err(Failure::from)?;
    let revisions = of_workload(listed.items, stable.uid(), &stable.template);
    if revisions.iter().any(|revision| had(revision, record)) {
        return Ok(());
    }
    let message = format!("no revision of {stable} had the images that its record would put back");
    let images = record.containers.iter().map(|moved| format!("{}={}", moved.name, moved.from));
    let by_hand = Command::new("kubectl set image").arg(stable.reference()).args(images).scope(run.scope());
    let note = "where they are right; then the same command goes on";
    Err(Failure::failed("NotConfirmed", message).next(Next::Try(vec![by_hand], Some(note.to_owned()))))
}

/// It was at that number, with these images.
fn had(revision: &Revision, record: &CanaryRecord) -> bool {
    let was_it = revision.number == record.revision || revision.earlier_numbers.contains(&record.revision);
    was_it && record.containers.iter().all(|moved| revision.image_of(&moved.name) == Some(moved.from.as_str()))
}
