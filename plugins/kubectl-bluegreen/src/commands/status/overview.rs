//! `status` without a Service: every blue-green Service of a namespace, or of the cluster.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::future::join4;
use jiff::Timestamp;
use k8s_openapi::api::core::v1::Service;
use k8s_openapi::api::discovery::v1::EndpointSlice;
use release_cli::report::Report;
use release_cli::run::Run;
use release_cli::table::table;
use release_cluster::Cluster;
use release_cluster::read::ListQuery;
use release_core::command::{Command, Scope};
use release_core::duration::age;
use release_core::failure::{Next, Outcome};
use release_core::kube::Workload;
use release_core::kube::path::collection;
use release_core::kube::service::service_name;
use release_core::text::one_line;
use release_core::traffic::endpoints::{SERVICE_LABEL, Slices};
use release_core::traffic::preview::shows;
use release_core::traffic::router::find::RouterUnclear;
use release_core::traffic::selector::{Color, NotSwitchable, Tracks};
use release_core::traffic::track_key::are_of_one_application;

use super::routed::ByRoute;
use crate::refusal::{Asked, MANAGED_BY_ARGO, not_switchable};
use crate::report::status_document::{ListedColor, ListedService, StatusEntry, StatusMembers};
use crate::service_view::ServiceView;
use crate::snapshot::{Snapshot, daemon_sets, rollouts_in, templates};

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
    let daemon_sets = daemon_sets(&run.cluster, namespace);
    let (services, workloads, daemon_sets, slices) =
        join4(services, templates(&run.cluster, namespace), daemon_sets, slices_in(&run.cluster, namespace)).await;
    let by_namespace = by_namespace(workloads?.into_iter().chain(daemon_sets));
    let mut found = Vec::new();
    // A preview is no Service to be released.
    let services: Vec<Service> = services?.items.into_iter().filter(|service| shows(service).is_none()).collect();
    let mut by_route = ByRoute::new(run, &services, everywhere);
    for service in &services {
        let home = service.metadata.namespace.clone().unwrap_or_default();
        let workloads = by_namespace.get(&home).map(Vec::as_slice).unwrap_or_default();
        let view = by_route.view(service, workloads, key).await;
        match &view.tracks {
            Ok(tracks) if tracks.others().next().is_some() || view.recorded.current.is_some() => {
                let endpoints = slices.as_ref().map(|slices| endpoints(slices, &home, &view));
                found.push(listed(&view, home, (tracks, endpoints), run.cluster.now()));
            }
            Ok(_) => {}
            Err(why) => found.extend(defective(run, &view, why, (workloads, &services)).await),
        }
    }
    if found.is_empty() {
        let of = if everywhere { String::new() } else { format!(" in {} namespace", run.cluster.namespace) };
        run.say(&format!("No blue-green Services found{of}."));
        return Ok(());
    }
    let headers = ["NAMESPACE", "SERVICE", "KEY", "ACTIVE", "READY", "ENDPOINTS", "OTHERS", "SINCE"];
    let skip = usize::from(!everywhere);
    let rows: Vec<Vec<String>> = found.iter().map(|listed| row(listed)[skip..].to_vec()).collect();
    let told = found.iter().filter_map(|listed| told(listed, run.scope(), everywhere));
    let told = told.chain(overdue(&found, run.scope(), everywhere));
    report.text = std::iter::once(table(&headers[skip..], &rows)).chain(told).collect::<Vec<_>>().join("\n");
    report.names = found.iter().map(|listed| format!("service/{}", listed.name)).collect();
    report.members.services = found.into_iter().map(StatusEntry::Listed).collect();
    Ok(())
}

/// One of the same application is listed by the name of the Service that the route's record is of.
fn is_listed_by_another(view: &ServiceView<'_>, why: &NotSwitchable, services: &[Service]) -> bool {
    let NotSwitchable::Router(RouterUnclear::OfAnother { service, .. }) = why else { return false };
    let home = &view.service.metadata.namespace;
    let other = services.iter().find(|other| service_name(other) == service && other.metadata.namespace == *home);
    other.is_some_and(|other| are_of_one_application(view.service, other))
}

/// A Service that we moved, that Argo Rollouts left behind, or that several routes share among colors, and that can't be
/// switched as it is. Of others nobody says that they are meant to be.
async fn defective(
    run: &Run,
    view: &ServiceView<'_>,
    why: &NotSwitchable,
    (workloads, services): (&[Arc<Workload>], &[Service]),
) -> Option<ListedService> {
    let is_argos = *why == NotSwitchable::ArgoRollouts;
    let is_by_route = matches!(why, NotSwitchable::Router(_));
    let is_nobodys = view.recorded.current.is_none() && !is_argos && !is_by_route;
    if is_nobodys || is_listed_by_another(view, why, services) {
        return None;
    }
    let home = view.service.metadata.namespace.clone().unwrap_or_default();
    let rollouts = if is_argos { rollouts_in(&run.cluster, &home).await } else { Ok(Vec::new()) };
    let empty = Snapshot::empty(&home, &run.scope().in_namespace(&home), run.cluster.now());
    let snapshot = Snapshot { workloads: workloads.to_vec(), rollouts, ..empty };
    let failure = not_switchable(view, why, &snapshot, &Asked::about("status", view.name()));
    if failure.reason == MANAGED_BY_ARGO {
        return None;
    }
    let tries = failure.next.as_ref().filter(|next| matches!(next, Next::Try(..)));
    let fix = tries.and_then(|next| next.commands().first()).map(ToString::to_string);
    Some(ListedService {
        namespace: home,
        name: view.name().to_owned(),
        track_key: String::new(),
        active: String::new(),
        ready: String::new(),
        endpoints: None,
        record: view.recorded.current.clone(),
        others: Vec::new(),
        defect: Some(failure.message),
        fix,
    })
}

