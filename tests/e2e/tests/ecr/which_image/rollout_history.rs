//! `--from rollout-history`: the cluster keeps references, and not which image they were.

use std::time::Duration;

use anyhow::{Result, ensure};
use e2e::common::run::{Ended, finding_ids, said};
use e2e::ecr::case::Case;
use e2e::ecr::push_on;
use jiff::{SignedDuration, Timestamp};
use lab::registry::{AccessKey, Fault, Image};
use lab::{Output, Running};

const FOR_EVER: usize = 1000;

/// Runs the plugin with this key, whose calls to ECR fail.
async fn without_ecr(case: &Case, words: &str) -> Result<Output> {
    let key = AccessKey::fresh();
    key.interceptor().fail("*", FOR_EVER, Fault::access_denied("DescribeImages")).await?;
    let kubectl = case.ns.kubectl_as(case.ns.lab().kubeconfig());
    let words: Vec<&str> = ["ecr-rollback", "deploy/api"].into_iter().chain(words.split_whitespace()).collect();
    let mut command = kubectl.command(&words);
    command.envs(key.environment());
    Running::start(command)?.wait(e2e::LIMIT).await
}

/// "deployed before" would bring an image that never ran here.
#[tokio::test]
async fn a_tag_that_was_pushed_again_is_not_what_was_deployed() -> Result<()> {
    let case = Case::new("pushed-again").await?;
    case.push(&["1.0.1", "1.0.2", "1.0.3"]).await?;
    case.deploy(&["1.0.1", "1.0.2", "1.0.3"]).await?;
    let soon = Timestamp::now() + SignedDuration::from_mins(5);
    let moved = case.repository.push(Image::new("1.0.2").pushed_at(soon)).await?;
    let refused = case.back("--from rollout-history").await?.ends(1)?.tells("its tag was moved")?;
    ensure!(refused.stderr.contains("--steps 2"), "{}", said(&refused));
    case.asks_for("1.0.3").await?;
    // Who can't ask is told that nobody has looked, and strict ones don't go.
    let plan = without_ecr(&case, "--from rollout-history --dry-run=client -ojson").await?.ends(0)?.json()?;
    ensure!(finding_ids(&plan).contains(&"tag-moved".to_owned()), "{plan:#}");
    without_ecr(&case, "--from rollout-history --yes --strict").await?.ends(1)?;
    case.asks_for("1.0.3").await?;
    without_ecr(&case, "--from rollout-history --yes").await?.ends(0)?.tells("what 1.0.2 is on now")?;
    case.runs(&moved).await?;
    case.release("1.0.3").await?;
    case.back("--from rollout-history --steps 2").await?.ends(0)?;
    case.asks_for("1.0.1").await
}

/// Pods that wait for an image that is gone, while the one before it is there.
#[tokio::test]
async fn a_tag_that_is_gone_is_said_before_anything_is_written() -> Result<()> {
    let case = Case::new("tag-gone").await?;
    let digests = case.push(&["1.0.1", "1.0.2"]).await?;
    case.deploy(&["1.0.1", "1.0.2"]).await?;
    case.repository.delete(&digests[0]).await?;
    let before = case.written().await?;
    case.back("--from rollout-history").await?.ends(1)?.tells("tag-moved")?;
    assert_eq!(case.written().await?, before);
    Ok(())
}

/// "rolled back", and the bad release runs on under another name.
#[tokio::test]
async fn a_second_tag_of_the_image_that_runs_is_no_way_back() -> Result<()> {
    let case = Case::new("same-image").await?;
    case.push_on(1, Image::new("prod-1")).await?;
    let bad = case.push_on(2, Image::new("prod-2").tag("prod-3")).await?;
    case.deploy(&["prod-1", "prod-2", "prod-3"]).await?;
    case.back("--from rollout-history").await?.ends(1)?.tells("same-image")?.tells("--steps 2")?;
    case.asks_for("prod-3").await?;
    let words = "--from rollout-history --yes -ojson";
    let document = without_ecr(&case, words).await?.ends(1)?.json()?;
    assert_eq!((&document["reason"], &document["workloads"][0]["state"]), (&"NothingChanged".into(), &"failed".into()));
    ensure!(document["next"].as_str().is_some_and(|next| next.contains("--again")), "{document:#}");
    case.runs(&bad).await?;
    // A job that is retried learns the same.
    assert_eq!(without_ecr(&case, words).await?.ends(1)?.json()?["reason"], "NothingChanged");
    // The note of the result is a new generation, which its controller has to see first.
    case.ns.rolled_out("deployment/api", e2e::LIMIT).await?;
    without_ecr(&case, "--from rollout-history --yes --again").await?.ends(0)?;
    case.asks_for("prod-1").await
}

