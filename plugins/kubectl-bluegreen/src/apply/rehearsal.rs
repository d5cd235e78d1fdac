//! A rehearsal of writes: `--dry-run=server`.

use release_cli::run::Run;
use release_cluster::apply::DryRun;
use release_core::failure::{Failure, Outcome};
use release_core::release::change::{Action, Change, Op};
use release_core::release::rewritten::rewritten as failure;
use release_core::text::one_line;
use serde_json::Value;

/// Sends the writes with `dryRun=All`: admission, validation and permissions answer for real.
///
/// # Errors
/// The API server's refusal; exit 1 where it would store something else.
pub async fn rehearse(run: &Run, changes: &[Change]) -> Outcome<()> {
    for change in changes {
        let answered = run.cluster.apply(change, DryRun::Server).await?;
        if let Some(failure) = rewritten(change, &answered, run) {
            return Err(failure);
        }
    }
    Ok(())
}

/// Policies and webhooks have their say within a write. Annotations are nobody's alone.
fn rewritten(change: &Change, answered: &Value, run: &Run) -> Option<Failure> {
    let Action::JsonPatch(ops) = &change.action else { return None };
    let is_of_spec = |op: &&Op| op.0["path"].as_str().is_some_and(|path| path.starts_with("/spec"));
    let odd = ops.iter().filter(is_of_spec).find(|op| !op.holds_in(answered))?;
    let path = odd.0["path"].as_str().unwrap_or_default();
    let there = answered.pointer(path).unwrap_or(&Value::Null);
    let text = format!(
        "{}: {} would be {there}, though {} is to be written: an admission policy or webhook rewrites it",
        change.object,
        path.trim_start_matches('/'),
        odd.0["value"]
    );
    Some(failure(one_line(&text), run.scope()))
}
