//! An image that was named, and flags that change which one is "before".

use anyhow::{Result, ensure};
use e2e::common::run::{Ended, said};
use e2e::ecr::case::{Case, RELEASES};
use lab::registry::Image;

/// An image without a tag could only be deployed by editing YAML at night.
#[tokio::test]
async fn an_untagged_image_is_gone_to_by_its_digest() -> Result<()> {
    let case = Case::new("untagged").await?;
    case.push(&["1.0.0", "1.0.1"]).await?;
    let untagged = case.push_on(1, Image::untagged()).await?;
    case.deploy(&["1.0.1"]).await?;
    let short = untagged.trim_start_matches("sha256:").get(..12).unwrap_or_default().to_owned();
    case.back(&format!("--to-digest {short}")).await?.ends(0)?;
    case.asks_for(&untagged).await?;
    case.runs(&untagged).await?;
    let before = case.written().await?;
    case.back(&format!("--to-digest {untagged}")).await?.ends(0)?.tells("nothing to do")?;
    case.back("--to-digest 0123456").await?.ends(1)?.tells("no image")?;
    assert_eq!(case.written().await?, before);
    Ok(())
}

/// A typing error would go to another image, or end without a hint.
#[tokio::test]
async fn a_tag_that_is_not_there_names_those_that_look_like_it() -> Result<()> {
    let case = Case::released("typo").await?;
    let before = case.written().await?;
    let refused = case.back("--to-tag latest-relaese-1.0.4").await?.ends(1)?.tells("no tag")?;
    let next = format!("kubectl ecr-rollback deploy/api --to-tag {} -n {}", RELEASES[4], case.ns.name());
    ensure!(refused.stderr.contains(&next), "{}", said(&refused));
    case.back("--to-tag zzz").await?.ends(1)?.tells("history")?;
    assert_eq!(case.written().await?, before);
    case.back(&format!("--to-tag {}", RELEASES[1])).await?.ends(0)?;
    case.asks_for(RELEASES[1]).await
}

/// Somebody who names another tag of what runs would think that it was not understood.
#[tokio::test]
async fn another_tag_of_the_same_image_is_said_to_be_one() -> Result<()> {
    let case = Case::new("two-tags").await?;
    case.push_on(1, Image::new("1.0.4")).await?;
    case.push_on(2, Image::new("1.0.5").tag("2026-01-02")).await?;
    case.deploy(&["1.0.5"]).await?;
    case.back("--to-tag 2026-01-02").await?.ends(0)?.tells("2026-01-02 is a tag of the same image")?;
    case.asks_for("1.0.5").await
}

/// Several steps, a filter or a pin would be ignored silently.
#[tokio::test]
async fn steps_filter_and_pin_do_what_they_say() -> Result<()> {
    let case = Case::new("flags").await?;
    let digests = case.push(&["1.0.0", "1.0.1", "1.0.2", "dev-1", "1.0.3"]).await?;
    case.deploy(&["1.0.3"]).await?;
    let pinned = format!("1.0.2@{}", digests[2]);
    for (flags, wanted) in [
        ("--steps 2", "1.0.1"),
        ("--steps 3", "1.0.0"),
        ("--tag-filter 1.0.*", "1.0.2"),
        ("--tag-filter dev-*", "dev-1"),
        ("--tag-filter *.1", "1.0.1"),
        ("--pin-digest", &pinned),
    ] {
        assert_eq!(case.planned(flags).await?, case.repository.image(wanted), "{flags}");
    }
    case.ecr("deploy/api --steps 4 --dry-run").await?.ends(1)?.tells("nothing to go back to")?;
    case.ecr("deploy/api --steps 0 --dry-run").await?.ends(2)?;
    case.ecr("deploy/api --dry-run --force=pasued").await?.ends(2)?.tells("paused")?;
    case.back("--steps 2").await?.ends(0)?;
    case.asks_for("1.0.1").await
}

/// Two people on call would go back twice.
#[tokio::test]
async fn if_running_makes_one_call_safe_for_two_people() -> Result<()> {
    let case = Case::released("if-running").await?;
    let generation = case.written().await?;
    case.back("--if-running latest-release-9.9.9").await?.ends(3)?.tells("nothing was written")?;
    assert_eq!(case.written().await?, generation);
    let call = format!("--if-running {}", RELEASES[5]);
    case.back(&call).await?.ends(0)?;
    case.asks_for(RELEASES[4]).await?;
    let after = case.written().await?;
    case.back(&call).await?.ends(0)?.tells("nothing to do")?;
    case.back(&format!("{call} --again")).await?.ends(0)?.tells("nothing to do")?;
    // It was moved from there, and not to where it was to go.
    for elsewhere in [RELEASES[2], RELEASES[0]] {
        case.back(&format!("{call} --to-tag {elsewhere}")).await?.ends(3)?.tells("nothing was written")?;
    }
    case.back(&format!("{call} --to-digest sha256:0123456")).await?.ends(3)?;
    case.back(&format!("{call} --to-tag {}", RELEASES[4])).await?.ends(0)?.tells("nothing to do")?;
    assert_eq!(case.written().await?, after);
    Ok(())
}
