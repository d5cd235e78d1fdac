//! Other Services on the same colors that would stay behind.

use std::sync::Arc;

use k8s_openapi::api::core::v1::Service;
use release_core::command::Command;
use release_core::kube::service::service_name;
use release_core::kube::{Pod, Workload, has_all};
use release_core::traffic::nearest::names_one_pod;
use release_core::traffic::preview::is_preview_of;

use super::case::Case;
use crate::options::Verb;
use crate::record::RecordedVerb;
use crate::service_view::{ServiceView, is_of_its_own};
use crate::together::moved_together;
use release_core::checks::finding::{Finding, Mend};
use release_core::checks::ids;

/// Parts of the names of Services that a version is tried on before everybody gets it.
const STAGES: [&str; 13] = [
    "staging", "stage", "stg", "preprod", "preview", "test", "testing", "qa", "uat", "dev", "canary", "sandbox", "demo",
];

pub fn check(case: &Case<'_>) -> Vec<Finding> {
    let neighbours = match &case.snapshot.neighbours {
        Ok(neighbours) => neighbours,
        Err(why) => return vec![case.not_checked(ids::TWIN_SERVICE, "services", why)],
    };
    let set = set_to_take_back(case);
    // What a route shares requests among has a color each, and stays on it.
    let is_backend = |name: &str| case.view.route.iter().any(|route| route.colors.keys().any(|to| to.service == name));
    // A preview shows what it was made for, and a clean-up removes it.
    let is_other = |n: &&Service| {
        let name = service_name(n);
        name != case.view.name() && !is_backend(name) && !is_preview_of(n, case.view.name())
    };
    let others = neighbours.iter().filter(is_other);
    let staying = others.filter(|n| !case.moving.iter().any(|name| name == service_name(n)));
    let judged = staying.filter_map(|n| match set.iter().any(|name| name == service_name(n)) {
        true => Some(parted(case, n, &set)),
        false => follows(case, n).then(|| stays(case, n)),
    });
    judged.collect()
}

/// The Services that the switch moved as one which a rollback takes back.
fn set_to_take_back(case: &Case<'_>) -> Vec<String> {
    let record = case.taken_back().filter(|_| case.verb == Verb::Rollback);
    record.map(|record| moved_together(case.view, record, case.snapshot)).unwrap_or_default()
}

/// One of a set that moved as one would stay alone.
fn parted(case: &Case<'_>, service: &Service, set: &[String]) -> Finding {
    let message = format!("{} was moved together with it, and stays {}", service_name(service), case.active.name);
    let all = Command::new("kubectl bluegreen rollback").args(set).scope(case.scope());
    case.blocks(ids::TWIN_SERVICE, message).mend(Mend::Run(all))
}

/// Selects pods of the active color and of no other, by whichever labels.
fn follows(case: &Case<'_>, service: &Service) -> bool {
    let Some(selector) = service.spec.as_ref().and_then(|s| s.selector.as_ref()) else { return false };
    match case.tracks.color_selected_by(selector) {
        Some(color) => color == case.active.name,
        // Labels that pods get from a controller stand in no template.
        // Over both colors: where one of them has no pods yet, they are still to come.
        None if case.target.workloads.iter().any(|w| has_all(&w.pod_labels(), selector)) => false,
        None => {
            let selects = |pods: &[&Pod]| pods.iter().any(|pod| has_all(&pod.metadata.labels, selector));
            !selector.is_empty() && selects(&case.active_pods) && !selects(&case.target_pods)
        }
    }
}

fn stays(case: &Case<'_>, service: &Service) -> Finding {
    let (name, color) = (service_name(service), &case.active.name);
    // `api-blue` beside `api-green`: one Service for each color, to reach it whichever is active.
    if is_of_its_own(name, color) {
        return case.warns(ids::TWIN_SERVICE, format!("{name} is {color}'s own")).quiet_if(true);
    }
    // By which the members of a StatefulSet reach each other.
    if service.spec.iter().flat_map(|s| s.selector.iter().flatten()).any(|(key, _)| names_one_pod(key)) {
        return case.warns(ids::TWIN_SERVICE, format!("{name} is one pod's own")).quiet_if(true);
    }
    let mend = if is_named(case, name) { by_itself(case, service) } else { mend(case, service) };
    case.blocks(ids::TWIN_SERVICE, format!("{name} stays {color}")).mend(mend)
}

fn is_named(case: &Case<'_>, name: &str) -> bool {
    case.snapshot.services.iter().any(|named| service_name(named) == name)
}

/// One of a set that the last move did not move goes its own way back, where it has one.
fn by_itself(case: &Case<'_>, service: &Service) -> Mend {
    let name = service_name(service);
    if case.verb == Verb::Switch {
        return Mend::Advice("move it by itself".to_owned());
    }
    let own = ServiceView::of(service, &case.snapshot.workloads, &case.snapshot.pods, Some(&case.tracks.key));
    let last = own.recorded.current.as_ref().filter(|last| last.key == case.tracks.key);
    let goes_there = last.is_some_and(|last| {
        last.verb == RecordedVerb::Switch && last.from == case.target.name && last.to == case.active.name
    });
    let command = if goes_there {
        Command::new("kubectl bluegreen rollback").arg(name)
    } else {
        Command::new("kubectl bluegreen switch").arg(name).flag("--to", &case.target.name)
    };
    Mend::Run(command.scope(case.scope()))
}

