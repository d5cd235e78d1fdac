//! The lab's ECR, and pods that pull from it. Run inside a lab: `lab run -- cargo test -p lab`.

mod plain;

use std::collections::HashSet;
use std::time::Duration;

use anyhow::{Context, Result};
use k8s_openapi::api::core::v1::{ContainerStatus, Pod};
use kube::ResourceExt;
use kube::api::ListParams;
use lab::fixtures::{Behavior, Workload};
use lab::registry::{EcrClient, Fault, Image, Preview, Recorded, Refused, Repository, Status, When};
use lab::{Lab, Namespace, annotations, eventually};
use serde_json::{Value, json};

const SOON: Duration = Duration::from_secs(30);

async fn pods(ns: &Namespace) -> Result<Vec<Pod>> {
    Ok(ns.api::<Pod>().list(&ListParams::default()).await?.items)
}

fn container<'a>(pod: &'a Pod, name: &str) -> Option<&'a ContainerStatus> {
    let statuses = pod.status.as_ref()?;
    let all = statuses.container_statuses.iter().chain(&statuses.init_container_statuses).flatten();
    all.into_iter().find(|status| status.name == name)
}

fn waiting<'a>(pod: &'a Pod, name: &str) -> Option<&'a str> {
    container(pod, name)?.state.as_ref()?.waiting.as_ref()?.reason.as_deref()
}

/// Waits until one pod's container waits for this reason; gives the pod.
async fn waits_for(ns: &Namespace, name: &str, reason: &str) -> Result<Pod> {
    eventually(&format!("{name}: {reason}"), SOON, || async {
        Ok(pods(ns).await?.into_iter().find(|pod| waiting(pod, name) == Some(reason)))
    })
    .await
}

fn refusal(answer: Result<Value>) -> String {
    let error = answer.expect_err("it should have been refused");
    error.downcast_ref::<Refused>().map_or_else(|| format!("{error:#}"), |refused| refused.code.clone())
}

/// A call of the AWS user in the lab, which is logged and can go wrong.
async fn describe(repository: &Repository) -> Result<plain::Answer> {
    plain::post("DescribeImages", &json!({"repositoryName": repository.name()})).await
}

/// An image that isn't there must look like what people see, and get well once it is pushed.
#[tokio::test]
async fn a_missing_image_is_a_pull_error_until_it_is_pushed() -> Result<()> {
    let ns = Lab::from_env().await?.namespace("missing").await?;
    let repository = ns.repository("api").await?;
    let archived = repository.push(Image::new("old").status(Status::Archived)).await?;
    let app = Workload::new("api", &repository.image("v1")).container("side", &repository.image(&archived)).replicas(1);
    ns.apply_all(&app.objects()).await?;
    let pod = waits_for(&ns, "api", "ImagePullBackOff").await?;
    assert_eq!(waiting(&pod, "side"), Some("ImagePullBackOff"), "an archived image can't be pulled");
    let message = container(&pod, "api").and_then(|status| status.state.as_ref()?.waiting.as_ref()?.message.clone());
    assert!(message.unwrap_or_default().contains(&repository.image("v1")));

    repository.push(Image::new("v1")).await?;
    repository.set(&archived, json!({"imageStatus": "ACTIVE"})).await?;
    ns.rolled_out(&app.resource(), SOON).await
}

/// A migration whose image is missing must not look like a running pod.
#[tokio::test]
async fn a_missing_image_of_an_init_container_blocks_the_others() -> Result<()> {
    let ns = Lab::from_env().await?.namespace("migration").await?;
    let repository = ns.repository("api").await?;
    repository.push(Image::new("v1")).await?;
    let app = Workload::new("api", &repository.image("v1")).init_container("migrate", &repository.image("v0"));
    ns.apply_all(&app.objects()).await?;
    let pod = waits_for(&ns, "migrate", "ImagePullBackOff").await?;
    assert_eq!(waiting(&pod, "api"), Some("PodInitializing"));
    assert!(!container(&pod, "api").context("no container")?.ready);
    Ok(())
}

/// What runs is told by `imageID` alone once a tag has moved.
#[tokio::test]
async fn image_ids_keep_the_digest_that_the_tag_had() -> Result<()> {
    let ns = Lab::from_env().await?.namespace("moved").await?;
    let repository = ns.repository("api").await?;
    let first = repository.push(Image::new("latest").tag("v1")).await?;
    let migration = repository.push(Image::index_with_attestations("migrate", &["amd64", "arm64"])).await?;
    let app = Workload::new("api", &repository.image("latest"))
        .init_container("migrate", &repository.image("migrate"))
        .replicas(1);
    ns.apply_all(&app.objects()).await?;
    ns.rolled_out(&app.resource(), SOON).await?;
    let second = repository.push(Image::new("latest")).await?;
    ns.kubectl(&["scale", &app.resource(), "--replicas=2"]).await?;
    ns.rolled_out(&app.resource(), SOON).await?;

    let mut ids = HashSet::new();
    for pod in pods(&ns).await? {
        ids.insert(container(&pod, "api").context("no status")?.image_id.clone());
        let migrated = container(&pod, "migrate").context("no status")?.image_id.clone();
        assert_eq!(migrated, format!("{}@{migration}", repository.uri()));
    }
    let expected = [first, second].map(|digest| format!("{}@{digest}", repository.uri()));
    assert_eq!(ids, HashSet::from(expected));
    Ok(())
}

