//! Records of Route 53 between two load balancers: DNS decides which color is live.

use anyhow::{Context, Result, ensure};
use e2e::bluegreen::app::replicas;
use e2e::bluegreen::routed::two_colors;
use e2e::bluegreen::run::bluegreen;
use e2e::bluegreen::zone::{HostedZone, ROUTER, alias, balancer, moto_sets, moto_zone};
use e2e::common::run::Ended;
use e2e::namespace;
use lab::Namespace;
use lab::api_proxy::Call;
use serde_json::{Value, json};

const SWITCH: &str = "switch api --to green --yes --verify-for=0 --router=route53/Z2LD58HEXAMPLE/api.example.com";
const ON_BLUE: [&str; 4] = ["A blue 100", "A green 0", "AAAA blue 100", "AAAA green 0"];
const ON_GREEN: [&str; 4] = ["A blue 0", "A green 100", "AAAA blue 0", "AAAA green 100"];

/// Two colors, each behind a load balancer of its own.
async fn balanced(test: &str) -> Result<Namespace> {
    let ns = namespace(test).await?;
    two_colors(&ns, 2).await?;
    for color in ["blue", "green"] {
        let service = format!("api-{color}");
        let kind = json!({"spec": {"type": "LoadBalancer"}}).to_string();
        ns.kubectl(&["patch", "service", &service, "--type=merge", "-p", &kind]).await?;
        let status = json!({"status": {"loadBalancer": {"ingress": [{"hostname": balancer(color)}]}}}).to_string();
        ns.kubectl(&["patch", "service", &service, "--subresource=status", "--type=merge", "-p", &status]).await?;
    }
    Ok(ns)
}

async fn annotations(ns: &Namespace) -> Result<Value> {
    let service = ns.kubectl(&["get", "service", "api", "-o", "json"]).await?;
    Ok(serde_json::from_str::<Value>(&service.stdout)?["metadata"]["annotations"].clone())
}

/// Deletes are what was read, creates the same with other weights, and nothing else of the zone is written; the way back
/// needs no flag, and leaves the zone as it was, to the last byte.
#[tokio::test]
async fn weights_go_there_and_back() -> Result<()> {
    let (ns, zone) = (balanced("dns-weights").await?, HostedZone::weighted(100, 0).await?);
    let before = zone.sets();
    let status = zone.bluegreen(&ns, &format!("status api -ojson --router={ROUTER}"), 0).await?.json()?;
    assert_eq!(status["services"][0]["router"], json!({"name": ROUTER, "weights": {"blue": 200, "green": 0}}));
    for mode in ["client", "server"] {
        let output = zone.bluegreen(&ns, &format!("{SWITCH} --dry-run={mode}"), 0).await?;
        output.tells("A \"blue\": 100 -> 0")?;
        assert!(zone.batches().is_empty(), "{mode}");
    }
    zone.bluegreen(&ns, SWITCH, 0).await?.tells("service/api switched to green")?;
    assert_eq!(zone.shares(), ON_GREEN);
    let batch = zone.batches().pop().context("no batch")?;
    assert_eq!((batch.matches("<Change>").count(), batch.matches("DELETE").count()), (8, 4), "{batch}");
    ensure!(!batch.contains("zzz.example.com"), "{batch}");
    zone.bluegreen(&ns, "status api", 0).await?.tells("green")?;
    zone.bluegreen(&ns, "history api", 0).await?.tells("green")?;
    zone.bluegreen(&ns, "status", 0).await?.tells("green")?;
    zone.bluegreen(&ns, "rollback api --yes", 0).await?.tells("service/api rolled back to blue")?;
    assert_eq!(zone.sets(), before);
    Ok(())
}

