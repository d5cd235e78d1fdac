//! Multi-architecture images: which images an index points at.
//!
//! Format: the OCI image index (<https://github.com/opencontainers/image-spec/blob/main/image-index.md>)
//! and Docker's manifest list, which has the same fields. Build tools keep an attestation as one
//! more entry, told by its annotation `vnd.docker.reference.type`
//! (<https://docs.docker.com/build/metadata/attestations/attestation-storage/>).

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::image::is_digest;
use super::manifest_content::{IMAGE_CONFIGS, IMAGE_MANIFESTS};

/// Media types of an index: OCI's image index and Docker's manifest list.
pub const INDEX_TYPES: [&str; 2] =
    ["application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json"];

/// What indexes list, by the index' digest.
pub type IndexChildren = BTreeMap<String, Vec<IndexChild>>;

/// One entry of an index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexChild {
    /// `sha256:…`
    pub digest: String,
    /// `linux/arm64/v8`; nothing where the entry names none.
    pub platform: Option<String>,
    /// It describes another entry (provenance, bill of materials) or is another artifact, and can't be run.
    pub is_attestation: bool,
}

impl IndexChild {
    /// An image of which nothing but its digest is known.
    #[must_use]
    pub fn image(digest: impl Into<String>) -> Self {
        Self { digest: digest.into(), platform: None, is_attestation: false }
    }
}

/// The entries of an index in their order.
///
/// # Errors
/// A few words, none of them the manifest's, where it is no index: that something else was answered doesn't say that an
/// index has no entries.
pub fn children(manifest: &str) -> Result<Vec<IndexChild>, String> {
    let unreadable = |_: serde_json::Error| "a manifest that can't be read".to_owned();
    let mut index: Map<String, Value> = serde_json::from_str(manifest).map_err(unreadable)?;
    let entries = index.remove("manifests").ok_or("a manifest that is no index")?;
    let entries: Vec<Entry> = serde_json::from_value(entries).map_err(unreadable)?;
    entries.into_iter().map(Entry::into_child).collect()
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    digest: String,
    platform: Option<Platform>,
    media_type: Option<String>,
    /// In an index of referrers, or of artifacts; of an image at most the type of its configuration
    /// (<https://github.com/opencontainers/image-spec/blob/main/descriptor.md>).
    artifact_type: Option<String>,
    annotations: Option<BTreeMap<String, String>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Platform {
    os: String,
    architecture: String,
    variant: String,
}

impl Entry {
    fn into_child(self) -> Result<IndexChild, String> {
        if !is_digest(&self.digest) {
            return Err("an index with an entry without a digest".into());
        }
        let describes = self.annotations.is_some_and(|all| all.contains_key("vnd.docker.reference.type"));
        let is_artifact = self.artifact_type.is_some_and(|kind| !IMAGE_CONFIGS.contains(&kind.as_str()));
        // BuildKit's cache lists layers and its own configuration (moby/buildkit `cache/remotecache/v1/spec.go`).
        let is_blob = self.media_type.is_some_and(|kind| !is_manifest(&kind));
        let is_attestation = describes || is_artifact || is_blob;
        Ok(IndexChild { digest: self.digest, platform: self.platform.and_then(Platform::shown), is_attestation })
    }
}

fn is_manifest(media_type: &str) -> bool {
    INDEX_TYPES.contains(&media_type) || IMAGE_MANIFESTS.contains(&media_type)
}

impl Platform {
    /// Attestations say `unknown/unknown`.
    fn shown(self) -> Option<String> {
        let parts: Vec<String> = [self.os, self.architecture, self.variant]
            .into_iter()
            .filter(|p| !p.is_empty() && p != "unknown")
            .collect();
        (!parts.is_empty()).then(|| parts.join("/"))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn digest(n: u8) -> String {
        format!("sha256:{n:064x}")
    }

    #[test]
    fn an_index_names_its_images_and_what_only_describes_them() {
        let index = json!({
            "schemaVersion": 2, "mediaType": INDEX_TYPES[0],
            "manifests": [
                {"digest": digest(1), "size": 5, "platform": {"os": "linux", "architecture": "amd64"}},
                {"digest": digest(2), "size": 5, "platform": {"os": "linux", "architecture": "arm64", "variant": "v8"}},
                {"digest": digest(3), "size": 5, "platform": {"os": "unknown", "architecture": "unknown"},
                 "annotations": {"vnd.docker.reference.type": "attestation-manifest",
                                 "vnd.docker.reference.digest": digest(1)}},
            ],
        });
        let found = children(&index.to_string()).unwrap();
        let shown: Vec<_> = found.iter().map(|c| (c.digest.clone(), c.platform.as_deref(), c.is_attestation)).collect();
        assert_eq!(
            shown,
            [
                (digest(1), Some("linux/amd64"), false),
                (digest(2), Some("linux/arm64/v8"), false),
                (digest(3), None, true)
            ]
        );
    }

    /// A list of signatures, or a build's cache, would be an image to go back to.
    #[test]
    fn what_an_index_lists_beside_images_can_not_be_run() {
        let oci = "application/vnd.oci.image.manifest.v1+json";
        let entry = |media_type: &str, artifact_type: Option<&str>| json!({"mediaType": media_type, "digest": digest(1), "size": 5, "artifactType": artifact_type});
        for (entry, is_attestation) in [
            (entry(oci, None), false),
            (entry(oci, Some("application/vnd.oci.image.config.v1+json")), false),
            (entry(INDEX_TYPES[0], None), false),
            (entry(oci, Some("application/vnd.dev.sigstore.bundle.v0.3+json")), true),
            (entry("application/vnd.oci.image.layer.v1.tar+gzip", None), true),
            (entry("application/vnd.buildkit.cacheconfig.v0", None), true),
            (json!({"digest": digest(1), "annotations": null}), false),
        ] {
            let index = json!({"schemaVersion": 2, "manifests": [entry]});
            assert_eq!(children(&index.to_string()).unwrap()[0].is_attestation, is_attestation, "{entry}");
        }
    }

    #[test]
    fn an_empty_index_has_no_children_and_what_is_no_index_is_said_to_be_so() {
        let empty = json!({"schemaVersion": 2, "mediaType": INDEX_TYPES[0], "manifests": []});
        assert_eq!(children(&empty.to_string()), Ok(vec![]));
        let of_one = json!({"schemaVersion": 2, "config": {"digest": digest(1)}, "layers": []}).to_string();
        let without = json!({"schemaVersion": 2, "mediaType": INDEX_TYPES[1]}).to_string();
        let nonsense = [
            "",
            "[]",
            "null",
            "{}",
            r#"{"manifests": null}"#,
            r#"{"manifests": [{"digest": "latest"}]}"#,
            r#"{"manifests": {}}"#,
        ];
        for bad in nonsense.into_iter().chain([of_one.as_str(), &without]) {
            assert!(children(bad).is_err(), "{bad}");
        }
    }

    /// What a proxy has put into an answer would be printed.
    #[test]
    fn what_can_not_be_read_is_not_repeated() {
        for bad in [r#"{"manifests": "theSecret"}"#, r#"{"manifests": [{"digest": "theSecret"}]}"#, "theSecret"] {
            assert!(!children(bad).unwrap_err().contains("theSecret"), "{bad}");
        }
    }
}