/// Tests of rollbacks need one Deployment with a bad release and a good one.
#[tokio::test]
async fn a_bad_image_is_bad_and_the_one_before_is_not() -> Result<()> {
    let ns = Lab::from_env().await?.namespace("bad").await?;
    let repository = ns.repository("api").await?;
    repository.push(Image::new("v1")).await?;
    repository.push(Image::new("v2").behavior(Behavior::CrashLoop)).await?;
    let app = Workload::new("api", &repository.image("v1")).replicas(2);
    ns.apply_all(&app.objects()).await?;
    ns.rolled_out(&app.resource(), SOON).await?;

    let to = |tag: &str| format!("api={}", repository.image(tag));
    ns.kubectl(&["set", "image", &app.resource(), &to("v2")]).await?;
    waits_for(&ns, "api", "CrashLoopBackOff").await?;
    ns.kubectl(&["set", "image", &app.resource(), &to("v1")]).await?;
    ns.rolled_out(&app.resource(), SOON).await?;
    for behavior in ["never-ready", "ready"] {
        let name = pods(&ns).await?.into_iter().find(is_kept).context("no pod")?.name_any();
        ns.annotate::<Pod>(&name, annotations::BEHAVIOR, Some(behavior)).await?;
        ns.wait_for::<Pod>(&name, behavior, SOON, |pod| is_ready(pod) == (behavior == "ready")).await?;
    }
    Ok(())
}

fn is_kept(pod: &Pod) -> bool {
    pod.metadata.deletion_timestamp.is_none()
}

fn is_ready(pod: &Pod) -> bool {
    container(pod, "api").is_some_and(|status| status.ready)
}

/// A reader that misses a page misses releases.
#[tokio::test]
async fn paging_gives_every_image_once() -> Result<()> {
    let ns = Lab::from_env().await?.namespace("paging").await?;
    let repository = ns.repository("api").await?;
    let mut pushed = HashSet::new();
    for number in 0..7 {
        pushed.insert(repository.push(Image::new(&format!("v{number}"))).await?);
    }
    let recorded = ns.recorded_repository("big", Recorded::generated(2_345)).await?;
    for (repository, size, count) in [(&repository, 3, 7), (&recorded, 1000, 2_345)] {
        let (mut digests, mut request) = (Vec::new(), json!({"maxResults": size}));
        loop {
            let page = repository.ask("DescribeImages", request.clone()).await?;
            let images = page["imageDetails"].as_array().context("no images")?;
            digests.extend(images.iter().map(|image| image["imageDigest"].as_str().unwrap_or_default().to_owned()));
            if page["nextToken"].is_null() {
                break;
            }
            request["nextToken"] = page["nextToken"].clone();
        }
        let once: HashSet<String> = digests.iter().cloned().collect();
        assert_eq!((digests.len(), once.len()), (count, count));
        assert!(count > 10 || once == pushed);
    }
    assert_eq!(recorded.ask("DescribeImages", json!({})).await?["imageDetails"].as_array().map(Vec::len), Some(100));
    let both = json!({"nextToken": "a", "imageIds": [{"imageTag": "v1"}]});
    assert_eq!(refusal(repository.ask("DescribeImages", both).await), "InvalidParameterException");
    Ok(())
}

/// ECR's own rules, which moto does not keep: times, archive, moved tags.
#[tokio::test]
async fn images_are_described_as_a_test_said_and_as_ecr_keeps_them() -> Result<()> {
    let ns = Lab::from_env().await?.namespace("described").await?;
    let repository = ns.repository("api").await?;
    let (early, late) = ("2026-01-01T00:00:00Z".parse()?, "2026-02-01T00:00:00.5Z".parse()?);
    let first = repository.push(Image::new("latest").pushed_at(early).findings(&[("HIGH", 2)])).await?;
    let second = repository.push(Image::new("latest").pushed_at(late).tag("v2").last_pulled_at(late)).await?;
    repository.push(Image::new("gone").status(Status::Archived)).await?;
    repository.push(Image::signature_of(&second)).await?;
    repository.push(Image::referrer_of(&second, "application/spdx+json")).await?;
    let listed = repository.ask("DescribeImages", json!({})).await?;
    let listed = listed["imageDetails"].as_array().cloned().unwrap_or_default();
    assert_eq!((listed.len(), repository.images().await?.len()), (4, 5), "archived images come on request only");
    let one = |digest: &str| listed.iter().find(|image| image["imageDigest"] == digest).cloned().unwrap_or_default();

    assert_eq!(one(&first)["imageTags"], Value::Null, "the tag has moved");
    assert_eq!(one(&first)["imagePushedAt"], json!(1_767_225_600.0));
    assert_eq!(one(&first)["imageScanFindingsSummary"]["findingSeverityCounts"], json!({"HIGH": 2}));
    assert_eq!(one(&second)["imageTags"], json!(["latest", "v2"]));
    assert_eq!(one(&second)["lastRecordedPullTime"], json!(1_769_904_000.5));
    assert!(listed.iter().any(|image| image["subjectManifestDigest"] == second.as_str()));

    repository.tag(&first, "latest").await?;
    let back = repository.ask("DescribeImages", json!({"imageIds": [{"imageTag": "latest"}]})).await?;
    assert_eq!(back["imageDetails"][0]["imageDigest"], first.as_str());
    assert_eq!(back["imageDetails"][0]["imagePushedAt"], json!(1_767_225_600.0));
    Ok(())
}

