//! What can be pushed: manifests as build tools make them, and what ECR shall say about them.
//!
//! The forms are those of the OCI image specification, of cosign's tags (`sha256-….sig`) and of
//! BuildKit's attestations.

mod beside;

use std::collections::BTreeMap;
use std::hash::{BuildHasher, Hasher, RandomState};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::fixtures::Behavior;

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
const IN_TOTO: &str = "application/vnd.in-toto+json";
const DEFAULT_SIZE: u64 = 48_000_000;
/// A default `docker buildx build --push` of November 2026: the image at .302 of a second, its
/// attestation at .306, and the index at .949.
const CHILD_BEFORE: SignedDuration = SignedDuration::from_millis(949 - 302);
const ATTESTATION_BEFORE: SignedDuration = SignedDuration::from_millis(949 - 306);

/// Whether an image can be pulled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// It can.
    Active,
    /// It is in archive storage: nodes do not find it.
    Archived,
    /// It is on its way back: nodes do not find it yet.
    Activating,
}

/// An image to push. No two are the same, whatever their tags.
#[derive(Debug, Clone)]
pub struct Image {
    pub(super) tags: Vec<String>,
    pub(super) manifest: Value,
    pub(super) detail: Map<String, Value>,
    pub(super) behavior: Option<Behavior>,
    pub(super) children: Vec<Image>,
}

impl Image {
    /// A plain image of 48 MB, pushed now.
    pub fn new(tag: &str) -> Self {
        Self::untagged().tag(tag)
    }

    /// The same without a tag.
    pub fn untagged() -> Self {
        let layers = json!([blob(LAYER, DEFAULT_SIZE)]);
        Self::of(json!({
            "schemaVersion": 2, "mediaType": MANIFEST, "config": blob(CONFIG, 7_023), "layers": layers,
        }))
        .detail("imageSizeInBytes", DEFAULT_SIZE)
        .artifact_type(CONFIG)
    }

    /// A multi-architecture image; the images of the architectures are pushed, untagged, with it.
    pub fn index(tag: &str, architectures: &[&str]) -> Self {
        let children: Vec<Self> = architectures.iter().map(|_| Self::untagged()).collect();
        let pairs = children.iter().zip(architectures);
        let manifests: Vec<Value> =
            pairs.map(|(child, name)| child.described(&json!({"architecture": name, "os": "linux"}))).collect();
        let manifest = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": manifests});
        Self { children, ..Self::of(manifest) }.detail("imageSizeInBytes", DEFAULT_SIZE).tag(tag)
    }

    /// The same with an attestation for each architecture, as BuildKit pushes it: one more untagged
    /// image each, of the platform `unknown/unknown`.
    pub fn index_with_attestations(tag: &str, architectures: &[&str]) -> Self {
        let mut index = Self::index(tag, architectures);
        let attestations = index.children.iter().map(|_| Self::provenance()).collect::<Vec<_>>();
        for (child, attestation) in index.children.clone().iter().zip(&attestations) {
            let mut described = attestation.described(&json!({"architecture": "unknown", "os": "unknown"}));
            described["annotations"] = json!({
                "vnd.docker.reference.digest": child.digest(), "vnd.docker.reference.type": "attestation-manifest",
            });
            if let Some(manifests) = index.manifest["manifests"].as_array_mut() {
                manifests.push(described);
            }
        }
        index.children.extend(attestations);
        index
    }

    /// Another index of the same images, as the next build of the same sources pushes it: what describes a build
    /// has its time. The images have to be pushed already.
    pub fn built_again(&self, tag: &str) -> Self {
        let mut again = Self { children: Vec::new(), tags: vec![tag.to_owned()], ..self.clone() };
        again.manifest["annotations"] = json!({"org.opencontainers.image.created": unique()});
        again
    }

    fn of(mut manifest: Value) -> Self {
        manifest["annotations"] = json!({"lab.kubectl-release.dev/unique": unique()});
        Self { tags: Vec::new(), manifest, detail: Map::new(), behavior: None, children: Vec::new() }
    }

    /// One more tag.
    #[must_use]
    pub fn tag(mut self, tag: &str) -> Self {
        self.tags.push(tag.to_owned());
        self
    }

    /// Pushed at this time; its children before it, as buildx pushes them.
    #[must_use]
    pub fn pushed_at(mut self, time: Timestamp) -> Self {
        let at = |child: &Self| time - if child.is_attestation() { ATTESTATION_BEFORE } else { CHILD_BEFORE };
        self.children =
            self.children.into_iter().map(|child| (at(&child), child)).map(|(at, child)| child.pushed_at(at)).collect();
        self.detail("imagePushedAt", seconds(time))
    }

    fn is_attestation(&self) -> bool {
        self.manifest["layers"][0]["mediaType"] == IN_TOTO
    }

