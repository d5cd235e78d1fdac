//! `:latest`: the tag says nothing about what runs.

use anyhow::{Result, ensure};
use e2e::common::run::{Ended, finding_ids, said};
use e2e::ecr::case::Case;
use jiff::{SignedDuration, Timestamp};
use lab::registry::Image;
use serde_json::json;

/// Three images that were `latest`, a day apart; gives their digests.
async fn latest(case: &Case) -> Result<Vec<String>> {
    let mut digests = Vec::new();
    for day in 1..=3 {
        digests.push(case.push_on(day, Image::new("latest")).await?);
        if day == 2 {
            case.deploy(&["latest"]).await?;
        }
    }
    Ok(digests)
}

/// What the tag is on now never ran here: "before" it is what is broken.
#[tokio::test]
async fn pods_on_the_old_image_of_a_moved_tag_go_back_from_that() -> Result<()> {
    let case = Case::new("moved").await?;
    let digests = latest(&case).await?;
    case.runs(&digests[1]).await?;
    let back = case.back("").await?.ends(0)?.tells("its tag is on sha256:")?.tells("pinned to the digest")?;
    let unpin = format!("kubectl ecr-rollback unpin deploy/api -n {}", case.ns.name());
    ensure!(back.stderr.contains(&unpin), "{}", said(&back));
    case.asks_for(&digests[0]).await?;
    case.runs(&digests[0]).await
}

/// A pipeline that pushes and restarts would deploy nothing for ever after, and nobody knew why.
#[tokio::test]
async fn unpin_goes_back_to_the_tag_and_to_what_it_is_on_now() -> Result<()> {
    let case = Case::new("unpin").await?;
    let digests = latest(&case).await?;
    case.kubectl(&["rollout", "restart", "deployment/api"]).await?;
    case.ns.rolled_out("deployment/api", e2e::LIMIT).await?;
    case.runs(&digests[2]).await?;
    case.back("").await?.ends(0)?;
    case.runs(&digests[1]).await?;

    let unpin = "unpin deploy/api --yes --force=nothing-pushed";
    case.ecr(unpin).await?.ends(0)?.tells("latest is on")?.tells("deployment.apps/api unpinned to api:latest")?;
    case.asks_for("latest").await?;
    case.runs(&digests[2]).await?;
    let before = case.written().await?;
    case.ecr(unpin).await?.ends(0)?.tells("nothing to do")?;
    assert_eq!(case.written().await?, before);
    Ok(())
}

/// The hint beside a pin says that the tag that was left is what unpinning goes back to; the tag beside the
/// digest is another.
#[tokio::test]
async fn unpin_goes_back_to_the_tag_that_was_left() -> Result<()> {
    let case = Case::new("left-tag").await?;
    let mut digests = Vec::new();
    for (day, version) in [(1, "1.0.3"), (2, "1.0.4"), (3, "1.0.5")] {
        digests.push(case.push_on(day, Image::new("latest").tag(version)).await?);
    }
    case.deploy(&["latest"]).await?;
    case.back("").await?.ends(0)?.tells("pushing latest")?;
    case.asks_for(&format!("1.0.4@{}", digests[1])).await?;
    // However often it goes back, it is the tag that it followed.
    case.back("--again").await?.ends(0)?;
    case.asks_for(&format!("1.0.3@{}", digests[0])).await?;
    assert_eq!(case.record().await?["unpinTo"], "latest");
    case.ecr("unpin deploy/api --yes --force=nothing-pushed").await?.ends(0)?.tells("unpinned to api:latest")?;
    case.asks_for("latest").await?;
    case.runs(&digests[2]).await
}

/// A release that was pushed over would be left, or one that was only pinned be left for a worse one.
#[tokio::test]
async fn unpin_of_a_release_goes_back_to_what_it_was_pinned_from() -> Result<()> {
    let case = Case::new("pushed-over").await?;
    let digests = case.push(&["1.0.4", "1.0.5"]).await?;
    case.deploy(&["1.0.5"]).await?;
    case.push_on(9, Image::new("1.0.5")).await?;
    case.back("").await?.ends(0)?.tells("pushing 1.0.5")?;
    case.asks_for(&format!("1.0.4@{}", digests[0])).await?;
    case.ecr("unpin deploy/api --yes").await?.ends(0)?;
    case.asks_for("1.0.5").await?;

    let case = Case::new("only-pinned").await?;
    let digests = case.push(&["1.0.4", "1.0.5"]).await?;
    case.deploy(&["1.0.5"]).await?;
    case.back("--pin-digest").await?.ends(0)?;
    case.asks_for(&format!("1.0.4@{}", digests[0])).await?;
    case.ecr("unpin deploy/api --yes").await?.ends(0)?;
    case.asks_for("1.0.4").await
}

