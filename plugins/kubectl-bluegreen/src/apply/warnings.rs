//! What controllers say about an object in Events, asked for where it explains a failure.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use release_cli::run::Run;
use release_cluster::read::ListQuery;
use release_core::kube::path::path_of;
use release_core::text::printable;
use serde::Deserialize;
use tokio::time::timeout;

/// What asking may take.
const PATIENCE: Duration = Duration::from_secs(1);

/// The newest warning about an object, with its reason: `exceeded quota: pods (FailedCreate)`. Nothing
/// where there is none, or it can't be read.
pub async fn newest_warning(run: &Run, kind: &str, name: &str) -> Option<Warning> {
    let path = path_of("", "v1", "events", Some(&run.cluster.namespace));
    let selector = format!("involvedObject.kind={kind},involvedObject.name={name},type=Warning");
    let query = ListQuery { field_selector: Some(selector), ..ListQuery::default() };
    let listed = timeout(PATIENCE, run.cluster.list::<Warning>(&path, &query)).await.ok()?.ok()?;
    let of_others = listed.items.into_iter().filter(|w| !w.reporting_component.starts_with("kubectl-"));
    of_others.max_by_key(Warning::at)
}

/// An Event (v1), as far as it is repeated.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Warning {
    reason: String,
    message: String,
    last_timestamp: Option<Timestamp>,
    event_time: Option<Timestamp>,
    reporting_component: String,
}

impl Warning {
    /// True where a controller wasn't allowed to create a pod.
    #[must_use]
    pub fn is_of_creating(&self) -> bool {
        self.reason == "FailedCreate"
    }

    fn at(&self) -> Option<Timestamp> {
        self.last_timestamp.max(self.event_time)
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", printable(&self.message), printable(&self.reason))
    }
}
