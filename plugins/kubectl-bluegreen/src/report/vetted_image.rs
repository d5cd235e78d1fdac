//! What ECR knows of an image, as `deploy`'s document has it.

use release_core::registry::push_history::Scan;
use release_core::registry::signature::{Signed, Signer};
use schemars::JsonSchema;
use serde::Serialize;

use crate::vetting::known::{Known, Vetted};

/// An image that ECR was asked about before anything was written.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct VettedImage {
    image: String,
    /// The containers that run it.
    containers: Vec<String>,
    /// What the image is, by digest; absent where ECR doesn't have it, or gave no answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<String>,
    /// What its scan found; an index has what its platforms have together.
    #[serde(skip_serializing_if = "Option::is_none")]
    scan: Option<Scan>,
    /// Whose signature ECR has of it, where one was asked for. Whether it is valid is not known here.
    #[serde(skip_serializing_if = "Option::is_none")]
    signed_by: Option<Signer>,
}

impl VettedImage {
    /// What is known of it.
    #[must_use]
    pub fn of(one: &Vetted) -> Self {
        let (image, containers) = (one.image.clone(), one.containers.iter().cloned().collect());
        let Known::Image(known) = &one.known else {
            return Self { image, containers, digest: None, scan: None, signed_by: None };
        };
        let signed_by = match known.signed {
            Some(Ok(Signed::By(signer))) => Some(signer),
            _ => None,
        };
        let (digest, scan) = (Some(known.digest.clone()), Some(known.scan.clone()));
        Self { image, containers, digest, scan, signed_by }
    }
}
