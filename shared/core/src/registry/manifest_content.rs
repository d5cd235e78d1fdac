//! What a manifest is of, where the registry's list doesn't say: whether a runtime can start it.
//!
//! A registry calls a manifest by the media type of its configuration, and what describes an image often has that of an
//! image. Its layers tell:
//! - BuildKit's attestations (<https://docs.docker.com/build/metadata/attestations/attestation-storage/>): layers of
//!   in-toto, the image's own configuration type, and nothing but their index says so;
//! - cosign's signatures (<https://github.com/sigstore/cosign/blob/main/specs/SIGNATURE_SPEC.md>) and attestations
//!   (`ATTESTATION_SPEC.md` there, in the envelope of DSSE): told by a tag, which the next one of the image takes away;
//! - an OCI artifact (<https://github.com/opencontainers/image-spec/blob/main/manifest.md#guidelines-for-artifact-usage>):
//!   `artifactType`, a configuration that is empty or of a type of its own, as a Helm chart has it
//!   (<https://helm.sh/docs/topics/registries/#helm-chart-manifest>).

use std::collections::BTreeMap;

use serde::Deserialize;

/// Configurations that a container runtime starts: OCI image-spec `config.md`, Docker image
/// manifest v2 schema 2, and the one of Wasm images, which runtimes with a Wasm shim start
/// (<https://tag-runtime.cncf.io/wgs/wasm/deliverables/wasm-oci-artifact/>).
pub const IMAGE_CONFIGS: [&str; 3] = [
    "application/vnd.oci.image.config.v1+json",
    "application/vnd.docker.container.image.v1+json",
    "application/vnd.wasm.config.v0+json",
];
/// Manifests of one image.
pub const IMAGE_MANIFESTS: [&str; 3] = [
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.distribution.manifest.v1+prettyjws",
];
/// How the types of file systems begin (`layer.md` of the same specification, nydus and encryption among what builds on
/// it; Docker's), and those of Wasm modules.
const FILES: [&str; 4] = [
    "application/vnd.oci.image.layer.",
    "application/vnd.docker.image.rootfs.",
    "application/wasm",
    "application/vnd.wasm.",
];

/// What manifests that are no index are of, by digest, as far as they were read.
pub type ManifestContents = BTreeMap<String, ManifestContent>;

/// What a manifest is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ManifestContent {
    /// As far as it tells, a runtime can start it.
    Image,
    Signature,
    Attestation,
    /// Something else that is about another manifest.
    Referrer {
        subject: String,
    },
    /// Neither an image nor about one, by its own type.
    Artifact {
        media_type: String,
    },
    /// The registry didn't give it out, or nobody can read it.
    Unknown,
}

/// The two kinds of artifact that people know by name, by a media type.
#[must_use]
pub fn known_artifact(media_type: &str) -> Option<ManifestContent> {
    let has = |words: &[&str]| words.iter().any(|word| media_type.contains(word));
    if has(&["notary.signature", "cosign.signature", "cosign.artifact.sig", "cosign.simplesigning"]) {
        return Some(ManifestContent::Signature);
    }
    let attests = [
        "in-toto",
        "dsse.envelope",
        "sigstore.bundle",
        "spdx",
        "cyclonedx",
        "syft",
        "docker.attestation",
        "cosign.artifact.att",
        "cosign.artifact.sbom",
    ];
    has(&attests).then_some(ManifestContent::Attestation)
}

