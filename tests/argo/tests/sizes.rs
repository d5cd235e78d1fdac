//! How many pods both versions have at a weight, and which weight is in force at a step.

use anyhow::Result;
use argo_oracle::oracle::oracle;
use argo_oracle::seed::Seed;
use release_core::release::argo_rollout::Rollout;
use release_core::release::canary::pods::by_ratio::by_ratio;
use release_core::release::canary::pods::routed::{Load, routed};
use serde_json::{Value, json};

/// Deviation: from 1 to 99 both have a pod. Argo has no canary where the share is half a pod and rounding up would
/// leave no stable one (95% of 10 without a surge).
#[test]
fn shares_by_pods_are_those_of_argo() -> Result<()> {
    let Some(oracle) = oracle() else { return Ok(()) };
    let sizes =
        |surge: u32| (0..=60_u32).flat_map(move |replicas| (0..=100_u32).map(move |weight| (replicas, weight, surge)));
    let all: Vec<(u32, u32, u32)> = sizes(0).chain(sizes(1)).collect();
    let questions: Vec<Value> = all
        .iter()
        .map(|(replicas, weight, surge)| json!({"replicas": replicas, "weight": weight, "surge": surge}))
        .collect();
    let mut without_canary = 0;
    for ((replicas, weight, surge), theirs) in all.iter().zip(oracle.ask("ratios", &questions)?) {
        let ours = by_ratio(*replicas, *weight, *surge > 0);
        let (canary, stable) = (theirs[0].as_u64().unwrap_or(9999), theirs[1].as_u64().unwrap_or(9999));
        if canary == 0 && *replicas > 1 && (1..100).contains(weight) {
            without_canary += 1;
            assert_eq!((ours.canary, ours.stable), (replicas - 1, 1), "{weight}% of {replicas}, surge {surge}");
            continue;
        }
        assert_eq!(
            (u64::from(ours.canary), u64::from(ours.stable)),
            (canary, stable),
            "{weight}% of {replicas}, surge {surge}"
        );
    }
    assert!((1..60).contains(&without_canary), "{without_canary} without a canary");
    Ok(())
}

fn rollout(seed: &mut Seed) -> Value {
    let mut steps = Vec::new();
    for _ in 0..=seed.below(5) {
        steps.push(match seed.below(6) {
            0 | 1 => json!({"setWeight": seed.below(101)}),
            2 => json!({"pause": {"duration": seed.below(100)}}),
            3 => json!({"setCanaryScale": {"replicas": seed.below(15)}}),
            4 => json!({"setCanaryScale": {"weight": seed.below(101)}}),
            _ => json!({"setCanaryScale": {"matchTrafficWeight": true}}),
        });
    }
    let mut canary = json!({"canaryService": "a", "stableService": "b", "steps": steps,
        "trafficRouting": {"istio": {"virtualService": {"name": "v"}}}, "dynamicStableScale": seed.below(2) == 0});
    if seed.below(2) == 0 {
        canary["minPodsPerReplicaSet"] = json!(seed.below(6));
    }
    json!({"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "metadata": {"name": "a"},
        "spec": {"replicas": 1 + seed.below(30), "selector": {"matchLabels": {"a": "b"}}, "strategy": {"canary": canary}}})
}

/// Deviation: whatever size was asked for, both versions have what their shares of the requests take.
#[test]
fn sizes_behind_a_router_are_those_of_argo() -> Result<()> {
    let Some(oracle) = oracle() else { return Ok(()) };
    let mut seed = Seed(7);
    let all: Vec<(Value, u64, Option<u64>)> = (0..2000)
        .map(|_| {
            let rollout = rollout(&mut seed);
            let steps = rollout["spec"]["strategy"]["canary"]["steps"].as_array().map_or(0, Vec::len) as u64;
            (rollout, seed.below(steps + 1), (seed.below(2) == 0).then(|| seed.below(101)))
        })
        .collect();
    let questions: Vec<Value> =
        all.iter().map(|(rollout, step, real)| json!({"rollout": rollout, "step": step, "real": real})).collect();
    let mut raised = 0;
    for ((rollout, step, real), theirs) in all.iter().zip(oracle.ask("routed", &questions)?) {
        let release = serde_json::from_value::<Rollout>(rollout.clone())?.canary_release(false);
        let release = release.map_err(|unread| anyhow::anyhow!("{unread:?}"))?;
        let at = usize::try_from(*step)?;
        let weight = release.steps.weight_at(at);
        assert_eq!(theirs["weight"], weight, "{rollout} at {step}");
        let real = real.map(u32::try_from).transpose()?;
        let load = Load { weight, most: release.steps.most, scale: release.steps.scale_at(at), real, is_led_to: false };
        let ours = routed(&release.sizing, load);
        let share = |weight: u32| (weight * release.sizing.replicas).div_ceil(100);
        let stable = u32::try_from(theirs["stable"].as_u64().unwrap_or_default())?;
        let keeps = share(100 - weight).max(real.map_or(0, |real| share(100 - real)));
        let least = release.sizing.min_pods.unwrap_or_default().min(release.sizing.replicas);
        let may_be = [stable, stable.max(keeps), stable.max(keeps.max(least))];
        assert!(
            ours.stable >= keeps && may_be.contains(&ours.stable),
            "{ours:?}, in Argo {theirs}: {rollout} at {step}"
        );
        let carries = share(weight).max(real.map_or(0, share));
        let canary = u32::try_from(theirs["canary"].as_u64().unwrap_or_default())?;
        let allowed = [canary, canary.max(carries), canary.max(carries.max(least))];
        assert!(
            ours.canary >= carries && allowed.contains(&ours.canary),
            "{ours:?}, in Argo {theirs}: {rollout} at {step}"
        );
        raised += u32::from(ours.canary != canary);
    }
    assert!((1..1000).contains(&raised), "{raised} were raised");
    Ok(())
}
