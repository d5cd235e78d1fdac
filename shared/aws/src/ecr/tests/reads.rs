use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::stub::{Stub, ok, refusal};
use super::*;
use release_core::registry::index_manifest::IndexChild;
use release_core::registry::manifest_content::ManifestContent;
use release_core::registry::push_history::{ImageStatus, Scan, ScanSeverity};

fn image(n: usize) -> Value {
    json!({
        "registryId": ACCOUNT, "repositoryName": "api", "imageDigest": digest(n),
        "imageTags": [format!("v{n}"), format!("latest-{n}")], "imageSizeInBytes": 1000 + n,
        "imagePushedAt": 1_700_000_000.25 + n as f64,
    })
}

/// A push history that ends at the first page would take an old image for the newest.
#[tokio::test]
async fn all_pages_are_read_and_the_newest_image_comes_first() {
    let stub = Stub::answering(|asked, nth| match nth {
        0 => ok(json!({"imageDetails": [image(3), image(1)], "nextToken": "two"})),
        1 => ok(json!({"imageDetails": [], "nextToken": "three"})),
        // The image of the first page again: something was pushed in between.
        2 => ok(json!({"imageDetails": [image(2), image(3)], "nextToken": ""})),
        _ => panic!("one page too many: {asked:?}"),
    })
    .await;
    let images = registry(&stub.url).await.images("api").await.unwrap();
    let digests: Vec<&str> = images.iter().map(|i| i.digest.as_str()).collect();
    assert_eq!(digests, [digest(3), digest(2), digest(1)]);
    assert_eq!(images[0].tags, ["latest-3", "v3"]);
    assert_eq!(images[0].pushed_at, "2023-11-14T22:13:23.25Z".parse().unwrap());
    let asked = stub.asked();
    assert_eq!(asked[0].body["registryId"], ACCOUNT, "another account's registry is not the caller's own");
    assert_eq!(asked[0].body["filter"], json!({"imageStatus": "ANY"}), "archived images have to be seen");
    assert_eq!(
        asked.iter().map(|a| a.body["nextToken"].as_str()).collect::<Vec<_>>(),
        [None, Some("two"), Some("three")]
    );
}

/// A stand-in that goes round in a circle would keep a run for as long as it may wait.
#[tokio::test]
async fn pages_that_lead_in_a_circle_are_no_list() {
    for circle in [1, 2, 5] {
        let stub = Stub::answering(move |_, nth| {
            ok(json!({"imageDetails": [image(nth)], "nextToken": format!("{}", nth % circle)}))
        })
        .await;
        let error = registry(&stub.url).await.images("api").await.unwrap_err();
        assert!(matches!(&error.trouble, Trouble::Garbled(why) if why.contains("back to one before")), "{error}");
        assert_eq!(stub.count("DescribeImages"), circle + 1);
    }
}

#[tokio::test]
async fn a_list_without_an_end_is_no_list() {
    let stub = Stub::answering(|_, nth| ok(json!({"imageDetails": [], "nextToken": format!("{nth}")}))).await;
    let error = registry(&stub.url).await.images("api").await.unwrap_err();
    assert!(matches!(&error.trouble, Trouble::Garbled(why) if why.contains("without an end")), "{error}");
    assert_eq!(stub.count("DescribeImages"), 1000);
}

/// One answer would take all the memory that there is, five times over.
#[tokio::test]
async fn an_answer_that_is_too_long_is_not_read_and_not_asked_for_again() {
    let stub = Stub::answering(|_, _| ok(json!({"padding": "x".repeat(17 << 20)}))).await;
    let error = registry(&stub.url).await.images("api").await.unwrap_err();
    assert!(matches!(&error.trouble, Trouble::Garbled(why) if why.contains("16 MiB")), "{error}");
    assert_eq!(stub.count("DescribeImages"), 1);
}