    /// One more tag on the first architecture's own image, as some pipelines have it.
    #[must_use]
    pub fn child_tag(mut self, tag: &str) -> Self {
        if let Some(first) = self.children.first_mut() {
            first.tags.push(tag.to_owned());
        }
        self
    }

    /// The architectures' own images were scanned, with so many findings; an index itself isn't.
    #[must_use]
    pub fn findings_in_children(mut self, counts: &[(&str, u32)]) -> Self {
        let scanned = |child: Self| if child.is_attestation() { child } else { child.findings(counts) };
        self.children = self.children.into_iter().map(scanned).collect();
        self
    }

    /// Pulled last at this time, as ECR records it.
    #[must_use]
    pub fn last_pulled_at(self, time: Timestamp) -> Self {
        self.detail("lastRecordedPullTime", seconds(time))
    }

    /// In this state.
    #[must_use]
    pub fn status(self, status: Status) -> Self {
        let name = match status {
            Status::Active => "ACTIVE",
            Status::Archived => "ARCHIVED",
            Status::Activating => "ACTIVATING",
        };
        self.detail("imageStatus", name)
    }

    /// Of this artifact media type.
    #[must_use]
    pub fn artifact_type(self, media_type: &str) -> Self {
        self.detail("artifactMediaType", media_type)
    }

    /// Scanned, with so many findings by severity (`CRITICAL`, `HIGH`, …); none is a clean scan.
    #[must_use]
    pub fn findings(self, counts: &[(&str, u32)]) -> Self {
        let counts: BTreeMap<_, _> = counts.iter().copied().collect();
        let completed = seconds(Timestamp::now());
        self.scan_status("COMPLETE", "The scan was completed successfully.").detail(
            "imageScanFindingsSummary",
            json!({
                "imageScanCompletedAt": completed, "vulnerabilitySourceUpdatedAt": completed,
                "findingSeverityCounts": counts,
            }),
        )
    }

    /// The scan's state, such as `FAILED`, `UNSUPPORTED_IMAGE` or `IN_PROGRESS`.
    #[must_use]
    pub fn scan_status(self, status: &str, description: &str) -> Self {
        self.detail("imageScanStatus", json!({"status": status, "description": description}))
    }

    /// Any other field of ECR's ImageDetail; `null` takes away what moto has.
    #[must_use]
    pub fn detail(mut self, field: &str, value: impl Into<Value>) -> Self {
        self.detail.insert(field.to_owned(), value.into());
        self
    }

    /// Pods that run this image behave like this: the image itself is bad, whatever a pod's own
    /// annotations say.
    #[must_use]
    pub fn behavior(mut self, behavior: Behavior) -> Self {
        self.behavior = Some(behavior);
        self
    }

    /// The digest that it has, or will have.
    pub fn digest(&self) -> String {
        sha256(self.text().as_bytes())
    }

    /// The digests of an index's children, in the order of the architectures.
    pub fn children(&self) -> Vec<String> {
        self.children.iter().map(Self::digest).collect()
    }

    /// The manifest as it is pushed.
    pub(super) fn text(&self) -> String {
        self.manifest.to_string()
    }

    fn described(&self, platform: &Value) -> Value {
        json!({
            "mediaType": self.manifest["mediaType"], "digest": self.digest(), "size": self.text().len(),
            "platform": platform,
        })
    }
}

/// A time as ECR sends it: seconds since 1970, with a fraction.
pub(super) fn seconds(time: Timestamp) -> f64 {
    time.as_duration().as_secs_f64()
}

pub(super) fn sha256(bytes: &[u8]) -> String {
    let hex: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}

fn blob(media_type: &str, size: u64) -> Value {
    json!({"mediaType": media_type, "digest": sha256(unique().as_bytes()), "size": size})
}

fn unique() -> String {
    format!("{:016x}", RandomState::new().build_hasher().finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_names_the_digests_of_its_children_and_is_pushed_after_them() {
        let index = Image::index_with_attestations("v1", &["amd64", "arm64"]).pushed_at(Timestamp::UNIX_EPOCH);
        let named: Vec<_> =
            index.manifest["manifests"].as_array().unwrap().iter().map(|one| one["digest"].clone()).collect();
        assert_eq!(json!(index.children()), json!(named));
        assert_eq!(named.len(), 4);
        let times: Vec<f64> =
            index.children.iter().filter_map(|child| child.detail["imagePushedAt"].as_f64()).collect();
        assert_eq!(times, [-0.647, -0.647, -0.643, -0.643]);
    }

    #[test]
    fn no_two_images_are_the_same() {
        assert_ne!(Image::new("v1").digest(), Image::new("v1").digest());
        let one = Image::new("v1");
        assert_eq!(one.digest(), one.clone().tag("v2").digest());
    }
}
