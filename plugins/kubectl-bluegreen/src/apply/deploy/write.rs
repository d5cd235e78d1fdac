//! The writes that prepare a color, and what is so where one is refused.

use release_cli::run::Run;
use release_cli::talk::Stand;
use release_cluster::conditional::{Found, Written};
use release_cluster::exchange::ApiError;
use release_core::command::Command;
use release_core::failure::{Failure, Next, Outcome};
use release_core::kube::has_all;
use release_core::registry::image::ImageRef;
use release_core::release::change::{Action, Change, Op};
use release_core::release::rewritten::rewritten;
use release_core::text::one_line;
use release_core::workload::twin::{containers_of, pod_labels_of};
use serde_json::Value;

/// Makes the writes in their order, and tells of each that was made. `again` goes on from wherever this ends.
///
/// # Errors
/// 1 where one is refused, 3 where something was changed, or made, meanwhile.
pub async fn all(run: &Run, changes: &[Change], again: &Next, mut made: impl FnMut(&Change)) -> Outcome<()> {
    for change in changes {
        let text = "interrupted while a color was being prepared; no Service was switched".to_owned();
        run.stands(Stand { text, next: Some(again.clone()) });
        let look = Command::new("kubectl get").arg(&change.object).scope(run.scope());
        let written = run.cluster.write_if_unchanged(change, run.write_mode(), async || found(run, change).await).await;
        let past = if change.creates() { "created" } else { "changed" };
        let stored = match written {
            Ok(Written::ReadBack(error)) => {
                if error.leaves_write_unclear() {
                    run.progress.step("read back", &format!("{error}; {} is there", change.object));
                }
                None
            }
            Ok(Written::Answered(stored)) => Some(stored),
            Err(unwritten) => return Err(not_switched(unwritten.failure(&change.object, past, look))),
        };
        made(change);
        run.progress.step(past, &format!("{} {}", change.object, change.summary));
        if let Some((wanted, there)) = stored.and_then(|stored| other_image(change, &stored)) {
            let text = format!(
                "{} asks for {there}, though {wanted} was written: an admission policy or webhook rewrites it",
                change.object
            );
            return Err(not_switched(rewritten(one_line(&text), run.scope())));
        }
    }
    Ok(())
}

/// An image that was written, and another one that is stored in its place.
fn other_image(change: &Change, stored: &Value) -> Option<(String, String)> {
    let there = containers_of(stored);
    let written: Vec<(String, String)> = match &change.action {
        Action::Create(wanted) => containers_of(wanted).into_iter().map(|c| (c.pointer(), c.image)).collect(),
        Action::JsonPatch(ops) => ops.iter().filter_map(image_of).collect(),
        _ => Vec::new(),
    };
    written.into_iter().find_map(|(pointer, wanted)| {
        let now = there.iter().find(|container| container.pointer() == pointer)?;
        let is_it = now.image == wanted || ImageRef::parse(&now.image).stands_for(&ImageRef::parse(&wanted), None);
        (!is_it).then(|| (wanted, now.image.clone()))
    })
}

/// A container's place and the image that an operation puts there.
fn image_of(op: &Op) -> Option<(String, String)> {
    let pointer = op.0["path"].as_str().filter(|_| op.0["op"] == "replace")?.strip_suffix("/image")?;
    Some((pointer.to_owned(), op.0["value"].as_str()?.to_owned()))
}

/// False where somebody else has changed since what a write left; what can't be read is taken to be so.
pub async fn is_as_written(run: &Run, change: &Change) -> bool {
    matches!(found(run, change).await, Ok(Found::Ours) | Err(_))
}

fn not_switched(failure: Failure) -> Failure {
    Failure { message: format!("{}\nno Service was switched", failure.message), ..failure }
}

/// What the cluster holds after an answer that wasn't a yes.
async fn found(run: &Run, change: &Change) -> Result<Found, ApiError> {
    match &change.action {
        Action::Create(wanted) => created(run, change, wanted).await,
        Action::JsonPatch(ops) | Action::Note(ops) => {
            let now = run.cluster.get::<Value>(&change.path).await?;
            Ok(patched(run, change, ops, &now))
        }
        // Nothing is deleted to prepare a color.
        Action::Delete { .. } => Ok(Found::Untouched(Box::new(change.clone()))),
    }
}

/// Somebody who wanted the same may have been faster.
async fn created(run: &Run, change: &Change, wanted: &Value) -> Result<Found, ApiError> {
    let name = wanted["metadata"]["name"].as_str().unwrap_or_default();
    let now = match run.cluster.get::<Value>(&format!("{}/{name}", change.path)).await {
        Ok(now) => now,
        Err(error) if error.is_not_found() => return Ok(Found::Untouched(Box::new(change.clone()))),
        Err(error) => return Err(error),
    };
    if is_like(wanted, &now) {
        return Ok(Found::Ours);
    }
    let images: Vec<String> = containers_of(&now).into_iter().map(|container| container.image).collect();
    let text = format!(
        "{} was made by someone else meanwhile ({}); nothing was overwritten",
        change.object,
        images.join(", ")
    );
    Ok(Found::Changed(changed(run, change, &text)))
}

/// The same pods by the same selector, or the same object of another kind.
fn is_like(wanted: &Value, now: &Value) -> bool {
    let images = |object: &Value| containers_of(object).into_iter().map(|c| (c.name, c.image)).collect::<Vec<_>>();
    images(wanted) == images(now)
        && has_all(&pod_labels_of(now), &pod_labels_of(wanted))
        && wanted["spec"]["selector"]["matchLabels"] == now["spec"]["selector"]["matchLabels"]
        && wanted["spec"]["scaleTargetRef"]["name"] == now["spec"]["scaleTargetRef"]["name"]
}

fn patched(run: &Run, change: &Change, ops: &[Op], now: &Value) -> Found {
    if ops.iter().all(|op| op.holds_in(now)) && ops[..1].iter().all(|op| op.unmet_in(now).is_none()) {
        return Found::Ours;
    }
    let Some((path, then, there)) = ops.iter().find_map(|op| op.unmet_in(now)) else {
        return Found::Untouched(Box::new(change.clone()));
    };
    let said = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let what = if path == "/spec/template" {
        "its pod template is another".to_owned()
    } else {
        format!("{} is {} now, it was {}", path.trim_start_matches('/'), said(there), said(then))
    };
    let text = format!("{} was changed by someone else meanwhile: {what}; nothing was overwritten", change.object);
    Found::Changed(changed(run, change, &text))
}

fn changed(run: &Run, change: &Change, text: &str) -> Failure {
    let look = Command::new("kubectl describe").arg(&change.object).scope(run.scope());
    Failure::changed(one_line(text)).look(look)
}