/// Archived images can't be pulled, referrers can't be run, and findings decide a severity gate.
#[tokio::test]
async fn what_the_registry_says_about_an_image_is_kept() {
    let described = json!({"imageDetails": [
        {"imageDigest": digest(1), "imagePushedAt": 30.0, "imageStatus": "ARCHIVED", "lastArchivedAt": 40.0,
         "lastRecordedPullTime": 35.5, "imageScanStatus": {"status": "UNSUPPORTED_IMAGE"}},
        {"imageDigest": digest(2), "imagePushedAt": 20.0, "imageStatus": "ACTIVE",
         "imageManifestMediaType": "application/vnd.oci.image.manifest.v1+json",
         "artifactMediaType": "application/vnd.dev.cosign.artifact.sig.v1+json", "subjectManifestDigest": digest(9),
         "imageScanStatus": {"status": "COMPLETE"},
         "imageScanFindingsSummary": {"findingSeverityCounts": {"HIGH": 2, "UNTRIAGED": 3, "LOW": 0, "NEW": 1}}},
        {"imageDigest": digest(3), "imagePushedAt": 10.0, "imageStatus": "ACTIVATING", "lastActivatedAt": 12.0,
         "imageScanFindingsSummary": {"imageScanCompletedAt": 11.0}},
    ]});
    let stub = Stub::answering(move |_, _| ok(described.clone())).await;
    let images = registry(&stub.url).await.images("api").await.unwrap();
    let [archived, signature, restored] = images.as_slice() else { panic!("{images:?}") };
    assert_eq!((archived.status, restored.status), (ImageStatus::Archived, ImageStatus::Activating));
    assert_eq!(archived.last_pulled_at, Some("1970-01-01T00:00:35.5Z".parse().unwrap()));
    assert_eq!(archived.last_archived_at, Some("1970-01-01T00:00:40Z".parse().unwrap()));
    assert_eq!(restored.last_activated_at, Some("1970-01-01T00:00:12Z".parse().unwrap()));
    assert_eq!(archived.scan, Scan::unknown(Some("UNSUPPORTED_IMAGE")));
    assert_eq!(signature.subject.as_deref(), Some(digest(9).as_str()));
    assert_eq!(signature.artifact_type.as_deref(), Some("application/vnd.dev.cosign.artifact.sig.v1+json"));
    let findings =
        BTreeMap::from([(ScanSeverity::High, 2), (ScanSeverity::Untriaged, 3), (ScanSeverity::Undefined, 1)]);
    assert_eq!(signature.scan, Scan::Found { findings });
    assert_eq!(restored.scan, Scan::unknown(None), "a summary that counts nothing is no clean scan");
}

/// ECR refuses a hundred names for one that expired; the others are there all the same.
#[tokio::test]
async fn images_that_are_gone_do_not_hide_those_that_are_there() {
    let gone = [digest(3), digest(4), digest(240)];
    let stub = Stub::answering(move |asked, _| {
        let ids = asked.body["imageIds"].as_array().unwrap();
        let named: Vec<&str> = ids.iter().filter_map(|id| id["imageDigest"].as_str()).collect();
        assert!(ids.len() <= 100 && asked.body.get("maxResults").is_none(), "ECR would refuse this: {asked:?}");
        if named.iter().any(|d| gone.contains(&(*d).to_owned())) {
            return refusal(400, "ImageNotFoundException", "The image with imageId {…} does not exist");
        }
        let found: Vec<Value> = named.iter().map(|d| json!({"imageDigest": d, "imagePushedAt": 5.0})).collect();
        ok(json!({"imageDetails": found}))
    })
    .await;
    let ids: Vec<ImageId> = (0..250).map(|n| ImageId::Digest(digest(n))).collect();
    let found = registry(&stub.url).await.images_by("api", &ids).await.unwrap();
    assert_eq!(found.len(), 247);
    assert!(found.is_sorted_by_key(|i| &i.digest) && !found.iter().any(|i| i.digest == digest(3)));
}

#[tokio::test]
async fn an_image_is_found_by_its_tag_and_no_names_are_no_call() {
    let stub = Stub::answering(|asked, _| {
        assert_eq!(asked.body["imageIds"], json!([{"imageTag": "v1"}]));
        ok(json!({"imageDetails": [image(1)]}))
    })
    .await;
    let registry = registry(&stub.url).await;
    assert_eq!(registry.images_by("api", &[]).await.unwrap(), []);
    assert_eq!(registry.images_by("api", &[ImageId::Tag("v1".into())]).await.unwrap()[0].digest, digest(1));
    assert_eq!(stub.count("DescribeImages"), 1);
}

/// Untagged children of a live index look like images that can be rolled back to, or expired.
#[tokio::test]
async fn an_index_names_its_children() {
    let index = json!({"schemaVersion": 2, "manifests": [
        {"digest": digest(11), "platform": {"os": "linux", "architecture": "amd64"}},
        {"digest": digest(12), "annotations": {"vnd.docker.reference.type": "attestation-manifest"}},
    ]});
    let stub = Stub::answering(move |asked, _| {
        assert_eq!(asked.operation, "BatchGetImage");
        ok(json!({
            "images": [{"imageId": {"imageDigest": digest(10)}, "imageManifest": index.to_string()}],
            "failures": [{"imageId": {"imageDigest": digest(20)}, "failureCode": "ImageNotFound"}],
        }))
    })
    .await;
    let children = registry(&stub.url).await.index_children("api", &[digest(10), digest(20)]).await.unwrap();
    let amd64 = IndexChild { digest: digest(11), platform: Some("linux/amd64".into()), is_attestation: false };
    let attestation = IndexChild { digest: digest(12), platform: None, is_attestation: true };
    assert_eq!(children, BTreeMap::from([(digest(10), vec![amd64, attestation])]));
}

