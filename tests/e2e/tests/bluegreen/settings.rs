//! Settings in annotations: whoever may annotate a Service may have fewer rights than whoever moves it.

use anyhow::{Result, ensure};
use e2e::bluegreen::app::{color, rolled_out, with_green};
use e2e::bluegreen::run::bluegreen;
use e2e::bluegreen::{active, app};
use e2e::common::run::Ended;
use e2e::{LIMIT, namespace};
use k8s_openapi::api::core::v1::Service;
use lab::fixtures::Behavior;

/// Thirty pipelines would each need the flag; and whoever may annotate has no say in how little is watched, nor
/// for how long a pipeline is held up.
#[tokio::test]
async fn an_annotation_lengthens_the_watch_and_no_more() -> Result<()> {
    let ns = namespace("verify-annotation").await?;
    with_green(&ns, 1, Behavior::Ready).await?;
    ns.rolled_out("deployment/api-green", LIMIT).await?;
    // The usual watch is 15 s here: the probe's period of 5 s, three times.
    for (annotated, to, seconds) in [("18s", "green", 18), ("1s", "blue", 15), ("720h", "green", 20)] {
        ns.annotate::<Service>("api", "kubectl-release.dev/verify-for", Some(annotated)).await?;
        let words = format!("switch api --to {to} --yes --timeout=20s");
        let output = bluegreen(&ns, &words).await?.ends(0)?.tells(&format!("verified     for {seconds}s"))?;
        ensure!(output.elapsed.as_secs() < 40, "{annotated}: {:?}", output.elapsed);
    }
    Ok(())
}

/// One annotation would have a pipeline start a hundred thousand pods.
#[tokio::test]
async fn an_annotation_makes_no_color_larger() -> Result<()> {
    let ns = namespace("annotated-size").await?;
    let app = app::api().color(color("blue", 2, Behavior::Ready)).color(color("green", 1, Behavior::Ready));
    rolled_out(&ns, &app).await?;
    for wanted in ["100000", "1000%"] {
        ns.annotate::<Service>("api", "kubectl-release.dev/min-ready", Some(wanted)).await?;
        bluegreen(&ns, "switch api --to green --scale --yes --verify-for=0 --dry-run=server").await?.ends(0)?;
    }
    bluegreen(&ns, "switch api --to green --scale --yes --verify-for=0").await?.ends(0)?;
    assert_eq!(app::replicas(&ns, "api-green").await?, 2);
    // Nor does it let a color be too small.
    app::scale(&ns, "api-blue", 1).await?;
    ns.rolled_out("deployment/api-blue", LIMIT).await?;
    ns.annotate::<Service>("api", "kubectl-release.dev/min-ready", Some("1")).await?;
    bluegreen(&ns, "switch api --to blue --yes --verify-for=0").await?.ends(1)?;
    bluegreen(&ns, "switch api --to blue --yes --verify-for=0 --min-ready=1").await?.ends(0)?;
    assert_eq!(active(&ns, "api").await?, "blue");
    Ok(())
}
