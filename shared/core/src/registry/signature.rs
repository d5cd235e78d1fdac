//! What in a registry is a signature of an image, by what the registry says of it. Whether it is valid, and whose it is,
//! is for whoever has the keys: an admission controller.
//!
//! Cosign: a tag of its own (<https://github.com/sigstore/cosign/blob/main/specs/SIGNATURE_SPEC.md>), or from version 3
//! on a Sigstore bundle that refers to the image (<https://github.com/sigstore/cosign/blob/main/specs/BUNDLE_SPEC.md>),
//! which an attestation is, too. Notation: an artifact that refers to it
//! (<https://github.com/notaryproject/specifications/blob/main/specs/signature-specification.md>).

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::image::is_digest;

/// Annotations of a manifest.
pub type Annotations = BTreeMap<String, String>;

const NOTATION: &str = "application/vnd.cncf.notary.signature";
/// What cosign 2 writes with `--registry-referrers-mode=oci-1-1`, and the layer of its tags.
const COSIGN: [&str; 2] =
    ["application/vnd.dev.cosign.artifact.sig.v1+json", "application/vnd.dev.cosign.simplesigning.v1+json"];
/// With a version behind it: `.v0.3+json`, `+json;version=0.2`.
const BUNDLE: &str = "application/vnd.dev.sigstore.bundle";
/// What cosign before 3.0 called a bundle in the list of referrers (sigstore/cosign issue 4422).
const EMPTY: &str = "application/vnd.oci.empty.v1+json";
const PREDICATE: &str = "dev.sigstore.bundle.predicateType";
const CONTENT: &str = "dev.sigstore.bundle.content";
/// What cosign states of an image that it signs.
const SIGNED: &str = "https://sigstore.dev/cosign/sign/v1";
const MESSAGE: &str = "message-signature";

/// Who made a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Signer {
    Cosign,
    Notation,
}

impl fmt::Display for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cosign => "cosign",
            Self::Notation => "notation",
        })
    }
}

/// What a registry knows of an image's signatures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signed {
    By(Signer),
    /// There are Sigstore bundles about it of which nothing says whether they are signatures.
    Maybe,
    Not,
}

/// What something that refers to an image is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Referrer {
    Signature(Signer),
    /// A bundle of Sigstore's that may be a signature or an attestation: only its own annotations tell.
    MaybeSignature,
    /// A list of contents, an attestation, anything else.
    Other,
}

impl Referrer {
    /// By its type and annotations, as the registry lists it.
    #[must_use]
    pub fn of(artifact_type: Option<&str>, annotations: &Annotations) -> Self {
        let Some(kind) = artifact_type else { return Self::Other };
        if kind == NOTATION {
            return Self::Signature(Signer::Notation);
        }
        if COSIGN.contains(&kind) {
            return Self::Signature(Signer::Cosign);
        }
        if !kind.starts_with(BUNDLE) && kind != EMPTY {
            return Self::Other;
        }
        let says = |key: &str| annotations.get(key).map(String::as_str);
        match (says(PREDICATE), says(CONTENT)) {
            (Some(SIGNED), _) | (None, Some(MESSAGE)) => Self::Signature(Signer::Cosign),
            (Some(_), _) => Self::Other,
            // Other artifacts without anything of their own are called empty, too.
            (None, None) if kind == EMPTY => Self::Other,
            (None, _) => Self::MaybeSignature,
        }
    }
}