impl ManifestContent {
    /// By the text of a manifest that is no index.
    #[must_use]
    pub fn of(manifest: &str) -> Self {
        serde_json::from_str::<Manifest>(manifest).map_or(Self::Unknown, Manifest::content)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Manifest {
    artifact_type: Option<String>,
    config: Option<Blob>,
    layers: Option<Vec<Blob>>,
    /// Of Docker's first schema, which had no media types.
    fs_layers: Option<Vec<serde::de::IgnoredAny>>,
    subject: Option<Subject>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Blob {
    media_type: Option<String>,
}

#[derive(Deserialize)]
struct Subject {
    digest: String,
}

impl Manifest {
    fn content(self) -> ManifestContent {
        if self.fs_layers.is_some() {
            return ManifestContent::Image;
        }
        let config = self.config.and_then(|config| config.media_type);
        let layers = self.layers.unwrap_or_default();
        let layers: Vec<&str> = layers.iter().filter_map(|layer| layer.media_type.as_deref()).collect();
        let is_image = |media_type: &&str| !IMAGE_CONFIGS.contains(media_type);
        let artifact = self.artifact_type.as_deref().filter(is_image);
        let config = config.as_deref();
        // Without layers there is nothing to tell an image of nothing from.
        let holds_files =
            layers.is_empty() || layers.iter().any(|layer| FILES.iter().any(|kind| layer.starts_with(kind)));
        let odd = config.filter(is_image);
        let said = || artifact.into_iter().chain(odd).chain(layers.iter().copied().filter(|_| !holds_files));
        if let Some(known) = said().find_map(known_artifact) {
            return known;
        }
        if let Some(subject) = self.subject {
            return ManifestContent::Referrer { subject: subject.digest };
        }
        match (config, said().next()) {
            (_, Some(media_type)) => ManifestContent::Artifact { media_type: media_type.to_owned() },
            (Some(_), None) => ManifestContent::Image,
            // Every image has a configuration.
            (None, None) => ManifestContent::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const OCI: &str = "application/vnd.oci.image.config.v1+json";
    const EMPTY: &str = "application/vnd.oci.empty.v1+json";
    const GZIP: &str = "application/vnd.oci.image.layer.v1.tar+gzip";

    fn manifest(config: &str, layers: &[&str]) -> Value {
        let blob = |media_type: &str| json!({"mediaType": media_type, "digest": "sha256:aa", "size": 167});
        let layers: Vec<Value> = layers.iter().map(|layer| blob(layer)).collect();
        json!({"schemaVersion": 2, "mediaType": IMAGE_MANIFESTS[0], "config": blob(config), "layers": layers})
    }

    fn of(manifest: &Value) -> ManifestContent {
        ManifestContent::of(&manifest.to_string())
    }

    fn artifact(media_type: &str) -> ManifestContent {
        ManifestContent::Artifact { media_type: media_type.into() }
    }

    /// Pods would be told to run what only describes their image.
    #[test]
    fn what_describes_an_image_is_told_by_its_layers() {
        let in_toto = "application/vnd.in-toto+json";
        for (config, layers, content) in [
            (OCI, vec![in_toto], ManifestContent::Attestation),
            (OCI, vec![in_toto, in_toto], ManifestContent::Attestation),
            (OCI, vec!["application/vnd.dsse.envelope.v1+json"], ManifestContent::Attestation),
            (OCI, vec!["application/vnd.dev.cosign.simplesigning.v1+json"; 2], ManifestContent::Signature),
            (OCI, vec!["text/spdx"], ManifestContent::Attestation),
            (OCI, vec!["application/vnd.cyclonedx+json"], ManifestContent::Attestation),
            (OCI, vec!["application/vnd.acme.rules+yaml"], artifact("application/vnd.acme.rules+yaml")),
            (
                "application/vnd.buildkit.cacheconfig.v0",
                vec![GZIP],
                artifact("application/vnd.buildkit.cacheconfig.v0"),
            ),
            (
                "application/vnd.cncf.helm.config.v1+json",
                vec!["application/vnd.cncf.helm.chart.content.v1.tar+gzip"],
                artifact("application/vnd.cncf.helm.config.v1+json"),
            ),
        ] {
            assert_eq!(of(&manifest(config, &layers)), content, "{config} {layers:?}");
        }
    }

    /// An old release without a tag would be no way back.
    #[test]
    fn whatever_a_runtime_starts_is_an_image() {
        let docker = "application/vnd.docker.container.image.v1+json";
        for (config, layers) in [
            (OCI, vec![GZIP]),
            (OCI, vec![]),
            (OCI, vec!["application/vnd.oci.image.layer.v1.tar+zstd", "application/vnd.acme.index"]),
            (OCI, vec!["application/vnd.oci.image.layer.v1.tar+gzip+encrypted"]),
            (OCI, vec!["application/vnd.oci.image.layer.nydus.blob.v1"]),
            (docker, vec!["application/vnd.docker.image.rootfs.diff.tar.gzip"]),
            (docker, vec!["application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"]),
            ("application/vnd.wasm.config.v0+json", vec!["application/wasm"]),
            (OCI, vec!["application/vnd.wasm.content.layer.v1+wasm"]),
        ] {
            assert_eq!(of(&manifest(config, &layers)), ManifestContent::Image, "{config} {layers:?}");
        }
        let mut same = manifest(OCI, &[GZIP]);
        same["artifactType"] = json!(OCI);
        assert_eq!(of(&same), ManifestContent::Image);
        let first = json!({"schemaVersion": 1, "name": "api", "fsLayers": [{"blobSum": "sha256:aa"}]});
        assert_eq!(of(&first), ManifestContent::Image);
    }

    #[test]
    fn an_artifact_is_called_by_its_own_type_and_a_referrer_by_what_it_is_about() {
        let mut sbom = manifest(EMPTY, &["application/spdx+json"]);
        sbom["artifactType"] = json!("application/spdx+json");
        assert_eq!(of(&sbom), ManifestContent::Attestation);
        let mut rules = manifest(EMPTY, &[EMPTY]);
        rules["artifactType"] = json!("application/vnd.acme.rules.v1");
        assert_eq!(of(&rules), artifact("application/vnd.acme.rules.v1"));
        rules["subject"] = json!({"digest": "sha256:bb"});
        assert_eq!(of(&rules), ManifestContent::Referrer { subject: "sha256:bb".into() });
        sbom["subject"] = json!({"digest": "sha256:bb"});
        assert_eq!(of(&sbom), ManifestContent::Attestation);
        let mut attestation = manifest(EMPTY, &["application/vnd.in-toto+json"]);
        attestation["artifactType"] = json!("application/vnd.docker.attestation.manifest.v1+json");
        assert_eq!(of(&attestation), ManifestContent::Attestation);
    }

    #[test]
    fn what_makes_no_sense_is_not_known() {
        for bad in
            ["", "null", "[]", "{}", r#"{"config": 5}"#, r#"{"layers": null, "config": null}"#, r#"{"config": {}}"#]
        {
            assert_eq!(ManifestContent::of(bad), ManifestContent::Unknown, "{bad}");
        }
    }
}