/// Who pins would be sent in a circle while ECR is out of reach, and a gate be left out without a word.
#[tokio::test]
async fn in_an_outage_each_printed_command_leads_on() -> Result<()> {
    let case = Case::new("outage").await?;
    case.push(&["1.0.2", "1.0.3"]).await?;
    case.deploy(&["1.0.2", "1.0.3"]).await?;
    let pinned = without_ecr(&case, "--yes --pin-digest").await?.ends(1)?;
    ensure!(pinned.stderr.contains("deploy/api --from rollout-history -n"), "{}", said(&pinned));
    pinned.tells("without --pin-digest")?;
    let stuck = without_ecr(&case, "--from rollout-history --yes --pin-digest").await?.ends(1)?;
    ensure!(stuck.stderr.contains("deploy/api --from rollout-history -n"), "{}", said(&stuck));
    ensure!(!stuck.stderr.contains("--to-tag") && !stuck.stderr.contains("moves"), "{}", said(&stuck));
    stuck.tells("leaves out --pin-digest")?;
    let gated = without_ecr(&case, "--yes --max-severity high").await?.ends(1)?;
    gated.tells("--from rollout-history")?.tells("without --max-severity")?;
    // With an answer, the registry knows which image it was.
    case.back("--from rollout-history --pin-digest").await?.ends(1)?.tells("--to-tag 1.0.2 --pin-digest")?;
    without_ecr(&case, "--from rollout-history --yes").await?.ends(0)?;
    case.asks_for("1.0.2").await
}

/// A report would stand still for minutes, in front of somebody who only wants to look.
#[tokio::test]
async fn a_look_at_a_silent_registry_ends_when_it_is_told_to() -> Result<()> {
    let case = Case::released("silent-history").await?;
    let key = AccessKey::fresh();
    key.interceptor().fail("DescribeImages", FOR_EVER, Fault::delay(Duration::from_secs(600))).await?;
    let kubectl = case.ns.kubectl_as(case.ns.lab().kubeconfig());
    let mut command = kubectl.command(&["ecr-rollback", "history", "deploy/api", "--timeout=3s"]);
    command.envs(key.environment());
    let output = Running::start(command)?.wait(e2e::LIMIT).await?;
    ensure!(output.code != 0 && output.elapsed < Duration::from_secs(20), "{:?}\n{}", output.elapsed, said(&output));
    Ok(())
}

/// The command to paste would go somewhere else than was asked for.
#[tokio::test]
async fn who_named_an_image_is_not_sent_to_another() -> Result<()> {
    let case = Case::new("named").await?;
    case.push(&["1.0.1", "1.0.2", "1.0.3"]).await?;
    case.deploy(&["1.0.2", "1.0.3"]).await?;
    for (words, offered) in
        [("--yes --to-tag 1.0.1", false), ("--yes --to-digest sha256:0123456", false), ("--yes", true)]
    {
        let refused = without_ecr(&case, words).await?.ends(1)?;
        ensure!(refused.stderr.contains("--from rollout-history") == offered, "{words}: {}", said(&refused));
    }
    case.asks_for("1.0.3").await
}

/// A workload that was given to another application: nothing of that one ever ran by the tags of the other, and going
/// back leaves it.
#[tokio::test]
async fn another_repository_of_the_registry_is_another_application() -> Result<()> {
    let case = Case::new("renamed").await?;
    case.push(&["1.0.1", "1.0.2"]).await?;
    case.deploy(&["1.0.1"]).await?;
    let web = case.ns.repository("web").await?;
    for (day, tag) in [(3, "1.0.1"), (4, "1.0.2")] {
        push_on(&web, day, Image::new(tag)).await?;
    }
    let image = format!("api={}", web.image("1.0.2"));
    case.kubectl(&["set", "image", "deploy/api", &image]).await?;
    case.ns.rolled_out("deployment/api", e2e::LIMIT).await?;
    // By its own pushes there is one before it, which never ran here.
    let history = case.ecr("history deploy/api -ojson").await?.ends(0)?.json()?;
    let ran = history["images"].as_array().into_iter().flatten().filter(|one| !one["revision"].is_null());
    ensure!(ran.count() <= 1, "{history:#}");
    let plan = case.plan("--from rollout-history").await?;
    ensure!(finding_ids(&plan).contains(&"other-repository".to_owned()), "{plan:#}");
    case.back("--from rollout-history").await?.ends(0)?.tells("other-repository").map(drop)
}
