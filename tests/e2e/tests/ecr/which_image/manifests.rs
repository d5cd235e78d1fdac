//! What lies in a repository beside images, and images of several parts.

use anyhow::{Result, ensure};
use e2e::LIMIT;
use e2e::common::pods::pods;
use e2e::common::run::{Ended, finding_ids, said};
use e2e::ecr::case::Case;
use lab::fixtures::Behavior;
use lab::registry::{AccessKey, Fault, Image};
use lab::{Output, Running, annotations, eventually};
use serde_json::json;

/// Pods would be told to run a signature.
#[tokio::test]
async fn signatures_attestations_and_referrers_are_no_images() -> Result<()> {
    let case = Case::new("signed").await?;
    let digests = case.push(&["1.0.0", "1.0.1"]).await?;
    for digest in &digests {
        case.push_on(1, Image::signature_of(digest)).await?;
        case.push_on(1, Image::attestation_of(digest)).await?;
        case.push_on(2, Image::referrer_of(digest, "application/spdx+json")).await?;
    }
    case.deploy(&["1.0.1"]).await?;
    case.back("").await?.ends(0)?;
    case.runs(&digests[0]).await?;
    let history = case.ecr("history deploy/api").await?.ends(0)?;
    assert_eq!(history.stdout.lines().count(), 4, "two images below two headings\n{}", history.stdout);
    Ok(())
}

/// Only the nodes of one architecture would find their image.
#[tokio::test]
async fn a_multi_architecture_image_goes_back_as_a_whole() -> Result<()> {
    let case = Case::new("multi-arch").await?;
    let before = case.push_on(1, Image::index_with_attestations("1.0.0", &["amd64", "arm64"])).await?;
    case.push_on(2, Image::index_with_attestations("1.0.1", &["amd64", "arm64"])).await?;
    case.deploy(&["1.0.1"]).await?;
    case.back("--pin-digest").await?.ends(0)?;
    case.asks_for(&format!("1.0.0@{before}")).await?;
    case.runs(&before).await
}

/// Where the runtime reports the platform's own digest, what runs would count as deleted.
#[tokio::test]
async fn a_pod_that_reports_its_platforms_part_runs_the_whole_image() -> Result<()> {
    let case = Case::new("part").await?;
    let before = case.push_on(1, Image::index("latest", &["amd64", "arm64"])).await?;
    let running = Image::index("latest", &["amd64", "arm64"]);
    let (whole, part) = (running.digest(), running.children().pop().unwrap_or_default());
    case.push_on(2, running).await?;
    let reported = json!({"api": {"imageID": case.repository.image(&part)}}).to_string();
    case.apply(&case.app("latest").annotation(annotations::IMAGES, &reported)).await?;
    case.runs(&part).await?;
    let plan = case.plan("").await?;
    let way = [&plan["workloads"][0]["fromDigest"], &plan["workloads"][0]["toDigest"]];
    ensure!(way == [&json!(whole), &json!(before)], "{plan}");
    Ok(())
}

/// `latest`, pushed three times by a default `docker buildx build --push`: an index, an image and its
/// attestation each time, milliseconds apart; gives the images, oldest first.
async fn buildx(case: &Case) -> Result<Vec<Image>> {
    let images: Vec<Image> = (0..3).map(|_| Image::index_with_attestations("latest", &["amd64"])).collect();
    for (day, image) in (1..).zip(&images) {
        case.push_on(day, image.clone()).await?;
    }
    Ok(images)
}

/// The way of a plan: the digest that is left, and the one that is gone to.
async fn way(case: &Case, flags: &str) -> Result<[String; 2]> {
    let plan = case.plan(flags).await?;
    let digest = |key: &str| plan["workloads"][0][key].as_str().unwrap_or_default().to_owned();
    Ok([digest("fromDigest"), digest("toDigest")])
}

/// "Rolled back" would be the running image's own part, and the time after that an attestation.
#[tokio::test]
async fn latest_of_a_default_buildx_goes_back_push_by_push() -> Result<()> {
    let case = Case::new("buildx").await?;
    let images = buildx(&case).await?;
    case.deploy(&["latest"]).await?;
    for (flags, to) in [("", 1), ("--again", 0)] {
        case.back(flags).await?.ends(0)?;
        case.runs(&images[to].digest()).await?;
    }
    case.back("--again").await?.ends(1)?.tells("nothing to go back to")?;
    Ok(())
}

