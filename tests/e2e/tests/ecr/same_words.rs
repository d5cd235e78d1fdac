//! The same words typed again, by a retried job or a second person: never one further back, and no "nothing to do" where
//! there is something.

use anyhow::{Result, ensure};
use e2e::LIMIT;
use e2e::common::run::{Ended, admin, said};
use e2e::ecr::case::Case;
use k8s_openapi::api::core::v1::Pod;
use kube::api::{DeleteParams, ListParams};
use lab::eventually;
use lab::fixtures::Behavior;
use lab::registry::Image;

const RELEASES: [&str; 3] = ["1.0.2", "1.0.3", "1.0.4"];

/// `api` on 1.0.4, that was on the others before, and their digests.
async fn released(test: &str) -> Result<(Case, Vec<String>)> {
    let case = Case::new(test).await?;
    let digests = case.push(&RELEASES).await?;
    case.deploy(&RELEASES).await?;
    Ok((case, digests))
}

async fn asks_for(case: &Case, image: &str) -> Result<()> {
    let found = case.image_of("api").await?;
    ensure!(found == image, "{found}, not {image}");
    Ok(())
}

async fn set(case: &Case, image: &str) -> Result<()> {
    case.kubectl(&["set", "image", "deployment/api", &format!("api={image}")]).await?;
    case.ns.rolled_out("deployment/api", LIMIT).await
}

/// A policy, a digester in a pipeline or a person spells the image that was gone back to in another way: with its digest,
/// or without.
#[tokio::test]
async fn another_name_of_the_image_that_was_gone_back_to_is_that_image() -> Result<()> {
    let (case, digests) = released("same-by-digest").await?;
    let pinned = format!("{}@{}", case.repository.image("1.0.3"), digests[1]);
    for words in ["", "--if-running=1.0.4"] {
        case.back(words).await?.ends(0)?;
        set(&case, &pinned).await?;
        for _ in 0..2 {
            let again = case.back(words).await?.ends(0)?;
            ensure!(again.stdout.contains("nothing to do"), "{words}: {}", said(&again));
            asks_for(&case, &pinned).await?;
        }
        case.release("1.0.4").await?;
    }
    case.back("--pin-digest").await?.ends(0)?;
    set(&case, &case.repository.image("1.0.3")).await?;
    case.back("--pin-digest").await?.ends(0)?.tells("nothing to do")?;
    case.asks_for("1.0.3").await?;
    // Another image of the same tag is another image.
    set(&case, &format!("{}@{}", case.repository.image("1.0.3"), digests[0])).await?;
    let plan = case.ecr("deployment/api --dry-run=client --yes").await?;
    ensure!(!plan.stdout.contains("since the rollback"), "{}", said(&plan));
    Ok(())
}

/// `unpin` changes no image: the rollback before it stands.
#[tokio::test]
async fn an_image_that_was_unpinned_is_that_image() -> Result<()> {
    let (case, _) = released("same-unpinned").await?;
    case.back("--pin-digest").await?.ends(0)?;
    case.ecr("unpin deployment/api --yes").await?.ends(0)?;
    case.back("--pin-digest").await?.ends(0)?.tells("nothing to do")?;
    case.asks_for("1.0.3").await
}

/// `kubectl replace`, or a tool that owns the whole object, takes annotations away that it doesn't know.
#[tokio::test]
async fn a_record_that_was_taken_away_is_found_on_the_revision() -> Result<()> {
    let (case, _) = released("same-stripped").await?;
    case.back("").await?.ends(0)?;
    let [record, history] =
        ["kubectl-release.dev/ecr-rollback-", "kubectl-release.dev/ecr-rollback-history-"].map(str::to_owned);
    case.kubectl(&["annotate", "deployment/api", &record, &history]).await?;
    case.back("").await?.ends(0)?.tells("nothing to do")?;
    case.asks_for("1.0.3").await?;
    case.back("--again").await?.ends(0)?;
    case.asks_for("1.0.2").await
}

/// The tag was pushed again, and new pods run what nobody went back to: a job would be green.
#[tokio::test]
async fn a_tag_that_was_pushed_again_since_is_something_to_do() -> Result<()> {
    let (case, digests) = released("same-pushed-again").await?;
    case.back("").await?.ends(0)?;
    let again = case.push_on(9, Image::new("1.0.3").built_again("1.0.3")).await?;
    ensure!(again != digests[1], "it is another image");
    case.ns.api::<Pod>().delete_collection(&DeleteParams::default(), &ListParams::default()).await?;
    eventually("pods run the new one", LIMIT, || async { Ok(case.running().await?.contains(&again).then_some(())) })
        .await?;
    case.ns.rolled_out("deployment/api", LIMIT).await?;
    let output = case.back("").await?.ends(1)?;
    ensure!(output.stderr.contains("its tag was moved") && output.stderr.contains(&digests[1]), "{}", said(&output));
    case.back(&format!("--to-digest={}", digests[1])).await?.ends(0)?;
    case.runs(&digests[1]).await
}

/// The migration container would stay, and the job be green.
#[tokio::test]
async fn containers_that_are_asked_for_now_have_to_have_moved() -> Result<()> {
    let case = Case::new("same-init").await?;
    case.push(&RELEASES).await?;
    case.apply(&case.app("1.0.4").init_container("migrate", &case.repository.image("1.0.4"))).await?;
    case.back("").await?.ends(0)?;
    let output = case.back("--include-init-containers -ojson").await?.ends(1)?;
    let document = output.json()?;
    ensure!(document["reason"] == "OtherWords", "{document:#}");
    let next = document["next"].as_str().unwrap_or_default().to_owned();
    ensure!(next.contains("migrate") && next.contains("--include-init-containers"), "{document:#}");
    let words: Vec<&str> = next.split(' ').skip(1).chain(["--yes"]).collect();
    admin(&case.ns).run(&words).await?.ends(0)?;
    assert_eq!(case.image_of("migrate").await?, case.repository.image("1.0.3"));
    Ok(())
}

/// All releases are bad but the oldest: the words that are printed would watch the second failure for ever.
#[tokio::test]
async fn again_goes_further_back_from_a_rollback_that_failed_and_was_left() -> Result<()> {
    let case = Case::new("again-failed").await?;
    let bad = |tag: &str| Image::new(tag).behavior(Behavior::CrashLoop);
    case.push_on(1, Image::new("1.0.2")).await?;
    case.push_on(2, bad("1.0.3")).await?;
    case.push_on(3, bad("1.0.4")).await?;
    case.deploy(&["1.0.2"]).await?;
    case.set_image("1.0.4").await?;
    eventually("the pods fail", LIMIT, || async {
        let status = case.kubectl(&["get", "pods"]).await?;
        Ok(status.contains("CrashLoopBackOff").then_some(()))
    })
    .await?;
    case.back("--from=registry --timeout=60s").await?.ends(1)?;
    case.asks_for("1.0.3").await?;
    case.back("--from=registry --timeout=60s --again").await?.ends(0)?;
    case.asks_for("1.0.2").await
}
