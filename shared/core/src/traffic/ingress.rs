//! Ingresses that split traffic between Services: canary Ingresses of ingress-nginx
//! (<https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/annotations/#canary>) and
//! weighted actions of AWS load balancers
//! (<https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/guide/ingress/annotations/#actions>).

use k8s_openapi::api::networking::v1::{Ingress, IngressBackend};
use serde_json::Value;

use super::router::nginx::annotations::{WEIGHT, annotation, by_request, is_canary};

const ALB_ACTION: &str = "alb.ingress.kubernetes.io/actions.";

/// Services besides this one that Ingresses split traffic with: (`ingress/NAME`, Service). The Ingress is
/// the one that takes a share.
#[must_use]
pub fn split_with(service: &str, ingresses: &[Ingress]) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for ingress in ingresses.iter().filter(|ingress| takes_a_share(ingress)) {
        for canary in backends(ingress) {
            let mains = ingresses.iter().filter(|other| !is_canary(other)).flat_map(backends);
            let of_one_place = mains.filter(|main| main.place == canary.place && main.service != canary.service);
            found.extend(of_one_place.filter_map(|main| {
                let other = [(main.service, canary.service), (canary.service, main.service)];
                let (_, other) = other.into_iter().find(|(ours, _)| *ours == service)?;
                Some((reference(ingress), other.to_owned()))
            }));
        }
    }
    for ingress in ingresses {
        for services in actions(ingress).filter(|services| services.iter().any(|(name, _)| name == service)) {
            let others = services.into_iter().filter(|(name, _)| name != service);
            found.extend(others.map(|(name, _)| (reference(ingress), name)));
        }
    }
    found.sort();
    found.dedup();
    found
}

/// Names of the Ingresses that send traffic to a Service at all.
#[must_use]
pub fn ingresses_to(service: &str, ingresses: &[Ingress]) -> Vec<String> {
    let sends = |ingress: &&Ingress| {
        let by_rule = !is_canary(ingress) || takes_a_share(ingress);
        let by_action = || actions(ingress).flatten().any(|(name, weight)| name == service && weight != 0);
        (by_rule && backends(ingress).any(|backend| backend.service == service)) || by_action()
    };
    ingresses.iter().filter(sends).map(reference).collect()
}

/// Where an Ingress sends the requests of one place.
struct Backend<'i> {
    /// Host and path.
    place: (&'i str, &'i str),
    service: &'i str,
}

fn backends(ingress: &Ingress) -> impl Iterator<Item = Backend<'_>> {
    let spec = ingress.spec.iter();
    let by_default = spec.clone().filter_map(|spec| Some((("", ""), spec.default_backend.as_ref()?)));
    let by_rule = spec.flat_map(|spec| spec.rules.iter().flatten()).flat_map(|rule| {
        let host = rule.host.as_deref().unwrap_or_default();
        let paths = rule.http.iter().flat_map(|http| &http.paths);
        paths.map(move |path| ((host, path.path.as_deref().unwrap_or("/")), &path.backend))
    });
    by_default.chain(by_rule).filter_map(|(place, backend)| Some(Backend { place, service: name_of(backend)? }))
}

fn name_of(backend: &IngressBackend) -> Option<&str> {
    backend.service.as_ref().map(|service| service.name.as_str())
}

fn reference(ingress: &Ingress) -> String {
    format!("ingress/{}", ingress.metadata.name.as_deref().unwrap_or_default())
}

/// By weight, or by a header or cookie that clients send. Other controllers than ingress-nginx take its annotations,
/// too: whatever is no plain 0 may be a weight to one of them.
fn takes_a_share(ingress: &Ingress) -> bool {
    let is_weighted = annotation(ingress, WEIGHT).is_some_and(|weight| weight.trim() != "0");
    is_canary(ingress) && (is_weighted || !by_request(ingress.metadata.annotations.as_ref()).is_empty())
}