/// A runtime that reports the platform's digest must not make a part of what runs the target.
#[tokio::test]
async fn a_running_part_is_left_for_the_push_before() -> Result<()> {
    let case = Case::new("buildx-part").await?;
    let images = buildx(&case).await?;
    let part = images[2].children().remove(0);
    let reported = json!({"api": {"imageID": format!("mirror.example.com/shop/api@{part}")}}).to_string();
    case.apply(&case.app("latest").annotation(annotations::IMAGES, &reported)).await?;
    case.runs(&part).await?;
    assert_eq!(way(&case, "").await?, [images[2].digest(), images[1].digest()]);
    assert_eq!(way(&case, "--steps 2").await?, [images[2].digest(), images[0].digest()]);
    Ok(())
}

/// Rolls back as somebody who may not read manifests.
async fn without_manifests(case: &Case, flags: &str) -> Result<Output> {
    let key = AccessKey::fresh();
    key.interceptor().fail("BatchGetImage", 1000, Fault::access_denied("BatchGetImage")).await?;
    let words: Vec<&str> =
        ["ecr-rollback", "deployment/api", "--yes"].into_iter().chain(flags.split_whitespace()).collect();
    let mut command = case.ns.kubectl_as(case.ns.lab().kubeconfig()).command(&words);
    command.envs(key.environment());
    Running::start(command)?.wait(e2e::LIMIT).await
}

/// What nobody could look into would be deployed at night.
#[tokio::test]
async fn where_manifests_may_not_be_read_nothing_untagged_is_deployed() -> Result<()> {
    let case = Case::new("denied").await?;
    buildx(&case).await?;
    case.deploy(&["latest"]).await?;
    let before = case.written().await?;
    let refused = without_manifests(&case, "").await?.ends(1)?.tells("ecr:BatchGetImage")?;
    ensure!(refused.stderr.contains("maybe part of another image"), "{}", said(&refused));
    assert_eq!(case.written().await?, before);
    // A release has a tag, and that is enough.
    let releases = Case::new("denied-releases").await?;
    for (day, tag) in [(1, "1.0.0"), (2, "1.0.1")] {
        releases.push_on(day, Image::index_with_attestations(tag, &["amd64"])).await?;
    }
    releases.deploy(&["1.0.1"]).await?;
    without_manifests(&releases, "").await?.ends(0)?;
    releases.asks_for("1.0.0").await
}

/// Pods would be told to run a signature that the next one took the tag from, or a build's description whose index is
/// gone: a registry calls both images.
#[tokio::test]
async fn what_only_describes_an_image_is_gone_past_also_without_tag_and_index() -> Result<()> {
    let case = Case::new("lost-tags").await?;
    let before = case.push_on(1, Image::new("latest")).await?;
    case.deploy(&["latest"]).await?;
    case.push_on(2, Image::signature_of(&before).without_tags()).await?;
    case.push_on(3, Image::attestation_of(&before).without_tags()).await?;
    case.push_on(4, Image::provenance()).await?;
    case.push_on(5, Image::referrer_of(&before, "application/spdx+json").without_subject()).await?;
    case.push_on(6, Image::new("latest")).await?;
    case.kubectl(&["rollout", "restart", "deployment/api"]).await?;
    case.ns.rolled_out("deployment/api", LIMIT).await?;
    case.back("").await?.ends(0)?;
    case.runs(&before).await
}

/// Who names by mistake what only describes an image would have pods that never start.
#[tokio::test]
async fn what_is_no_image_can_not_be_named_either() -> Result<()> {
    let case = Case::new("named-odd").await?;
    case.push(&["1.0.0", "1.0.1"]).await?;
    case.deploy(&["1.0.1"]).await?;
    for (day, image) in [(3, Image::provenance()), (4, Image::chart("1.0.2"))] {
        let digest = case.push_on(day, image).await?;
        let refused = case.back(&format!("--to-digest={digest} -ojson")).await?.ends(1)?.json()?;
        assert_eq!(refused["reason"], "NotDeployable", "{refused:#}");
    }
    Ok(())
}

