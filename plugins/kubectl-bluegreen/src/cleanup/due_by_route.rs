//! Services with something to clean up whose record lies on a route.

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use release_cli::run::Run;
use release_core::release::record::Recorded;
use release_core::text::is_service_name;
use release_core::traffic::router::{NamedRouter, RouterKind};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::hand;
use crate::record::Record;
use crate::snapshot::routes_in;

/// The namespace and the name of each Service whose retention has passed, by the records on the routes of a namespace,
/// or of all. What can't be read is told.
pub async fn services(run: &Run, namespace: Option<&str>, now: Timestamp) -> Vec<(String, String)> {
    let (routes, unread) = routes_in(&run.cluster, namespace).await;
    for what in unread {
        run.say(&format!("? routes  {what}: what was moved by them is not looked at"));
    }
    let istio = routes.virtual_services.iter().map(|route| (RouterKind::VirtualService, &route.object));
    let http = routes.http_routes.iter().map(|route| (RouterKind::HttpRoute, &route.object));
    let grpc = routes.grpc_routes.iter().map(|route| (RouterKind::GrpcRoute, &route.object));
    let ingresses: Vec<Value> = routes.ingresses.iter().map(|ingress| json!(ingress)).collect();
    let ingresses = ingresses.iter().map(|ingress| (kind_of(ingress), ingress));
    let mut due: Vec<(String, String)> =
        istio.chain(http).chain(grpc).chain(ingresses).filter_map(|(kind, object)| due(kind, object, now)).collect();
    due.sort();
    due.dedup();
    due
}

/// Whose an Ingress is needn't be known: the record on it is ours, and says by what it was moved.
fn kind_of(ingress: &Value) -> RouterKind {
    let record = Recorded::<Record>::in_object(ingress).current;
    let named = record.and_then(|record| record.router.parse::<NamedRouter>().ok());
    named.map(|named| named.kind).filter(|kind| kind.is_ingress()).unwrap_or(RouterKind::Alb)
}

/// Anybody may have written the record: what is no name is of no Service.
fn due(kind: RouterKind, object: &Value, now: Timestamp) -> Option<(String, String)> {
    let metadata = ObjectMeta::deserialize(&object["metadata"]).ok()?;
    let record = Recorded::<Record>::read(metadata.annotations.as_ref()).current?;
    let is_due = hand::due_as_far_as_known(&record, &metadata, kind) <= now;
    let is_name = is_service_name(&record.service) && is_service_name(&record.namespace);
    (is_due && is_name).then_some((record.namespace, record.service))
}
