use super::*;
use serde_json::json;

fn slice(name: &str, port: &str, pods: &[(&str, bool)]) -> EndpointSlice {
    let endpoints: Vec<_> = pods
        .iter()
        .map(|(pod, ready)| json!({"addresses": ["10.0.0.9"], "conditions": {"ready": ready}, "targetRef": {"kind": "Pod", "name": pod}}))
        .collect();
    let object =
        json!({"metadata": {"name": name}, "addressType": "IPv4", "endpoints": endpoints, "ports": [{"name": port}]});
    serde_json::from_value(object).unwrap()
}

fn judge(slices: Vec<EndpointSlice>, expected: &[&str]) -> Convergence {
    let slices: Slices = slices.into_iter().collect();
    slices.convergence(&expected.iter().map(ToString::to_string).collect(), |pod| pod.starts_with("blue"))
}

#[test]
fn every_port_must_have_every_ready_pod() {
    let http = slice("a", "http", &[("green-1", true), ("green-2", true)]);
    let behind = judge(vec![http.clone(), slice("b", "grpc", &[("green-1", true)])], &["green-1", "green-2"]);
    assert_eq!((behind.missing, behind.is_done()), (1, false));
    let split = vec![http, slice("b", "grpc", &[("green-1", true)]), slice("c", "grpc", &[("green-2", true)])];
    assert!(judge(split, &["green-1", "green-2"]).is_done());
}

/// "converged green 0, blue 0", exit code 0, and nobody gets an answer.
#[test]
fn endpoints_of_no_pods_at_all_have_not_followed() {
    assert!(!judge(vec![slice("a", "http", &[])], &[]).is_done());
    assert!(!judge(vec![slice("a", "http", &[("green-1", false)])], &[]).is_done());
}

#[test]
fn another_colors_address_is_not_converged_even_unready() {
    let seen = judge(vec![slice("a", "http", &[("green-1", true), ("blue-1", false)])], &["green-1"]);
    assert_eq!((seen.foreign, seen.is_done()), (1, false));
}

#[test]
fn pods_of_no_known_color_hinder_nothing() {
    assert!(
        judge(vec![slice("a", "http", &[("green-1", true), ("debug-copy", true), ("green-9", false)])], &["green-1"])
            .is_done()
    );
}

#[test]
fn a_pod_without_the_services_port_serves_nobody() {
    // The slice of pods that lack a named port, as the controller writes it.
    let mut portless = slice("b", "http", &[("green-1", true), ("green-2", true)]);
    portless.ports = None;
    let ports = |names: &[&str]| names.iter().map(ToString::to_string).collect::<BTreeSet<_>>();
    let expected = BTreeSet::from(["green-1".to_owned(), "green-2".to_owned()]);
    let hanging: Slices = [portless.clone()].into_iter().collect();
    let seen = hanging.clone().behind(ports(&["http"])).convergence(&expected, |_| false);
    assert_eq!((seen.ready, seen.missing), (0, 2));
    let unnamed = hanging.behind(ports(&[""]));
    assert!(unnamed.ready_pods().is_empty(), "a Service's only port may have no name");

    let half: Slices = [portless, slice("a", "http", &[("green-1", true)])].into_iter().collect();
    assert_eq!(half.behind(ports(&["http"])).ready_pods(), BTreeSet::from(["green-1"]));
}

#[test]
fn a_service_without_ports_asks_for_none() {
    let mut portless = slice("b", "http", &[("green-1", true)]);
    portless.ports = Some(vec![]);
    let headless: Slices = [portless].into_iter().collect();
    assert_eq!(headless.behind(BTreeSet::new()).ready_pods(), BTreeSet::from(["green-1"]));
}

#[test]
fn a_pod_with_one_familys_address_serves_on_that() {
    let mut six = slice("six", "http", &[("green-1", true)]);
    six.address_type = "IPv6".into();
    let dual: Slices = [slice("four", "http", &[("green-1", true), ("green-2", true)]), six].into_iter().collect();
    assert_eq!(dual.behind(BTreeSet::from(["http".to_owned()])).ready_pods().len(), 2);
}

#[test]
fn addresses_written_by_hand_are_the_pods_that_have_them() {
    let mut by_hand = slice("mirrored", "http", &[("x", true)]);
    by_hand.endpoints[0].target_ref = None;
    by_hand.metadata.labels = Some([(MANAGED_BY_LABEL.to_owned(), "somebody".to_owned())].into());
    let slices: Slices = [by_hand].into_iter().collect();
    assert!(slices.pods().is_empty(), "nobody's");
    let slices = slices.knowing([("10.0.0.9", "blue-1")].into_iter());
    let seen = slices.convergence(&BTreeSet::new(), |pod| pod.starts_with("blue"));
    assert_eq!((seen.foreign, seen.is_done()), (1, false));
    let found: Vec<_> = slices.unmanaged().map(|u| (u.slice, u.manager, u.pods)).collect();
    assert_eq!(found, [("mirrored", "somebody", vec!["blue-1"])]);
}

#[test]
fn no_slices_is_not_converged_while_pods_are_expected() {
    assert_eq!(judge(vec![], &["green-1"]).missing, 1);
}
