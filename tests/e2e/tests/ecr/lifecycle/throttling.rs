//! Hundreds of repositories, and ECR takes only so many calls a second.

use anyhow::{Context, Result, ensure};
use e2e::common::run::{Ended, admin, said};
use e2e::{LIMIT, namespace};
use futures::future::try_join_all;
use lab::registry::{AccessKey, Fault, Repository};
use lab::{Namespace, Output, Running};
use serde_json::Value;

use super::{KEEP_FIVE, count_kept, item, puts};

/// Calls a second, as many of ECR's operations have it.
const PER_SECOND: u32 = 20;
const REPOSITORIES: usize = 60;

async fn repositories(ns: &Namespace, count: usize) -> Result<Vec<Repository>> {
    let names: Vec<String> = (0..count).map(|n| format!("r{n:03}")).collect();
    try_join_all(names.iter().map(|name| ns.repository(name))).await
}

async fn run(ns: &Namespace, key: &AccessKey, words: &str) -> Result<Output> {
    let all = format!("{words} --all-repositories --name-filter {}/* -o json", ns.name());
    let words: Vec<&str> = ["ecr-rollback", "lifecycle"].into_iter().chain(all.split_whitespace()).collect();
    let mut command = admin(ns).command(&words);
    command.envs(key.environment());
    Running::start(command)?.wait(LIMIT * 4).await
}

/// Whoever has many repositories would never get a policy to all of them.
#[tokio::test]
async fn many_repositories_are_read_and_written_at_the_pace_that_ecr_allows() -> Result<()> {
    let ns = namespace("lifecycle-paced").await?;
    let all = repositories(&ns, REPOSITORIES).await?;
    let key = AccessKey::fresh();
    key.interceptor().limit(PER_SECOND).await?;
    let output = run(&ns, &key, &format!("apply {KEEP_FIVE} --yes")).await?.ends(0)?;
    let document = output.json()?;
    let applied = all.iter().filter(|repository| item(&document, repository)["result"] == "applied").count();
    assert_eq!(applied, REPOSITORIES, "{}", said(&output));
    let calls = key.interceptor().calls().await?;
    let refused = calls.iter().filter(|call| call.status == Some(400) && call.operation == "DescribeImages").count();
    ensure!(refused < REPOSITORIES, "{refused} calls of DescribeImages were throttled for {REPOSITORIES} answers");
    Ok(())
}

/// One repository that ECR won't answer for must not keep the others from being read, and is said.
#[tokio::test]
async fn a_repository_that_stays_unreadable_is_said_and_the_others_are_done() -> Result<()> {
    let ns = namespace("lifecycle-stuck").await?;
    let all = repositories(&ns, 12).await?;
    for stuck in &all[..9] {
        stuck.interceptor().fail("DescribeImages", 10_000, Fault::throttling()).await?;
    }
    let output = run(&ns, &AccessKey::fresh(), &format!("apply {KEEP_FIVE} --yes --timeout 20s")).await?.ends(4)?;
    let document = output.json()?;
    for (n, repository) in all.iter().enumerate() {
        let result = item(&document, repository);
        let expected = if n < 9 { ("failed", "Throttled") } else { ("applied", "") };
        let told = (result["result"].as_str().unwrap_or_default(), result["reason"].as_str().unwrap_or_default());
        assert_eq!(told, expected, "{}", said(&output));
    }
    Ok(())
}

/// A throttled call is a plain no: giving up in the middle would leave half of the policies in force.
#[tokio::test]
async fn what_is_throttled_is_asked_and_put_again() -> Result<()> {
    let ns = namespace("lifecycle-again").await?;
    let all = repositories(&ns, 3).await?;
    let key = AccessKey::fresh();
    // More often than a call is sent again by itself.
    key.interceptor().fail("DescribeRepositories", 6, Fault::throttling()).await?;
    all[0].interceptor().fail("GetLifecyclePolicy", 6, Fault::throttling()).await?;
    all[1].interceptor().fail("PutLifecyclePolicy", 6, Fault::throttling()).await?;
    run(&ns, &key, &format!("apply {KEEP_FIVE} --yes")).await?.ends(0)?;
    for repository in &all {
        assert_eq!(count_kept(repository).await?, Some(5));
    }
    assert_eq!(puts(&all[1]).await?, 7);
    Ok(())
}

/// Time that is up is no reason to say nothing: the list of repositories itself may be throttled.
#[tokio::test]
async fn a_list_that_can_not_be_had_in_time_ends_the_run() -> Result<()> {
    let ns = namespace("lifecycle-late").await?;
    let key = AccessKey::fresh();
    key.interceptor().fail("DescribeRepositories", 10_000, Fault::throttling()).await?;
    let output = run(&ns, &key, "show --timeout 3s").await?.ends(4)?;
    let document: Value = output.json()?;
    let reason = document["error"]["reason"].as_str().or(document["reason"].as_str()).context("a reason")?;
    assert_eq!(reason, "Throttled", "{}", said(&output));
    Ok(())
}
