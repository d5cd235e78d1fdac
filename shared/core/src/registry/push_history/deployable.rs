//! Which images of a repository a workload can be given, and why not the others.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use wildmatch::WildMatch;

use crate::registry::index_manifest::{INDEX_TYPES, IndexChildren};

use super::pushed_image::{ImageStatus, PushedImage};

/// Why an image is left out of a rollback.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(tag = "reason", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum LeftOut {
    /// A signature of another image, by its tag (`sha256-….sig`, as cosign writes it) or its
    /// media type.
    Signature,
    /// An attestation or a list of what is inside another image, told in the same two ways.
    Attestation,
    /// Something else that is about another image (its manifest has a `subject`).
    Referrer { subject: String },
    /// Not a container image: a Helm chart, a policy bundle.
    Artifact { media_type: String },
    /// One platform's part of a multi-architecture image.
    IndexChild { index: String },
    /// In archive storage; it has to be restored before it can be pulled.
    Archived,
    /// On its way back from the archive.
    Activating,
    /// No tag of it matches the filter that was asked for.
    OutsideTagFilter,
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Signature => "signature",
            Self::Attestation => "attestation",
            Self::Referrer { .. } => "about another image",
            Self::Artifact { .. } => "no container image",
            Self::IndexChild { .. } => "part of another image",
            Self::Archived => "archived",
            Self::Activating => "being restored",
            Self::OutsideTagFilter => "outside the tag filter",
        })
    }
}

/// Configurations that a container runtime starts: OCI image-spec `config.md`, Docker image
/// manifest v2 schema 2, and the one of Wasm images, which runtimes with a Wasm shim start.
const IMAGE_CONFIGS: [&str; 3] = [
    "application/vnd.oci.image.config.v1+json",
    "application/vnd.docker.container.image.v1+json",
    "application/vnd.wasm.config.v0+json",
];
const IMAGE_MANIFESTS: [&str; 3] = [
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.distribution.manifest.v1+prettyjws",
];

/// Which index each child belongs to; a child of several has them all, in order of their digests.
#[derive(Debug, Default)]
pub(super) struct Parents<'a> {
    by_child: BTreeMap<&'a str, Vec<&'a str>>,
    /// Push times of indexes whose children nobody looked up.
    unread: BTreeMap<Timestamp, &'a str>,
}

impl<'a> Parents<'a> {
    pub(super) fn of(images: &[&'a PushedImage], children: &'a IndexChildren) -> Self {
        let mut parents = Self::default();
        for (index, listed) in children {
            for child in listed {
                parents.by_child.entry(child.as_str()).or_default().push(index.as_str());
            }
        }
        let unread = images.iter().filter(|i| is_index(i) && !children.contains_key(&i.digest));
        parents.unread = unread.map(|index| (index.pushed_at, index.digest.as_str())).collect();
        parents
    }

    pub(super) fn of_digest(&self, digest: &str) -> &[&'a str] {
        self.by_child.get(digest).map_or(&[], Vec::as_slice)
    }

    /// The index that an untagged image is a part of. Where the index can't be read, an untagged
    /// image of the very same time is taken for its child: ECR gives both one time.
    fn of_untagged(&self, image: &PushedImage) -> Option<&'a str> {
        let by_time = || self.unread.get(&image.pushed_at).copied().filter(|_| !is_index(image));
        if image.tags.is_empty() { self.of_digest(&image.digest).first().copied().or_else(by_time) } else { None }
    }
}

/// Why an image can't be deployed whatever is asked for, or nothing where it can.
pub(super) fn not_deployable(image: &PushedImage, parents: &Parents<'_>) -> Option<LeftOut> {
    let status = match image.status {
        ImageStatus::Active => None,
        ImageStatus::Archived => Some(LeftOut::Archived),
        ImageStatus::Activating => Some(LeftOut::Activating),
    };
    by_tags(&image.tags)
        .or_else(|| by_type(image))
        .or_else(|| parents.of_untagged(image).map(|index| LeftOut::IndexChild { index: index.to_owned() }))
        .or(status)
}

/// `*` stands for any characters, as in ECR's own tag patterns, and `?` for one; a tag has
/// neither. An untagged image is outside of every filter.
pub(super) fn is_outside(tags: &[String], filter: Option<&WildMatch>) -> bool {
    filter.is_some_and(|filter| !tags.iter().any(|tag| filter.matches(tag)))
}

/// True for an image that only lists others, one for each platform.
#[must_use]
pub fn is_index(image: &PushedImage) -> bool {
    image.manifest_type.as_deref().is_some_and(|t| INDEX_TYPES.contains(&t))
}

/// Tools that have no referrers write `sha256-` and the digest of the image that they mean.
fn by_tags(tags: &[String]) -> Option<LeftOut> {
    let about = |tag: &str| -> Option<LeftOut> {
        let (hex, kind) = tag.strip_prefix("sha256-")?.split_at_checked(64)?;
        let is_hex = hex.bytes().all(|b| b.is_ascii_hexdigit());
        match kind {
            _ if !is_hex => None,
            ".sig" => Some(LeftOut::Signature),
            ".att" | ".sbom" => Some(LeftOut::Attestation),
            _ if kind.is_empty() || kind.starts_with(['.', '-']) => {
                Some(LeftOut::Referrer { subject: format!("sha256:{hex}") })
            }
            _ => None,
        }
    };
    let found: Option<Vec<LeftOut>> = tags.iter().map(|tag| about(tag)).collect();
    found.and_then(|reasons| reasons.into_iter().next())
}

fn by_type(image: &PushedImage) -> Option<LeftOut> {
    let artifact = image.artifact_type.as_deref().filter(|t| !IMAGE_CONFIGS.contains(t) && !INDEX_TYPES.contains(t));
    let manifest = image.manifest_type.as_deref().filter(|t| !IMAGE_MANIFESTS.contains(t) && !INDEX_TYPES.contains(t));
    let has = |words: &[&str]| artifact.is_some_and(|t| words.iter().any(|word| t.contains(word)));
    if has(&["notary.signature", "cosign.signature", "cosign.artifact.sig"]) {
        return Some(LeftOut::Signature);
    }
    if has(&["in-toto", "sigstore.bundle", "spdx", "cyclonedx", "cosign.artifact.att", "cosign.artifact.sbom"]) {
        return Some(LeftOut::Attestation);
    }
    if let Some(subject) = &image.subject {
        return Some(LeftOut::Referrer { subject: subject.clone() });
    }
    artifact.or(manifest).map(|media_type| LeftOut::Artifact { media_type: media_type.to_owned() })
}
