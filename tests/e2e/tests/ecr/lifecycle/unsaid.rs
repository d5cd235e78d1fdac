//! Answers that don't say what ECR always says: that nothing was said of images is not that there are none.

use anyhow::{Result, ensure};
use e2e::common::run::{Ended, admin, finding, said};
use e2e::{LIMIT, namespace};
use lab::registry::{AccessKey, Fault, Image};
use lab::{Namespace, Output, Running};
use serde_json::{Value, json};

use super::{KEEP_FIVE, days_ago, item, lifecycle, puts, runs, six_releases};

/// Often enough for several runs that read all again.
const ALWAYS: usize = 1000;

fn answer(body: Value) -> Fault {
    Fault::Answer { body }
}

/// What would a proxy, a stand-in or a gateway of one's own say that ECR never does?
fn without_images() -> Vec<Value> {
    let digest = format!("sha256:{}", "5".repeat(64));
    vec![
        json!({}),
        json!({"imageDetails": null}),
        json!({"Message": "not here"}),
        json!({"imageDetails": [{"imageDigest": digest}]}),
        json!({"imageDetails": [{"imagePushedAt": 1_760_000_000.5}]}),
        json!({"imageDetails": [{"imageDigest": digest, "imagePushedAt": 1_760_000_000.5}], "nextToken": "again"}),
    ]
}

/// The image that runs would be gone, because nobody had said that it was there.
#[tokio::test]
async fn an_answer_without_images_is_no_empty_repository() -> Result<()> {
    let ns = namespace("lifecycle-no-images").await?;
    for (n, body) in without_images().into_iter().enumerate() {
        let repository = ns.repository(&format!("r{n}")).await?;
        six_releases(&repository).await?;
        repository.interceptor().fail("DescribeImages", ALWAYS, answer(body.clone())).await?;
        for forced in
            ["", "--force=running,cluster-unread,indexes,policy-unreadable,kinds-unread --allow-expiring-in-use"]
        {
            let words = format!("apply {} {KEEP_FIVE} --yes -o json {forced}", repository.name());
            let output = lifecycle(&ns, &words).await?.ends(1)?;
            let document = output.json()?;
            let told = item(&document, &repository);
            assert_eq!(
                (&told["result"], &told["reason"]),
                (&"failed".into(), &"BadAnswer".into()),
                "{body}\n{document:#}"
            );
            ensure!(document["hint"].as_str().is_some_and(|hint| hint.contains("ECR")), "{}", said(&output));
        }
        let preview = lifecycle(&ns, &format!("preview {} {KEEP_FIVE}", repository.name())).await?.ends(1)?;
        ensure!(!preview.stdout.contains("Apply:"), "{body}\n{}", said(&preview));
        assert_eq!(puts(&repository).await?, 0, "{body}");
    }
    Ok(())
}

/// A repository that is empty says so.
#[tokio::test]
async fn an_empty_repository_gets_its_policy() -> Result<()> {
    let ns = namespace("lifecycle-empty").await?;
    let repository = ns.repository("api").await?;
    lifecycle(&ns, &format!("apply {} {KEEP_FIVE} --yes", repository.name())).await?.ends(0)?;
    assert_eq!(puts(&repository).await?, 1);
    Ok(())
}

/// The last look before a policy is put would find nothing that speaks against it.
#[tokio::test]
async fn the_second_look_has_to_be_answered_too() -> Result<()> {
    let ns = namespace("lifecycle-second-look").await?;
    let repository = ns.repository("api").await?;
    six_releases(&repository).await?;
    let held = repository.interceptor().hold("StartLifecyclePolicyPreview", lab::registry::When::Before).await?;
    let words = format!("ecr-rollback lifecycle apply {} {KEEP_FIVE} --yes -o json", repository.name());
    let running = ns.start(&words.split_whitespace().collect::<Vec<_>>())?;
    held.arrived(LIMIT).await?;
    repository.interceptor().fail("DescribeImages", ALWAYS, answer(json!({}))).await?;
    held.release().await?;
    let output = running.wait(LIMIT).await?.ends(1)?;
    assert_eq!(item(&output.json()?, &repository)["reason"], "BadAnswer", "{}", said(&output));
    assert_eq!(puts(&repository).await?, 0);
    Ok(())
}

/// A policy that somebody made in the console would be overwritten as if there were none.
#[tokio::test]
async fn an_answer_without_a_policy_is_not_that_there_is_none() -> Result<()> {
    let ns = namespace("lifecycle-no-policy").await?;
    for (n, body) in
        [json!({}), json!({"lifecyclePolicyText": null}), json!({"lifecyclePolicyText": ""})].into_iter().enumerate()
    {
        let repository = ns.repository(&format!("r{n}")).await?;
        six_releases(&repository).await?;
        repository.interceptor().fail("GetLifecyclePolicy", ALWAYS, answer(body.clone())).await?;
        let words = format!("apply {} {KEEP_FIVE} --yes -o json", repository.name());
        let document = lifecycle(&ns, &words).await?.ends(1)?.json()?;
        let found = finding(&document, "policy-unreadable").map(|found| found["severity"].clone());
        assert_eq!((found, puts(&repository).await?), (Some(json!("block")), 0), "{body}\n{document:#}");
        let shown = lifecycle(&ns, &format!("show {}", repository.name())).await?.ends(0)?;
        ensure!(!shown.stdout.contains("nothing expires"), "{}", said(&shown));
    }
    Ok(())
}