/// An OCI manifest, as far as it says what it is; as an index, what it lists.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Manifest {
    artifact_type: Option<String>,
    annotations: Annotations,
    config: Config,
    manifests: Vec<Listed>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Config {
    media_type: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Listed {
    digest: String,
    artifact_type: Option<String>,
    annotations: Annotations,
}

impl Referrer {
    /// By its own manifest: lists may have dropped its annotations. One that can't be read says nothing.
    #[must_use]
    pub fn of_manifest(text: &str) -> Self {
        let Ok(manifest) = serde_json::from_str::<Manifest>(text) else { return Self::MaybeSignature };
        let kind = manifest.artifact_type.or(manifest.config.media_type);
        Self::of(kind.as_deref(), &manifest.annotations)
    }
}

/// What a list of referrers has, each with its digest; nothing for what is no list.
#[must_use]
pub fn listed_in(text: &str) -> Vec<(String, Referrer)> {
    let list: Manifest = serde_json::from_str(text).unwrap_or_default();
    let of = |one: Listed| (one.digest, Referrer::of(one.artifact_type.as_deref(), &one.annotations));
    list.manifests.into_iter().filter(|one| is_digest(&one.digest)).map(of).collect()
}

/// The tag under which cosign puts the signatures of an image: `sha256-….sig`. Nothing for what is no digest.
#[must_use]
pub fn cosign_tag(digest: &str) -> Option<String> {
    referrers_tag(digest).map(|tag| format!("{tag}.sig"))
}

/// The tag of the list of what refers to an image, where a registry, or whoever wrote there, doesn't know referrers
/// (<https://github.com/opencontainers/distribution-spec/blob/main/spec.md#referrers-tag-schema>).
#[must_use]
pub fn referrers_tag(digest: &str) -> Option<String> {
    digest.strip_prefix("sha256:").map(|hex| format!("sha256-{hex}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUNDLE_03: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";

    fn of(kind: &str, annotations: &[(&str, &str)]) -> Referrer {
        let all = annotations.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        Referrer::of(Some(kind), &all)
    }

    /// home-operations/flate pull request 715, sigstore/cosign issues 4204 and 4553: what cosign 3 signs has no
    /// `.sig` tag, and was taken for unsigned.
    #[test]
    fn what_signs_an_image_is_told_from_what_only_describes_it() {
        let cosign = Referrer::Signature(Signer::Cosign);
        for (kind, annotations, is) in [
            (NOTATION, vec![], Referrer::Signature(Signer::Notation)),
            (COSIGN[0], vec![], cosign),
            (BUNDLE_03, vec![(CONTENT, "dsse-envelope"), (PREDICATE, SIGNED)], cosign),
            (BUNDLE_03, vec![(CONTENT, "message-signature")], cosign),
            // actions/attest-build-provenance issue 62, sigstore/sigstore-rs issue 588: provenance has the same type.
            (
                BUNDLE_03,
                vec![(CONTENT, "dsse-envelope"), (PREDICATE, "https://slsa.dev/provenance/v1")],
                Referrer::Other,
            ),
            (BUNDLE_03, vec![(PREDICATE, "https://cyclonedx.org/bom")], Referrer::Other),
            // sigstore/cosign issues 4563 and 4641: annotations that weren't written, or were dropped.
            (BUNDLE_03, vec![], Referrer::MaybeSignature),
            (BUNDLE_03, vec![(CONTENT, "dsse-envelope")], Referrer::MaybeSignature),
            // sigstore/cosign issue 4422.
            (EMPTY, vec![(CONTENT, "dsse-envelope"), (PREDICATE, SIGNED)], cosign),
            (EMPTY, vec![], Referrer::Other),
            ("application/spdx+json", vec![], Referrer::Other),
            ("application/vnd.in-toto+json", vec![(PREDICATE, SIGNED)], Referrer::Other),
        ] {
            assert_eq!(of(kind, &annotations), is, "{kind} {annotations:?}");
        }
        assert_eq!(Referrer::of(None, &Annotations::new()), Referrer::Other);
    }

    /// sigstore/cosign issue 4641: the list under the referrers' tag keeps the type and drops the annotations; the
    /// bundle's own manifest has them.
    #[test]
    fn what_a_list_has_dropped_is_in_the_manifest() {
        let digest = format!("sha256:{}", "0123456789abcdef".repeat(4));
        let list = serde_json::json!({"manifests": [{"digest": digest, "artifactType": BUNDLE_03}, {"digest": "x"}]});
        assert_eq!(listed_in(&list.to_string()), [(digest, Referrer::MaybeSignature)]);
        let bundle = serde_json::json!({"artifactType": BUNDLE_03, "annotations": {PREDICATE: SIGNED}});
        assert_eq!(Referrer::of_manifest(&bundle.to_string()), Referrer::Signature(Signer::Cosign));
        // OCI 1.0: the type is the config's.
        let old = serde_json::json!({"config": {"mediaType": NOTATION}});
        assert_eq!(Referrer::of_manifest(&old.to_string()), Referrer::Signature(Signer::Notation));
        assert_eq!(Referrer::of_manifest("nonsense"), Referrer::MaybeSignature);
        assert!(listed_in("nonsense").is_empty() && listed_in("{}").is_empty());
    }

    #[test]
    fn tags_beside_an_image_are_made_of_its_digest() {
        let digest = format!("sha256:{}", "0123456789abcdef".repeat(4));
        let tag = cosign_tag(&digest).unwrap();
        assert_eq!(super::super::subject_tag::subject_in_tag(&tag), Some((digest, ".sig")));
        assert_eq!(cosign_tag("latest"), None);
    }
}
