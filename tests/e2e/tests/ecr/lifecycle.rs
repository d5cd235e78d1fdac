//! Lifecycle policies: what is shown, what is refused, what is put in force.

mod ages;
mod in_force;
mod in_use;
mod meanwhile;
mod not_known;
mod other_hosts;
mod overrides;
mod records;
mod throttling;
mod unsaid;

use anyhow::{Result, ensure};
use e2e::common::run::{Ended, finding_ids};
use e2e::{LIMIT, namespace};
use jiff::{SignedDuration, Timestamp};
use lab::annotations;
use lab::fixtures::Workload;
use lab::registry::{Fault, Image, Preview, Repository, When};
use lab::{Namespace, Output};
use rustix::process::Signal;
use serde_json::{Value, json};

const KEEP_FIVE: &str = "--keep-tagged 5 --tag-prefix latest --keep-untagged 2";

async fn lifecycle(ns: &Namespace, words: &str) -> Result<Output> {
    let words: Vec<&str> = ["ecr-rollback", "lifecycle"].into_iter().chain(words.split_whitespace()).collect();
    e2e::common::run::admin(ns).run(&words).await
}

fn days_ago(days: i64) -> Timestamp {
    Timestamp::now() - SignedDuration::from_hours(24 * days)
}

/// `latest-release-1.0.0` to `.5`, a day apart, the last one pushed a hundred days ago; digests in
/// this order.
async fn six_releases(repository: &Repository) -> Result<Vec<String>> {
    let mut digests = Vec::new();
    for n in 0..6 {
        let image = Image::new(&format!("latest-release-1.0.{n}")).pushed_at(days_ago(105 - n));
        digests.push(repository.push(image).await?);
    }
    Ok(digests)
}

async fn runs(ns: &Namespace, image: &str) -> Result<()> {
    let app = Workload::new("ms-account-management", image).replicas(1);
    ns.apply_all(&app.objects()).await?;
    ns.rolled_out(&app.resource(), LIMIT).await
}

async fn count_kept(repository: &Repository) -> Result<Option<u64>> {
    let policy = repository.lifecycle_policy().await?;
    Ok(policy.and_then(|policy| policy["rules"][0]["selection"]["countNumber"].as_u64()))
}

async fn puts(repository: &Repository) -> Result<usize> {
    Ok(repository.calls().await?.iter().filter(|call| call.operation == "PutLifecyclePolicy").count())
}

fn item<'d>(document: &'d Value, repository: &Repository) -> &'d Value {
    let items = document["repositories"].as_array();
    items.into_iter().flatten().find(|item| item["name"] == repository.name()).unwrap_or(&Value::Null)
}

/// Scenario 4: the newest release runs, five are to be kept. The same command again must not write.
#[tokio::test]
async fn a_policy_that_hurts_nobody_is_put_once() -> Result<()> {
    let ns = namespace("lifecycle-once").await?;
    let repository = ns.repository("ms-account-management").await?;
    six_releases(&repository).await?;
    runs(&ns, &repository.image("latest-release-1.0.5")).await?;
    let apply = format!("apply {} {KEEP_FIVE} --yes", repository.name());
    lifecycle(&ns, &apply).await?.ends(0)?.tells("latest-release-1.0.0")?;
    let policy = repository.lifecycle_policy().await?;
    let rule = |priority: u32, tags: Value| {
        let mut selection =
            json!({"countType": "imageCountMoreThan", "countNumber": if priority == 1 { 5 } else { 2 }});
        selection.as_object_mut().unwrap().extend(tags.as_object().unwrap().clone());
        json!({"rulePriority": priority, "selection": selection, "action": {"type": "expire"}})
    };
    let tagged = rule(1, json!({"tagStatus": "tagged", "tagPrefixList": ["latest"]}));
    let untagged = rule(2, json!({"tagStatus": "untagged"}));
    assert_eq!(policy, Some(json!({"rules": [tagged, untagged]})));
    lifecycle(&ns, &apply).await?.ends(0)?.tells("nothing to do")?;
    assert_eq!(puts(&repository).await?, 1);
    Ok(())
}

