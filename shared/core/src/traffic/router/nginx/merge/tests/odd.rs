//! Whatever anybody may write.

use proptest::prelude::*;

use super::*;
use crate::traffic::router::nginx::rules;

fn spot() -> impl Strategy<Value = (usize, usize, usize)> {
    (0..3_usize, 0..3_usize, 0..4_usize)
}

proptest! {
    /// Whatever stands in annotations and whichever way Ingresses name each other: an answer, and no pair of one
    /// Service with itself by one port.
    #[test]
    fn nothing_that_anybody_writes_is_too_odd(
        objects in proptest::collection::vec(
            (".{0,12}", any::<Option<bool>>(), ".{0,12}", proptest::collection::vec(spot(), 0..4), any::<bool>()), 0..6),
    ) {
        let hosts = ["", "a.example.com", "b.example.com"];
        let (paths, services) = (["", "/", "/cart"], ["blue", "green", "teal:http", ""]);
        let written = objects.iter().enumerate().map(|(at, (text, flag, class, spots, by_default))| {
            let spots: Vec<Spot<'_>> =
                spots.iter().map(|(host, path, service)| (hosts[*host], paths[*path], services[*service])).collect();
            let flag = flag.map_or_else(|| text.clone(), |flag| flag.to_string());
            let annotations = json!({CANARY: flag, WEIGHT: text, "nginx.ingress.kubernetes.io/canary-weight-total": class,
                "nginx.ingress.kubernetes.io/canary-by-header": text, "nginx.ingress.kubernetes.io/canary-by-cookie": class});
            let mut object = ingress(&format!("i{at}"), &annotations, &spots);
            if *by_default {
                object["spec"]["defaultBackend"] = backend(services[at % 4]);
            }
            object
        });
        let written: Vec<Value> = written.collect();
        for (name, canary) in made(&written) {
            prop_assert!(!canary.pairs.is_empty() || canary.needs().is_none(), "{name}");
            prop_assert_eq!(canary.pairs.is_empty(), canary.shared.is_empty());
            let object = written.iter().find(|object| object["metadata"]["name"] == json!(name)).unwrap();
            for rule in rules(object, "shop", &canary) {
                let sum: i64 = rule.shares.iter().map(|share| share.weight).sum();
                prop_assert!(sum >= 100 && rule.shares.iter().all(|share| share.weight >= 0));
            }
        }
    }
}