/// Previews are recorded answers; policies are moto's.
#[tokio::test]
async fn a_policy_is_kept_and_its_preview_is_what_was_recorded() -> Result<()> {
    let ns = Lab::from_env().await?.namespace("preview").await?;
    let repository = ns.repository("api").await?;
    let policy = json!({"rules": [{
        "rulePriority": 1, "action": {"type": "expire"},
        "selection": {"tagStatus": "untagged", "countType": "imageCountMoreThan", "countNumber": 2},
    }]});
    assert_eq!(
        refusal(repository.ask("StartLifecyclePolicyPreview", json!({})).await),
        "LifecyclePolicyNotFoundException"
    );
    assert_eq!(repository.lifecycle_policy().await?, None);
    repository.put_lifecycle_policy(&policy).await?;
    assert_eq!(repository.lifecycle_policy().await?, Some(policy));

    let digest = repository.push(Image::new("v1")).await?;
    let time = "2026-01-01T00:00:00Z".parse()?;
    assert_eq!(
        refusal(repository.ask("GetLifecyclePolicyPreview", json!({})).await),
        "LifecyclePolicyPreviewNotFoundException"
    );
    repository.preview(Preview::complete().expires(&digest, &["v1"], time, 1)).await?;
    repository.ask("StartLifecyclePolicyPreview", json!({})).await?;
    let status = |answer: &Value| answer["status"].as_str().unwrap_or_default().to_owned();
    let first = repository.ask("GetLifecyclePolicyPreview", json!({})).await?;
    let second = repository.ask("GetLifecyclePolicyPreview", json!({})).await?;
    assert_eq!((status(&first), status(&second)), ("IN_PROGRESS".to_owned(), "COMPLETE".to_owned()));
    assert_eq!(second["summary"]["expiringImageTotalCount"], 1);
    let expected = json!({
        "imageDigest": digest, "imageTags": ["v1"], "imagePushedAt": 1_767_225_600.0,
        "action": {"type": "EXPIRE"}, "appliedRulePriority": 1,
    });
    assert_eq!(second["previewResults"], json!([expected]));
    Ok(())
}

/// Trouble meets the caller it was made for, as often as asked, and nobody else.
#[tokio::test]
async fn faults_and_holds_meet_only_the_calls_they_are_for() -> Result<()> {
    let ns = Lab::from_env().await?.namespace("faults").await?;
    let (repository, other) = (ns.repository("api").await?, ns.repository("other").await?);
    repository.push(Image::new("v1")).await?;
    repository.interceptor().fail("DescribeImages", 1, Fault::throttling()).await?;
    assert_eq!(describe(&other).await?.status, 200);
    let throttled = describe(&repository).await?;
    assert_eq!((throttled.status, throttled.body["__type"].as_str()), (400, Some("ThrottlingException")));
    repository.interceptor().fail("*", 1, Fault::Reset).await?;
    assert!(describe(&repository).await.is_err());
    assert_eq!(describe(&repository).await?.status, 200);

    let hold = repository.interceptor().hold("DescribeImages", When::Before).await?;
    let held = tokio::spawn({
        let repository = repository.clone();
        async move { describe(&repository).await }
    });
    assert_eq!(hold.arrived(SOON).await?.repository.as_deref(), Some(repository.name()));
    repository.push(Image::new("v2")).await?;
    hold.release().await?;
    let images = held.await??.body["imageDetails"].as_array().map(Vec::len);
    assert_eq!(images, Some(2), "it was held before it was done");
    let statuses: Vec<_> = repository.calls().await?.iter().map(|call| call.status).collect();
    assert_eq!(statuses, [Some(400), None, Some(200), Some(200)]);
    assert_eq!(other.calls().await?.len(), 1);
    Ok(())
}

/// A wrong region is a wrong registry.
#[tokio::test]
async fn another_region_or_account_does_not_have_the_repository() -> Result<()> {
    let ns = Lab::from_env().await?.namespace("region").await?;
    let repository = ns.repository("api").await?;
    let request = json!({"repositoryName": repository.name()});
    let elsewhere = EcrClient::inside().call("eu-west-1", "DescribeImages", &request).await;
    assert_eq!(refusal(elsewhere), "RepositoryNotFoundException");
    let foreign = repository.ask("DescribeImages", json!({"registryId": "999999999999"})).await;
    assert_eq!(refusal(foreign), "RepositoryNotFoundException");
    Ok(())
}