/// The stage that a Service is for, as its name says: what is tried there first is not to be moved along
/// elsewhere.
pub fn stage_of(name: &str) -> Option<&'static str> {
    name.split(['-', '.']).find_map(|part| STAGES.into_iter().find(|stage| part == *stage))
}

/// Naming it too, where the same words move it; else what moves it along its own label.
fn mend(case: &Case<'_>, service: &Service) -> Mend {
    let name = service_name(service).to_owned();
    if stage_of(&name) != stage_of(case.view.name()) {
        return Mend::Advice("another stage: move it by itself".to_owned());
    }
    let Ok(own) = ServiceView::of(service, &case.snapshot.workloads, &case.snapshot.pods, None).tracks else {
        return Mend::Advice("move it by itself".to_owned());
    };
    let of_target = |w: &Arc<Workload>| case.target.workloads.iter().any(|t| t.reference() == w.reference());
    match own.others().find(|color| color.workloads.iter().any(of_target)) {
        Some(color) if color.name == case.target.name => Mend::AlsoMove(name),
        Some(color) => {
            // This Service would be in its way as it is in this one's.
            let switch = Command::new("kubectl bluegreen switch").arg(name).flag("--to", &color.name);
            Mend::Run(switch.option("--force", ids::TWIN_SERVICE.as_str()).scope(case.scope()))
        }
        // A color that runs nothing yet is selected by the same words all the same.
        None if own.key == case.tracks.key => Mend::AlsoMove(name),
        None => Mend::Advice("move it by itself".to_owned()),
    }
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

    /// The command to paste would put production on a color that staging has yet to try.
    #[test]
    fn production_is_not_moved_along_with_staging() {
        let follows = json!({"app": "api", "version": "blue"});
        for (asked, twin) in [("api-staging", "api"), ("api", "preview-api"), ("api.qa", "api-uat")] {
            let mut world = beside(vec![service(twin, &follows)]);
            world.service["metadata"]["name"] = json!(asked);
            world.moving = vec![asked.into()];
            let findings = world.findings(check);
            assert!(matches!(findings[0].mend, Some(Mend::Advice(_))), "{asked}: {:?}", findings[0]);
        }
        let world = beside(vec![service("api-headless", &follows)]);
        assert_eq!(world.findings(check)[0].mend, Some(Mend::AlsoMove("api-headless".into())));
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
        assert_eq!(world.findings(check).len(), 1, "its pods are there");
        world.pods.retain(|p| p["metadata"]["labels"]["version"] != "blue");
        assert!(world.findings(check).is_empty());
    }

    #[test]
    fn a_twin_may_select_by_another_label() {
        let mut world = beside(vec![service("api-internal", &json!({"app": "api", "slot": "one"}))]);
        assert!(world.findings(check).is_empty(), "it selects nothing");
        for (color, slot) in [("blue", "one"), ("green", "two")] {
            world.workload(color)["spec"]["template"]["metadata"]["labels"]["slot"] = json!(slot);
        }
        let findings = world.findings(check);
        assert_eq!(told(&findings), ["x twin-service"]);
        let mend = findings[0].mend.as_ref().map(ToString::to_string);
        assert_eq!(
            mend.as_deref(),
            Some("kubectl bluegreen switch api-internal --to two --force=twin-service -n shop")
        );
        world.workload("green")["spec"]["template"]["metadata"]["labels"]["slot"] = json!("one");
        assert!(world.findings(check).is_empty(), "it selects both colors");
    }

    #[test]
    fn a_twin_may_select_by_a_label_that_only_pods_have() {
        let mut world = beside(vec![service("api-debug", &json!({"pod-template-hash": "5d"}))]);
        assert!(world.findings(check).is_empty());
        for pod in world.pods_of("blue") {
            pod["metadata"]["labels"]["pod-template-hash"] = json!("5d");
        }
        assert_eq!(told(&world.findings(check)), ["x twin-service"]);
    }

    #[test]
    fn a_service_over_both_colors_stays_over_both_where_one_is_still_to_be_brought_to_size() {
        let mut world = beside(vec![service("api-metrics", &json!({"app": "api"}))]);
        world.run("green", 0, 0);
        world.scales_first = true;
        assert!(world.findings(check).is_empty());
    }

    #[test]
    fn a_pods_own_service_is_meant_to_stay() {
        let selector = json!({"app": "api", "version": "blue", "statefulset.kubernetes.io/pod-name": "api-blue-0"});
        assert_eq!(told(&beside(vec![service("member-0", &selector)]).findings(check)), ["~ twin-service"]);
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
