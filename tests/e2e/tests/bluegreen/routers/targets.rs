//! What load balancers say of a color's pods: a pod that is ready gets no requests before it is registered and healthy.

use anyhow::{Context, Result, ensure};
use e2e::bluegreen::balancer::{Balancer, GROUP, addresses, binding, moto};
use e2e::bluegreen::blue_green;
use e2e::bluegreen::routed::{action_of, balanced, forward, two_colors};
use e2e::bluegreen::run::bluegreen;
use e2e::common::run::{Ended, document, finding};
use e2e::{LIMIT, namespace};
use lab::{Namespace, eventually};
use serde_json::{Value, json};

const SWITCH: &str = "switch api --to green --yes --verify-for=0 -ojson";

async fn routed(test: &str) -> Result<Namespace> {
    let ns = namespace(test).await?;
    two_colors(&ns, 2).await?;
    ns.apply(&balanced(&forward(100, 0))).await?;
    ns.apply(&binding("api-green", GROUP)).await?;
    Ok(ns)
}

async fn was_asked(balancer: &Balancer, times: usize) -> Result<()> {
    eventually("it is asked", LIMIT, || async { Ok((balancer.asked() >= times).then_some(())) }).await
}

/// Weights that lead to targets which the balancer still checks are answered with errors (argo-rollouts#4433): the
/// annotation is not written before.
#[tokio::test]
async fn weights_move_once_the_targets_are_healthy() -> Result<()> {
    let (ns, balancer) = (routed("targets-route").await?, Balancer::start().await?);
    let green = addresses(&ns, "green").await?;
    balancer.says(&green, "initial");
    let running = balancer.start_bluegreen(&ns, SWITCH)?;
    was_asked(&balancer, 3).await?;
    assert_eq!(action_of(&ns).await?, forward(100, 0), "one may not be written yet");
    balancer.says(&green, "healthy");
    let output = running.wait(LIMIT).await?.ends(0)?;
    let document = output.json()?;
    let targets = &document["services"][0]["targets"];
    assert_eq!(targets, &json!([{"binding": "targetgroupbinding/api-green", "group": GROUP, "healthy": 2, "of": 2}]));
    assert_eq!(action_of(&ns).await?, forward(0, 100));
    Ok(())
}

/// Targets that never become healthy leave everything as it was.
#[tokio::test]
async fn sick_targets_get_no_requests() -> Result<()> {
    let (ns, balancer) = (routed("targets-sick").await?, Balancer::start().await?);
    balancer.says(&addresses(&ns, "green").await?[..1], "unhealthy");
    let output = balancer.start_bluegreen(&ns, &format!("{SWITCH} --timeout=15s"))?.wait(LIMIT).await?.ends(4)?;
    let document = output.json()?;
    assert_eq!(document["reason"], json!("TargetsNotHealthy"), "{document:#}");
    let message = document["message"].to_string();
    ensure!(message.contains("0/2 healthy, 1 not registered, 1 unhealthy"), "{message}");
    ensure!(message.contains("nothing was written"), "{message}");
    assert_eq!(action_of(&ns).await?, forward(100, 0));
    Ok(())
}

/// Without the right to ask nothing is called healthy: it is said, and `--strict` stops before the first write.
#[tokio::test]
async fn what_can_not_be_asked_is_no_health() -> Result<()> {
    let (ns, balancer) = (routed("targets-denied").await?, Balancer::start().await?);
    balancer.refuses("AccessDenied");
    let output = balancer.start_bluegreen(&ns, &format!("{SWITCH} --strict"))?.wait(LIMIT).await?.ends(1)?;
    ensure!(output.json()?["message"].to_string().contains("nothing was written"), "{}", output.stdout);
    assert_eq!(action_of(&ns).await?, forward(100, 0));
    let output = balancer.start_bluegreen(&ns, SWITCH)?.wait(LIMIT).await?.ends(0)?;
    let document = document(&output.stdout)?;
    let found = finding(&document, "target-health").context("no finding")?;
    ensure!(found["severity"] == "notChecked" || found["severity"] == "not-checked", "{found:#}");
    let entry = &document["services"][0]["targets"][0];
    ensure!(entry["healthy"] == Value::Null && entry["notChecked"].to_string().contains("not allowed"), "{entry:#}");
    Ok(())
}

