//! Whether we may reach the pods that are to be tested.

use futures::future::join_all;
use release_cli::run::Run;
use release_core::command::Command;
use release_core::failure::{Failure, Outcome};

/// A port-forward by WebSocket is read, and made: API servers ask for the second right since 1.35
/// (`AuthorizePodWebsocketUpgradeCreatePermission`), and for the first one always.
const VERBS: [&str; 2] = ["get", "create"];
const PORT_FORWARD: &str = "pods/portforward";

/// Asks the API server, which everybody may. What it doesn't say, the first test will show.
///
/// # Errors
/// Exit 1 where they can't be: nothing is prepared that can't be tested.
pub async fn may_test(run: &Run) -> Outcome<()> {
    let asked = VERBS.map(|verb| async move { (verb, run.cluster.may(verb, "", PORT_FORWARD, "").await) });
    let forbidden = join_all(asked).await.into_iter().find(|(_, may)| matches!(may, Ok(false)));
    let Some((verb, _)) = forbidden else { return Ok(()) };
    let text = format!("you may not {verb} {PORT_FORWARD}, by which pods are tested; nothing was written");
    let look = Command::new("kubectl auth can-i").arg(verb).arg(PORT_FORWARD).scope(run.scope());
    Err(Failure::failed("Forbidden", text).look(look))
}
