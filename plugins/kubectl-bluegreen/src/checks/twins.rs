//! Other Services on the same colors that would stay behind.

use k8s_openapi::api::core::v1::Service;
use release_core::kube::has_all;
use release_core::kube::service::service_name;

use super::case::Case;
use release_core::checks::finding::{Finding, Mend};
use release_core::checks::ids;

pub fn check(case: &Case<'_>) -> Vec<Finding> {
    let neighbours = match &case.snapshot.neighbours {
        Ok(neighbours) => neighbours,
        Err(why) => return vec![case.not_checked(ids::TWIN_SERVICE, "services", why)],
    };
    let staying = neighbours.iter().filter(|n| !case.moving.iter().any(|name| name == service_name(n)));
    staying.filter(|n| service_name(n) != case.view.name() && follows(case, n)).map(|n| stays(case, n)).collect()
}

/// Selects the active color, by the same labels or of the very same workloads.
fn follows(case: &Case<'_>, service: &Service) -> bool {
    let Some(selector) = service.spec.as_ref().and_then(|s| s.selector.as_ref()) else { return false };
    let of_active = selector.get(&case.tracks.key) == Some(&case.active.name);
    let selects_active = || case.active.workloads.iter().any(|w| has_all(&w.pod_labels(), selector));
    of_active && (has_all(selector, &case.tracks.base) || selects_active())
}

fn stays(case: &Case<'_>, service: &Service) -> Finding {
    let (name, color) = (service_name(service), &case.active.name);
    // `api-blue` beside `api-green`: one Service for each color, to reach it whichever is active.
    if name.split(['-', '.']).any(|part| part == color) {
        return case.warns(ids::TWIN_SERVICE, format!("{name} is {color}'s own")).quiet_if(true);
    }
    case.blocks(ids::TWIN_SERVICE, format!("{name} stays {color}")).mend(Mend::AlsoMove(name.to_owned()))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::check;
    use crate::checks::testing::{World, told};
    use release_core::checks::finding::Mend;

    fn service(name: &str, selector: &Value) -> Value {
        json!({"metadata": {"name": name}, "spec": {"selector": selector}})
    }

    fn beside(neighbours: Vec<Value>) -> World {
        let mut world = World::healthy();
        let own = world.service.clone();
        world.neighbours = Ok(std::iter::once(own).chain(neighbours).collect());
        world
    }

    #[test]
    fn a_headless_twin_would_keep_sending_to_the_old_color() {
        let mut world = beside(vec![service("api-headless", &json!({"app": "api", "version": "blue"}))]);
        let findings = world.findings(check);
        assert_eq!(told(&findings), ["x twin-service"]);
        assert_eq!(findings[0].mend, Some(Mend::AlsoMove("api-headless".into())));
        world.moving.push("api-headless".into());
        assert!(world.findings(check).is_empty());
    }

    #[test]
    fn services_of_other_applications_or_colors_are_no_twins() {
        let others = vec![
            service("web", &json!({"app": "web", "version": "blue"})),
            service("api-preview", &json!({"app": "api", "version": "green"})),
            service("api-all", &json!({"app": "api"})),
            json!({"metadata": {"name": "external"}, "spec": {"type": "ExternalName"}}),
        ];
        assert!(beside(others).findings(check).is_empty());
    }

    #[test]
    fn a_twin_may_select_by_fewer_labels() {
        let mut world = beside(vec![service("api-headless", &json!({"version": "blue"}))]);
        assert_eq!(world.findings(check).len(), 1);
        world.workloads.retain(|w| w["metadata"]["name"] != "api-blue");
        assert!(world.findings(check).is_empty());
    }

    #[test]
    fn a_service_named_after_its_color_is_meant_to_stay() {
        let pinned = beside(vec![service("api-blue", &json!({"app": "api", "version": "blue"}))]);
        assert_eq!(told(&pinned.findings(check)), ["~ twin-service"]);
    }

    #[test]
    fn what_may_not_be_read_is_said_once() {
        let world = World { neighbours: Err("forbidden".into()), ..World::healthy() };
        assert_eq!(told(&world.findings(check)), ["? twin-service"]);
    }
}
