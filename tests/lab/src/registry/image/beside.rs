//! What stands beside an image in a registry: signatures, attestations, whatever refers to it.

use serde_json::{Value, json};

use super::{CONFIG, IN_TOTO, INDEX, Image, MANIFEST, blob};

const COSIGN_LAYER: &str = "application/vnd.dev.cosign.simplesigning.v1+json";
const CHART: &str = "application/vnd.cncf.helm.config.v1+json";
const EMPTY: &str = "application/vnd.oci.empty.v1+json";

impl Image {
    /// A signature by cosign, with the tag that names the image it is about.
    pub fn signature_of(digest: &str) -> Self {
        Self::beside(digest, "sig", COSIGN_LAYER)
    }

    /// An attestation by cosign, with the tag that names the image it is about.
    pub fn attestation_of(digest: &str) -> Self {
        Self::beside(digest, "att", "application/vnd.dsse.envelope.v1+json")
    }

    fn beside(digest: &str, suffix: &str, layer: &str) -> Self {
        let layers = json!([blob(layer, 242)]);
        Self::of(json!({"schemaVersion": 2, "mediaType": MANIFEST, "config": blob(CONFIG, 233), "layers": layers}))
            .detail("imageSizeInBytes", 242)
            .artifact_type(CONFIG)
            .tag(&format!("{}.{suffix}", digest.replace(':', "-")))
    }

    /// What BuildKit pushes beside an image to say how it was built, without the index that lists it: as it stays when
    /// that is deleted.
    pub fn provenance() -> Self {
        let layers = json!([blob(IN_TOTO, 4_096)]);
        Self::of(json!({"schemaVersion": 2, "mediaType": MANIFEST, "config": blob(CONFIG, 167), "layers": layers}))
            .detail("imageSizeInBytes", 4_096)
            .artifact_type(CONFIG)
    }

    /// A Helm chart.
    pub fn chart(tag: &str) -> Self {
        let layers = json!([blob("application/vnd.cncf.helm.chart.content.v1.tar+gzip", 9_000)]);
        let manifest = json!({"schemaVersion": 2, "mediaType": MANIFEST, "config": blob(CHART, 400), "layers": layers});
        Self::of(manifest).detail("imageSizeInBytes", 9_000).artifact_type(CHART).tag(tag)
    }

    /// The same without its tags, as the next one of the kind leaves it.
    #[must_use]
    pub fn without_tags(mut self) -> Self {
        self.tags.clear();
        self
    }

    /// An untagged referrer (OCI 1.1): an artifact whose subject is another image.
    pub fn referrer_of(digest: &str, artifact_type: &str) -> Self {
        let layers = json!([blob(artifact_type, 9_000)]);
        Self::of(json!({
            "schemaVersion": 2, "mediaType": MANIFEST, "artifactType": artifact_type, "config": blob(EMPTY, 2),
            "layers": layers, "subject": {"mediaType": MANIFEST, "digest": digest, "size": 1_024},
        }))
        .detail("imageSizeInBytes", 9_000)
        .detail("subjectManifestDigest", digest)
        .artifact_type(artifact_type)
    }

    /// A list of what refers to an image, under the tag that stands for it where a client knows no referrers
    /// (distribution-spec, "Referrers Tag Schema"). Its entries have the type and, as cosign writes them, no annotations.
    pub fn list_of_referrers(digest: &str, referrers: &[&Self]) -> Self {
        let entry = |one: &&Self| {
            json!({
                "mediaType": MANIFEST, "digest": one.digest(), "size": one.text().len(),
                "artifactType": one.manifest["artifactType"],
            })
        };
        let entries: Vec<Value> = referrers.iter().map(entry).collect();
        let manifest = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": entries});
        Self::of(manifest).tag(&digest.replace(':', "-"))
    }

    /// The same artifact, whose manifest names no subject: pushed by a client that knows no referrers.
    #[must_use]
    pub fn without_subject(mut self) -> Self {
        if let Some(manifest) = self.manifest.as_object_mut() {
            manifest.remove("subject");
        }
        self.detail.remove("subjectManifestDigest");
        self
    }

    /// One more annotation of its manifest.
    #[must_use]
    pub fn annotation(mut self, key: &str, value: &str) -> Self {
        self.manifest["annotations"][key] = value.into();
        self
    }
}
