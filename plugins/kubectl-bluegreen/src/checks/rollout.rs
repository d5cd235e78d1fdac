//! The target must have finished its rollout: half of it may be an older version.
//! The rules are those of `kubectl rollout status`, see [`kubectl_release::rollout_status`].

use kubectl_release::objects::Workload;
use kubectl_release::record::printable;
use kubectl_release::rollout_status::{RolloutStatus, rollout_status};

use super::{Case, Finding};

pub fn check(case: &Case<'_>) -> Vec<Finding> {
    // What is scaled to zero has nothing to roll out; that is for the capacity check to say.
    let running = case.target.workloads.iter().filter(|w| w.replicas > 0);
    running.flat_map(|w| paused(case, w).into_iter().chain(unfinished(case, w))).collect()
}

/// A paused Deployment keeps the template it had, whatever its spec says
/// (<https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#pausing-and-resuming-a-deployment>).
fn paused(case: &Case<'_>, workload: &Workload) -> Option<Finding> {
    let fix = format!("kubectl rollout resume {workload} {}", case.in_namespace());
    workload.paused.then(|| case.blocks("paused", format!("{workload} is paused")).fix(fix))
}

fn unfinished(case: &Case<'_>, workload: &Workload) -> Option<Finding> {
    match rollout_status(workload) {
        RolloutStatus::Done => None,
        RolloutStatus::Waiting(_) if only_pods_lack(workload) && enough_otherwise(case) => None,
        RolloutStatus::Waiting(what) => {
            let fix = format!("kubectl rollout status {workload} {}", case.in_namespace());
            Some(case.blocks("rollout-unfinished", format!("{workload}: {}", printable(&what))).fix(fix))
        }
        RolloutStatus::Failed(why) => {
            let fix = format!("kubectl rollout undo {workload} {}", case.in_namespace());
            Some(case.blocks("deadline-exceeded", format!("{workload}: {}", printable(&why))).fix(fix))
        }
    }
}

/// True where all pods there are have the current template.
fn only_pods_lack(workload: &Workload) -> bool {
    let observed = workload.observed_generation >= workload.metadata.generation.unwrap_or(0);
    observed && workload.status_replicas == workload.updated
}

/// Missing pods are made up for before the move, or a person said that fewer will do.
fn enough_otherwise(case: &Case<'_>) -> bool {
    case.scales_first || (case.required < case.active_ready() && case.target_ready() >= case.required)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::check;
    use crate::checks::testing::{World, ids, told};

    #[test]
    fn a_finished_rollout_has_nothing_to_say() {
        assert!(World::healthy().findings(check).is_empty());
    }

    #[test]
    fn users_would_meet_two_versions_behind_one_color() {
        let mut world = World::healthy();
        world.workload("green")["status"]["updatedReplicas"] = json!(2);
        let expected = "x rollout-unfinished  deploy/api-green: 2 of 3 pods updated | kubectl rollout status deploy/api-green -n shop";
        assert_eq!(told(&world.findings(check)), [expected]);
        world.scales_first = true;
        assert_eq!(ids(&world.findings(check)), ["rollout-unfinished"], "more pods don't make old ones new");
    }

    #[test]
    fn a_status_of_the_template_before_says_nothing_about_the_one_to_come() {
        let mut world = World::healthy();
        world.workload("green")["metadata"]["generation"] = json!(5);
        assert_eq!(ids(&world.findings(check)), ["rollout-unfinished"]);
    }

    #[test]
    fn missing_pods_alone_don_t_stop_a_move_that_scales_first() {
        let mut world = World::healthy();
        world.run("green", 3, 1);
        assert_eq!(ids(&world.findings(check)), ["rollout-unfinished"]);
        world.scales_first = true;
        assert!(world.findings(check).is_empty());
    }

    #[test]
    fn a_lowered_min_ready_is_not_taken_back_by_the_rollout() {
        let mut world = World::healthy();
        world.run("green", 3, 2);
        world.required = Some(2);
        assert!(world.findings(check).is_empty());
    }

    #[test]
    fn a_paused_rollout_would_send_users_to_the_old_template() {
        let mut world = World::healthy();
        world.workload("green")["spec"]["paused"] = json!(true);
        assert_eq!(
            told(&world.findings(check)),
            ["x paused  deploy/api-green is paused | kubectl rollout resume deploy/api-green -n shop"]
        );
    }

    #[test]
    fn a_rollout_past_its_deadline_will_not_finish() {
        let mut world = World::healthy();
        world.workload("green")["status"]["conditions"] = json!([{"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded", "message": "timed out progressing."}]);
        assert_eq!(ids(&world.findings(check)), ["deadline-exceeded"]);
    }

    #[test]
    fn what_is_scaled_to_zero_has_nothing_to_roll_out() {
        let mut world = World::healthy();
        world.run("green", 0, 0);
        world.workload("green")["spec"]["paused"] = json!(true);
        assert!(world.findings(check).is_empty());
    }
}