/// The part that a pipeline tagged, too, would count as the image, and its sibling as the target.
#[tokio::test]
async fn parts_with_tags_of_their_own_belong_to_their_index() -> Result<()> {
    let case = Case::new("tagged-parts").await?;
    let image = |tag: &str| Image::index_with_attestations(tag, &["amd64", "arm64"]).child_tag(&format!("{tag}-amd64"));
    let (before, running) = (image("1.2.3"), image("1.2.4"));
    case.push_on(1, before.clone()).await?;
    case.push_on(2, running.clone()).await?;
    let reported = json!({"api": {"imageID": case.repository.image(&running.children()[0])}}).to_string();
    case.apply(&case.app("1.2.4").annotation(annotations::IMAGES, &reported)).await?;
    assert_eq!(way(&case, "").await?, [running.digest(), before.digest()]);
    assert_eq!(case.planned("").await?, case.repository.image("1.2.3"));
    // Where the platform's own image is asked for, its predecessor is what comes before.
    case.apply(&case.app("1.2.4-amd64").annotation(annotations::IMAGES, &reported)).await?;
    assert_eq!(case.planned("--from registry").await?, case.repository.image("1.2.3-amd64"));
    Ok(())
}

/// An attestation's digest, copied from the console's list, would be rolled out.
#[tokio::test]
async fn an_attestation_is_refused_by_name_and_a_platforms_part_is_taken() -> Result<()> {
    let case = Case::new("named-parts").await?;
    let images = buildx(&case).await?;
    case.deploy(&["latest"]).await?;
    let [part, attestation] = [images[0].children()[0].clone(), images[0].children()[1].clone()];
    case.back(&format!("--to-digest {attestation}")).await?.ends(1)?.tells("attestation")?;
    assert_eq!(case.planned(&format!("--to-digest {part}")).await?, case.repository.image(&part));
    Ok(())
}

/// A digest that only a mirror knows would hide what runs; one that is here says it under any host.
#[tokio::test]
async fn a_running_digest_counts_where_it_is_found() -> Result<()> {
    let case = Case::new("hosts").await?;
    let digests = case.push(&["1.0.0", "1.0.1", "1.0.2"]).await?;
    let elsewhere = format!("sha256:{}", "7".repeat(64));
    for (host, digest, leaves) in [
        ("mirror.example.com/x/y", &elsewhere, &digests[2]),
        ("docker-pullable://mirror.example.com/x/y", &digests[2], &digests[2]),
        ("999999999999.dkr.ecr.eu-west-1.amazonaws.com/promoted", &digests[1], &digests[1]),
    ] {
        let reported = json!({"api": {"imageID": format!("{host}@{digest}")}}).to_string();
        case.apply(&case.app("1.0.2").annotation(annotations::IMAGES, &reported)).await?;
        assert_eq!(&way(&case, "--from registry").await?[0], leaves, "{host}");
    }
    Ok(())
}

/// Pods would be told to pull what only another repository has, and none would start again.
#[tokio::test]
async fn without_the_registry_no_digest_of_another_repository_is_pinned() -> Result<()> {
    for (number, (host, is_own)) in
        [("docker.io/acme/api", false), ("mirror.example.com:5000/api", false), ("", true)].into_iter().enumerate()
    {
        let case = Case::new(&format!("foreign-pin-{number}")).await?;
        let digests = case.push(&["1.0.0", "1.0.1"]).await?;
        let host = if is_own { case.repository.uri() } else { host.to_owned() };
        let reported = |host: &str, digest: &str| json!({"api": {"imageID": format!("{host}@{digest}")}}).to_string();
        case.apply(&case.app("1.0.0").annotation(annotations::IMAGES, &reported(&host, &digests[0]))).await?;
        // Pods of the revision before go on, and say what they pulled.
        let new = case.app("1.0.1").annotation(annotations::IMAGES, &reported(&case.repository.uri(), &digests[1]));
        case.ns.apply_all(&new.behavior(Behavior::NeverReady).objects()).await?;
        eventually("a new pod", LIMIT, async || Ok((pods(&case.ns, "app=api").await?.len() > 2).then_some(()))).await?;
        let flags = "--from rollout-history --pin-digest";
        if is_own {
            assert_eq!(case.planned(flags).await?, case.repository.image(&format!("1.0.0@{}", digests[0])));
        } else {
            let refused = case.back(flags).await?.ends(1)?.tells(&host)?.tells("--to-tag 1.0.0")?;
            ensure!(refused.stderr.contains("without asking the registry"), "{}", said(&refused));
            let resolved = case.planned("--to-tag 1.0.0 --pin-digest").await?;
            assert_eq!(resolved, case.repository.image(&format!("1.0.0@{}", digests[0])));
        }
    }
    Ok(())
}

