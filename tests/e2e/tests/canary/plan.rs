//! What `plan` says, and what it refuses.

use anyhow::{Result, ensure};
use e2e::canary::stage::{GOOD, SERVES, Stage};
use e2e::common::run::{Ended, finding, finding_ids, said};
use lab::fixtures::{autoscaler, budget};
use serde_json::json;

fn plan(stage: &Stage, steps: &str) -> String {
    let image = stage.repository.image(GOOD);
    format!("plan api --image api={image} --router replicas --steps {steps} --pause 5m")
}

/// Whoever reads it would believe that something is judged.
#[tokio::test]
async fn a_plan_says_every_step_and_that_nothing_is_judged() -> Result<()> {
    let stage = Stage::of("canary-plan", 4).await?;
    stage.ns.apply(&budget("api", &json!({"app": "api"}), 1)).await?;
    let output = stage.canary(&plan(&stage, "25,50,100")).await?.ends(0)?;
    for what in ["25%     1       3       25.0%   5m", "50%     2       2       50.0%   5m", "nothing", "service/api"] {
        ensure!(output.stdout.contains(what), "nothing about {what:?}\n{}", said(&output));
    }
    let document = stage.canary(&format!("{} -ojson", plan(&stage, "25,50,100"))).await?.ends(0)?.json()?;
    let ids = finding_ids(&document);
    ensure!(ids.contains(&"not-judged".to_owned()) && ids.contains(&"selects-canary".to_owned()), "{ids:?}");
    assert_eq!(document["release"]["steps"][0]["pods"], 1);
    assert!(stage.record().await?.is_null());
    stage.is_alone(SERVES).await
}

/// What would go wrong in the middle is to be known before.
#[tokio::test]
async fn what_can_not_go_well_is_refused_before_the_first_write() -> Result<()> {
    let stage = Stage::of("canary-refused", 4).await?;
    let blocks = async |steps: &str, id: &str| -> Result<()> {
        let document = stage.canary(&format!("{} -ojson", plan(&stage, steps))).await?.ends(1)?.json()?;
        ensure!(finding(&document, id).is_some_and(|f| f["severity"] == "block"), "no {id}: {document}");
        stage.canary(&stage.release("run", GOOD).replace("50,100", steps)).await?.ends(1)?;
        ensure!(stage.record().await?.is_null() && stage.deployment("api-canary").await?.is_none(), "{id}");
        Ok(())
    };
    blocks("5,100", "weight-unreachable").await?;
    stage.ns.apply(&autoscaler("api", 2, 9)).await?;
    blocks("50,100", "hpa-scales-stable").await?;
    stage.kubectl("delete hpa/api").await?;
    stage.kubectl("rollout pause deploy/api").await?;
    blocks("50,100", "paused").await?;
    stage.kubectl("rollout resume deploy/api").await?;
    stage.ns.rolled_out("deployment/api", e2e::LIMIT).await?;
    stage.kubectl("delete service/api").await?;
    blocks("50,100", "no-service").await?;
    stage.kubectl("scale deploy/api --replicas=0").await?;
    blocks("50,100", "stable-unsettled").await
}

/// A typing mistake would be found out in the middle of a release.
#[tokio::test]
async fn what_makes_no_sense_is_wrong_usage() -> Result<()> {
    let stage = Stage::of("canary-usage", 2).await?;
    let image = stage.repository.image(GOOD);
    for words in [
        "run api --image api=v2 --router replicas --steps 50,20 --yes",
        "run api --image api=v2 --router replicas --steps 5,20,100 --pause 1m,2m,3m --yes",
        "run api --image api=v2 --router replicas --yes",
        "run api --router replicas --steps 50,100 --yes",
        "run api --image api=v2 --steps 50,100 --yes",
        "run sts/api --image api=v2 --router replicas --steps 50 --yes",
        "set-weight api 101 --yes",
        "set-weight api --yes",
        "run api --image api=$TAG: --router replicas --steps 50 --yes",
    ] {
        stage.canary(words).await?.ends(2)?;
    }
    let release = |more: &str| format!("run api {more} --router replicas --steps 50,100 --yes");
    stage.canary(&release(&format!("--image web={image}"))).await?.ends(1)?.tells("no container web")?;
    stage.canary(&release(&format!("--image {}", stage.repository.image(SERVES)))).await?.ends(1)?;
    for router in ["istio", "gateway", "alb", "nginx"] {
        let words = release(&format!("--image {image}")).replace("replicas", router);
        stage.canary(&words).await?.ends(1)?.tells("isn't there yet")?;
    }
    stage.canary("run nothing --yes").await?.ends(1)?.tells("not found")?;
    assert!(stage.record().await?.is_null());
    Ok(())
}
