use serde::Deserialize;
use serde_json::{Value, json};

use super::*;

mod odd;
mod whose;

const CANARY: &str = "nginx.ingress.kubernetes.io/canary";
const WEIGHT: &str = "nginx.ingress.kubernetes.io/canary-weight";

/// A host, a path, and the Service behind it; one with a port says it.
type Spot<'s> = (&'s str, &'s str, &'s str);

fn backend(service: &str) -> Value {
    let (name, port) = service.split_once(':').unwrap_or((service, "80"));
    let port = port.parse::<i32>().map_or_else(|_| json!({"name": port}), |number| json!({"number": number}));
    json!({"service": {"name": name, "port": port}})
}

fn ingress(name: &str, annotations: &Value, spots: &[Spot<'_>]) -> Value {
    let rule = |(host, path, service): &Spot<'_>| {
        let path = json!({"path": path, "pathType": "Prefix", "backend": backend(service)});
        json!({"host": host, "http": {"paths": [path]}})
    };
    let rules: Vec<Value> = spots.iter().map(rule).collect();
    json!({"metadata": {"name": name, "namespace": "shop", "annotations": annotations},
        "spec": {"ingressClassName": "nginx", "rules": rules}})
}

fn main(name: &str, spots: &[Spot<'_>]) -> Value {
    ingress(name, &json!({}), spots)
}

fn canary(name: &str, spots: &[Spot<'_>]) -> Value {
    ingress(name, &json!({CANARY: "true", WEIGHT: "0"}), spots)
}

fn class(name: &str, controller: &str) -> IngressClass {
    serde_json::from_value(json!({"metadata": {"name": name}, "spec": {"controller": controller}})).unwrap()
}

/// Made one after the other, a second apart.
fn read(objects: &[Value]) -> Vec<Ingress> {
    let aged = objects.iter().enumerate().map(|(second, object)| {
        let mut object = object.clone();
        object["metadata"]["creationTimestamp"] = json!(format!("2026-11-01T00:00:{second:02}Z"));
        Ingress::deserialize(&object).unwrap()
    });
    aged.collect()
}

fn made(objects: &[Value]) -> Canaries {
    canaries(&read(objects), Some(&[class("nginx", "k8s.io/ingress-nginx")]))
}

fn pairs(canary: &Canary) -> Vec<(&str, &str)> {
    canary.pairs.iter().map(|pair| (pair.main.as_str(), pair.own.as_str())).collect()
}

fn why(canaries: &Canaries, name: &str) -> String {
    canaries[name].ignored.clone().unwrap_or_default()
}

const SHOP: Spot<'_> = ("shop.example.com", "/", "api-blue");
const NEXT: Spot<'_> = ("shop.example.com", "/", "api-green");

/// The documentation's own: the same host and path twice, in either order of age.
#[test]
fn a_canary_shares_the_place_of_a_main_ingress() {
    for objects in [[main("main", &[SHOP]), canary("next", &[NEXT])], [canary("next", &[NEXT]), main("main", &[SHOP])]]
    {
        let made = made(&objects);
        assert_eq!((pairs(&made["next"]), why(&made, "next").as_str()), (vec![("api-blue", "api-green")], ""));
        assert_eq!(made["next"].needs(), Some("api-blue"));
        assert_eq!(made.len(), 1);
    }
}

/// A preview of its own host to the color that the canary leads to: ingress-nginx#9458, ingress-nginx#10729. The weight
/// is taken from whoever named the backend first, and a plain Ingress has none.
#[test]
fn a_preview_that_is_older_takes_the_weight_away() {
    let preview = main("preview", &[("next.example.com", "/", "api-green")]);
    let older = made(&[main("main", &[SHOP]), preview.clone(), canary("next", &[NEXT])]);
    assert!(why(&older, "next").contains("ingress/preview named service/api-green:80 first"), "{older:?}");
    assert_eq!(pairs(&older["next"]), [("api-blue", "api-green")], "it is told as what it was meant to be");
    let younger = made(&[main("main", &[SHOP]), canary("next", &[NEXT]), preview]);
    assert_eq!(why(&younger, "next"), "");
    let by_another_port = main("preview", &[("next.example.com", "/", "api-green:8080")]);
    assert_eq!(why(&made(&[main("main", &[SHOP]), by_another_port, canary("next", &[NEXT])]), "next"), "");
}

/// ingress-nginx#9830: one path too many, and the controller deletes the canary's backend; a second host that nobody
/// else has is in a comment there. ingress-nginx#8085 has the same line in its log.
#[test]
fn a_place_that_no_other_ingress_has_is_told() {
    let assets = ("shop.example.com", "/_next", "api-green");
    for spots in [[NEXT, assets], [assets, NEXT]] {
        let made = made(&[main("main", &[SHOP]), canary("next", &spots)]);
        assert!(why(&made, "next").contains("path /_next (Prefix) of shop.example.com"), "{made:?}");
        assert_eq!(pairs(&made["next"]), [("api-blue", "api-green")]);
    }
    let second = ("www.example2.com", "/", "api-green");
    let made_for_two = made(&[main("main", &[SHOP]), canary("next", &[NEXT, second])]);
    assert!(why(&made_for_two, "next").contains("has host www.example2.com"), "{made_for_two:?}");
    let nobody = made(&[main("main", &[("other.example.com", "/", "api-blue")]), canary("next", &[NEXT])]);
    assert!(nobody["next"].pairs.is_empty() && !why(&nobody, "next").is_empty());
    let alone = made(&[canary("next", &[NEXT])]);
    assert!(alone["next"].pairs.is_empty() && alone["next"].needs().is_none() && !why(&alone, "next").is_empty());
}

/// ingress-nginx#7370: a path under the main one's prefix is another path, and so is the same one of another type; that
/// of the implementation is a prefix.
#[test]
fn a_path_of_another_type_is_another_path() {
    let of_type = |kind: &str| {
        let mut next = canary("next", &[NEXT]);
        next["spec"]["rules"][0]["http"]["paths"][0]["pathType"] = json!(kind);
        why(&made(&[main("main", &[SHOP]), next]), "next")
    };
    assert_eq!((of_type("ImplementationSpecific"), of_type("Prefix")), (String::new(), String::new()));
    assert!(of_type("Exact").contains("path / (Exact) of shop.example.com"));
    let products = canary("next", &[("shop.example.com", "/products", "api-green")]);
    assert!(why(&made(&[main("main", &[SHOP]), products]), "next").contains("/products"));
}

/// ingress-nginx#4667, ingress-nginx#4692, ingress-nginx#8689: a backend is one thing, by whichever host and path it is
/// reached, and all of its requests are shared.
#[test]
fn another_host_of_the_main_backend_is_shared_too() {
    let other = |service| main("other", &[("other.example.com", "/", service), ("shop.example.com", "/hi", service)]);
    let shared = |objects: &[Value]| made(objects)["next"].shared.iter().map(ToString::to_string).collect::<Vec<_>>();
    let both = [main("main", &[SHOP]), other("api-blue"), canary("next", &[NEXT])];
    assert_eq!(shared(&both), ["service/api-blue:80"]);
    let by_name = [main("main", &[SHOP]), other("api-blue:http"), canary("next", &[NEXT])];
    assert_eq!(shared(&by_name), ["service/api-blue:80"], "by the port's name it is another backend");
}

/// ingress-nginx#5848: of several canaries of one rule the first one counts; flagger#1838: one by weight and one by
/// header to the same Service are one backend, and the older one's annotations count for both.
#[test]
fn of_several_canaries_the_oldest_one_counts() {
    let teal = canary("teal", &[("shop.example.com", "/", "api-teal")]);
    let both = made(&[main("main", &[SHOP]), canary("next", &[NEXT]), teal]);
    assert_eq!(why(&both, "next"), "");
    assert!(why(&both, "teal").contains("service/api-green:80 is the canary of service/api-blue:80"), "{both:?}");
    let testers =
        ingress("testers", &json!({CANARY: "true", "nginx.ingress.kubernetes.io/canary-by-header": "X"}), &[NEXT]);
    let header_first = made(&[main("main", &[SHOP]), testers.clone(), canary("next", &[NEXT])]);
    assert!(why(&header_first, "next").contains("ingress/testers named"), "{header_first:?}");
    assert_eq!(why(&header_first, "testers"), "");
    let weight_first = made(&[main("main", &[SHOP]), canary("next", &[NEXT]), testers]);
    assert_eq!((why(&weight_first, "next").as_str(), why(&weight_first, "testers").is_empty()), ("", false));
}

/// Two of one second are ordered by their names, the later name first.
#[test]
fn of_one_age_the_later_name_comes_first() {
    let mut objects =
        read(&[main("main", &[SHOP]), canary("a", &[NEXT]), canary("b", &[("shop.example.com", "/", "api-teal")])]);
    for ingress in &mut objects {
        ingress.metadata.creation_timestamp = None;
    }
    let made = canaries(&objects, Some(&[class("nginx", "k8s.io/ingress-nginx")]));
    assert_eq!((why(&made, "b").as_str(), why(&made, "a").is_empty()), ("", false));
}

/// ingress-nginx#5847: rules without a host are those of the catch-all server; a default backend is the canary of all
/// that this one has.
#[test]
fn rules_without_a_host_and_default_backends_are_shared() {
    let made_for_all = made(&[main("main", &[("", "/", "api-blue")]), canary("next", &[("", "", "api-green")])]);
    assert_eq!(
        (pairs(&made_for_all["next"]), why(&made_for_all, "next").as_str()),
        (vec![("api-blue", "api-green")], "")
    );
    let by_default = |mut object: Value, service: &str| {
        object["spec"]["defaultBackend"] = backend(service);
        object
    };
    let objects = [by_default(main("main", &[]), "api-blue"), by_default(canary("next", &[]), "api-green")];
    let made_by_default = made(&objects);
    assert_eq!(
        (pairs(&made_by_default["next"]), why(&made_by_default, "next").as_str()),
        (vec![("api-blue", "api-green")], "")
    );
    // A host without a path for all takes the default backend of its own Ingress.
    let rooted = by_default(main("main", &[("shop.example.com", "/cart", "cart")]), "api-blue");
    assert_eq!(pairs(&made(&[rooted, canary("next", &[NEXT])])["next"]), [("api-blue", "api-green")]);
    let nobody = made(&[main("main", &[SHOP]), by_default(canary("next", &[]), "api-green")]);
    assert!(nobody["next"].pairs.is_empty() && !why(&nobody, "next").is_empty());
}

/// ingress-nginx#3952: a canary that names the main Ingress's own Service for some of its paths, as copies of a whole
/// Ingress do. Where it is the older of both that takes the path away from everybody.
#[test]
fn a_path_with_the_same_service_in_both_shares_nothing() {
    let (assets, copy) = (("shop.example.com", "/static", "assets"), [NEXT, ("shop.example.com", "/static", "assets")]);
    let made_after = made(&[main("main", &[SHOP, assets]), canary("next", &copy)]);
    assert_eq!((pairs(&made_after["next"]), why(&made_after, "next").as_str()), (vec![("api-blue", "api-green")], ""));
    let made_before = made(&[canary("next", &copy), main("main", &[SHOP, assets])]);
    assert!(why(&made_before, "next").contains("/static"), "{made_before:?}");
    let the_same = made(&[main("main", &[SHOP]), canary("next", &[SHOP])]);
    assert!(the_same["next"].pairs.is_empty());
}

/// argo-rollouts#3541: an Ingress for several applications, and a canary for all of its paths: one number for all.
#[test]
fn several_services_of_a_canary_are_several_pairs() {
    let cart = |service| ("shop.example.com", "/cart", service);
    let made = made(&[main("main", &[SHOP, cart("cart-blue")]), canary("next", &[NEXT, cart("cart-green")])]);
    assert_eq!(pairs(&made["next"]), [("api-blue", "api-green"), ("cart-blue", "cart-green")]);
    assert!(made["next"].of_several().is_some_and(|why| why.contains("cart-blue and cart-green")));
}

/// ingress-nginx#3717, ingress-nginx#8246: users of the main Service stay with it, also where those of the canary don't
/// (`legacy`); an affinity of the canary's own is not looked at.
#[test]
fn users_are_kept_by_the_main_ingress_alone() {
    let sticky = json!({"nginx.ingress.kubernetes.io/affinity": "cookie"});
    let of = |main: &Value, more: &Value| {
        let mut own = json!({CANARY: "true", WEIGHT: "0"});
        own.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let made = made(&[ingress("main", main, &[SHOP]), ingress("next", &own, &[NEXT])]);
        (made["next"].keeps_users, made["next"].keeps_own_users)
    };
    assert_eq!(of(&sticky, &json!({})), (true, true));
    assert_eq!(of(&sticky, &json!({"nginx.ingress.kubernetes.io/affinity-canary-behavior": "legacy"})), (true, false));
    assert_eq!(of(&json!({}), &sticky), (false, false));
    assert_eq!(of(&json!({"nginx.ingress.kubernetes.io/affinity": "ip"}), &json!({})), (false, false));
}

/// argo-rollouts#1820, ingress-nginx#9635, ingress-nginx#8212: without an endpoint of the main Service all is 503. One
/// that is reached by its own address has one.
#[test]
fn the_main_service_has_to_have_endpoints() {
    let by_address = ingress("main", &json!({"nginx.ingress.kubernetes.io/service-upstream": "true"}), &[SHOP]);
    assert_eq!(made(&[by_address, canary("next", &[NEXT])])["next"].needs(), None);
}
