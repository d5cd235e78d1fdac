//! A write of a clean-up that the API server refuses: somebody else was faster, or it is not to be.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use release_cli::run::Run;
use release_cluster::exchange::ApiError;
use release_core::command::Command;
use release_core::failure::{Failure, Next, Outcome};
use release_core::kube::Labels;
use release_core::release::change::{Action, Change, Op};
use release_core::release::hand::last_hand_on;
use release_core::text::printable;
use release_core::traffic::selector::as_label_selector;
use serde_json::Value;

use super::removal::Removal;

/// A conflict with a write to something else of the object is no reason to stop: the write carries its own
/// conditions, and is offered again this often.
const CONFLICTS: u32 = 3;

/// Makes one write of a clean-up.
///
/// # Errors
/// Exit 3 where the object is not what was read any more; exit 1 where it is, and the API server
/// refuses.
pub async fn write(run: &Run, removal: &Removal, change: &Change) -> Outcome<()> {
    let mut conflicts = 0_u32;
    loop {
        let Err(error) = run.cluster.apply_and_see(change, run.write_mode()).await else { return Ok(()) };
        if !matches!(error.code(), Some(400 | 403 | 404 | 409 | 422)) {
            return Err(Failure::from(error));
        }
        match (found(run, change).await, error.code()) {
            (Found::Changed(how), _) => return Err(overtaken(run, removal, format!("{} {how}", change.object))),
            (Found::Same, Some(409)) if conflicts < CONFLICTS => conflicts = conflicts.saturating_add(1),
            (_, Some(409)) | (Found::Unread, Some(422)) => {
                let what = format!("{} was written by somebody else at the same time", change.object);
                return Err(overtaken(run, removal, what));
            }
            _ => return Err(refused(removal, change, error)),
        }
    }
}

/// What became of the object since it was read.
enum Found {
    Changed(String),
    Same,
    Unread,
}

async fn found(run: &Run, change: &Change) -> Found {
    // The object itself says more than its scale: who wrote it.
    let path = change.path.strip_suffix("/scale").unwrap_or(&change.path);
    match run.cluster.get::<Value>(path).await {
        Ok(now) => difference(&change.action, &now).map_or(Found::Same, Found::Changed),
        Err(error) if error.is_not_found() => Found::Changed("was deleted by somebody else".into()),
        Err(_) => Found::Unread,
    }
}

/// How the object differs from what a write relies on.
fn difference(action: &Action, now: &Value) -> Option<String> {
    match action {
        Action::JsonPatch(ops) | Action::Note(ops) => ops.iter().find_map(|op| unmet(op, now)),
        Action::Delete { uid, .. } if now["metadata"]["uid"] != **uid => Some("was made anew by somebody else".into()),
        Action::Delete { generation, .. } => {
            let changed = now["metadata"]["generation"] != *generation;
            changed.then(|| format!("was changed by {}", writer(now, "/f:spec")))
        }
        Action::Create(_) => None,
    }
}

fn unmet(op: &Op, now: &Value) -> Option<String> {
    let (path, then, value) = op.unmet_in(now)?;
    let number = |value: &Value| value.as_i64().unwrap_or(0);
    Some(match path {
        "/spec/replicas" => {
            let who = writer(now, "/f:spec/f:replicas");
            format!("was scaled to {} by {who}, it had {}", number(value), number(then))
        }
        "/spec/minReplicas" => {
            let who = writer(now, "/f:spec/f:minReplicas");
            format!("has a floor of {} by {who}, it had {}", number(value), number(then))
        }
        "/spec/selector" => {
            let labels: Labels = serde_json::from_value(value.clone()).unwrap_or_default();
            let labels = printable(&as_label_selector(&labels));
            format!("selects {labels} by {}", writer(now, "/f:spec/f:selector"))
        }
        "/metadata/uid" => "was made anew by somebody else".into(),
        _ => "was moved by somebody else".into(),
    })
}

fn writer(object: &Value, field: &str) -> String {
    let metadata: Option<ObjectMeta> = serde_json::from_value(object["metadata"].clone()).ok();
    let hand = metadata.and_then(|metadata| last_hand_on(&metadata, field));
    hand.map_or_else(|| "somebody else".to_owned(), |hand| hand.manager)
}

fn overtaken(run: &Run, removal: &Removal, what: String) -> Failure {
    let Removal { service, color, .. } = removal;
    let command = |verb: &str| Command::new("kubectl bluegreen").arg(verb).arg(service).scope(run.scope());
    let again = format!("and where {color} is to go all the same: {}", command("cleanup"));
    let text = format!("{what} meanwhile; {color} of service/{service} was not taken down");
    Failure::changed(text).next(Next::Look(command("status"), Some(again)))
}

/// An admission policy, a missing right: kubectl's words for it, and what is so.
fn refused(removal: &Removal, change: &Change, error: ApiError) -> Failure {
    let failure = Failure::from(error);
    let Removal { service, color, .. } = removal;
    let rest = format!("{} was not changed; {color} of service/{service} was not taken down", change.object);
    Failure { message: format!("{}\n{rest}", failure.message), ..failure }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_somebody_else_did_is_told_in_words() {
        let by = json!([{"manager": "kubectl-scale", "operation": "Update", "time": "2026-01-31T03:00:00Z",
            "fieldsV1": {"f:spec": {"f:replicas": {}}}}]);
        let now = json!({"metadata": {"uid": "1", "generation": 3, "managedFields": by}, "spec": {"replicas": 5}});
        let resize = Action::JsonPatch(vec![Op::test("/spec/replicas", 2), Op::add("/spec/replicas", 0)]);
        assert_eq!(difference(&resize, &now).as_deref(), Some("was scaled to 5 by kubectl-scale, it had 2"));
        let delete =
            |uid: &str, generation| Action::Delete { uid: uid.into(), resource_version: "7".into(), generation };
        assert_eq!(difference(&delete("1", 3), &now), None);
        assert_eq!(difference(&delete("1", 2), &now).as_deref(), Some("was changed by kubectl-scale"));
        assert_eq!(difference(&delete("2", 3), &now).as_deref(), Some("was made anew by somebody else"));
    }
}
