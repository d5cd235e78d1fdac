//! `status` without a Service: every blue-green Service of a namespace, or of the cluster.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::future::join;
use jiff::Timestamp;
use k8s_openapi::api::core::v1::Service;
use kubectl_release::cluster::read::{ListQuery, collection};
use kubectl_release::error::Outcome;
use kubectl_release::objects::Workload;
use kubectl_release::record::Recorded;
use kubectl_release::selector::{Color, Tracks, discover};
use kubectl_release::table::table;
use serde_json::json;

use crate::report::status_text::age;
use crate::snapshot::{service_name, workloads};
use kubectl_release::report::Report;
use kubectl_release::run::Run;

/// Fills the report with a row for each Service that has more than one color.
///
/// # Errors
/// Where Services or workloads can't be listed.
pub async fn show(run: &Run, everywhere: bool, key: Option<&str>, report: &mut Report) -> Outcome<()> {
    let namespace = (!everywhere).then_some(run.cluster.namespace.as_str());
    let path = collection::<Service>(namespace);
    // The first read opens the connection that the others share.
    let everything = ListQuery::default();
    let services = run.cluster.list::<Service>(&path, &everything);
    let (services, workloads) = join(services, workloads(&run.cluster, namespace)).await;
    let by_namespace = by_namespace(workloads?);
    let mut rows = Vec::new();
    for service in services?.items {
        let home = service.metadata.namespace.clone().unwrap_or_default();
        let Some(workloads) = by_namespace.get(&home) else { continue };
        let recorded = Recorded::read(&service.metadata.annotations.clone().unwrap_or_default());
        let remembered = recorded.current.as_ref().map(|r| r.key.as_str());
        let Ok(tracks) = discover(&service, workloads, key.or(remembered)) else { continue };
        if tracks.others().next().is_some() || recorded.current.is_some() {
            rows.push(row(&home, &service, &tracks, &recorded, report));
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

fn row(namespace: &str, service: &Service, tracks: &Tracks, recorded: &Recorded, report: &mut Report) -> Vec<String> {
    let others: Vec<String> = tracks.others().map(|c| format!("{} {}", c.name, ready(c))).collect();
    let active = tracks.color(&tracks.active).map(ready).unwrap_or_default();
    let record = recorded.current.as_ref().filter(|r| r.to == tracks.active);
    let since = record.map(|r| format!("{} by {}", age(r.at, Timestamp::now()), r.by)).unwrap_or_default();
    report.names.push(format!("service/{}", service_name(service)));
    report.items.push(json!({"namespace": namespace, "name": service_name(service), "trackKey": tracks.key,
        "active": tracks.active, "ready": active, "record": recorded.current,
        "others": tracks.others().map(|c| json!({"name": c.name, "ready": ready(c)})).collect::<Vec<_>>()}));
    vec![
        namespace.to_owned(),
        service_name(service).to_owned(),
        tracks.key.clone(),
        tracks.active.clone(),
        active,
        others.join(", "),
        since,
    ]
}

/// `5/6`
fn ready(color: &Color) -> String {
    let ready: i32 = color.workloads.iter().map(|w| w.ready).sum();
    let wanted: i32 = color.workloads.iter().map(|w| w.replicas).sum();
    format!("{ready}/{wanted}")
}