/// The pods that run would not start again once the image is gone.
#[tokio::test]
async fn what_runs_is_not_expired_unless_that_is_asked_for() -> Result<()> {
    let ns = namespace("lifecycle-in-use").await?;
    let repository = ns.repository("ms-account-management").await?;
    let digests = six_releases(&repository).await?;
    runs(&ns, &repository.image("latest-release-1.0.0")).await?;
    let apply = format!("apply {} {KEEP_FIVE} --yes", repository.name());
    let refused = lifecycle(&ns, &apply).await?.ends(1)?;
    refused.tells("running")?.tells("--keep-rollback-target")?;
    assert_eq!(puts(&repository).await?, 0);
    let preview =
        lifecycle(&ns, &format!("preview {} {KEEP_FIVE} -o json", repository.name())).await?.ends(0)?.json()?;
    let shown = item(&preview, &repository);
    let oldest = shown["images"].as_array().into_iter().flatten().find(|image| image["digest"] == digests[0].as_str());
    let reasons: Vec<&str> = oldest
        .and_then(|image| image["inUse"].as_array())
        .into_iter()
        .flatten()
        .filter_map(|u| u["reason"].as_str())
        .collect();
    ensure!(reasons.contains(&"running"), "{shown}");
    lifecycle(&ns, &format!("{apply} --keep-rollback-target")).await?.ends(0)?;
    assert_eq!(count_kept(&repository).await?, Some(6));
    lifecycle(&ns, &format!("{apply} --allow-expiring-in-use")).await?.ends(0)?;
    assert_eq!(count_kept(&repository).await?, Some(5));
    Ok(())
}

/// Pods that pull through a domain of one's own would not start again.
#[tokio::test]
async fn what_runs_under_another_host_name_is_not_expired() -> Result<()> {
    let ns = namespace("lifecycle-own-domain").await?;
    let repository = ns.repository("ms-account-management").await?;
    let oldest = six_releases(&repository).await?.remove(0);
    let reported = json!({"web": {"imageID": format!("images.example.com/shop/web@{oldest}")}}).to_string();
    let web = Workload::new("web", "images.example.com/shop/web:1").replicas(1).without_pre_stop();
    ns.apply_all(&web.annotation(annotations::IMAGES, &reported).objects()).await?;
    ns.rolled_out("deployment/web", LIMIT).await?;
    let refused = lifecycle(&ns, &format!("apply {} {KEEP_FIVE} --yes", repository.name())).await?.ends(1)?;
    refused.tells("running")?.tells("deploy/web")?;
    assert_eq!(puts(&repository).await?, 0);
    Ok(())
}

/// The image that a bad release would be rolled back to is the one nobody may lose.
#[tokio::test]
async fn the_rollback_target_is_not_expired() -> Result<()> {
    let ns = namespace("lifecycle-target").await?;
    let repository = ns.repository("ms-account-management").await?;
    six_releases(&repository).await?;
    runs(&ns, &repository.image("latest-release-1.0.1")).await?;
    let refused = lifecycle(&ns, &format!("apply {} {KEEP_FIVE} --yes", repository.name())).await?.ends(1)?;
    refused.tells("rollback-target")?.tells("latest-release-1.0.0")?;
    assert_eq!(puts(&repository).await?, 0);
    Ok(())
}

/// ECR decides in the end, whatever we reckon.
#[tokio::test]
async fn what_only_ecrs_own_preview_takes_is_refused_too_and_the_difference_is_shown() -> Result<()> {
    let ns = namespace("lifecycle-ecr").await?;
    let repository = ns.repository("ms-account-management").await?;
    let digests = six_releases(&repository).await?;
    runs(&ns, &repository.image("latest-release-1.0.5")).await?;
    let answer = Preview::complete().expires(&digests[5], &["latest-release-1.0.5"], days_ago(100), 1);
    repository.preview(answer).await?;
    let words = format!("{} {KEEP_FIVE}", repository.name());
    let preview = lifecycle(&ns, &format!("preview {words} -o json")).await?.ends(0)?.json()?;
    let ecr = &item(&preview, &repository)["ecrPreview"];
    assert_eq!(ecr["result"], "differs");
    assert_eq!(ecr["differences"].as_array().map(Vec::len), Some(2), "{ecr}");
    let refused = lifecycle(&ns, &format!("apply {words} --yes")).await?.ends(1)?.tells("ECR's preview")?;
    assert_eq!(puts(&repository).await?, 0);
    // No number that we could raise helps, as far as anybody knows here.
    assert!(!refused.stderr.contains("--keep-rollback-target"), "{}", refused.stderr);
    Ok(())
}