/// A selector behind ip targets, moved all the same: it is over once the balancer has the new pods, and is not taken
/// back where it doesn't get them in time, for that would be the same gap once more.
#[tokio::test]
async fn a_forced_selector_switch_waits_for_the_balancer() -> Result<()> {
    let (ns, balancer) = (namespace("targets-selector").await?, Balancer::start().await?);
    blue_green(&ns, 1).await?;
    ns.apply(&binding("api", GROUP)).await?;
    let words = format!("{SWITCH} --force=lb-ip-targets");
    let running = balancer.start_bluegreen(&ns, &words)?;
    was_asked(&balancer, 3).await?;
    balancer.says(&addresses(&ns, "green").await?, "healthy");
    running.wait(LIMIT).await?.ends(0)?;
    balancer.says(&[], "healthy");
    let back = balancer
        .start_bluegreen(&ns, "switch api --to blue --yes --verify-for=0 --force=lb-ip-targets --timeout=15s -ojson")?;
    let document = back.wait(LIMIT).await?.ends(4)?.json()?;
    assert_eq!(document["reason"], json!("TargetsNotHealthy"), "{document:#}");
    bluegreen(&ns, "status api").await?.ends(0)?.tells("blue")?;
    Ok(())
}

/// The Service's selector, as it is.
async fn selected(ns: &Namespace) -> Result<Value> {
    let service = ns.kubectl(&["get", "service", "api", "-o", "json"]).await?;
    Ok(serde_json::from_str::<Value>(&service.stdout)?["spec"]["selector"].clone())
}

async fn selects(ns: &Namespace, wanted: &Value) -> Result<()> {
    eventually("it selects that", LIMIT, || async { Ok((selected(ns).await? == *wanted).then_some(())) }).await
}

async fn bound(test: &str) -> Result<(Namespace, Balancer)> {
    let (ns, balancer) = (namespace(test).await?, Balancer::start().await?);
    blue_green(&ns, 1).await?;
    ns.apply(&binding("api", GROUP)).await?;
    Ok((ns, balancer))
}

/// With both colors selected the balancer gets to know the new one while the old one serves; argo-rollouts#4433 and
/// aws-load-balancer-controller#3621 are the gap without it.
#[tokio::test]
async fn both_colors_are_selected_until_the_targets_are_healthy() -> Result<()> {
    let (ns, balancer) = bound("widen").await?;
    let running = balancer.start_bluegreen(&ns, &format!("{SWITCH} --widen"))?;
    selects(&ns, &json!({"app": "api"})).await?;
    was_asked(&balancer, 3).await?;
    bluegreen(&ns, "status api").await?.ends(0)?.tells("selects both colors")?;
    assert_eq!(selected(&ns).await?, json!({"app": "api"}), "none may be alone yet");
    balancer.says(&addresses(&ns, "green").await?, "healthy");
    let document = running.wait(LIMIT).await?.ends(0)?.json()?;
    assert_eq!(document["services"][0]["to"], json!("green"), "{document:#}");
    assert_eq!(selected(&ns).await?, json!({"app": "api", "version": "green"}));
    let last = bluegreen(&ns, "history api -ojson").await?.ends(0)?.json()?;
    ensure!(last.to_string().contains("\"widens\":true"), "{last:#}");
    // Without it the way back is as it ever was.
    bluegreen(&ns, "rollback api --yes").await?.ends(0)?;
    assert_eq!(selected(&ns).await?, json!({"app": "api", "version": "blue"}));
    Ok(())
}

/// Targets that stay sick leave the color before alone, as before.
#[tokio::test]
async fn what_was_widened_in_vain_is_narrowed_again() -> Result<()> {
    let (ns, balancer) = bound("widen-sick").await?;
    balancer.says(&addresses(&ns, "green").await?, "unhealthy");
    let output =
        balancer.start_bluegreen(&ns, &format!("{SWITCH} --widen --timeout=15s"))?.wait(LIMIT).await?.ends(5)?;
    ensure!(output.json()?["message"].to_string().contains("unhealthy"), "{}", output.stdout);
    assert_eq!(selected(&ns).await?, json!({"app": "api", "version": "blue"}));
    Ok(())
}

/// Who can't ask would have to guess when it is over.
#[tokio::test]
async fn nothing_is_widened_where_nobody_can_tell_when_it_is_over() -> Result<()> {
    let (ns, balancer) = bound("widen-blind").await?;
    balancer.refuses("AccessDenied");
    let output = balancer.start_bluegreen(&ns, &format!("{SWITCH} --widen"))?.wait(LIMIT).await?.ends(1)?;
    ensure!(output.json()?["message"].to_string().contains("nothing was written"), "{}", output.stdout);
    assert_eq!(selected(&ns).await?, json!({"app": "api", "version": "blue"}));
    ns.kubectl(&["delete", "targetgroupbinding", "api"]).await?;
    let document = bluegreen(&ns, &format!("{SWITCH} --widen")).await?.ends(1)?.json()?;
    ensure!(finding(&document, "widening").is_some(), "{document:#}");
    Ok(())
}

