//! How Prometheus is reached, and by whom.

use anyhow::{Result, ensure};
use e2e::bluegreen::active;
use e2e::bluegreen::app::blue_green;
use e2e::bluegreen::run::{bluegreen, bluegreen_as};
use e2e::common::permissions::{bound_to, bound_to_all};
use e2e::common::run::{Ended, said};
use e2e::namespace;
use k8s_openapi::api::core::v1::Secret;
use lab::recorder::Recorder;
use serde_json::json;

use super::{ERRORS, FEW, LONG, template, template_at, watched};

const TOKEN: &str = "T0KEN-0F-PR0METHEUS";

/// A color that nobody can judge would get the traffic, and be taken back again.
#[tokio::test]
async fn a_prometheus_that_is_away_is_found_before_the_traffic_moves() -> Result<()> {
    let ns = namespace("prometheus-away").await?;
    blue_green(&ns, 1).await?;
    // One that other namespaces have would be found there.
    let file = template_at("http://nobody-has-this:9090", "up", "result[0] < 1", "")?;
    let words = format!("switch api --to green --yes {}", file.flag());
    for (more, told) in [
        ("", "there is no service/nobody-has-this in any namespace"),
        ("--prometheus=http://127.0.0.1:1", "Prometheus is not reached"),
        ("--prometheus=http://127.0.0.1:1/x --prometheus-auth=secret/none/token", "there is no secret/none"),
    ] {
        let output = bluegreen(&ns, &format!("{words} {more}")).await?.ends(1)?;
        output.tells(told)?.tells("nothing was written")?;
        assert_eq!(active(&ns, "api").await?, "blue");
    }
    Ok(())
}

/// A Prometheus that goes away while it judges has said nothing: its last word would be a pass.
#[tokio::test]
async fn a_prometheus_that_goes_away_takes_the_color_back() -> Result<()> {
    let Some(watched) = watched("prometheus-goes").await? else { return Ok(()) };
    let file = template(ERRORS, FEW, "    consecutiveErrorLimit: 1\n")?;
    let running = watched.switching(&format!("{} --verify-for=150s", file.flag())).await?;
    let super::Watched { ns, prometheus, traffic } = watched;
    drop(prometheus);
    running.wait(LONG).await?.ends(5)?.tells("could not be judged")?;
    assert_eq!(active(&ns, "api").await?, "blue");
    drop(traffic);
    Ok(())
}

/// A pipeline with the documented Role would fail, or need more than it says.
#[tokio::test]
async fn the_documented_role_reaches_prometheus_and_without_it_nothing_moves() -> Result<()> {
    let Some(watched) = watched("prometheus-rights").await? else { return Ok(()) };
    let (ns, file) = (&watched.ns, template(ERRORS, FEW, "    count: 2\n")?);
    let words = format!("switch api --to green --yes --verify-for=5s {}", file.flag());
    let mover = ns.kubectl_as(bound_to(ns, "bluegreen").await?.kubeconfig);
    bluegreen_as(&mover, &words).await?.ends(1)?.tells("services/proxy is forbidden")?.tells("nothing was written")?;
    assert_eq!(active(ns, "api").await?, "blue");
    let judge = ns.kubectl_as(bound_to_all(ns, &["bluegreen", "bluegreen-metrics"]).await?.kubeconfig);
    bluegreen_as(&judge, &words).await?.ends(0)?;
    assert_eq!(active(ns, "api").await?, "green");
    Ok(())
}

/// A token would stand in the log of a pipeline.
#[tokio::test]
async fn a_token_is_sent_and_never_shown() -> Result<()> {
    let ns = namespace("prometheus-token").await?;
    blue_green(&ns, 1).await?;
    let secret =
        json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "ops"}, "stringData": {"token": TOKEN}});
    ns.apply(&secret).await?;
    ensure!(ns.api::<Secret>().get("ops").await?.data.is_some());
    // It answers as no Prometheus does: nothing moves.
    let recorder = Recorder::plain().await?;
    let file = template("up", "result[0] < 1", "    count: 1\n")?;
    let words = format!(
        "switch api --to green --yes --v=9 {} --prometheus=http://127.0.0.1:{} --prometheus-auth=secret/ops/token",
        file.flag(),
        recorder.port()
    );
    let output = bluegreen(&ns, &words).await?.ends(1)?.tells("nothing was written")?;
    ensure!(!said(&output).contains(TOKEN), "{}", said(&output));
    let asked = recorder.take();
    let bearer = [format!("Bearer {TOKEN}")];
    ensure!(
        asked.iter().any(|asked| asked.headers.get("authorization").is_some_and(|all| *all == bearer)),
        "{asked:?}"
    );
    Ok(())
}
