//! A Service of ours that shows an idle color to people, under a name of its own: pure.

use k8s_openapi::api::core::v1::{Service, ServicePort};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use serde_json::{Value, json};

use super::service_ports::{destination, plain_port, ports_of, protocol};
use crate::kube::service::service_name;
use crate::kube::{Labels, Workload};
use crate::release::hand::is_as_we_made_it;
use crate::release::pod_tests::named_in;
use crate::text::printable;

/// The label of a preview: the Service whose color it shows.
pub const PREVIEW_OF: &str = "kubectl-release.dev/preview-of";

/// What a Service's preview is called.
#[must_use]
pub fn preview_name(service: &str) -> String {
    format!("{service}-preview")
}

/// A Service over exactly these labels, with the ports of that one, reachable in the cluster alone. It goes with the
/// Service that it is of.
#[must_use]
pub fn preview(of: &Service, namespace: &str, selector: &Labels) -> Value {
    let name = service_name(of);
    let ports: Vec<Value> = ports_of(of).map(plain_port).collect();
    let owner = json!({"apiVersion": "v1", "kind": "Service", "name": name, "uid": of.metadata.uid});
    json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {
            "name": preview_name(name),
            "namespace": namespace,
            "labels": {PREVIEW_OF: name},
            "ownerReferences": [owner],
        },
        "spec": {"type": "ClusterIP", "selector": selector, "ports": ports},
    })
}

/// The Service that this one is a preview of: where it says so, and the API server says that we made it and nobody
/// has changed where it sends since. Anybody may have written the label.
#[must_use]
pub fn shows(service: &Service) -> Option<&str> {
    let of = service.metadata.labels.as_ref()?.get(PREVIEW_OF)?;
    let is_ours =
        is_as_we_made_it(&service.metadata, "/f:spec/f:selector") && service_name(service) == preview_name(of);
    is_ours.then_some(of.as_str())
}

/// True for a preview of that Service.
#[must_use]
pub fn is_preview_of(service: &Service, of: &str) -> bool {
    shows(service) == Some(of)
}

/// True where a preview sends where this one would.
#[must_use]
pub fn is_alike(there: &Service, wanted: &Value) -> bool {
    let selector = there.spec.as_ref().and_then(|spec| spec.selector.as_ref());
    let ports: Vec<Value> = ports_of(there).map(plain_port).collect();
    let bare = |ports: &[Value]| -> Vec<Value> {
        let without = |port: &Value| {
            let mut port = port.clone();
            // `TCP` where nothing is said.
            port["protocol"] = json!(protocol(port["protocol"].as_str()));
            port
        };
        ports.iter().map(without).collect()
    };
    let wanted_ports = wanted["spec"]["ports"].as_array().map(Vec::as_slice).unwrap_or_default();
    json!(selector) == wanted["spec"]["selector"] && bare(&ports) == bare(wanted_ports)
}

/// The port of a Service by its number or name; its only one where none is named.
///
/// # Errors
/// Where it has none such, or several and none is named: in words.
pub fn port_of<'s>(service: &'s Service, asked: Option<&str>) -> Result<&'s ServicePort, String> {
    let by_tcp: Vec<&ServicePort> =
        ports_of(service).filter(|port| protocol(port.protocol.as_deref()) == "TCP").collect();
    let is_it =
        |port: &&&ServicePort, asked: &str| port.name.as_deref() == Some(asked) || port.port.to_string() == asked;
    let found = match (asked, by_tcp.as_slice()) {
        (Some(asked), ports) => ports.iter().find(|port| is_it(port, asked)).copied(),
        (None, [only]) => Some(*only),
        (None, _) => None,
    };
    found.ok_or_else(|| {
        let name = printable(service_name(service));
        let all: Vec<String> = by_tcp.iter().map(|port| said(port)).collect();
        let all = if all.is_empty() { "none by TCP".to_owned() } else { all.join(", ") };
        match asked {
            Some(asked) => format!("service/{name} has no port {}: found {all}", printable(asked)),
            None => format!("service/{name} has several ports, or none: found {all}"),
        }
    })
}

/// `80`, `80 (http)`
fn said(port: &ServicePort) -> String {
    let name = port.name.as_ref().map(|name| format!(" ({})", printable(name))).unwrap_or_default();
    format!("{}{name}", port.port)
}

