//! A registry, or what stands in for one, that never stops talking: the run ends, says so, and needs no more memory
//! than any other.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use e2e::common::run::{Ended, said};
use e2e::ecr::releases::{NEWEST, Releases, finished};
use lab::registry::{AccessKey, Fault};
use lab::{Output, Running};
use serde_json::json;
use tokio::process::Command;

const ALWAYS: usize = 1_000_000;
/// Address space in KiB; the longest answer would not fit in.
const MEMORY: u32 = 500_000;
const FLOOD: u64 = 600 << 20;
/// A run that is told to take 30 s has ended by then.
const BOUND: Duration = Duration::from_secs(45);

/// The plugin in a shell that gives it so much memory and no more.
async fn run(releases: &Releases, key: &AccessKey, words: &str) -> Result<Output> {
    let command = releases.command(&releases.admin(), words);
    let mut bounded = Command::new("sh");
    bounded.args(["-c", &format!("ulimit -v {MEMORY}; exec \"$0\" \"$@\"")]);
    bounded.arg(command.as_std().get_program()).args(command.as_std().get_args());
    for (name, value) in command.as_std().get_envs() {
        match value {
            Some(value) => bounded.env(name, value),
            None => bounded.env_remove(name),
        };
    }
    bounded.envs(key.environment());
    finished(Running::start(bounded)?).await
}

fn ended_badly(output: Output, fault: &str) -> Result<Output> {
    let output = output.ends(1).or_else(|_| anyhow::bail!("{fault}"))?;
    ensure!(output.elapsed < BOUND, "{fault}: {:?}", output.elapsed);
    Ok(output)
}

/// The way back would hang in the middle of an outage, or be killed for want of memory.
#[tokio::test]
async fn an_answer_that_never_ends_ends_the_run() -> Result<()> {
    let releases = Releases::pushed("bounds-rollback").await?;
    releases.deploy(&releases.app("api")).await?;
    let none = json!({"imageDetails": []});
    let again = json!({"imageDetails": [], "nextToken": "again"});
    for (name, fault) in [
        ("a page that is followed by itself", Fault::Answer { body: again }),
        ("a page after each page", Fault::Endless { body: none }),
        ("600 MiB", Fault::Flood { bytes: FLOOD }),
        ("no patience to be had", Fault::Wait { seconds: 1_000_000_000_000_000_000 }),
    ] {
        let key = AccessKey::fresh();
        key.interceptor().fail("DescribeImages", ALWAYS, fault).await?;
        let output = run(&releases, &key, "deploy/api --yes --timeout=30s -ojson").await?;
        let output = ended_badly(output, name)?;
        let document = output.json()?;
        let expected = if name.starts_with("no patience") { "Throttled" } else { "BadAnswer" };
        assert_eq!(document["reason"], expected, "{name}: {}", said(&output));
        assert_eq!(releases.image("api").await?, NEWEST, "{name}");
    }
    Ok(())
}

/// A sweep over all repositories would never come to an end.
#[tokio::test]
async fn lists_policies_and_manifests_are_bounded_too() -> Result<()> {
    let releases = Releases::pushed("bounds-lifecycle").await?;
    let repository = releases.repository.name();
    for (operation, fault, words) in [
        ("DescribeRepositories", Fault::Endless { body: json!({"repositories": []}) }, "show --all-repositories"),
        ("DescribeRepositories", Fault::Flood { bytes: FLOOD }, "show --all-repositories"),
        ("DescribeImages", Fault::Endless { body: json!({"imageDetails": []}) }, "preview NAME --keep-tagged 1"),
        ("GetLifecyclePolicy", Fault::Flood { bytes: FLOOD }, "apply NAME --keep-tagged 99 --yes"),
    ] {
        let key = AccessKey::fresh();
        key.interceptor().fail(operation, ALWAYS, fault.clone()).await?;
        let words = format!("lifecycle {} --timeout=30s -ojson", words.replace("NAME", repository));
        let name = format!("{operation} {fault:?}");
        ended_badly(run(&releases, &key, &words).await.context(name.clone())?, &name)?;
    }
    assert_eq!(releases.repository.lifecycle_policy().await?, None);
    Ok(())
}