/// What describes an image would be deployed, or what can't be read taken for an image.
#[tokio::test]
async fn a_manifest_says_what_it_is_of() {
    let manifest = |layer: &str| {
        let config = "application/vnd.oci.image.config.v1+json";
        json!({"schemaVersion": 2, "config": {"mediaType": config}, "layers": [{"mediaType": layer}]}).to_string()
    };
    let image = manifest("application/vnd.oci.image.layer.v1.tar+gzip");
    let attestation = manifest("application/vnd.in-toto+json");
    let stub = Stub::answering(move |asked, _| {
        assert_eq!(asked.operation, "BatchGetImage");
        ok(json!({
            "images": [
                {"imageId": {"imageDigest": digest(1)}, "imageManifest": image},
                {"imageId": {"imageDigest": digest(2)}, "imageManifest": attestation},
                {"imageId": {"imageDigest": digest(3)}, "imageManifest": "<html>"},
            ],
            "failures": [{"imageId": {"imageDigest": digest(4)}, "failureCode": "ImageNotFound"}],
        }))
    })
    .await;
    let asked: Vec<String> = (1..=4).map(digest).collect();
    let contents = registry(&stub.url).await.contents_of("api", &asked).await.unwrap();
    use ManifestContent::{Attestation, Image, Unknown};
    assert_eq!(contents.into_values().collect::<Vec<_>>(), [Image, Attestation, Unknown, Unknown]);
}

#[tokio::test]
async fn repositories_come_from_all_pages_by_name() {
    let stub = Stub::answering(|_, nth| {
        let repository = |name: &str, tags: &str| {
            json!({"repositoryName": name, "registryId": ACCOUNT, "repositoryUri": format!("host/{name}"),
                   "imageTagMutability": tags})
        };
        match nth {
            0 => ok(json!({"repositories": [repository("web", "MUTABLE")], "nextToken": "two"})),
            _ => ok(json!({"repositories": [repository("api", "IMMUTABLE")]})),
        }
    })
    .await;
    let found = registry(&stub.url).await.repositories().await.unwrap();
    let shown: Vec<_> = found.iter().map(|r| (r.name.as_str(), r.uri.as_str(), r.tags)).collect();
    assert_eq!(shown, [("api", "host/api", TagMutability::Immutable), ("web", "host/web", TagMutability::Mutable)]);
}

#[tokio::test]
async fn no_policy_and_no_scan_are_answers_and_not_errors() {
    let stub = Stub::answering(|asked, _| match asked.operation.as_str() {
        "GetLifecyclePolicy" => refusal(400, "LifecyclePolicyNotFoundException", "Lifecycle policy does not exist"),
        _ => refusal(400, "ScanNotFoundException", "Image scan does not exist"),
    })
    .await;
    let registry = registry(&stub.url).await;
    assert_eq!(registry.lifecycle_policy("api").await.unwrap(), None);
    assert_eq!(registry.scan("api", &digest(1)).await.unwrap(), Scan::unknown(None));
}

#[tokio::test]
async fn a_scan_that_is_not_in_the_list_is_read_by_itself() {
    let stub = Stub::answering(|_, _| {
        ok(json!({"imageScanStatus": {"status": "ACTIVE"}, "nextToken": "more",
                  "imageScanFindings": {"findingSeverityCounts": {"CRITICAL": 1}}}))
    })
    .await;
    let scan = registry(&stub.url).await.scan("api", &digest(1)).await.unwrap();
    assert_eq!(scan, Scan::Found { findings: BTreeMap::from([(ScanSeverity::Critical, 1)]) });
    assert_eq!(stub.asked().len(), 1, "the counts are on every page");
}

/// An index' own scan is empty, whatever it says: the findings are its parts'.
#[tokio::test]
async fn an_index_own_scan_says_nothing() {
    let described = json!({"imageDetails": [
        {"imageDigest": digest(1), "imagePushedAt": 30.0, "imageScanStatus": {"status": "COMPLETE"},
         "imageManifestMediaType": "application/vnd.oci.image.index.v1+json",
         "imageScanFindingsSummary": {"findingSeverityCounts": {}}},
    ]});
    let stub = Stub::answering(move |_, _| ok(described.clone())).await;
    assert!(registry(&stub.url).await.images("api").await.unwrap()[0].scan.is_unknown());
}

/// A stand-in that takes no notice of names would have any image for the one that was asked for.
#[tokio::test]
async fn an_image_that_was_not_asked_for_is_no_answer() {
    let stub = Stub::answering(|_, _| ok(json!({"imageDetails": [image(1), image(2)]}))).await;
    for id in [ImageId::Tag("v1".into()), ImageId::Digest(digest(2))] {
        let error = registry(&stub.url).await.images_by("api", &[id]).await.unwrap_err();
        assert!(matches!(error.trouble, Trouble::Garbled(_)), "{error}");
    }
}

/// As ECR answers while findings are on their way, and for a clean image.
#[tokio::test]
async fn an_empty_list_without_counts_is_no_clean_scan() {
    let stub = Stub::answering(|_, nth| {
        let status = ["COMPLETE", "ACTIVE", "PENDING", "COMPLETE"][nth];
        let findings =
            if nth == 3 { json!({"findings": [], "findingSeverityCounts": {}}) } else { json!({"findings": []}) };
        ok(json!({"imageScanStatus": {"status": status}, "imageScanFindings": findings}))
    })
    .await;
    let registry = registry(&stub.url).await;
    for unknown in ["COMPLETE", "ACTIVE", "PENDING"] {
        assert_eq!(registry.scan("api", &digest(1)).await.unwrap(), Scan::unknown(Some(unknown)));
    }
    assert_eq!(registry.scan("api", &digest(1)).await.unwrap(), Scan::Clean);
}
