//! `api` in two colors, of which a route decides which one is live.

use anyhow::{Context, Result};
use lab::Namespace;
use lab::fixtures::Behavior;
use serde_json::{Value, json};

use super::app::{api, color, rolled_out};
use crate::common::run::admin;

/// Blue and green of so many pods, and Services: `api` over both, `api-blue` and `api-green` of one each.
///
/// # Errors
/// Where the pods don't become ready.
pub async fn two_colors(ns: &Namespace, replicas: u32) -> Result<()> {
    let ready = |name| color(name, replicas, Behavior::Ready);
    let app = api().color(ready("blue")).color(ready("green"));
    rolled_out(ns, &app).await?;
    for color in ["blue", "green"] {
        let mut service = app.service(color);
        service["metadata"]["name"] = json!(format!("api-{color}"));
        ns.apply(&service).await?;
    }
    let mut both = app.service("blue");
    both["spec"]["selector"] = json!({"app": "api", "version": null});
    ns.apply(&both).await.map(drop)
}

/// The same, with the DestinationRule that names the colors.
///
/// # Errors
/// Where the pods don't become ready.
pub async fn two_subsets(ns: &Namespace, replicas: u32) -> Result<()> {
    two_colors(ns, replicas).await?;
    ns.apply(&destination_rule()).await.map(drop)
}

/// Team 1's, for `api`.
#[must_use]
pub fn destination_rule() -> Value {
    let subset = |name: &str| json!({"name": name, "labels": {"version": name}});
    json!({"apiVersion": "networking.istio.io/v1", "kind": "DestinationRule", "metadata": {"name": "api"},
        "spec": {"host": "api", "subsets": [subset("blue"), subset("green")]}})
}

/// What a VirtualService sends to blue and to green.
#[must_use]
pub fn subsets(blue: u32, green: u32) -> Value {
    let to = |subset: &str, weight: u32| json!({"destination": {"host": "api", "subset": subset}, "weight": weight});
    json!([to("blue", blue), to("green", green)])
}

/// Team 1's, for `api`: without gateways, so that it is the mesh's.
#[must_use]
pub fn virtual_service(name: &str, http: &Value) -> Value {
    json!({"apiVersion": "networking.istio.io/v1", "kind": "VirtualService", "metadata": {"name": name},
        "spec": {"hosts": ["api"], "http": http}})
}

/// An HTTPRoute to a Service of a color each.
#[must_use]
pub fn http_route(blue: u32, green: u32) -> Value {
    let to = |color: &str, weight: u32| json!({"name": format!("api-{color}"), "port": 80, "weight": weight});
    json!({"apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "metadata": {"name": "api"},
        "spec": {"parentRefs": [{"name": "public"}], "hostnames": ["api.example.com"],
            "rules": [{"backendRefs": [to("blue", blue), to("green", green)]}]}})
}

/// An object as it is, by a name as kubectl takes it: `virtualservice/api`.
///
/// # Errors
/// Where it isn't there.
pub async fn object(ns: &Namespace, reference: &str) -> Result<Value> {
    let read = admin(ns).must(&["get", reference, "-o", "json"]).await?;
    serde_json::from_str(&read).context("kubectl get")
}

/// The weights of the destinations at this place of an object.
///
/// # Errors
/// Where it isn't there.
pub async fn weights(ns: &Namespace, reference: &str, pointer: &str) -> Result<Vec<Option<i64>>> {
    let object = object(ns, reference).await?;
    let list = object.pointer(pointer).and_then(Value::as_array).context("no destinations")?;
    Ok(list.iter().map(|to| to["weight"].as_i64()).collect())
}

/// An Ingress of an AWS load balancer, whose paths take the action `api` from this text.
#[must_use]
pub fn balanced(action: &str) -> Value {
    let backend = json!({"service": {"name": "api", "port": {"name": "use-annotation"}}});
    json!({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
        "metadata": {"name": "edge", "annotations": {ACTION: action, "alb.ingress.kubernetes.io/target-type": "ip"}},
        "spec": {"ingressClassName": "alb", "rules": [{"host": "api.example.com", "http": {"paths": [
            {"path": "/", "pathType": "Prefix", "backend": backend}]}}]}})
}

/// The annotation of its action.
pub const ACTION: &str = "alb.ingress.kubernetes.io/actions.api";

/// A forward action between `api-blue` and `api-green`, as the controller's guide has it.
#[must_use]
pub fn forward(blue: u32, green: u32) -> String {
    format!(
        r#"{{"type":"forward","forwardConfig":{{"targetGroups":[{{"serviceName":"api-blue","servicePort":"80","weight":{blue}}},{{"serviceName":"api-green","servicePort":80,"weight":{green}}}]}}}}"#
    )
}

/// The text of the action as it is.
///
/// # Errors
/// Where the Ingress isn't there.
pub async fn action_of(ns: &Namespace) -> Result<String> {
    let object = object(ns, "ingress/edge").await?;
    Ok(object["metadata"]["annotations"][ACTION].as_str().context("no action")?.to_owned())
}

/// The weight of a canary Ingress of ingress-nginx.
pub const WEIGHT: &str = "nginx.ingress.kubernetes.io/canary-weight";
/// All of it.
pub const TOTAL: &str = "nginx.ingress.kubernetes.io/canary-weight-total";

/// An Ingress of ingress-nginx that leads the host of `api` to a Service.
#[must_use]
pub fn nginx_ingress(name: &str, class: &str, service: &str, annotations: &Value) -> Value {
    let backend = json!({"service": {"name": service, "port": {"number": 80}}});
    json!({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": name, "annotations": annotations},
        "spec": {"ingressClassName": class, "rules": [{"host": "api.example.com", "http": {"paths": [
            {"path": "/", "pathType": "Prefix", "backend": backend}]}}]}})
}

/// The class of the namespace's own ingress-nginx; no such controller is in the lab.
///
/// # Errors
/// Where it can't be made.
pub async fn nginx_class(ns: &Namespace) -> Result<String> {
    let name = format!("nginx-{}", ns.name());
    let class = json!({"apiVersion": "networking.k8s.io/v1", "kind": "IngressClass", "metadata": {"name": &name},
        "spec": {"controller": "k8s.io/ingress-nginx"}});
    ns.apply(&class).await?;
    Ok(name)
}

/// The Ingress `api` to `api-blue`, and its canary `api-canary` to `api-green` with a weight, where one is written.
///
/// # Errors
/// Where they can't be made.
pub async fn canary_ingresses(ns: &Namespace, weight: Option<&str>) -> Result<()> {
    let class = nginx_class(ns).await?;
    let mut annotations = json!({"nginx.ingress.kubernetes.io/canary": "true", "example.com/owner": "team-1"});
    if let Some(weight) = weight {
        annotations[WEIGHT] = json!(weight);
    }
    ns.apply(&nginx_ingress("api", &class, "api-blue", &json!({}))).await?;
    ns.apply(&nginx_ingress("api-canary", &class, "api-green", &annotations)).await.map(drop)
}

/// The weight of the canary as it is; nothing where none is written.
///
/// # Errors
/// Where the Ingress isn't there.
pub async fn canary_weight(ns: &Namespace) -> Result<Option<String>> {
    let object = object(ns, "ingress/api-canary").await?;
    Ok(object["metadata"]["annotations"][WEIGHT].as_str().map(str::to_owned))
}