#[tokio::test]
async fn an_answer_of_ecr_like_ours_is_said_to_be_the_same() -> Result<()> {
    let ns = namespace("lifecycle-same").await?;
    let repository = ns.repository("ms-account-management").await?;
    let digests = six_releases(&repository).await?;
    let answer = Preview::complete().in_progress(2).expires(&digests[0], &["latest-release-1.0.0"], days_ago(105), 1);
    repository.preview(answer).await?;
    let preview =
        lifecycle(&ns, &format!("preview {} {KEEP_FIVE} -o json", repository.name())).await?.ends(0)?.json()?;
    assert_eq!(item(&preview, &repository)["ecrPreview"], json!({"result": "same"}));
    Ok(())
}

/// Nothing is applied without knowing who uses what.
#[tokio::test]
async fn a_cluster_that_can_not_be_read_stops_an_apply_and_is_a_note_in_a_preview() -> Result<()> {
    let ns = namespace("lifecycle-unread").await?;
    let repository = ns.repository("ms-account-management").await?;
    six_releases(&repository).await?;
    let words = format!("{} {KEEP_FIVE} --contexts no-such-context", repository.name());
    lifecycle(&ns, &format!("apply {words} --yes")).await?.ends(1)?.tells("no-such-context")?;
    assert_eq!(puts(&repository).await?, 0);
    let preview = lifecycle(&ns, &format!("preview {words} -o json")).await?.ends(0)?.json()?;
    assert!(finding_ids(&preview).contains(&"cluster-unread".to_owned()));
    assert_eq!(item(&preview, &repository)["clusters"][0]["read"], false);
    Ok(())
}

/// A user who may read a namespace, as most do, can't know what the others run.
#[tokio::test]
async fn pods_that_may_not_be_listed_stop_an_apply() -> Result<()> {
    let ns = namespace("lifecycle-forbidden").await?;
    let repository = ns.repository("ms-account-management").await?;
    let identity = ns.lab().identity(&format!("nobody@{}", ns.name()), &[])?;
    let words = format!("ecr-rollback lifecycle apply {} {KEEP_FIVE} --yes", repository.name());
    let words: Vec<&str> = words.split_whitespace().collect();
    let refused = ns.kubectl_as(&identity.kubeconfig).run(&words).await?.ends(1)?;
    refused.tells("forbidden")?.tells("nothing was written")?;
    assert_eq!(puts(&repository).await?, 0);
    Ok(())
}

