//! A Service without a ready endpoint: an emergency, not a wait.

use std::time::Duration;

use jiff::Timestamp;
use release_cli::run::Run;
use release_cluster::read::ListQuery;
use release_core::command::Command;
use release_core::failure::Failure;
use release_core::kube::path::path_of;
use release_core::text::printable;
use serde::Deserialize;
use tokio::time::{Instant, timeout};

/// The reason of a failure that left a Service without a ready endpoint.
pub const EMPTIED: &str = "Emptied";
/// For so long the endpoints may be behind: the controllers and their watches take a moment.
const TOLERATED: Duration = Duration::from_secs(3);
/// What asking for the reason may take.
const PATIENCE: Duration = Duration::from_secs(1);

/// For how long something has been so without a break.
#[derive(Debug, Default)]
pub struct Lasting {
    since: Option<Instant>,
}

impl Lasting {
    /// True once it has been so for longer than is tolerated.
    pub fn too_long(&mut self, is_so: bool) -> bool {
        if !is_so {
            self.since = None;
            return false;
        }
        self.since.get_or_insert_with(Instant::now).elapsed() >= TOLERATED
    }

    /// True while it is so.
    pub fn is_so(&self) -> bool {
        self.since.is_some()
    }
}

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

/// The newest warning about the Service, such as FailedToUpdateEndpointSlices.
async fn because(run: &Run, service: &str) -> String {
    let path = path_of("", "v1", "events", Some(&run.cluster.namespace));
    let selector = format!("involvedObject.kind=Service,involvedObject.name={service},type=Warning");
    let query = ListQuery { field_selector: Some(selector), ..ListQuery::default() };
    let listed = timeout(PATIENCE, run.cluster.list::<Warning>(&path, &query)).await;
    let warnings = listed.ok().and_then(Result::ok).map(|list| list.items).unwrap_or_default();
    let newest =
        warnings.into_iter().filter(|w| !w.reporting_component.starts_with("kubectl-")).max_by_key(Warning::at);
    newest.map_or_else(String::new, |w| format!(": {} ({})", printable(&w.message), printable(&w.reason)))
}

/// An Event (v1), as far as it is repeated.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Warning {
    reason: String,
    message: String,
    last_timestamp: Option<Timestamp>,
    event_time: Option<Timestamp>,
    reporting_component: String,
}

impl Warning {
    fn at(&self) -> Option<Timestamp> {
        self.last_timestamp.max(self.event_time)
    }
}