/// Primary and secondary change places at once.
#[tokio::test]
async fn a_failover_changes_places() -> Result<()> {
    let role = |color: &str, role: &str| alias("A", color, &format!("<Failover>{role}</Failover>"));
    let zone = HostedZone::start(vec![role("blue", "PRIMARY"), role("green", "SECONDARY")]).await?;
    let ns = balanced("dns-failover").await?;
    zone.bluegreen(&ns, SWITCH, 0).await?;
    assert_eq!(zone.shares(), ["A blue SECONDARY", "A green PRIMARY"]);
    zone.bluegreen(&ns, "rollback api --yes", 0).await?;
    assert_eq!(zone.shares(), ["A blue PRIMARY", "A green SECONDARY"]);
    Ok(())
}

/// Between reading and writing somebody else was there: nothing of the batch is made.
#[tokio::test]
async fn what_somebody_else_wrote_meanwhile_stays() -> Result<()> {
    let (ns, zone) = (balanced("dns-changed").await?, HostedZone::weighted(100, 0).await?);
    zone.is_overtaken();
    zone.bluegreen(&ns, SWITCH, 3).await?.tells("changed by someone else")?;
    assert_eq!(zone.shares(), ["A blue 90", "A green 0", "AAAA blue 100", "AAAA green 0"]);
    ensure!(annotations(&ns).await?["kubectl-release.dev/bluegreen"].is_null(), "nothing is noted");
    Ok(())
}

/// Weights that somebody shifts, a color without a record, and a zone that can't be read, move nothing.
#[tokio::test]
async fn what_is_not_clear_is_refused() -> Result<()> {
    let (ns, zone) = (balanced("dns-refused").await?, HostedZone::weighted(60, 40).await?);
    let split = zone.bluegreen(&ns, &format!("{SWITCH} -ojson"), 1).await?.json()?;
    assert_eq!(split["reason"], json!("SplitWeights"), "{split:#}");
    ensure!(split.to_string().contains("aws route53 change-resource-record-sets"), "{split:#}");
    zone.has(vec![alias("A", "blue", "<Weight>100</Weight>")]);
    let lacks = zone.bluegreen(&ns, &format!("{SWITCH} -ojson"), 1).await?.json()?;
    assert_eq!(lacks["reason"], json!("NoSuchRouter"), "{lacks:#}");
    let elsewhere = SWITCH.replace("Z2LD58HEXAMPLE", "Z1");
    let unread = zone.bluegreen(&ns, &format!("{elsewhere} -ojson"), 1).await?.json()?;
    assert_eq!(unread["reason"], json!("RecordsNotRead"), "{unread:#}");
    ensure!(unread["message"].to_string().contains("no hosted zone Z1"), "{unread:#}");
    zone.refuses(Some("AccessDenied"));
    let denied = zone.bluegreen(&ns, &format!("{SWITCH} -ojson"), 1).await?.json()?;
    ensure!(denied["message"].to_string().contains("route53:ListResourceRecordSets"), "{denied:#}");
    assert!(zone.batches().is_empty());
    Ok(())
}

/// The answer was lost, the batch was made: it is read back, and proven.
#[tokio::test]
async fn a_lost_answer_is_read_from_the_records() -> Result<()> {
    let (ns, zone) = (balanced("dns-lost").await?, HostedZone::weighted(100, 0).await?);
    zone.loses_answers();
    zone.bluegreen(&ns, SWITCH, 0).await?.tells("the change is there")?;
    assert_eq!((zone.shares(), zone.batches().len()), (ON_GREEN.map(str::to_owned).to_vec(), 1));
    Ok(())
}

/// Servers that answer as before are no proof, and the color before gets all back.
#[tokio::test]
async fn a_change_that_never_arrives_is_taken_back() -> Result<()> {
    let (ns, zone) = (balanced("dns-pending").await?, HostedZone::weighted(100, 0).await?);
    zone.never_in_sync();
    zone.bluegreen(&ns, &format!("{SWITCH} --timeout=12s"), 5).await?.tells("not all servers of Route 53")?;
    assert_eq!(zone.shares(), ON_BLUE);
    Ok(())
}