/// Whoever comes next finds both colors selected: the same words finish it, and a rollback takes it back.
#[tokio::test]
async fn a_widening_that_was_cut_off_is_finished_or_taken_back() -> Result<()> {
    let (ns, balancer) = bound("widen-cut").await?;
    for (words, left) in [("switch api --to green --yes --verify-for=0", "green"), ("rollback api --yes", "blue")] {
        balancer.says(&[], "healthy");
        let running = balancer.start_bluegreen(&ns, &format!("{SWITCH} --widen"))?;
        selects(&ns, &json!({"app": "api"})).await?;
        running.kill().await?;
        let refused = bluegreen(&ns, "cleanup api --before-due --color=blue --yes").await?.ends(1)?;
        ensure!(refused.stderr.contains("service/api"), "{}", refused.stderr);
        bluegreen(&ns, "status api").await?.ends(0)?.tells("selects both colors")?;
        let both = [addresses(&ns, "green").await?, addresses(&ns, "blue").await?].concat();
        balancer.says(&both, "healthy");
        balancer.start_bluegreen(&ns, words)?.wait(LIMIT).await?.ends(0)?;
        assert_eq!(selected(&ns).await?, json!({"app": "api", "version": left}));
        if left == "green" {
            bluegreen(&ns, "rollback api --yes").await?.ends(0)?;
        }
    }
    Ok(())
}

/// moto's own ELBv2: what is registered there is healthy, what isn't is not.
#[tokio::test]
async fn registered_targets_of_a_real_group_are_found() -> Result<()> {
    let ns = routed("targets-moto").await?;
    let between = |text: &str, tag: &str| {
        let (_, rest) = text.split_once(&format!("<{tag}>"))?;
        Some(rest.split_once('<')?.0.to_owned())
    };
    let vpcs = moto("ec2", "Action=DescribeVpcs&Version=2016-11-15").await?;
    let vpc = between(&vpcs, "vpcId").context("no VPC")?;
    let form = format!(
        "Action=CreateTargetGroup&Version=2015-12-01&Name=alb-targets&Protocol=HTTP&Port=8080&TargetType=ip&VpcId={vpc}"
    );
    let made = moto("elasticloadbalancing", &form).await?;
    let arn = between(&made, "TargetGroupArn").context("no ARN")?;
    let mut by_name = binding("api-green", &arn);
    by_name["spec"] = json!({"serviceRef": {"name": "api-green", "port": 80}, "targetType": "ip",
        "targetGroupName": "alb-targets"});
    ns.apply(&by_name).await?;
    ns.kubectl(&[
        "patch",
        "targetgroupbinding",
        "api-green",
        "--type=json",
        "-p",
        r#"[{"op": "remove", "path": "/spec/targetGroupARN"}]"#,
    ])
    .await
    .ok();
    let encoded = arn.replace(':', "%3A").replace('/', "%2F");
    let mut form = format!("Action=RegisterTargets&Version=2015-12-01&TargetGroupArn={encoded}");
    for (index, address) in addresses(&ns, "green").await?.iter().enumerate() {
        form.push_str(&format!("&Targets.member.{0}.Id={address}&Targets.member.{0}.Port=8080", index + 1));
    }
    moto("elasticloadbalancing", &form).await?;
    let document = bluegreen(&ns, SWITCH).await?.ends(0)?.json()?;
    let entry = &document["services"][0]["targets"][0];
    ensure!(entry["healthy"] == json!(2) && entry["of"] == json!(2), "{document:#}");
    Ok(())
}

/// Without its one label a Service has no selector, and nobody keeps its endpoints.
#[tokio::test]
async fn the_only_label_is_never_taken_away() -> Result<()> {
    let (ns, balancer) = (namespace("widen-one-label").await?, Balancer::start().await?);
    blue_green(&ns, 1).await?;
    ns.apply(&binding("api", GROUP)).await?;
    let one = json!([{"op": "replace", "path": "/spec/selector", "value": {"version": "blue"}}]).to_string();
    ns.kubectl(&["patch", "service", "api", "--type=json", "-p", &one]).await?;
    let words = format!("{SWITCH} --widen --track-key=version --force=widening");
    let document = balancer.start_bluegreen(&ns, &words)?.wait(LIMIT).await?.ends(1)?.json()?;
    assert_eq!(document["reason"], json!("CantWiden"), "{document:#}");
    assert_eq!(selected(&ns).await?, json!({"version": "blue"}));
    Ok(())
}
