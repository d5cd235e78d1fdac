//! What to do about a move that is blocked.

use std::collections::BTreeSet;

use release_core::checks::finding::{Finding, Mend};
use release_core::checks::ids;
use release_core::command::{Command, Scope};
use release_core::failure::Next;

use crate::checks::EMPTY_TARGET;
use crate::options::{MoveOptions, Verb};
use crate::plan::SwitchPlan;

/// The command that would go through, as it was typed: with the twins named, and with `--scale` where
/// that helps.
#[must_use]
pub fn what_would_go_through(blocking: &[&Finding], plan: &SwitchPlan, options: &MoveOptions, scope: &Scope) -> Next {
    let mends = || blocking.iter().filter_map(|finding| finding.mend.as_ref());
    let growable = mends().any(|mend| *mend == Mend::Scale);
    // Whose targets differ has no switch that goes to all of them.
    let is_apart = !options.parts.is_empty();
    if is_apart || (blocking.iter().any(|finding| finding.id == EMPTY_TARGET) && !growable) {
        return first_look(plan, options, scope);
    }
    if options.verb == Verb::Rollback {
        return rollback_all_the_same(blocking, options, scope);
    }
    let twins = mends().filter_map(|mend| match mend {
        Mend::AlsoMove(service) => Some(service),
        _ => None,
    });
    let mut command = Command::new("kubectl bluegreen switch").args(&options.services).args(twins);
    if let Some(first) = plan.moves().chain(plan.unfinished()).next() {
        command = command.flag("--to", &first.movement.to);
    }
    if growable || options.grows() {
        command = command.arg("--scale");
    }
    let command = command.args(&options.again);
    let not_mended: Vec<&str> = blocking.iter().filter(|f| !is_mended(f)).map(|f| f.id.as_str()).collect();
    let note = (!not_mended.is_empty()).then(|| "after fixing, or knowing better".to_owned());
    Next::Try(vec![forced(command, options, &not_mended).scope(scope)], note)
}

/// True where the command above has an answer to it: a twin that has to be moved by itself is no part
/// of it, and pods that don't become ready are no matter of asking for more.
fn is_mended(finding: &Finding) -> bool {
    matches!(finding.mend, Some(Mend::Scale | Mend::AlsoMove(_)))
}

/// With what was overridden, and these too.
fn forced(command: Command, options: &MoveOptions, more: &[&str]) -> Command {
    let mut known = BTreeSet::new();
    let all = options.weighing.force.iter().map(String::as_str).chain(more.iter().copied());
    let ids: Vec<&str> = all.filter(|id| known.insert(*id)).collect();
    if ids.is_empty() { command } else { command.option("--force", &ids.join(",")) }
}

/// The same rollback with what stands in its way overridden by name.
fn rollback_all_the_same(blocking: &[&Finding], options: &MoveOptions, scope: &Scope) -> Next {
    let ids: Vec<&str> = blocking.iter().map(|finding| finding.id.as_str()).collect();
    let mut command = Command::new("kubectl bluegreen rollback").args(&options.services);
    for (typed, flag) in [(options.now, "--now"), (options.yes, "--yes")] {
        command = if typed { command.arg(flag) } else { command };
    }
    let command = forced(command.args(&options.again), options, &ids).scope(scope);
    Next::Try(vec![command], Some("if that is meant".into()))
}

/// Where no flag helps: what shows why the target has no ready pod.
fn first_look(plan: &SwitchPlan, options: &MoveOptions, scope: &Scope) -> Next {
    let why = plan.findings.iter().find(|f| f.id == ids::PODS_NOT_READY).and_then(|f| f.mend.as_ref());
    let command = match why {
        Some(Mend::Run(command)) => command.clone(),
        _ => Command::new("kubectl bluegreen status").args(&options.services).scope(scope),
    };
    Next::Look(command, None)
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use release_core::checks::weighing::blocking;
    use serde_json::json;

    use super::*;
    use crate::args::{Cli, VerbArgs};
    use crate::checks::testing::World;
    use crate::moves::views;
    use crate::options;
    use crate::plan::MoveRequest;

    /// The next step of `switch api --to green`, as it is printed.
    fn next_in(world: &World) -> String {
        let typed = Cli::try_parse_from(["kubectl-bluegreen", "preflight", "api", "--to", "green"]).unwrap();
        let VerbArgs::Preflight(args) = typed.verb else { unreachable!("preflight was typed") };
        let options = options::preflight(args).unwrap();
        let snapshot = world.snapshot();
        let request = MoveRequest { options: &options, run_id: "1", user: "lee" };
        let plan = SwitchPlan::of(&snapshot, &views(&snapshot, None), request, false).unwrap();
        let found: Vec<&Finding> = blocking(&plan.findings).collect();
        let next = what_would_go_through(&found, &plan, &options, &snapshot.scope);
        format!("{}: {next}", next.label())
    }

    #[test]
    fn the_command_to_paste_names_twins_and_scales() {
        let mut world = World::healthy();
        world.run("blue", 6, 6);
        world.run("green", 2, 2);
        let selector = json!({"app": "api", "version": "blue"});
        world.neighbours = Ok(vec![json!({"metadata": {"name": "api-headless"}, "spec": {"selector": selector}})]);
        assert_eq!(next_in(&world), "Try: kubectl bluegreen switch api api-headless --to green --scale -n shop");
    }

    #[test]
    fn what_only_a_person_can_judge_is_forced_by_name_and_said_to_be() {
        let mut world = World::healthy();
        world.service["metadata"]["annotations"] =
            json!({"argocd.argoproj.io/tracking-id": "shop-prod:/Service:shop/api"});
        let next =
            "Try: kubectl bluegreen switch api --to green --force=gitops -n shop   (after fixing, or knowing better)";
        assert_eq!(next_in(&world), next);
    }

    #[test]
    fn where_no_flag_helps_a_pod_is_shown() {
        let mut world = World::healthy();
        world.run("green", 3, 0);
        assert_eq!(next_in(&world), "Look: kubectl describe pod api-green-7d9f-0 -n shop");
    }
}