/// The Services of each weighted action, with their weights.
fn actions(ingress: &Ingress) -> impl Iterator<Item = Vec<(String, i64)>> {
    let annotations = ingress.metadata.annotations.iter().flatten();
    let actions = annotations.filter(|(key, _)| key.starts_with(ALB_ACTION));
    actions.filter_map(|(_, text)| {
        let action: Value = serde_json::from_str(text).ok()?;
        let groups = member(member(&action, "forwardConfig")?, "targetGroups")?.as_array()?;
        let service = |group: &Value| {
            // The controller reads a single group without a weight as all of it.
            let weight = member(group, "weight").and_then(Value::as_i64).unwrap_or(1);
            Some((member(group, "serviceName")?.as_str()?.to_owned(), weight))
        };
        Some(groups.iter().filter_map(service).collect())
    })
}

/// Keys are taken with either case of their first letter, as AWS writes them.
fn member<'v>(object: &'v Value, key: &str) -> Option<&'v Value> {
    let capital = || format!("{}{}", key[..1].to_uppercase(), &key[1..]);
    object.get(key).or_else(|| object.get(capital()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn ingress(name: &str, service: &str, annotations: &Value) -> Ingress {
        let backend = json!({"service": {"name": service, "port": {"number": 80}}});
        let rules = json!([{"host": "shop.example.com", "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]}}]);
        let object = json!({"metadata": {"name": name, "annotations": annotations}, "spec": {"rules": rules}});
        serde_json::from_value(object).unwrap()
    }

    fn canary(extra: (&str, &str)) -> Value {
        let mut annotations = json!({"nginx.ingress.kubernetes.io/canary": "true"});
        annotations[format!("nginx.ingress.kubernetes.io/canary-{}", extra.0)] = json!(extra.1);
        annotations
    }

    #[test]
    fn a_canary_ingress_shares_the_place_of_another() {
        let main = ingress("shop", "api", &json!({}));
        let split = |annotations: &Value| split_with("api", &[main.clone(), ingress("next", "api-next", annotations)]);
        let shared = [("ingress/next".to_owned(), "api-next".to_owned())];
        assert_eq!(split(&canary(("weight", "10"))), shared);
        assert_eq!(split(&canary(("by-header", "x-next"))), shared);
        assert!(split(&canary(("weight", "0"))).is_empty());
        assert!(split(&json!({})).is_empty());
        let both = [main.clone(), ingress("next", "api-next", &canary(("weight", "10")))];
        assert_eq!(split_with("api-next", &both), [("ingress/next".to_owned(), "api".to_owned())]);
        let mut elsewhere = ingress("next", "api-next", &canary(("weight", "10")));
        elsewhere.spec.as_mut().unwrap().rules.as_mut().unwrap()[0].host = Some("other.example.com".into());
        assert!(split_with("api", &[main, elsewhere]).is_empty());
    }

    #[test]
    fn a_weighted_action_splits_in_either_spelling() {
        let groups = json!([{"ServiceName": "api", "Weight": 90}, {"serviceName": "api-next", "weight": 10}]);
        let action = json!({"type": "forward", "ForwardConfig": {"targetGroups": groups}}).to_string();
        let front = ingress("front", "use", &json!({"alb.ingress.kubernetes.io/actions.use": action}));
        assert_eq!(
            split_with("api", std::slice::from_ref(&front)),
            [("ingress/front".to_owned(), "api-next".to_owned())]
        );
        assert_eq!(ingresses_to("api-next", std::slice::from_ref(&front)), ["ingress/front"]);
        let garbled = ingress("front", "use", &json!({"alb.ingress.kubernetes.io/actions.use": "{"}));
        assert!(split_with("api", &[garbled]).is_empty());
    }

    #[test]
    fn a_canary_without_a_share_sends_nothing() {
        let idle = ingress("next", "api-next", &canary(("weight", "0")));
        assert!(ingresses_to("api-next", &[idle]).is_empty());
        assert_eq!(ingresses_to("api", &[ingress("shop", "api", &json!({}))]), ["ingress/shop"]);
    }
}
