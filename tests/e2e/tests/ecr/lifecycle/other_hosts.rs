//! References that say another host, or stand where no kubelet reads them.

use anyhow::{Result, ensure};
use e2e::common::run::{Ended, finding_ids};
use e2e::namespace;
use lab::registry::{Image, Repository};
use lab::{Namespace, Output};
use serde_json::{Value, json};

use super::in_use::{once, preview, releases, uses_of};
use super::{days_ago, lifecycle, puts};

fn deployment(name: &str, container: &Value) -> Value {
    let labels = json!({"app": name});
    json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": {"replicas": 0,
        "selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels},
        "spec": {"containers": [container]}}}})
}

fn cronjob(name: &str, image: &str) -> Value {
    json!({"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": name},
        "spec": {"schedule": "0 3 * * *", "suspend": true, "jobTemplate": {"spec": {"template": once(image)}}}})
}

async fn apply(ns: &Namespace, repository: &Repository, flags: &str) -> Result<Output> {
    lifecycle(ns, &format!("apply {} --keep-tagged 1 --yes {flags}", repository.name())).await
}

/// The nightly job, and the Deployment that is scaled up again on Monday, pull through a domain of the
/// team's own: both would find their image gone.
#[tokio::test]
async fn what_is_asked_for_under_another_host_is_not_expired() -> Result<()> {
    let ns = namespace("lifecycle-other-host").await?;
    let repository = ns.repository("ld").await?;
    let digests = releases(&repository, 5).await?;
    let name = repository.name();
    ns.apply(&cronjob("nightly", &format!("registry.corp.example/{name}:1.0.0"))).await?;
    let idle = json!({"name": "x", "image": "registry.corp.example:5000/ld:1.0.1"});
    ns.apply(&deployment("idle", &idle)).await?;
    ns.apply(&cronjob("alike", &format!("registry.corp.example/{name}-old:1.0.2"))).await?;
    ns.apply(&cronjob("unknown", &format!("registry.corp.example/{name}:9.9.9"))).await?;
    let found = preview(&ns, &repository, "--keep-tagged 1").await?;
    let under = |by: &str| vec![format!("otherHost {}/{by}", ns.name())];
    let uses: Vec<Vec<String>> = digests[..3].iter().map(|digest| uses_of(&found, &repository, digest)).collect();
    assert_eq!(uses, [under("cronjob/nightly"), under("deploy/idle"), Vec::new()]);
    let refused = apply(&ns, &repository, "").await?.ends(1)?.tells("may be this repository")?;
    ensure!(!refused.stderr.contains("nothing in use goes"), "{}", refused.stderr);
    apply(&ns, &repository, "--force=asked-for,running").await?.ends(1)?;
    assert_eq!(puts(&repository).await?, 0);
    apply(&ns, &repository, "--force=other-host").await?.ends(0)?;
    assert_eq!(puts(&repository).await?, 1);
    Ok(())
}

/// Every cluster runs nginx: a policy for a repository of that name could never be put; one of a cache that
/// nodes pull Docker Hub through has to stay.
#[tokio::test]
async fn public_images_stand_in_the_way_only_where_a_mirror_can_lead() -> Result<()> {
    let ns = namespace("lifecycle-public").await?;
    for (repository, in_the_way) in [("nginx", false), ("library/nginx", true)] {
        let repository = ns.repository(repository).await?;
        for n in 0..2 {
            repository.push(Image::new(&format!("1.27.{n}")).pushed_at(days_ago(100 - n))).await?;
        }
        ns.apply(&cronjob("web", "nginx:1.27.0")).await?;
        let found = preview(&ns, &repository, "--keep-tagged 1").await?;
        assert_eq!(finding_ids(&found).contains(&"other-host".to_owned()), in_the_way, "{}", repository.name());
    }
    Ok(())
}

/// The operator's next upgrade would make pods of an image that is gone.
#[tokio::test]
async fn images_that_an_operator_is_told_of_are_not_expired() -> Result<()> {
    let ns = namespace("lifecycle-operator").await?;
    let repository = ns.repository("api").await?;
    let digests = releases(&repository, 6).await?;
    let image = |n: usize| repository.image(&format!("1.0.{n}"));
    let mirrored = format!("mirror.local/x@{}", digests[2]);
    let manager = json!({"name": "manager", "image": "registry.example.com/operator:1",
        "env": [{"name": "RELATED_IMAGE_API", "value": image(0)}, {"name": "RELATED_IMAGE_X", "value": mirrored},
            {"name": "REPOSITORY", "value": repository.uri()}],
        "args": [format!("--migrator={}", image(1))]});
    ns.apply(&deployment("operator", &manager)).await?;
    let told = json!({"name": "told", "image": "registry.example.com/x:1", "command": ["run", image(3)]});
    ns.apply(&json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "bare"}, "spec": {"containers": [told]}}))
        .await?;
    let found = preview(&ns, &repository, "--keep-tagged 1").await?;
    for (digest, by) in digests.iter().zip(["deploy/operator", "deploy/operator", "deploy/operator", "pod/bare"]) {
        assert_eq!(uses_of(&found, &repository, digest), [format!("template {}/{by}", ns.name())], "{digest}");
    }
    assert_eq!(uses_of(&found, &repository, &digests[4]), Vec::<String>::new());
    apply(&ns, &repository, "").await?.ends(1)?.tells("asked-for")?;
    assert_eq!(puts(&repository).await?, 0);
    Ok(())
}