/// "Rolled back" would be the very image that is bad, under the tag of its version.
#[tokio::test]
async fn a_build_that_was_pushed_under_two_tags_is_not_gone_back_to_from_itself() -> Result<()> {
    let case = Case::new("twins").await?;
    let old = case.push_on(1, Image::index_with_attestations("latest", &["amd64"])).await?;
    let new = Image::index_with_attestations("1.2.3", &["amd64"]);
    case.push_on(2, new.clone()).await?;
    case.push_on(3, new.built_again("latest")).await?;
    case.deploy(&["latest"]).await?;
    case.back("").await?.ends(0)?.tells("1.2.3: the same image as what runs")?;
    case.asks_for(&old).await
}

/// Beside an archived index nobody would know why nothing is gone back to, and what to do about it.
#[tokio::test]
async fn what_may_be_a_part_of_an_archived_image_is_said_and_goes_once_that_is_restored() -> Result<()> {
    let case = Case::new("archived-index").await?;
    let index = case.push_on(1, Image::index("1.0.0", &["amd64", "arm64"])).await?;
    let mut latest = Vec::new();
    for day in 2..=3 {
        latest.push(case.push_on(day, Image::new("latest")).await?);
    }
    case.deploy(&["latest"]).await?;
    case.repository.set(&index, json!({"imageStatus": "ARCHIVED"})).await?;
    let refused = case.back("").await?.ends(1)?;
    for told in ["can't be judged", "archived (1.0.0)", "update-image-storage-class", &index] {
        ensure!(refused.stderr.contains(told), "nothing about {told}\n{}", said(&refused));
    }
    let named = case.planned(&format!("--to-digest {}", latest[0])).await?;
    assert_eq!(named, case.repository.image(&latest[0]));
    case.repository.set(&index, json!({"imageStatus": "ACTIVE"})).await?;
    case.back("").await?.ends(0)?;
    case.runs(&latest[0]).await
}

/// Findings that are in the parts would be overlooked in the index, whose own scan is empty.
#[tokio::test]
async fn an_index_has_the_findings_of_its_parts() -> Result<()> {
    let case = Case::new("index-scan").await?;
    let image = |tag: &str| Image::index_with_attestations(tag, &["amd64", "arm64"]).findings(&[]);
    case.push_on(1, image("1.0.0").findings_in_children(&[("HIGH", 1)])).await?;
    case.push_on(2, image("1.0.1").findings_in_children(&[])).await?;
    case.push_on(3, image("1.0.2")).await?;
    case.push_on(4, image("1.0.3")).await?;
    case.deploy(&["1.0.3"]).await?;
    let found = async |tag: &str, code: u8| -> Result<Vec<String>> {
        let words = format!("deployment/api --dry-run=client -ojson --max-severity medium --to-tag {tag}");
        Ok(finding_ids(&case.ecr(&words).await?.ends(code)?.json()?))
    };
    ensure!(found("1.0.0", 1).await?.contains(&"scan-findings".into()));
    let clean = found("1.0.1", 0).await?;
    ensure!(!clean.iter().any(|id| id == "scan-findings" || id == "not-scanned"), "{clean:?}");
    ensure!(found("1.0.2", 1).await?.contains(&"not-scanned".into()));
    Ok(())
}