/// Resolvers keep the color before for the TTL: it stays that long, whatever is said.
#[tokio::test]
async fn the_color_before_stays_for_the_ttl() -> Result<()> {
    let (ns, zone) = (balanced("dns-ttl").await?, HostedZone::weighted(100, 0).await?);
    zone.bluegreen(&ns, &format!("{SWITCH} --retain=0s"), 0).await?;
    for words in ["cleanup api --yes", "cleanup api --yes --before-due", "cleanup --due --yes"] {
        zone.start_bluegreen(&ns, words)?.wait(e2e::LIMIT).await?;
        assert_eq!(replicas(&ns, "api-blue").await?, 2, "{words}");
    }
    Ok(())
}

/// Behind records each color has a load balancer of its own, and that is no reason to keep it for good: the records say
/// what it gets.
#[tokio::test]
async fn the_color_before_goes_once_the_ttl_is_over() -> Result<()> {
    let ns = balanced("dns-cleanup").await?;
    let record = |color: &str, weight: u8| {
        let to = format!(
            "<ResourceRecords><ResourceRecord><Value>{}</Value></ResourceRecord></ResourceRecords>",
            balancer(color)
        );
        format!(
            "<Name>api.example.com.</Name><Type>CNAME</Type><SetIdentifier>{color}</SetIdentifier><Weight>{weight}</Weight><TTL>1</TTL>{to}"
        )
    };
    let zone = HostedZone::start(vec![record("blue", 100), record("green", 0)]).await?;
    zone.bluegreen(&ns, &format!("{SWITCH} --retain=0s"), 0).await?;
    lab::eventually("it is cleaned up", e2e::LIMIT, || async {
        zone.start_bluegreen(&ns, "cleanup --due --yes")?.wait(e2e::LIMIT).await?;
        Ok((replicas(&ns, "api-blue").await? == 0).then_some(()))
    })
    .await?;
    zone.bluegreen(&ns, "status api", 0).await.map(drop)
}

/// A record that leads to another zone moves nothing there: it is said that the zone can't be read, or that its records
/// lead elsewhere. A typed router goes on.
#[tokio::test]
async fn a_record_that_names_another_zone_is_no_order() -> Result<()> {
    let (ns, zone) = (balanced("dns-forged").await?, HostedZone::weighted(100, 0).await?);
    zone.bluegreen(&ns, SWITCH, 0).await?;
    let record = annotations(&ns).await?["kubectl-release.dev/bluegreen"].as_str().context("no record")?.to_owned();
    for (place, reason) in
        [("Z666/api.example.com", "RecordsNotRead"), ("Z2LD58HEXAMPLE/zzz.example.com", "NoSuchRouter")]
    {
        let forged = record.replace("Z2LD58HEXAMPLE/api.example.com", place);
        let annotation = format!("kubectl-release.dev/bluegreen={forged}");
        ns.kubectl(&["annotate", "--overwrite", "service", "api", &annotation]).await?;
        let refused = zone.bluegreen(&ns, "switch api --to blue --yes -ojson", 1).await?.json()?;
        assert_eq!(refused["reason"], json!(reason), "{refused:#}");
        ensure!(refused["message"].to_string().contains(place), "{refused:#}");
    }
    assert_eq!((zone.shares(), zone.batches().len()), (ON_GREEN.map(str::to_owned).to_vec(), 1));
    Ok(())
}

/// Nothing is asked of AWS where nobody named it.
#[tokio::test]
async fn nobody_else_is_asked_about() -> Result<()> {
    let (ns, zone) = (balanced("dns-unasked").await?, HostedZone::weighted(100, 0).await?);
    zone.start_bluegreen(&ns, "switch api-blue --to green --yes --verify-for=0")?.wait(e2e::LIMIT).await?;
    assert_eq!(zone.asked(), 0);
    bluegreen(&ns, "status").await?.ends(0)?;
    Ok(())
}