/// Where the Service's port leads in the pods of a workload; nothing where they have no such port. A pod of which no
/// workload is known has what is a number.
#[must_use]
pub fn target_in(workload: Option<&Workload>, port: &ServicePort) -> Option<u16> {
    match (destination(port), workload) {
        (IntOrString::Int(number), _) => u16::try_from(number).ok().filter(|number| *number > 0),
        (IntOrString::String(name), Some(workload)) => named_in(workload, &name),
        (IntOrString::String(_), None) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service(ports: &Value) -> Service {
        let object = json!({"metadata": {"name": "api", "uid": "1"}, "spec": {"type": "LoadBalancer",
            "clusterIP": "10.0.0.1", "selector": {"app": "api", "version": "blue"}, "ports": ports}});
        serde_json::from_value(object).unwrap()
    }

    fn selector() -> Labels {
        Labels::from([("app".to_owned(), "api".to_owned()), ("version".to_owned(), "green".to_owned())])
    }

    /// A preview of a load balancer's Service would be a second load balancer, open to the world and paid for.
    #[test]
    fn a_preview_is_reached_within_the_cluster_alone() {
        let of = service(
            &json!([{"name": "http", "port": 80, "targetPort": "http", "nodePort": 30080, "appProtocol": "http"}]),
        );
        let made = preview(&of, "shop", &selector());
        assert_eq!(made["spec"]["type"], "ClusterIP");
        assert_eq!(made["spec"]["selector"], json!({"app": "api", "version": "green"}));
        let port = json!({"name": "http", "port": 80, "targetPort": "http", "appProtocol": "http"});
        assert_eq!(made["spec"]["ports"], json!([port]));
        assert_eq!(made["metadata"]["ownerReferences"][0]["uid"], "1");
        assert!(made["spec"]["clusterIP"].is_null());
    }

    /// A label that somebody copied onto production would have it deleted by the next clean-up.
    #[test]
    fn a_label_alone_makes_no_preview_of_a_service() {
        let stored = |manager: &str, name: &str| -> Service {
            let managed =
                json!([{"manager": manager, "operation": "Update", "fieldsV1": {"f:spec": {"f:selector": {}}}}]);
            let labels = json!({PREVIEW_OF: "api"});
            serde_json::from_value(
                json!({"metadata": {"name": name, "labels": labels, "managedFields": managed}, "spec": {}}),
            )
            .unwrap()
        };
        assert!(is_preview_of(&stored("kubectl-release-made", "api-preview"), "api"));
        assert!(!is_preview_of(&stored("kubectl-release-made", "api-preview"), "web"));
        assert!(!is_preview_of(&stored("kubectl-client-side-apply", "api-preview"), "api"));
        assert!(!is_preview_of(&stored("kubectl-release-made", "api"), "api"), "copied with its managed fields");
    }

    #[test]
    fn a_preview_of_another_color_or_of_other_ports_is_another() {
        let of = service(&json!([{"port": 80, "targetPort": 8080}]));
        let wanted = preview(&of, "shop", &selector());
        let mut stored = wanted.clone();
        stored["spec"]["ports"][0]["protocol"] = json!("TCP");
        let there = |stored: &Value| serde_json::from_value::<Service>(stored.clone()).unwrap();
        assert!(is_alike(&there(&stored), &wanted));
        stored["spec"]["ports"][0]["targetPort"] = json!(9090);
        assert!(!is_alike(&there(&stored), &wanted));
        stored["spec"] = json!({"selector": {"app": "api", "version": "red"}, "ports": wanted["spec"]["ports"]});
        assert!(!is_alike(&there(&stored), &wanted));
    }

    #[test]
    fn a_port_is_named_unless_there_is_only_one() {
        let one = service(&json!([{"port": 80}, {"port": 53, "protocol": "UDP"}]));
        assert_eq!(port_of(&one, None).unwrap().port, 80);
        assert!(port_of(&one, Some("53")).is_err(), "a port-forward carries TCP alone (kubernetes#47862)");
        let two = service(&json!([{"name": "http", "port": 80}, {"name": "admin", "port": 81}]));
        assert_eq!(
            port_of(&two, None).unwrap_err(),
            "service/api has several ports, or none: found 80 (http), 81 (admin)"
        );
        assert_eq!(port_of(&two, Some("admin")).unwrap().port, 81);
        assert_eq!(port_of(&two, Some("81")).unwrap().port, 81);
        assert!(port_of(&two, Some("8080")).is_err());
        assert!(port_of(&service(&json!([])), None).is_err());
    }

    /// The number of a named port is another in each version of a pod (kubernetes#59733).
    #[test]
    fn a_named_port_is_looked_up_in_the_pods_that_are_asked() {
        let port = |target: Value| -> ServicePort {
            serde_json::from_value(json!({"port": 80, "targetPort": target})).unwrap()
        };
        let deployment: k8s_openapi::api::apps::v1::Deployment =
            serde_json::from_value(json!({"metadata": {"name": "api"},
            "spec": {"selector": {}, "template": {"spec": {"containers": [{"name": "app",
                "ports": [{"name": "http", "containerPort": 9090}]}]}}}}))
            .unwrap();
        let workload = Workload::from(deployment);
        assert_eq!(target_in(Some(&workload), &port(json!("http"))), Some(9090));
        assert_eq!(target_in(Some(&workload), &port(json!("other"))), None);
        assert_eq!(target_in(None, &port(json!("http"))), None);
        assert_eq!(target_in(None, &port(json!(8080))), Some(8080));
    }
}