/// Two people, or a person and Terraform: the second one saw another difference than he makes.
#[tokio::test]
async fn a_policy_that_somebody_else_changes_meanwhile_is_left_alone() -> Result<()> {
    let ns = namespace("lifecycle-changed").await?;
    let repository = ns.repository("ms-account-management").await?;
    let held = repository.interceptor().hold("StartLifecyclePolicyPreview", When::Before).await?;
    let words = format!("ecr-rollback lifecycle apply {} {KEEP_FIVE} --yes", repository.name());
    let running = ns.start(&words.split_whitespace().collect::<Vec<_>>())?;
    held.arrived(LIMIT).await?;
    let selection = json!({"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 99});
    let theirs = json!({"rules": [{"rulePriority": 1, "selection": selection, "action": {"type": "expire"}}]});
    repository.put_lifecycle_policy(&theirs).await?;
    held.release().await?;
    running.wait(LIMIT).await?.ends(3)?.tells("somebody else")?;
    assert_eq!(repository.lifecycle_policy().await?, Some(theirs));
    Ok(())
}

/// Whoever presses Ctrl-C has to know what is in force.
#[tokio::test]
async fn an_interrupted_apply_says_what_may_be_in_force() -> Result<()> {
    let ns = namespace("lifecycle-interrupted").await?;
    let repository = ns.repository("ms-account-management").await?;
    let held = repository.interceptor().hold("PutLifecyclePolicy", When::Before).await?;
    let words = format!("ecr-rollback lifecycle apply {} {KEEP_FIVE} --yes", repository.name());
    let running = ns.start(&words.split_whitespace().collect::<Vec<_>>())?;
    held.arrived(LIMIT).await?;
    running.signal(Signal::INT)?;
    let ended = running.wait(LIMIT).await?.ends(130)?;
    held.release().await?;
    ended.tells("look again")?.tells(repository.name())?;
    Ok(())
}

#[tokio::test]
async fn one_repository_that_fails_stops_no_other() -> Result<()> {
    let ns = namespace("lifecycle-many").await?;
    let mut repositories = Vec::new();
    for name in ["a-api", "b-api", "c-api"] {
        repositories.push(ns.repository(name).await?);
    }
    repositories[1].interceptor().fail("PutLifecyclePolicy", 9, Fault::access_denied("PutLifecyclePolicy")).await?;
    let words = format!("apply --all-repositories --name-filter {}/* {KEEP_FIVE} --yes -o json", ns.name());
    let document = lifecycle(&ns, &words).await?.ends(1)?.json()?;
    let results: Vec<&Value> = repositories.iter().map(|repository| &item(&document, repository)["result"]).collect();
    assert_eq!(results, ["applied", "failed", "applied"]);
    for (repository, kept) in repositories.iter().zip([Some(5), None, Some(5)]) {
        assert_eq!(count_kept(repository).await?, kept);
    }
    Ok(())
}

/// A tag on an image of two architectures, and untagged parts that an untagged rule would take.
#[tokio::test]
async fn parts_of_a_multi_architecture_image_stay_with_it() -> Result<()> {
    let ns = namespace("lifecycle-index").await?;
    let repository = ns.repository("ms-account-management").await?;
    let image = Image::index("latest-release-2.0.0", &["amd64", "arm64"]).pushed_at(days_ago(50));
    let parts = image.children();
    repository.push(image).await?;
    let words = format!("preview {} --keep-untagged 1 -o json", repository.name());
    let preview = lifecycle(&ns, &words).await?.ends(0)?.json()?;
    let shown = item(&preview, &repository);
    assert_eq!(shown["summary"]["expire"], 0, "{shown}");
    let held = shown["images"].as_array().into_iter().flatten().filter(|image| image["why"] == "neededByIndex");
    let held: Vec<String> = held.filter_map(|image| image["digest"].as_str().map(str::to_owned)).collect();
    ensure!(!held.is_empty() && held.iter().all(|digest| parts.contains(digest)), "{shown}");
    Ok(())
}

#[tokio::test]
async fn a_policy_that_ecr_would_refuse_is_never_sent() -> Result<()> {
    let ns = namespace("lifecycle-grammar").await?;
    let repository = ns.repository("ms-account-management").await?;
    let file = std::env::temp_dir().join(format!("{}.json", ns.name()));
    let bad =
        json!({"rules": [{"rulePriority": 0, "selection": {"tagStatus": "tagged"}, "action": {"type": "delete"}}]});
    std::fs::write(&file, bad.to_string())?;
    let refused = lifecycle(&ns, &format!("apply {} -f {} --yes", repository.name(), file.display())).await;
    std::fs::remove_file(&file)?;
    refused?.ends(1)?.tells("rule 1")?.tells("tagPatternList")?.tells("delete")?;
    assert_eq!(repository.calls().await?.len(), 0);
    Ok(())
}

#[tokio::test]
async fn a_dry_run_writes_nothing_and_the_server_can_not_try() -> Result<()> {
    let ns = namespace("lifecycle-dry").await?;
    let repository = ns.repository("ms-account-management").await?;
    let words = format!("apply {} {KEEP_FIVE}", repository.name());
    lifecycle(&ns, &format!("{words} --dry-run=client")).await?.ends(0)?.tells("would apply")?;
    lifecycle(&ns, &format!("{words} --dry-run=server --yes")).await?.ends(2)?;
    // A variable that was empty in a list of clusters would be one that nobody looked at.
    lifecycle(&ns, &format!("{words} --contexts lab,, --yes")).await?.ends(2)?.tells("--contexts")?;
    lifecycle(&ns, &words).await?.ends(6)?;
    assert_eq!(puts(&repository).await?, 0);
    lifecycle(&ns, &format!("show {}", repository.name())).await?.ends(0)?.tells("nothing expires")?;
    Ok(())
}