/// Parts of an index that runs would be taken for images of nobody's.
#[tokio::test]
async fn an_answer_without_manifests_is_not_that_an_index_has_no_parts() -> Result<()> {
    let ns = namespace("lifecycle-no-manifests").await?;
    let of_one_image = json!({"schemaVersion": 2, "config": {}, "layers": []}).to_string();
    for n in 0..4 {
        let repository = ns.repository(&format!("r{n}")).await?;
        let image = Image::index("latest-release-0.9.0", &["amd64", "arm64"]).pushed_at(days_ago(120));
        let part = image.children()[0].clone();
        let index = repository.push(image).await?;
        six_releases(&repository).await?;
        runs(&ns, &repository.image(&part)).await?;
        let body = match n {
            0 => json!({}),
            1 => json!({"images": null, "failures": []}),
            2 => json!({"images": [{"imageId": {"imageDigest": index}, "imageManifest": "{}"}]}),
            _ => json!({"images": [{"imageId": {"imageDigest": index}, "imageManifest": of_one_image}]}),
        };
        repository.interceptor().fail("BatchGetImage", ALWAYS, answer(body.clone())).await?;
        let words = format!("apply {} --keep-tagged 6 --yes -o json", repository.name());
        let document = lifecycle(&ns, &words).await?.ends(1)?.json()?;
        let found = finding(&document, "indexes").map(|found| found["severity"].clone());
        assert_eq!((found, puts(&repository).await?), (Some(json!("block")), 0), "{body}\n{document:#}");
    }
    Ok(())
}

async fn with_key(ns: &Namespace, key: &AccessKey, words: &str) -> Result<Output> {
    let words: Vec<&str> = ["ecr-rollback", "lifecycle"].into_iter().chain(words.split_whitespace()).collect();
    let mut command = admin(ns).command(&words);
    command.envs(key.environment());
    Running::start(command)?.wait(LIMIT).await
}

/// "No such repository", "none is meant", or another one's policy.
#[tokio::test]
async fn an_answer_without_repositories_is_not_that_there_are_none() -> Result<()> {
    let ns = namespace("lifecycle-no-repositories").await?;
    let repository = ns.repository("api").await?;
    let other = ns.repository("web").await?;
    let uri = |name: &str| format!("{}/{name}", repository.uri().split('/').next().unwrap_or_default());
    let described = |name: &str, uri: String, account: &str| json!({"repositories": [{"repositoryName": name, "repositoryUri": uri, "registryId": account}]});
    let name = repository.name();
    for (body, everywhere) in [
        (json!({}), true),
        (json!({"repositories": null}), true),
        (json!({"repositories": [{}]}), true),
        (described(name, String::new(), lab::registry::ACCOUNT), true),
        (described(name, uri(name), ""), true),
        (described(other.name(), uri(other.name()), lab::registry::ACCOUNT), false),
    ] {
        let key = AccessKey::fresh();
        key.interceptor().fail("DescribeRepositories", ALWAYS, answer(body.clone())).await?;
        let everything = if everywhere { "--all-repositories" } else { name };
        for which in [name, everything] {
            let words = format!("apply {which} {KEEP_FIVE} --yes -o json");
            let output = with_key(&ns, &key, &words).await?.ends(1)?;
            ensure!(output.stdout.contains("BadAnswer"), "{which} {body}\n{}", said(&output));
        }
        assert_eq!((puts(&repository).await?, puts(&other).await?), (0, 0), "{body}");
    }
    Ok(())
}

/// "ECR's own preview says the same" would be said of a preview that says nothing.
#[tokio::test]
async fn a_preview_that_says_nothing_is_not_checked() -> Result<()> {
    let ns = namespace("lifecycle-no-preview").await?;
    let repository = ns.repository("api").await?;
    six_releases(&repository).await?;
    repository.interceptor().fail("StartLifecyclePolicyPreview", ALWAYS, answer(json!({}))).await?;
    repository.interceptor().fail("GetLifecyclePolicyPreview", ALWAYS, answer(json!({"status": "COMPLETE"}))).await?;
    let words = format!("apply {} {KEEP_FIVE} -o json", repository.name());
    let document = lifecycle(&ns, &format!("{words} --dry-run=client")).await?.ends(0)?.json()?;
    let found = finding(&document, "ecr-preview").map(|found| found["severity"].clone());
    ensure!(found.is_some_and(|severity| severity != "block"), "{document:#}");
    lifecycle(&ns, &format!("{words} --yes --strict")).await?.ends(1)?;
    assert_eq!(puts(&repository).await?, 0);
    Ok(())
}

/// "Applied", and nothing is in force.
#[tokio::test]
async fn a_policy_that_nobody_repeats_is_looked_for() -> Result<()> {
    let ns = namespace("lifecycle-no-echo").await?;
    let repository = ns.repository("api").await?;
    six_releases(&repository).await?;
    repository.interceptor().fail("PutLifecyclePolicy", ALWAYS, answer(json!({}))).await?;
    let words = format!("apply {} {KEEP_FIVE} --yes -o json", repository.name());
    let output = lifecycle(&ns, &words).await?.ends(1)?;
    assert_eq!(item(&output.json()?, &repository)["result"], "failed", "{}", said(&output));
    Ok(())
}
