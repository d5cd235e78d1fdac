//! What could not be read is not nobody's.

use anyhow::{Result, ensure};
use e2e::common::run::{Ended, finding, finding_ids, said};
use e2e::namespace;
use lab::Namespace;
use lab::registry::{Fault, Image, Repository};
use serde_json::{Value, json};

use super::{KEEP_FIVE, count_kept, days_ago, item, lifecycle, puts, runs, six_releases};

/// Often enough for several runs that read all again.
const ALWAYS: usize = 1000;

/// A release of two platforms that pods run by the digest of one, and five releases after it.
async fn with_index(test: &str) -> Result<(Namespace, Repository)> {
    let ns = namespace(test).await?;
    let repository = ns.repository("ms-account-management").await?;
    let image = Image::index("latest-release-0.9.0", &["amd64", "arm64"]).pushed_at(days_ago(120));
    let part = image.children()[0].clone();
    repository.push(image).await?;
    six_releases(&repository).await?;
    runs(&ns, &repository.image(&part)).await?;
    Ok((ns, repository))
}

/// The index of the part that runs would be gone, and with it the way to start it on another platform.
#[tokio::test]
async fn an_index_that_can_not_be_read_is_not_expired() -> Result<()> {
    let failures = json!({"images": [], "failures": [{"failureCode": "KmsError", "failureReason": "its key is gone"}]});
    let no_index = json!({"images": [{"imageId": {"imageDigest": "sha256:0"}, "imageManifest": "not JSON"}]});
    for fault in [
        Fault::access_denied("BatchGetImage"),
        Fault::Answer { body: failures },
        Fault::Answer { body: no_index },
        Fault::server_error(),
    ] {
        let (ns, repository) = with_index("lifecycle-index-unread").await?;
        let apply = format!("apply {} --keep-tagged 6 --yes", repository.name());
        repository.interceptor().fail("BatchGetImage", ALWAYS, fault.clone()).await?;
        let output = lifecycle(&ns, &format!("{apply} -o json")).await?.ends(1)?;
        let blocks = finding(&output.json()?, "indexes").map(|found| found["severity"].clone());
        assert_eq!(blocks, Some(json!("block")), "{fault:?}\n{}", said(&output));
        lifecycle(&ns, &format!("{apply} --force=running,cluster-unread")).await?.ends(1)?;
        assert_eq!(puts(&repository).await?, 0, "{fault:?}");
        lifecycle(&ns, &format!("{apply} --force=indexes")).await?.ends(0)?;
        assert_eq!(puts(&repository).await?, 1, "{fault:?}");
    }
    Ok(())
}

/// What is read says whose it is.
#[tokio::test]
async fn an_index_that_is_read_stays_for_its_part_that_runs() -> Result<()> {
    let (ns, repository) = with_index("lifecycle-index-read").await?;
    lifecycle(&ns, &format!("apply {} --keep-tagged 6 --yes", repository.name())).await?.ends(1)?.tells("running")?;
    assert_eq!(puts(&repository).await?, 0);
    Ok(())
}

/// Where nothing would go there is nothing to be afraid of.
#[tokio::test]
async fn indexes_are_no_obstacle_to_a_policy_that_takes_nothing() -> Result<()> {
    let (ns, repository) = with_index("lifecycle-index-needless").await?;
    repository.interceptor().fail("BatchGetImage", ALWAYS, Fault::access_denied("BatchGetImage")).await?;
    lifecycle(&ns, &format!("apply {} --keep-tagged 99 --yes", repository.name())).await?.ends(0)?;
    assert_eq!(count_kept(&repository).await?, Some(99));
    Ok(())
}

