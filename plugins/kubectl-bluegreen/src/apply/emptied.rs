//! A Service without a ready endpoint: an emergency, not a wait.

use std::time::Duration;

use release_cli::run::Run;
use release_core::command::Command;
use release_core::failure::Failure;

use super::warnings::newest_warning;

/// The reason of a failure that left a Service without a ready endpoint.
pub const EMPTIED: &str = "Emptied";
/// For so long the endpoints may be behind: the controllers and their watches take a moment.
pub const TOLERATED: Duration = Duration::from_secs(3);
/// The Service has no ready endpoint, with what the endpoint controller says about it.
pub async fn emptied(run: &Run, service: &str, to: &str) -> Failure {
    let because = because(run, service).await;
    let seconds = TOLERATED.as_secs();
    let text = format!("service/{service} has had no ready endpoint of {to} for {seconds} s{because}");
    Failure::failed(EMPTIED, text).look(endpoints(run, service))
}

/// Ready pods that are no endpoints, for longer than the controllers take.
pub async fn unreachable(run: &Run, service: &str, what: &str) -> Failure {
    let because = because(run, service).await;
    Failure::failed("TargetFailed", format!("{what}{because}")).look(endpoints(run, service))
}

fn endpoints(run: &Run, service: &str) -> Command {
    let labels = format!("kubernetes.io/service-name={service}");
    Command::new("kubectl get endpointslices").flag("-l", labels).arg("-o").arg("yaml").scope(run.scope())
}

async fn because(run: &Run, service: &str) -> String {
    newest_warning(run, "Service", service).await.map_or_else(String::new, |warning| format!(": {warning}"))
}