/// Killed between the batch and our record: DNS has moved, and nothing says so but the records themselves. `status` shows
/// it, the same words have nothing to do, and the way back is printed.
#[tokio::test]
async fn a_run_that_was_killed_before_its_record_is_gone_back_from() -> Result<()> {
    let (ns, zone) = (balanced("dns-killed").await?, HostedZone::weighted(100, 0).await?);
    let is_record = |call: &Call| call.is_write() && !call.is_dry_run() && call.is_about("/services/api");
    zone.killed_before(&ns, SWITCH, is_record).await?;
    assert_eq!(zone.shares(), ON_GREEN);
    let status = zone.bluegreen(&ns, &format!("status api -ojson --router={ROUTER}"), 0).await?.json()?;
    assert_eq!(status["services"][0]["active"], json!("green"), "{status:#}");
    zone.bluegreen(&ns, SWITCH, 0).await?.tells("green is active already")?;
    // Both colors are as old: which one was before is a person's to say, and the command for it is printed.
    let back = format!("switch api --to blue --router={ROUTER}");
    zone.bluegreen(&ns, &format!("rollback api --yes --router={ROUTER}"), 1).await?.tells(&back)?;
    zone.bluegreen(&ns, &format!("{back} --yes --verify-for=0"), 0).await?;
    assert_eq!(zone.shares(), ON_BLUE);
    Ok(())
}

/// The same against moto, which others have written: it takes our requests, and answers as the SDK reads it.
#[tokio::test]
async fn the_lab_s_own_zone_is_moved() -> Result<()> {
    let ns = balanced("dns-moto").await?;
    let set = |color: &str, weight: u8| alias("A", color, &format!("<Weight>{weight}</Weight>"));
    let id = moto_zone(ns.name(), &[set("blue", 100), set("green", 0)]).await?;
    let words = SWITCH.replace("Z2LD58HEXAMPLE", &id);
    bluegreen(&ns, &words).await?.ends(0)?.tells("service/api switched to green")?;
    let sets = moto_sets(&id).await?;
    let green = sets.split("<ResourceRecordSet>").find(|set| set.contains("<SetIdentifier>green<"));
    ensure!(green.is_some_and(|set| set.contains("<Weight>100</Weight>")), "{sets}");
    Ok(())
}

/// Route 53 doesn't answer with what its health checks fail: clients would stay on the color before, and a switch would
/// be "done". A rollback is told, and made; one in five who reach it are enough.
#[tokio::test]
async fn a_color_whose_health_checks_fail_is_not_gone_to() -> Result<()> {
    const PASSES: &str = "Success: HTTP Status Code 200, OK";
    const FAILS: &str = "Failure: Resolved IP: 192.0.2.1. Connection timed out";
    let ns = balanced("dns-unhealthy").await?;
    let checked = |color: &str, weight: u8| {
        let id = format!("<HealthCheckId>{color}-check</HealthCheckId>");
        alias("A", color, &format!("<Weight>{weight}</Weight>")) + &id
    };
    let zone = HostedZone::start(vec![checked("blue", 100), checked("green", 0)]).await?;
    zone.is_checked(&[FAILS, FAILS, FAILS, FAILS, FAILS]);
    let refused = zone.bluegreen(&ns, SWITCH, 1).await?;
    refused.tells("record-unhealthy")?.tells("--health-check-id green-check")?;
    ensure!(zone.batches().is_empty(), "{:?}", zone.batches());
    zone.is_checked(&[PASSES, FAILS, FAILS, FAILS, FAILS]);
    zone.bluegreen(&ns, SWITCH, 0).await?;
    zone.is_checked(&[FAILS]);
    zone.bluegreen(&ns, "rollback api --yes --verify-for=0", 0).await?.tells("record-unhealthy")?;
    assert_eq!(zone.shares(), ["A blue 100", "A green 0"]);
    Ok(())
}
