//! Which pods of a color a Service can send to.
//!
//! A named `targetPort` is looked up in each pod
//! (<https://kubernetes.io/docs/concepts/services-networking/service/#field-spec-ports>): one that has
//! none of the Service's ports stands in a slice without ports, and gets no traffic. Workers that share
//! the labels of the pods that serve are such, in every color.

use k8s_openapi::api::core::v1::ContainerPort;

use super::selector::Tracks;
use super::service_ports::{ports, protocol};
use crate::kube::{Pod, PodPort};

impl Tracks {
    /// False for a pod that has none of the ports that the Service looks up by name. What isn't known of
    /// a pod isn't held against it.
    #[must_use]
    pub fn can_serve(&self, pod: &Pod) -> bool {
        self.ports.is_empty() || self.ports.iter().any(|port| pod.declares(port) != Some(false))
    }

    /// Those of a color's pods that can serve; where nothing of it could, all, so that they are told of.
    #[must_use]
    pub fn able<'p>(&self, color: &str, pods: &[&'p Pod]) -> Vec<&'p Pod> {
        let able: Vec<&Pod> = pods.iter().copied().filter(|pod| self.can_serve(pod)).collect();
        if able.is_empty() && !self.could_serve(color) { pods.to_vec() } else { able }
    }

    /// True where a workload of the color asks for pods with the ports that the Service looks up by name,
    /// whether any is there or not.
    fn could_serve(&self, color: &str) -> bool {
        let workloads = self.color(color).into_iter().flat_map(|color| &color.workloads);
        let mut declared = workloads.flat_map(|w| w.serving_containers()).flat_map(ports);
        declared.any(|port| self.ports.iter().any(|named| is_it(named, port)))
    }

    /// The pods of a color that carry its traffic.
    #[must_use]
    pub fn serving<'p>(&self, color: &str, pods: &'p [Pod]) -> Vec<&'p Pod> {
        self.able(color, &self.pods_of(color, pods))
    }

    /// The ready pods of a color that have to become endpoints: those that something keeps, and where
    /// nothing keeps any, all; a stray may end at any time. Pods without the ports are left out only where
    /// every other color that runs has such pods beside those that serve: where they are new, the ports
    /// were forgotten.
    #[must_use]
    pub fn expected<'p>(&self, color: &str, pods: &'p [Pod]) -> Vec<&'p Pod> {
        let ready = |color: &str| -> Vec<&'p Pod> {
            self.pods_of(color, pods).into_iter().filter(|pod| pod.is_ready()).collect()
        };
        let has_others_beside = |color: &str| {
            let ready = ready(color);
            ready.is_empty() || ready.iter().any(|pod| !self.can_serve(pod))
        };
        let usual = self.colors.iter().filter(|c| c.name != color).all(|c| has_others_beside(&c.name));
        let expected = if usual { self.able(color, &ready(color)) } else { ready(color) };
        let kept: Vec<&Pod> = expected.iter().copied().filter(|pod| !pod.is_stray()).collect();
        if kept.is_empty() { expected } else { kept }
    }
}

fn is_it(named: &PodPort, declared: &ContainerPort) -> bool {
    declared.name.as_deref() == Some(&named.name) && protocol(declared.protocol.as_deref()) == named.protocol
}

#[cfg(test)]
mod tests {
    use k8s_openapi::api::core::v1::Service;
    use serde_json::{Value, json};

    use super::*;
    use crate::traffic::selector::discover;

    fn pod(name: &str, color: &str, ports: &Value) -> Pod {
        let object = json!({
            "metadata": {"name": name, "uid": name, "labels": {"app": "api", "version": color},
                "ownerReferences": [{"kind": "WebApp", "name": color, "uid": color, "controller": true}]},
            "spec": {"containers": [{"name": "app", "ports": ports}]},
            "status": {"conditions": [{"type": "Ready", "status": "True"}]}});
        serde_json::from_value::<Pod>(object).unwrap().slim()
    }

    fn web(name: &str, color: &str) -> Pod {
        pod(name, color, &json!([{"name": "http", "containerPort": 8080}]))
    }

    fn worker(name: &str, color: &str) -> Pod {
        pod(name, color, &json!([{"containerPort": 8080}]))
    }

    fn tracks(target: &Value, pods: &[Pod]) -> Tracks {
        let ports = json!([{"name": "http", "port": 80, "targetPort": target}]);
        let spec = json!({"selector": {"app": "api", "version": "blue"}, "ports": ports});
        let service: Service = serde_json::from_value(json!({"metadata": {"name": "api"}, "spec": spec})).unwrap();
        discover(&service, &[], pods, Some("version")).unwrap()
    }

    fn names<'p>(pods: &[&'p Pod]) -> Vec<&'p str> {
        pods.iter().map(|pod| pod.metadata.name.as_str()).collect()
    }

    #[test]
    fn workers_beside_each_color_are_neither_capacity_nor_waited_for() {
        let pods = [web("b", "blue"), worker("bw", "blue"), web("g", "green"), worker("gw", "green")];
        let tracks = tracks(&json!("http"), &pods);
        assert_eq!(names(&tracks.serving("green", &pods)), ["g"]);
        assert_eq!(names(&tracks.expected("green", &pods)), ["g"]);
        assert_eq!(names(&tracks.expected("blue", &pods)), ["b"]);
    }

    #[test]
    fn a_port_that_only_the_target_lacks_is_waited_for() {
        let pods = [web("b", "blue"), web("g", "green"), worker("forgotten", "green")];
        assert_eq!(names(&tracks(&json!("http"), &pods).expected("green", &pods)), ["g", "forgotten"]);
        let none = [web("b", "blue"), worker("g", "green")];
        assert_eq!(names(&tracks(&json!("http"), &none).expected("green", &none)), ["g"]);
    }

    #[test]
    fn a_number_is_every_pods_and_a_protocol_is_part_of_a_port() {
        let pods = [worker("b", "blue"), worker("g", "green")];
        assert!(tracks(&json!(8080), &pods).can_serve(&pods[1]));
        let udp = pod("u", "green", &json!([{"name": "http", "containerPort": 8080, "protocol": "UDP"}]));
        assert!(!tracks(&json!("http"), &pods).can_serve(&udp));
    }

    #[test]
    fn a_native_sidecar_has_its_ports_too() {
        let mut object = json!({"metadata": {}, "spec": {"containers": [{"name": "app"}],
            "initContainers": [{"name": "proxy", "restartPolicy": "Always", "ports": [{"name": "http", "containerPort": 1}]}]}});
        let read = |object: &Value| serde_json::from_value::<Pod>(object.clone()).unwrap().slim();
        assert!(tracks(&json!("http"), &[]).can_serve(&read(&object)));
        object["spec"]["initContainers"][0]["restartPolicy"] = json!(null);
        assert!(!tracks(&json!("http"), &[]).can_serve(&read(&object)));
    }
}
