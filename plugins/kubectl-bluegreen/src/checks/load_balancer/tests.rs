use serde_json::{Value, json};

use super::check;
use crate::checks::testing::{World, ids, told};

fn with(spec: &Value, annotations: &Value) -> World {
    let mut world = World::healthy();
    for (key, value) in spec.as_object().unwrap() {
        world.service["spec"][key] = value.clone();
    }
    world.service["metadata"]["annotations"] = annotations.clone();
    world
}

fn binding(service: &str, target_type: Option<&str>) -> Value {
    json!({"metadata": {"name": "k8s-shop-api"}, "spec": {"serviceRef": {"name": service, "port": 80}, "targetType": target_type}})
}

fn bound(binding: Value) -> World {
    World { target_group_bindings: Ok(vec![binding]), ..World::healthy() }
}

#[test]
fn a_plain_service_inside_the_cluster_has_nothing_in_front() {
    assert!(World::healthy().findings(check).is_empty());
}

#[test]
fn clients_of_an_alb_would_get_errors_until_the_new_targets_are_healthy() {
    assert_eq!(told(&bound(binding("api", Some("ip"))).findings(check)), ["x lb-ip-targets"]);
    assert!(bound(binding("api", Some("instance"))).findings(check).is_empty());
    assert!(bound(binding("web", Some("ip"))).findings(check).is_empty());
    assert_eq!(told(&bound(binding("api", None)).findings(check)), ["? lb-ip-targets"]);
}

#[test]
fn clients_of_an_nlb_with_ip_targets_would_too() {
    let balancer = json!({"type": "LoadBalancer"});
    for (key, value) in [("aws-load-balancer-nlb-target-type", "ip"), ("aws-load-balancer-type", "nlb-ip")] {
        let annotations = json!({format!("service.beta.kubernetes.io/{key}"): value});
        let mut world = with(&balancer, &annotations);
        assert_eq!(ids(&world.findings(check)), ["lb-ip-targets"]);
        world.target_group_bindings = Ok(vec![binding("api", Some("ip"))]);
        assert_eq!(ids(&world.findings(check)), ["lb-ip-targets"], "one gap, told once");
        world.target_group_bindings = Err("forbidden".into());
        assert_eq!(ids(&world.findings(check)), ["lb-ip-targets", "lb-ip-targets"]);
    }
    let instances = json!({"service.beta.kubernetes.io/aws-load-balancer-type": "external"});
    assert_eq!(ids(&with(&balancer, &instances).findings(check)), ["lb-propagation"]);
}

#[test]
fn the_class_of_eks_auto_mode_registers_pods_unless_told_otherwise() {
    let auto = json!({"type": "LoadBalancer", "loadBalancerClass": "eks.amazonaws.com/nlb"});
    assert_eq!(told(&with(&auto, &json!({})).findings(check)), ["x lb-ip-targets"]);
    let instances = json!({"service.beta.kubernetes.io/aws-load-balancer-nlb-target-type": "instance"});
    assert_eq!(ids(&with(&auto, &instances).findings(check)), ["lb-propagation"]);
    let of_controller = json!({"type": "LoadBalancer", "loadBalancerClass": "service.k8s.aws/nlb"});
    assert_eq!(ids(&with(&of_controller, &json!({})).findings(check)), ["lb-propagation"]);
    let inside = json!({"type": "ClusterIP", "loadBalancerClass": "eks.amazonaws.com/nlb"});
    assert!(with(&inside, &json!({})).findings(check).is_empty());
}

#[test]
fn other_load_balancers_follow_at_their_own_pace() {
    let plain = with(&json!({"type": "LoadBalancer"}), &json!({}));
    assert_eq!(told(&plain.findings(check)), ["~ lb-propagation"]);
    let local = with(&json!({"type": "LoadBalancer", "externalTrafficPolicy": "Local"}), &json!({}));
    assert_eq!(told(&local.findings(check)), ["! lb-propagation"]);
}

/// As in ingress-gce#638: endpoints are detached, and others attached two seconds later. The texts are those of
/// Google's guide to standalone groups.
#[test]
fn endpoint_groups_have_a_gap_between_old_pods_and_new() {
    let status = r#"{"network_endpoint_groups":{"80":"k8s1-cca197ad-shop-api-80-4db81e80"},"zones":["us-central1-a"]}"#;
    for annotations in [
        json!({"cloud.google.com/neg-status": status}),
        json!({"cloud.google.com/neg": r#"{"ingress": true}"#}),
        json!({"cloud.google.com/neg": r#"{"exposed_ports": {"80":{}}}"#}),
        json!({"cloud.google.com/neg": r#"{"ingress": false}"#, "cloud.google.com/neg-status": status}),
    ] {
        assert_eq!(told(&with(&json!({}), &annotations).findings(check)), ["x lb-endpoint-groups"], "{annotations}");
    }
    let without = json!({"cloud.google.com/neg": r#"{"ingress": false}"#});
    assert!(with(&json!({}), &without).findings(check).is_empty());
    let odd = json!({"cloud.google.com/neg": "true"});
    assert_eq!(told(&with(&json!({}), &odd).findings(check)), ["? lb-endpoint-groups"]);
    let balancer = with(&json!({"type": "LoadBalancer"}), &json!({"cloud.google.com/neg-status": status}));
    assert_eq!(told(&balancer.findings(check)), ["x lb-endpoint-groups"], "one gap, told once");
}

#[test]
fn nodes_without_a_pod_of_the_target_would_drop_their_traffic() {
    let local = json!({"type": "NodePort", "externalTrafficPolicy": "Local", "internalTrafficPolicy": "Local"});
    let mut world = with(&local, &json!({}));
    assert!(world.findings(check).is_empty());
    world.run("blue", 6, 6);
    world.run("green", 6, 2);
    let findings = world.findings(check);
    assert_eq!(told(&findings), ["! local-traffic-uncovered", "! internal-traffic-uncovered"]);
    assert!(findings[0].message.contains("4 of 6") && findings[0].message.contains("node-2, node-3, node-4"));
    world.service["spec"]["type"] = json!("ClusterIP");
    assert_eq!(ids(&world.findings(check)), ["internal-traffic-uncovered"]);
}

#[test]
fn sticky_clients_all_get_a_new_pod() {
    let sticky = with(&json!({"sessionAffinity": "ClientIP"}), &json!({}));
    assert_eq!(told(&sticky.findings(check)), ["! session-affinity"]);
}
