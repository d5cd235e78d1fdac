//! The target must have finished its rollout: half of it may be an older version.
//! The rules are those of `kubectl rollout status`, see [`release_core::workload::rollout_status`].

use release_core::command::Command;
use release_core::kube::{Workload, WorkloadKind};
use release_core::text::printable;
use release_core::workload::rollout_pods::follow_command;
use release_core::workload::rollout_status::{RolloutStatus, rollout_status};

use super::case::Case;
use release_core::checks::finding::Finding;
use release_core::checks::ids;

pub fn check(case: &Case<'_>) -> Vec<Finding> {
    // What is scaled to zero has nothing to roll out; that is for the capacity check to say.
    let running = case.target.workloads.iter().filter(|w| w.replicas > 0);
    running.flat_map(|w| paused(case, w).into_iter().chain(unfinished(case, w))).collect()
}

/// A paused Deployment keeps the template it had, whatever its spec says
/// (<https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#pausing-and-resuming-a-deployment>).
fn paused(case: &Case<'_>, workload: &Workload) -> Option<Finding> {
    let mend = || rollout("resume", case, workload);
    workload.paused.then(|| case.blocks(ids::PAUSED, format!("{workload} is paused")).mend(mend()))
}

fn unfinished(case: &Case<'_>, workload: &Workload) -> Option<Finding> {
    match rollout_status(workload) {
        RolloutStatus::Done => held(case, workload),
        RolloutStatus::Waiting(_) if only_pods_lack(workload) && enough_otherwise(case) => None,
        RolloutStatus::Waiting(what) => {
            let finding = case.blocks(ids::ROLLOUT_UNFINISHED, format!("{workload}: {}", printable(&what)));
            let labels = case.tracks.selector_for(&case.target.name);
            Some(finding.mend(follow_command(workload, &labels, case.scope())))
        }
        RolloutStatus::Failed(why) => {
            let finding = case.blocks(ids::DEADLINE_EXCEEDED, format!("{workload}: {}", printable(&why)));
            let describe = || Command::new("kubectl describe").arg(workload.reference()).scope(case.scope());
            let undo = had_another(case, workload).then(|| rollout("undo", case, workload));
            Some(finding.mend(undo.unwrap_or_else(describe)))
        }
    }
}

/// A partition holds the rollout of a StatefulSet with pods of two revisions: `kubectl rollout status` calls
/// that done
/// (<https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#partitions>).
fn held(case: &Case<'_>, workload: &Workload) -> Option<Finding> {
    let (updated, all) = (workload.updated, workload.status_replicas);
    let is_mixed = workload.update_revision != workload.current_revision && updated > 0 && updated < all;
    if workload.kind != WorkloadKind::StatefulSet || !is_mixed {
        return None;
    }
    let partition = workload.partition;
    let message = format!("{workload}: {updated} of {all} pods updated, the others are held by partition {partition}");
    Some(case.blocks(ids::ROLLOUT_UNFINISHED, message).mend("lower its partition, and wait for the rollout"))
}

/// True where a ReplicaSet of an earlier template is left, which can be gone back to.
fn had_another(case: &Case<'_>, workload: &Workload) -> bool {
    let sets = case.snapshot.replica_sets.as_ref().map(|sets| sets.owned.as_slice()).unwrap_or_default();
    sets.iter().filter(|set| Some(&set.owner.uid) == workload.metadata.uid.as_ref()).count() > 1
}

fn rollout(verb: &str, case: &Case<'_>, workload: &Workload) -> Command {
    Command::new("kubectl rollout").arg(verb).arg(workload.reference()).scope(case.scope())
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
    use serde_json::{Value, json};

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
        let findings = world.findings(check);
        assert_eq!(told(&findings), ["x rollout-unfinished"]);
        let mend = findings[0].mend.as_ref().map(ToString::to_string);
        assert_eq!(mend.as_deref(), Some("kubectl rollout status deploy/api-green -n shop"));
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
        assert_eq!(told(&world.findings(check)), ["x paused"]);
    }

    #[test]
    fn a_rollout_past_its_deadline_will_not_finish() {
        let mut world = World::healthy();
        world.workload("green")["status"]["conditions"] = json!([{"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded", "message": "timed out progressing."}]);
        assert_eq!(ids(&world.findings(check)), ["deadline-exceeded"]);
    }

    #[test]
    fn an_undo_is_offered_only_where_there_is_something_to_go_back_to() {
        let mut world = World::healthy();
        world.workload("green")["status"]["conditions"] = json!([{"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded", "message": "timed out progressing."}]);
        let set = |uid: &str, owner: &str| {
            let owner =
                json!({"apiVersion": "apps/v1", "kind": "Deployment", "name": owner, "uid": owner, "controller": true});
            json!({"metadata": {"name": uid, "uid": uid, "ownerReferences": [owner]}})
        };
        let fix = |sets: Vec<Value>, world: &mut World| {
            world.replica_sets = sets;
            world.findings(check)[0].mend.as_ref().map(ToString::to_string).unwrap()
        };
        let describe = "kubectl describe deploy/api-green -n shop";
        assert_eq!(fix(vec![], &mut world), describe);
        assert_eq!(fix(vec![set("1", "api-green"), set("2", "api-blue")], &mut world), describe, "another's");
        let both = vec![set("1", "api-green"), set("2", "api-green")];
        assert_eq!(fix(both, &mut world), "kubectl rollout undo deploy/api-green -n shop");
    }

    #[test]
    fn what_is_scaled_to_zero_has_nothing_to_roll_out() {
        let mut world = World::healthy();
        world.run("green", 0, 0);
        world.workload("green")["spec"]["paused"] = json!(true);
        assert!(world.findings(check).is_empty());
    }
}