/// The image before `latest` would expire, and an attestation that has lost its tag be kept in its place.
#[tokio::test]
async fn what_only_describes_an_image_is_nobodys_rollback_target() -> Result<()> {
    let ns = namespace("lifecycle-lost-tags").await?;
    let repository = ns.repository("ms-account-management").await?;
    let push = async |days: i64, image: Image| repository.push(image.pushed_at(days_ago(days))).await;
    push(120, Image::new("latest")).await?;
    let before = push(119, Image::new("latest")).await?;
    let lost = push(118, Image::attestation_of(&before).without_tags()).await?;
    push(117, Image::new("latest")).await?;
    runs(&ns, &repository.image("latest")).await?;
    let shop = lab::fixtures::Workload::new("api", &repository.image("latest"));
    ns.apply_all(&shop.objects()).await?;
    ns.rolled_out("deployment/api", e2e::LIMIT).await?;
    let output =
        lifecycle(&ns, &format!("apply {} --keep-untagged 1 --yes -o json", repository.name())).await?.ends(1)?;
    let document = output.json()?;
    let uses = super::in_use::uses_of(&document, &repository, &before);
    ensure!(uses.iter().any(|used| used.starts_with("rollbackTarget")), "{}", said(&output));
    ensure!(super::in_use::uses_of(&document, &repository, &lost).is_empty(), "{}", said(&output));
    assert_eq!(puts(&repository).await?, 0);
    // Who may not read manifests keeps both.
    repository.interceptor().fail("BatchGetImage", ALWAYS, Fault::access_denied("BatchGetImage")).await?;
    let document =
        lifecycle(&ns, &format!("apply {} --keep-untagged 1 --yes -o json", repository.name())).await?.ends(1)?;
    let document = document.json()?;
    for digest in [&before, &lost] {
        ensure!(!super::in_use::uses_of(&document, &repository, digest).is_empty(), "{document:#}");
    }
    Ok(())
}

/// A rule that somebody made in the console would be gone before anybody has seen it.
#[tokio::test]
async fn a_policy_in_force_that_can_not_be_read_is_not_overwritten_unasked() -> Result<()> {
    let ns = namespace("lifecycle-withheld").await?;
    let repository = ns.repository("ms-account-management").await?;
    six_releases(&repository).await?;
    repository.interceptor().fail("GetLifecyclePolicy", ALWAYS, Fault::access_denied("GetLifecyclePolicy")).await?;
    let apply = format!("apply {} {KEEP_FIVE} --yes", repository.name());
    let refused = lifecycle(&ns, &format!("{apply} -o json")).await?.ends(1)?.json()?;
    let found = finding(&refused, "policy-unreadable").map(|found| found["severity"].clone());
    assert_eq!((found, puts(&repository).await?), (Some(json!("block")), 0), "{refused:#}");
    let preview = lifecycle(&ns, &format!("preview {} {KEEP_FIVE}", repository.name())).await?.ends(0)?;
    ensure!(!preview.stdout.contains("Apply: kubectl"), "{}", preview.stdout);
    lifecycle(&ns, &format!("{apply} --force=running")).await?.ends(1)?;
    lifecycle(&ns, &format!("{apply} --force=policy-unreadable")).await?.ends(0)?;
    assert_eq!(count_kept(&repository).await?, Some(5));
    Ok(())
}

/// What we can't read somebody else may have meant.
#[tokio::test]
async fn a_policy_in_force_that_makes_no_sense_here_is_shown_before_it_is_overwritten() -> Result<()> {
    for (n, text) in
        ["{\"rules\": {\"ours\": \"keep what runs\"}}", "not JSON\u{1b}[2J\nat all"].into_iter().enumerate()
    {
        let ns = namespace("lifecycle-senseless").await?;
        let repository = ns.repository(&format!("r{n}")).await?;
        six_releases(&repository).await?;
        let body = json!({"lifecyclePolicyText": text});
        repository.interceptor().fail("GetLifecyclePolicy", ALWAYS, Fault::Answer { body }).await?;
        let words = format!("{} {KEEP_FIVE}", repository.name());
        let shown = lifecycle(&ns, &format!("apply {words} --dry-run=client")).await?.ends(0)?;
        let seen = format!("{}{}", shown.stdout, shown.stderr);
        let words_of_it = if n == 0 { "keep what runs" } else { "at all" };
        ensure!(seen.contains(words_of_it) && !seen.contains('\u{1b}'), "{}", said(&shown));
        let document = lifecycle(&ns, &format!("apply {words} --yes -o json")).await?.ends(0)?.json()?;
        assert_eq!(item(&document, &repository)["policyText"], Value::from(text), "{document:#}");
        ensure!(finding_ids(&document).contains(&"policy-unreadable".to_owned()), "{document:#}");
    }
    Ok(())
}