/// The release that ran directly before would be skipped without a word.
#[tokio::test]
async fn a_release_that_was_pushed_over_is_passed_over_by_name() -> Result<()> {
    let case = Case::new("pushed-twice").await?;
    case.push_on(1, Image::new("0.9")).await?;
    let before = case.push_on(2, Image::new("1.0")).await?;
    case.deploy(&["0.9", "1.0"]).await?;
    // Its pods are replaced by those of another image under the same tag.
    let over = Timestamp::now() + SignedDuration::from_mins(5);
    case.repository.push(Image::new("1.0").pushed_at(over)).await?;
    case.kubectl(&["rollout", "restart", "deployment/api"]).await?;
    case.ns.rolled_out("deployment/api", e2e::LIMIT).await?;
    let document = case.back("-ojson").await?.ends(1)?.json()?;
    let passed = &document["workloads"][0]["passedOver"][0];
    assert_eq!((&passed["revision"], &passed["why"]["reason"]), (&json!(2), &json!("tagMoved")), "{document:#}");
    assert_eq!(passed["why"]["perhaps"], json!(before));
    ensure!(finding_ids(&document).contains(&"tag-moved".to_owned()), "{document:#}");
    let refused = case.back("").await?.ends(1)?;
    ensure!(refused.stderr.contains(&format!("--to-digest {before}")), "{}", said(&refused));
    case.asks_for("1.0").await?;
    case.back("--force=tag-moved").await?.ends(0)?.tells("passed over")?;
    case.asks_for("0.9").await?;
    case.back(&format!("--to-digest {before}")).await?.ends(0)?;
    case.runs(&before).await
}

/// A node that starts a pod next week would find no image.
#[tokio::test]
async fn a_lifecycle_policy_that_takes_the_pinned_image_is_warned_about() -> Result<()> {
    let case = Case::new("expires").await?;
    latest(&case).await?;
    let keep = |count: u32| {
        json!({"rules": [{
            "rulePriority": 1, "action": {"type": "expire"},
            "selection": {"tagStatus": "untagged", "countType": "imageCountMoreThan", "countNumber": count},
        }]})
    };
    for (count, expires) in [(1, true), (2, false)] {
        case.repository.put_lifecycle_policy(&keep(count)).await?;
        let ids = finding_ids(&case.plan("").await?);
        assert_eq!(ids.iter().any(|id| id == "will-expire"), expires, "keeping {count}: {ids:?}");
    }
    Ok(())
}

/// Pods would wait for an image that is on no tag, and the pinned one would be gone from the template.
#[tokio::test]
async fn unpin_goes_to_no_tag_that_is_on_nothing() -> Result<()> {
    let case = Case::new("no-tag").await?;
    let digests = latest(&case).await?;
    case.back("").await?.ends(0)?;
    case.repository.delete(&digests[2]).await?;
    let before = case.written().await?;
    let refused = case.ecr("unpin deploy/api --yes").await?.ends(1)?.tells("not in the repository")?;
    ensure!(refused.stderr.contains("history deploy/api"), "{}", said(&refused));
    assert_eq!(case.written().await?, before);
    Ok(())
}

/// A node that had `latest` last month would start that one.
#[tokio::test]
async fn unpin_to_a_tag_that_moves_says_what_nodes_may_start() -> Result<()> {
    let case = Case::new("cached").await?;
    let digests = latest(&case).await?;
    let pinned = case.repository.image(&digests[1]);
    for (policy, warned) in [("IfNotPresent", true), ("Always", false)] {
        let mut object = case.app("latest").object();
        let container = &mut object["spec"]["template"]["spec"]["containers"][0];
        container["image"] = format!("{}:latest@{}", case.repository.uri(), digests[1]).into();
        container["imagePullPolicy"] = policy.into();
        case.ns.apply(&object).await?;
        case.ns.rolled_out("deployment/api", e2e::LIMIT).await?;
        let plan = case.ecr("unpin deploy/api --dry-run=client -ojson").await?.ends(0)?.json()?;
        let ids = finding_ids(&plan);
        assert_eq!(ids.contains(&"cached-image".to_owned()), warned, "{policy} {pinned}: {ids:?}");
    }
    Ok(())
}
