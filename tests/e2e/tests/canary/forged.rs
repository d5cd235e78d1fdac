//! Records that somebody edited, tore or took away.

use anyhow::Result;
use e2e::canary::stage::{GOOD, SERVES, Stage};
use e2e::common::run::Ended;
use serde_json::json;

/// The canary's pods would go on serving, and nobody could take them away.
#[tokio::test]
async fn a_canary_without_a_record_can_be_taken_back() -> Result<()> {
    let stage = Stage::of("canary-orphan", 4).await?;
    let image = stage.repository.image(GOOD);
    for torn in [None, Some("{\"id\":"), Some("[]"), Some("{}")] {
        stage.canary(&format!("set-weight api 50 --image api={image} --router replicas --yes")).await?.ends(0)?;
        stage.write_record(torn).await?;
        stage.canary("run api --yes").await?.ends(1)?.tells("canary abort")?;
        stage.canary("status api").await?.ends(1)?;
        stage.canary("abort api --yes").await?.ends(0)?;
        stage.is_alone(SERVES).await?;
        stage.write_record(None).await?;
    }
    Ok(())
}

/// Whoever may annotate a Deployment could have an operator's run deploy what he likes.
#[tokio::test]
async fn images_that_stand_in_the_record_alone_are_agreed_to() -> Result<()> {
    let stage = Stage::of("canary-alone", 2).await?;
    stage.canary(&stage.release("run", GOOD)).await?.ends(0)?;
    let mut record = stage.record().await?;
    record["containers"][0] =
        json!({"name": "api", "from": stage.repository.image(GOOD), "to": "evil.example.com/x:1"});
    record["state"]["phase"] = json!("running");
    record["state"]["at"] = json!(0);
    record["revision"] = json!(2);
    stage.write_record(Some(&record.to_string())).await?;
    stage.canary("run api --yes").await?.ends(6)?;
    assert_eq!(stage.stands().await?, (GOOD.to_owned(), 2, None));
    // The way back, too: no revision had that image.
    record["containers"][0] =
        json!({"name": "api", "from": "evil.example.com/x:1", "to": stage.repository.image(GOOD)});
    record["state"]["phase"] = json!("promoting");
    stage.write_record(Some(&record.to_string())).await?;
    stage.canary("abort api --yes").await?.ends(1)?.tells("no revision")?;
    assert_eq!(stage.stands().await?, (GOOD.to_owned(), 2, None));
    Ok(())
}

/// A run would go on to promote an image that nobody agreed to.
#[tokio::test]
async fn a_canary_with_other_images_than_its_release_ends_a_run() -> Result<()> {
    let stage = Stage::of("canary-other", 2).await?;
    let image = stage.repository.image(GOOD);
    stage.canary(&format!("set-weight api 50 --image api={image} --router replicas --yes")).await?.ends(0)?;
    stage.kubectl(&format!("set image deploy/api-canary api={}", stage.repository.image("v2-crashes"))).await?;
    stage.canary("run api --yes").await?.ends(3)?.tells("other images")?;
    stage.canary("abort api --yes").await?.ends(0)?;
    stage.is_alone(SERVES).await
}

/// What nobody of ours can have written starts nothing, deletes nothing and says why.
#[tokio::test]
async fn a_record_that_makes_no_sense_is_told_and_not_used() -> Result<()> {
    let stage = Stage::of("canary-forged", 2).await?;
    stage.canary(&stage.release("run", GOOD)).await?.ends(0)?;
    let sound = stage.record().await?;
    let forged = |pointer: &str, value: serde_json::Value| {
        let mut record = sound.clone();
        record["state"]["phase"] = json!("running");
        if let Some(field) = record.pointer_mut(pointer) {
            *field = value;
        }
        record.to_string()
    };
    let huge = "x".repeat(70_000);
    for (name, text) in [
        ("torn", "{\"id\": \"x\", ".to_owned()),
        ("no JSON", "yes".to_owned()),
        ("huge", json!(huge).to_string()),
        ("no image", forged("/containers/0/to", json!("$(reboot)"))),
        ("no Service", forged("/services/0", json!("a,b)"))),
        ("no pods", forged("/state/replicas", json!(0))),
        ("many pods", forged("/state/replicas", json!(4_000_000_000_u32))),
        ("a step that isn't there", forged("/state/at", json!(77))),
        ("another phase", forged("/state/phase", json!("exploding"))),
    ] {
        stage.write_record(Some(&text)).await?;
        for verb in ["run api --yes", "abort api --yes", "promote api --yes --full", "status api"] {
            stage
                .canary(verb)
                .await?
                .ends(1)?
                .tells("makes no sense")
                .map_err(|e| e.context(format!("{name}: {verb}")))?;
        }
        assert_eq!(stage.stands().await?, (GOOD.to_owned(), 2, None), "{name}");
    }
    Ok(())
}
