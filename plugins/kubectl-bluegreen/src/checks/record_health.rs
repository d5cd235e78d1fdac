//! Whether the health checks of the target's records pass: Route 53 doesn't answer with what is unhealthy.

use std::collections::BTreeSet;

use release_core::checks::finding::Finding;
use release_core::checks::ids;
use release_core::command::Command;
use release_core::text::printable;
use release_core::traffic::router::route53::Record;

use super::case::Case;
use crate::options::Verb;

pub fn check(case: &Case<'_>) -> Vec<Finding> {
    let Some(route) = &case.view.route else { return Vec::new() };
    let (Some(dns), Some(records)) = (&route.dns, route.records(&route.object)) else { return Vec::new() };
    let Some(Ok(seen)) = case.snapshot.records.get(&dns.place) else { return Vec::new() };
    let target = case.target.name.as_str();
    let id = |record: &Record| record.set.health_check_id.clone();
    let own: BTreeSet<String> = records.moved().flat_map(|group| group.own(target).filter_map(id)).collect();
    own.iter().filter_map(|id| of_check(case, (id, seen.health.get(id)?))).collect()
}

fn of_check(case: &Case<'_>, (id, health): (&str, &Result<bool, String>)) -> Option<Finding> {
    let message = format!("health check {} of {}'s records fails", printable(id), case.target.name);
    let look = Command::new("aws route53 get-health-check-status").flag("--health-check-id", id);
    match (health, case.verb) {
        (Ok(true), _) => None,
        (Ok(false), Verb::Switch) => Some(case.blocks(ids::RECORD_UNHEALTHY, message).mend(look)),
        (Ok(false), Verb::Rollback) => Some(case.warns(ids::RECORD_UNHEALTHY, message).mend(look)),
        (Err(why), _) => Some(case.not_checked(ids::RECORD_UNHEALTHY, "health checks of Route 53", why)),
    }
}
