//! What else the release's file holds, beside what the cluster has of it.

use release_core::checks::finding::Finding;
use release_core::checks::ids;
use release_core::text::{and_more, printable};
use release_core::traffic::router::Route;

use super::case::DeployCase;
use crate::compared::{Compared, Seen};

/// Members that are told.
const TOLD: usize = 3;
const APPLIES: &str = "look with kubectl diff, mend with kubectl apply: of a file without the release";

pub fn check(case: &DeployCase<'_>) -> Vec<Finding> {
    case.compared.iter().filter_map(|one| finding(case, one)).collect()
}

fn finding(case: &DeployCase<'_>, one: &Compared) -> Option<Finding> {
    let what = printable(&format!("{}/{}", one.kind, one.name));
    let warns = |text: &str| case.warns(ids::DIFFERS_FROM_FILE, format!("{what} of the file {text}"));
    match &one.seen {
        Seen::Alike => None,
        Seen::Missing => Some(
            warns("is not there, and is not applied").mend("mend with kubectl apply: of a file without the release"),
        ),
        Seen::NotServed => Some(warns("is of a kind that this cluster doesn't have")),
        Seen::Unknown(why) => {
            Some(Finding::not_checked(case.view.name(), ids::DIFFERS_FROM_FILE, &format!("{what} of the file"), why))
        }
        Seen::Differs(members) => {
            let others: Vec<&str> = members.iter().map(String::as_str).filter(|m| !is_ours(case, one, m)).collect();
            let named = others.iter().take(TOLD).copied().collect::<Vec<_>>().join(", ");
            let text = format!("differs from what is there in {}{}", printable(&named), and_more(others.len(), TOLD));
            (!others.is_empty()).then(|| warns(&text).mend(APPLIES))
        }
    }
}

/// What deploys and switches decide themselves: which color the Service selects, sizes and images of the colors.
fn is_ours(case: &DeployCase<'_>, one: &Compared, member: &str) -> bool {
    let of_color = || {
        let is = |kind: &str, name: &str| kind == one.kind && name == one.name;
        case.prepared.iter().any(|own| is(own.kind.kind(), &own.name))
            || case.tracks.colors.iter().flat_map(|color| &color.workloads).any(|own| is(own.kind.kind(), own.name()))
    };
    match one.kind.as_str() {
        "Service" => one.name == case.view.name() && member == format!("spec.selector.{}", case.tracks.key),
        "VirtualService" | "HTTPRoute" | "GRPCRoute" => {
            let is_it = |route: &Route| route.kind.kind() == one.kind && route.name == one.name;
            case.view.route.as_deref().is_some_and(is_it) && member.ends_with("weight")
        }
        "Ingress" => {
            let pointer =
                format!("/{}", member.replace('/', "~1").replacen("metadata.annotations.", "metadata/annotations/", 1));
            let moves = |route: &Route| route.rules(&route.object).iter().any(|rule| rule.pointer == pointer);
            let of_it = case.view.route.as_deref().filter(|route| route.kind.is_ingress() && route.name == one.name);
            of_it.is_some_and(moves)
        }
        "HorizontalPodAutoscaler" => member == "spec.minReplicas",
        _ if member == "spec.replicas" => of_color(),
        _ => member.starts_with("spec.template.spec.") && member.ends_with(".image") && of_color(),
    }
}
