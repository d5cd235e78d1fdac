//! `status` without a Service: every blue-green Service of a namespace, or of the cluster.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::future::join;
use jiff::Timestamp;
use k8s_openapi::api::core::v1::Service;
use release_cli::report::Report;
use release_cli::run::Run;
use release_cli::table::table;
use release_cluster::read::ListQuery;
use release_core::duration::age;
use release_core::failure::Outcome;
use release_core::kube::Workload;
use release_core::kube::path::collection;
use release_core::kube::service::service_name;
use release_core::traffic::selector::{Color, Tracks};

use crate::record::Record;
use crate::report::status_document::{ListedColor, ListedService, StatusEntry, StatusMembers};
use crate::service_view::ServiceView;
use crate::snapshot::templates;

/// Fills the report with a row for each Service that has more than one color.
///
/// # Errors
/// Where Services or workloads can't be listed.
pub async fn show(run: &Run, everywhere: bool, key: Option<&str>, report: &mut Report<StatusMembers>) -> Outcome<()> {
    let namespace = (!everywhere).then_some(run.cluster.namespace.as_str());
    let path = collection::<Service>(namespace);
    // The first read opens the connection that the others share.
    let everything = ListQuery::default();
    let services = run.cluster.list::<Service>(&path, &everything);
    let (services, workloads) = join(services, templates(&run.cluster, namespace)).await;
    let by_namespace = by_namespace(workloads?);
    let mut rows = Vec::new();
    for service in services?.items {
        let home = service.metadata.namespace.clone().unwrap_or_default();
        let Some(workloads) = by_namespace.get(&home) else { continue };
        let ServiceView { recorded, tracks: Ok(tracks), .. } = ServiceView::of(&service, workloads, &[], key) else {
            continue;
        };
        if tracks.others().next().is_some() || recorded.current.is_some() {
            let listed = listed(home, &service, &tracks, recorded.current);
            rows.push(row(&listed));
            report.names.push(format!("service/{}", listed.name));
            report.members.services.push(StatusEntry::Listed(listed));
        }
    }
    if rows.is_empty() {
        run.say(&format!(
            "No blue-green Services found{}.",
            if everywhere { String::new() } else { format!(" in {} namespace", run.cluster.namespace) }
        ));
        return Ok(());
    }
    let headers = ["NAMESPACE", "SERVICE", "KEY", "ACTIVE", "READY", "OTHERS", "SINCE"];
    let skip = usize::from(!everywhere);
    let rows: Vec<Vec<String>> = rows.into_iter().map(|row| row[skip..].to_vec()).collect();
    report.text = table(&headers[skip..], &rows);
    Ok(())
}

fn by_namespace(workloads: Vec<Arc<Workload>>) -> BTreeMap<String, Vec<Arc<Workload>>> {
    let mut sorted: BTreeMap<String, Vec<Arc<Workload>>> = BTreeMap::new();
    for workload in workloads {
        sorted.entry(workload.metadata.namespace.clone().unwrap_or_default()).or_default().push(workload);
    }
    sorted
}

fn listed(namespace: String, service: &Service, tracks: &Tracks, record: Option<Record>) -> ListedService {
    let other = |color: &Color| ListedColor { name: color.name.clone(), ready: ready(color) };
    ListedService {
        namespace,
        name: service_name(service).to_owned(),
        track_key: tracks.key.clone(),
        active: tracks.active.clone(),
        ready: tracks.color(&tracks.active).map(ready).unwrap_or_default(),
        record,
        others: tracks.others().map(other).collect(),
    }
}

fn row(listed: &ListedService) -> Vec<String> {
    let others: Vec<String> = listed.others.iter().map(|c| format!("{} {}", c.name, c.ready)).collect();
    let record = listed.record.as_ref().filter(|r| r.to == listed.active);
    let since = record.map(|r| format!("{} by {}", age(r.at, Timestamp::now()), r.by)).unwrap_or_default();
    vec![
        listed.namespace.clone(),
        listed.name.clone(),
        listed.track_key.clone(),
        listed.active.clone(),
        listed.ready.clone(),
        others.join(", "),
        since,
    ]
}

/// `5/6`
fn ready(color: &Color) -> String {
    let ready: i32 = color.workloads.iter().map(|w| w.ready).fold(0, i32::saturating_add);
    let wanted: i32 = color.workloads.iter().map(|w| w.replicas).fold(0, i32::saturating_add);
    format!("{ready}/{wanted}")
}
