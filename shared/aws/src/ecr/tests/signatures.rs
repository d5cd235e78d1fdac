use serde_json::{Value, json};

use super::stub::{Asked, Reply, Stub, ok, refusal};
use super::*;
use release_core::registry::signature::{Signed, Signer, cosign_tag, referrers_tag};

const BUNDLE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";
const SIGNED: &str = "https://sigstore.dev/cosign/sign/v1";

/// A repository with these tags (on image 2, in this status), and these referrers of image 1.
fn repository(
    tags: Vec<String>,
    status: &'static str,
    referrers: Value,
    manifest: Value,
) -> impl Fn(&Asked, usize) -> Reply {
    move |asked, _| match asked.operation.as_str() {
        "DescribeImages" => {
            let ids = asked.body["imageIds"].as_array().unwrap();
            let is_there = |id: &Value| tags.iter().any(|tag| id["imageTag"] == tag.as_str());
            if !ids.iter().all(is_there) {
                return refusal(400, "ImageNotFoundException", "no");
            }
            ok(
                json!({"imageDetails": [{"imageDigest": digest(2), "imageTags": tags, "imagePushedAt": 1.0, "imageStatus": status}]}),
            )
        }
        "ListImageReferrers" => {
            assert_eq!(asked.body["subjectId"]["imageDigest"], digest(1));
            ok(json!({"referrers": referrers}))
        }
        "BatchGetImage" => {
            let id = &asked.body["imageIds"][0];
            ok(json!({"images": [{"imageId": id, "imageManifest": manifest.to_string()}], "failures": []}))
        }
        other => panic!("{other}"),
    }
}

async fn signed(
    reply: impl Fn(&Asked, usize) -> Reply + Send + Sync + 'static,
) -> (Result<Signed, RegistryError>, Stub) {
    let stub = Stub::answering(reply).await;
    (registry(&stub.url).await.signed("api", &digest(1)).await, stub)
}

fn referrer(kind: &str, annotations: Value) -> Value {
    json!({"digest": digest(3), "mediaType": "application/vnd.oci.image.manifest.v1+json", "artifactType": kind,
        "size": 900, "annotations": annotations, "artifactStatus": "ACTIVE"})
}

#[tokio::test]
async fn a_signature_by_tag_is_enough_unless_it_is_archived() {
    let tag = || vec![cosign_tag(&digest(1)).unwrap()];
    let (found, stub) = signed(repository(tag(), "ACTIVE", json!([]), json!({}))).await;
    assert_eq!((found.unwrap(), stub.count("ListImageReferrers")), (Signed::By(Signer::Cosign), 0));
    let (found, _) = signed(repository(tag(), "ARCHIVED", json!([]), json!({}))).await;
    assert_eq!(found.unwrap(), Signed::Not, "nobody can pull it to verify it");
}

#[tokio::test]
async fn what_refers_to_an_image_is_looked_through() {
    let provenance = referrer(BUNDLE, json!({"dev.sigstore.bundle.predicateType": "https://slsa.dev/provenance/v1"}));
    let bundle = referrer(BUNDLE, json!({"dev.sigstore.bundle.predicateType": SIGNED}));
    let notation = referrer("application/vnd.cncf.notary.signature", json!({}));
    for (referrers, expected) in [
        (json!([provenance.clone(), notation]), Signed::By(Signer::Notation)),
        (json!([provenance.clone(), bundle]), Signed::By(Signer::Cosign)),
        (json!([provenance]), Signed::Not),
        (json!([]), Signed::Not),
    ] {
        let (found, _) = signed(repository(Vec::new(), "ACTIVE", referrers.clone(), json!({}))).await;
        assert_eq!(found.unwrap(), expected, "{referrers}");
    }
}

/// Annotations are in the manifest where the list has none; where neither has any, nobody knows.
#[tokio::test]
async fn a_bundle_without_annotations_is_looked_into() {
    let bare = json!([referrer(BUNDLE, json!({}))]);
    let manifest = |predicate: &str| json!({"artifactType": BUNDLE, "annotations": {"dev.sigstore.bundle.predicateType": predicate}});
    for (manifest, expected) in [
        (manifest(SIGNED), Signed::By(Signer::Cosign)),
        (manifest("https://cyclonedx.org/bom"), Signed::Not),
        (json!({"artifactType": BUNDLE}), Signed::Maybe),
    ] {
        let (found, _) = signed(repository(Vec::new(), "ACTIVE", bare.clone(), manifest.clone())).await;
        assert_eq!(found.unwrap(), expected, "{manifest}");
    }
}

#[tokio::test]
async fn a_list_under_the_referrers_tag_counts_too() {
    let tags = vec![referrers_tag(&digest(1)).unwrap()];
    let list = json!({"manifests": [{"digest": digest(3), "artifactType": "application/vnd.cncf.notary.signature"}]});
    let (found, _) = signed(repository(tags, "ACTIVE", json!([]), list)).await;
    assert_eq!(found.unwrap(), Signed::By(Signer::Notation));
}

/// "Not signed" would be said of what nobody could look at.
#[tokio::test]
async fn what_may_not_be_listed_is_an_error_and_no_empty_list() {
    for reply in [refusal(400, "AccessDeniedException", "no"), ok(json!({}))] {
        let (found, _) = signed(move |asked, _| match asked.operation.as_str() {
            "ListImageReferrers" => reply.clone(),
            _ => refusal(400, "ImageNotFoundException", "no"),
        })
        .await;
        assert_eq!(found.unwrap_err().operation, "ListImageReferrers");
    }
}
