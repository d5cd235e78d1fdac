//! The last look before a route's move is called verified: what the route names is still there.

use std::collections::BTreeSet;

use futures::future::join_all;
use k8s_openapi::api::core::v1::Service;
use release_cli::run::Run;
use release_cluster::slice_view::slices_of;
use release_core::command::Command;
use release_core::failure::{Failure, Outcome};
use release_core::kube::service::{service_name, service_path};
use release_core::text::printable;
use release_core::traffic::router::Route;
use release_core::traffic::router::find::{FoundRouter, RecordedColors, SeenRoute, Sought, find};
use release_core::traffic::routes::{DestinationRule, host_is};
use serde_json::Value;

use super::home::Home;
use super::in_progress::{MoveInProgress, status};
use crate::main_ingress::{lacking, needed};
use crate::service_view::ready_count;
use crate::snapshot::{Snapshot, canaries_now, destination_rules_in, pods_with};

/// Reads the route, its DestinationRules and the Services that it sends to. What can't be read is no verdict.
///
/// # Errors
/// Exit 1 where the requests for the target lead nowhere by now, or to another color.
pub async fn check(run: &Run, snapshot: &Snapshot, made: &MoveInProgress<'_>) -> Outcome<()> {
    let movement = made.movement;
    let Some(before) = movement.route.as_deref() else { return Ok(()) };
    let Ok(Home { object, .. }) = Home::read(run, movement).await else { return Ok(()) };
    let Some(services) = services(run, made, before).await else { return Ok(()) };
    let Some(rules) = rules(run, snapshot, made).await else { return Ok(()) };
    let around = Around { services: &services, rules: &rules, snapshot };
    let to = movement.to.as_str();
    let why = match passed_over(run, snapshot, before, to).await {
        None => led_astray(run, made, before, &object, around).await,
        found => found,
    };
    let Some(why) = why else { return Ok(()) };
    made.meanwhile.is_astray.set(true);
    let get = |route: &str| Command::new("kubectl get").arg(route).arg("-o").arg("yaml");
    let look = match &before.dns {
        Some(_) => status(made.service(), run.scope()),
        None => get(&before.reference()).scope(&before.scope(run.scope())),
    };
    Err(Failure::failed("TargetFailed", printable(&format!("requests for {to} reach nobody: {why}"))).look(look))
}

/// Why the requests for the target reach nobody by what is there now.
async fn led_astray(
    run: &Run,
    made: &MoveInProgress<'_>,
    before: &Route,
    object: &Value,
    around: Around<'_>,
) -> Option<String> {
    let (to, now) = (made.movement.to.as_str(), found(made, before, object, around)?);
    let find = |name: &str| around.services.iter().find(|service| service_name(service) == name);
    match now.lost(to).or_else(|| now.without_port(object, to, find)) {
        None if now.leading(object).is_some_and(|color| color != to) => {
            Some(format!("what {} names is no more {to}", made.movement.object()))
        }
        None => unmatched(run, made, &now).await,
        found => found,
    }
}

/// Why ingress-nginx makes nothing of a canary's weight by now. What can't be read is no verdict.
async fn passed_over(run: &Run, snapshot: &Snapshot, before: &Route, to: &str) -> Option<String> {
    let then = before.beside.canary.as_ref()?;
    let now = canaries_now(&run.cluster, &before.namespace, &snapshot.ingress_classes).await.ok()?;
    let name = before.reference();
    let Some(canary) = now.get(&before.name) else { return Some(format!("{name} is no canary any more")) };
    if let Some(why) = &canary.ignored {
        return Some(format!("{name} is refused by its controller: {why}"));
    }
    if canary.pairs != then.pairs {
        return Some(format!("{name} shares requests between other Services now"));
    }
    let main = needed(before, to)?;
    lacking(main, &slices_of(&run.cluster, main).await.ok()?.slices)
}

/// The Service and those of the colors, as they are now; the ones that are gone are left out.
async fn services(run: &Run, made: &MoveInProgress<'_>, route: &Route) -> Option<Vec<Service>> {
    let names: BTreeSet<&str> = route.colors.keys().map(|to| to.service.as_str()).chain([made.service()]).collect();
    let read = names.into_iter().map(async |name| {
        let read = run.cluster.get::<Service>(&service_path(&made.movement.namespace, name)).await;
        match read {
            Ok(service) => Some(Some(service)),
            Err(error) if error.is_not_found() => Some(None),
            Err(_) => None,
        }
    });
    let read: Option<Vec<Option<Service>>> = join_all(read).await.into_iter().collect();
    Some(read?.into_iter().flatten().collect())
}

/// Those of the namespaces in which the subsets were defined.
async fn rules(run: &Run, snapshot: &Snapshot, made: &MoveInProgress<'_>) -> Option<Vec<DestinationRule>> {
    if !made.view.is_by_subset() {
        return Some(Vec::new());
    }
    let home = made.movement.namespace.as_str();
    let is_of_it = |rule: &&DestinationRule| host_is(&rule.spec.host, &rule.metadata.namespace, made.service(), home);
    let known = snapshot.destination_rules.iter().flatten().filter(is_of_it);
    let namespaces: BTreeSet<&str> = known.map(|rule| rule.metadata.namespace.as_str()).collect();
    let read = join_all(namespaces.into_iter().map(|namespace| destination_rules_in(&run.cluster, namespace))).await;
    let read: Result<Vec<Vec<DestinationRule>>, String> = read.into_iter().collect();
    Some(read.ok()?.into_iter().flatten().collect())
}

/// What a route's meaning depends on.
#[derive(Debug, Clone, Copy)]
struct Around<'a> {
    services: &'a [Service],
    rules: &'a [DestinationRule],
    /// What was there before: nothing else of it is moved.
    snapshot: &'a Snapshot,
}

/// The route as it decides now.
fn found(
    made: &MoveInProgress<'_>,
    before: &Route,
    object: &Value,
    Around { services, rules, snapshot }: Around<'_>,
) -> Option<Route> {
    let service = services.iter().find(|service| service_name(service) == made.service())?;
    let both = [made.movement.to.clone(), made.movement.from.clone()];
    let recorded = Some(RecordedColors { key: before.key.clone(), both });
    let named = before.named();
    let routes = [SeenRoute {
        kind: before.kind,
        object,
        moved_by: Some(named.clone()),
        matched: None,
        recorded,
        dns: before.dns.clone(),
    }];
    let found = find(&Sought {
        service,
        namespace: &made.movement.namespace,
        neighbours: services,
        routes: &routes,
        rules,
        bindings: snapshot.target_group_bindings.as_deref().unwrap_or_default(),
        canaries: &snapshot.canaries,
        key: Some(&before.key),
        named: Some(&named),
    });
    match found {
        FoundRouter::Route(now) => Some(Route { only: before.only.clone(), ..Route::clone(&now) }),
        FoundRouter::Selector | FoundRouter::Unclear(_) => None,
    }
}

/// A subset may ask for more by now than any pod has.
async fn unmatched(run: &Run, made: &MoveInProgress<'_>, now: &Route) -> Option<String> {
    let to = made.movement.to.as_str();
    let besides = now.besides(to);
    if made.tracks.besides.get(to).cloned().unwrap_or_default() == besides {
        return None;
    }
    let mut labels = made.tracks.labels_of(to);
    labels.extend(besides);
    let pods = pods_with(&run.cluster, &labels).await.ok()?;
    (ready_count(&pods.iter().collect::<Vec<_>>()) == 0).then(|| "no ready pod has all labels of its subset".to_owned())
}