/// What is wrong with it, and what mends it, or shows more of one that is at hand.
fn told(listed: &ListedService, scope: &Scope, everywhere: bool) -> Option<String> {
    if listed.endpoints == Some(0) {
        let what = "has no ready endpoint: connections are refused";
        if everywhere {
            return Some(format!("x {} {what}", one_line(&format!("{}/{}", listed.namespace, listed.name))));
        }
        let look = Command::new("kubectl bluegreen status").arg(&listed.name).scope(scope);
        return Some(format!("x {} {what}\n    {look}", one_line(&listed.name)));
    }
    let fix = listed.fix.as_ref().map(|fix| format!("\n    {fix}")).unwrap_or_default();
    listed.defect.as_ref().map(|defect| format!("x {defect}{fix}"))
}

/// What a cleanup may take down by now, in one line, and the command that does.
fn overdue(found: &[ListedService], scope: &Scope, everywhere: bool) -> Option<String> {
    let named = found.iter().flat_map(|listed| {
        let lead = if everywhere { format!("{}/", listed.namespace) } else { String::new() };
        let due = listed.others.iter().filter(|color| color.due);
        due.map(move |color| one_line(&format!("{} of {lead}{}", color.name, listed.name)))
    });
    let named: Vec<String> = named.collect();
    let command = Command::new("kubectl bluegreen cleanup --due");
    let command = if everywhere { command.arg("-A").scope(&scope.without_namespace()) } else { command.scope(scope) };
    (!named.is_empty()).then(|| format!("! cleanup is due: {}\n    {command}", named.join(", ")))
}

fn by_namespace(workloads: impl Iterator<Item = Arc<Workload>>) -> BTreeMap<String, Vec<Arc<Workload>>> {
    let mut sorted: BTreeMap<String, Vec<Arc<Workload>>> = BTreeMap::new();
    for workload in workloads {
        sorted.entry(workload.metadata.namespace.clone().unwrap_or_default()).or_default().push(workload);
    }
    sorted
}

/// All EndpointSlices, by namespace and Service; nothing where they can't be read.
async fn slices_in(cluster: &Cluster, namespace: Option<&str>) -> Option<BTreeMap<(String, String), Slices>> {
    let path = collection::<EndpointSlice>(namespace);
    let listed = cluster.list::<EndpointSlice>(&path, &ListQuery::default()).await.ok()?;
    let mut sorted: BTreeMap<(String, String), Vec<EndpointSlice>> = BTreeMap::new();
    for slice in listed.items {
        let service = slice.metadata.labels.as_ref().and_then(|labels| labels.get(SERVICE_LABEL)).cloned();
        let home = slice.metadata.namespace.clone().unwrap_or_default();
        sorted.entry((home, service.unwrap_or_default())).or_default().push(slice);
    }
    Some(sorted.into_iter().map(|(of, slices)| (of, slices.into_iter().collect())).collect())
}

/// Ready endpoints behind every port.
fn endpoints(slices: &BTreeMap<(String, String), Slices>, home: &str, view: &ServiceView<'_>) -> usize {
    let active = view.tracks.as_ref().map(|tracks| tracks.active.as_str()).unwrap_or_default();
    let own = slices.get(&(home.to_owned(), view.backend(active).to_owned())).cloned().unwrap_or_default();
    own.behind(view.ports.clone()).ready_pods().len()
}

fn listed(
    view: &ServiceView<'_>,
    namespace: String,
    (tracks, endpoints): (&Tracks, Option<usize>),
    now: Timestamp,
) -> ListedService {
    let is_last = view.recorded.current.as_ref().is_some_and(|record| record.to == tracks.active);
    let due_at = |color: &Color| view.due(view.left_by(tracks, &color.name).filter(|_| is_last)?);
    let is_due = |color: &Color| color.asked() > 0 && due_at(color).is_some_and(|due| due <= now);
    let other = |color: &Color| ListedColor { name: color.name.clone(), ready: ready(color), due: is_due(color) };
    ListedService {
        namespace,
        name: view.name().to_owned(),
        track_key: tracks.key.clone(),
        active: tracks.active.clone(),
        ready: tracks.color(&tracks.active).map(ready).unwrap_or_default(),
        endpoints,
        record: view.recorded.current.clone(),
        others: tracks.others().map(other).collect(),
        defect: None,
        fix: None,
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
        listed.endpoints.map_or_else(|| "?".to_owned(), |count| count.to_string()),
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
