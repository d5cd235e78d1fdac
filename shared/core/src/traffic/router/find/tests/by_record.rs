//! What our record tells where something has gone, and all labels of a subset.

use super::*;

fn moved() -> Option<RecordedColors> {
    Some(RecordedColors { key: "version".into(), both: ["green".into(), "blue".into()] })
}

/// Somebody applies the DestinationRule of before: users are sent to a subset of nothing, and `rollback` has to go back.
#[test]
fn a_subset_that_went_is_still_the_color_that_we_moved_to() {
    let rules = rule(&json!([{"name": "stable", "labels": {"version": "blue"}}]));
    let case = Case::istio(vec![virtual_service("api", "shop", &json!([{"route": shares(0, 100)}]))]);
    let case = Case { rules, recorded: moved(), ..case };
    let route = case.route();
    assert_eq!(route.leading(&route.object).as_deref(), Some("green"));
    assert!(route.lost("green").is_some_and(|why| why.contains("next")) && route.lost("blue").is_none());
    let none = Case { rules: Vec::new(), ..case };
    assert!(matches!(none.unclear(), RouterUnclear::Undecided { .. }), "neither is called after a color");
    let named = rule(&json!([]));
    let to = |subset: &str, weight: i64| json!({"destination": {"host": "api", "subset": subset}, "weight": weight});
    let route = virtual_service("api", "shop", &json!([{"route": [to("blue", 0), to("green", 100)]}]));
    let route = Case { rules: named, recorded: moved(), ..Case::istio(vec![route]) }.route();
    assert!(route.lost("blue").is_some() && route.lost("green").is_some());
}

/// The Service of the live color is deleted: the route sends all to nothing, and says nothing of it.
#[test]
fn a_backend_that_went_is_still_the_color_that_we_moved_to() {
    for kind in [RouterKind::HttpRoute, RouterKind::GrpcRoute] {
        let own = json!({"app": "api", "version": "blue"});
        let service = service("api-blue", &own);
        let routes = vec![(kind, http_route(&[("api-blue", 0), ("api-green", 1)]), None)];
        let case = Case { service, routes, recorded: moved(), ..Case::of(&own) };
        let route = case.route();
        assert_eq!(route.leading(&route.object).as_deref(), Some("green"));
        assert!(route.lost("green").is_some_and(|why| why.contains("service/api-green")));
        assert!(matches!(Case { recorded: None, ..case }.found(), FoundRouter::Selector), "nobody moved it");
    }
}

/// Pods that lack one of a subset's labels get nothing of what is sent to it.
#[test]
fn every_label_of_a_subset_counts() {
    let rules = rule(&json!([{"name": "stable", "labels": {"version": "blue"}},
        {"name": "next", "labels": {"version": "green", "tier": "web"}}]));
    let case = Case::istio(vec![virtual_service("api", "shop", &json!([{"route": shares(100, 0)}]))]);
    let route = Case { rules, ..case }.route();
    assert_eq!(route.besides("green"), [("tier".to_owned(), "web".to_owned())].into());
    assert!(route.besides("blue").is_empty());
}
