//! What the record of a rollback offers is in use: undoing it and unpinning would find no image.

use anyhow::{Result, ensure};
use e2e::common::run::{Ended, admin};
use e2e::ecr::RECORD;
use e2e::{LIMIT, namespace};
use lab::Namespace;
use lab::fixtures::Workload;
use lab::registry::{Image, Repository};
use serde_json::{Value, json};

use super::in_use::{preview, releases, uses_of};
use super::{days_ago, lifecycle, puts};

const NAME: &str = "ms-account-management";

async fn deployed(ns: &Namespace, image: &str) -> Result<()> {
    // Without a revision that `kubectl rollout undo` could bring back.
    let app = Workload::new(NAME, image).replicas(1).without_pre_stop().spec("revisionHistoryLimit", 0);
    ns.apply_all(&app.objects()).await?;
    ns.rolled_out(&app.resource(), LIMIT).await
}

fn of_record(found: &Value, repository: &Repository, digest: &str) -> bool {
    uses_of(found, repository, digest).iter().any(|used| used.starts_with("record "))
}

/// "undo: kubectl set image …:latest" and `unpin` were offered a minute ago.
#[tokio::test]
async fn what_a_rollback_offers_to_undo_and_to_unpin_is_not_expired() -> Result<()> {
    let ns = namespace("lifecycle-record").await?;
    let repository = ns.repository(NAME).await?;
    let mut digests = Vec::new();
    for n in 0..3 {
        digests.push(repository.push(Image::new("latest").pushed_at(days_ago(100 - n))).await?);
    }
    deployed(&ns, &repository.image("latest")).await?;
    let moved = repository.push(Image::new("latest").pushed_at(days_ago(50))).await?;
    let back = ["ecr-rollback", &format!("deploy/{NAME}"), "--yes"];
    admin(&ns).run(&back).await?.ends(0)?.tells("pinned")?;
    repository.push(Image::new("1.0.0").pushed_at(days_ago(1))).await?;
    let policy = "--keep-tagged 1 --keep-untagged 1";
    let found = preview(&ns, &repository, policy).await?;
    let in_use: Vec<bool> =
        digests.iter().chain([&moved]).map(|digest| of_record(&found, &repository, digest)).collect();
    assert_eq!(in_use, [false, false, true, true], "{found:#}");
    let apply = format!("apply {} {policy} --yes --force=running,rollback-target,in-history", repository.name());
    lifecycle(&ns, &apply).await?.ends(1)?.tells("rollback-record")?;
    assert_eq!(puts(&repository).await?, 0);
    Ok(())
}

/// Whoever may annotate a Deployment could keep every image of the registry, or a release that is over
/// would be kept for good.
#[tokio::test]
async fn a_record_speaks_only_for_what_it_left_and_only_while_that_stands() -> Result<()> {
    let ns = namespace("lifecycle-hearsay").await?;
    let repository = ns.repository(NAME).await?;
    let digests = releases(&repository, 4).await?;
    deployed(&ns, &repository.image("1.0.2")).await?;
    let uid = ["get", "deploy", NAME, "-ojsonpath={.metadata.uid}"];
    let uid = admin(&ns).must(&uid).await?;
    let record = |from: &str, to: &str, uid: &str| {
        json!({"id": "0123456789abcdef", "verb": "rollback", "uid": uid, "by": "ci", "at": "2026-03-07T03:04:05Z",
            "containers": [{"name": NAME, "from": from, "to": to}], "result": "done", "unpinTo": "1.0.1"})
    };
    let (left, now, other) = (repository.image("1.0.0"), repository.image("1.0.2"), repository.image("1.0.3"));
    for (text, counts) in [
        (record(&left, &now, &uid), true),
        (record(&left, &other, &uid), false),
        (record(&left, &now, "11111111-2222-3333-4444-555555555555"), false),
        (record("registry.example.com/x:1.0.0", &now, &uid), false),
        (json!({"containers": [{"from": left}]}), false),
    ] {
        ns.annotate::<k8s_openapi::api::apps::v1::Deployment>(NAME, RECORD, Some(&text.to_string())).await?;
        let found = preview(&ns, &repository, "--keep-tagged 1").await?;
        let uses: Vec<bool> = digests[..2].iter().map(|digest| of_record(&found, &repository, digest)).collect();
        ensure!(uses == [counts, counts], "{text}: {uses:?}");
    }
    Ok(())
}
