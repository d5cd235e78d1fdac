//! What is asked of images, and what ECR said of each.

use std::collections::BTreeSet;

use release_core::registry::ecr_reference::NotEcr;
use release_core::registry::image::{ImageRef, short_digest};
use release_core::registry::push_history::Scan;
use release_core::registry::scan_gate::{Gate, findings};
use release_core::registry::signature::Signed;

use crate::prepared::Prepared;

/// What is asked of each image before anything is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Vetting {
    /// What its scan may have found.
    pub gate: Gate,
    /// Somebody has signed it.
    pub signature: bool,
}

impl Vetting {
    /// Whether ECR is asked at all.
    #[must_use]
    pub fn is_asked(self) -> bool {
        self.signature || self.gate != Gate::Off
    }
}

/// An image that pods are to run, and what ECR knows of it.
#[derive(Debug, Clone)]
pub struct Vetted {
    /// The whole reference, as templates have it.
    pub image: String,
    /// The containers that run it.
    pub containers: BTreeSet<String>,
    pub known: Known,
}

/// What ECR knows of an image.
#[derive(Debug, Clone)]
pub enum Known {
    /// It is of another registry.
    NotEcr(NotEcr),
    /// Its repository has no such image, or one that can't be pulled; in a few words.
    NoImage(String),
    /// ECR gave no answer; why.
    Unread(String),
    Image(InEcr),
}

/// An image in ECR.
#[derive(Debug, Clone)]
pub struct InEcr {
    /// What its tag was on when it was asked for.
    pub digest: String,
    /// Digests of an index' platforms.
    pub parts: Vec<String>,
    pub scan: Scan,
    /// Nothing where no signature was asked for; else what ECR knows of one, or why that can't be read.
    pub signed: Option<Result<Signed, String>>,
}

impl InEcr {
    /// True for a digest under which a pod runs it: an index is one platform's image there.
    #[must_use]
    pub fn is(&self, digest: &str) -> bool {
        self.digest == digest || self.parts.iter().any(|part| part == digest)
    }
}

/// The images that are vetted, with their containers: those that were asked for, and those that follow them; where
/// none was, all that the color has.
#[must_use]
pub fn to_vet(prepared: &[Prepared]) -> Vec<(String, BTreeSet<String>)> {
    let edits = || prepared.iter().flat_map(|one| &one.edits);
    let asked: Vec<(String, String)> = if edits().next().is_some() {
        edits().map(|edit| (edit.to.clone(), edit.container.name.clone())).collect()
    } else {
        let containers = prepared.iter().flat_map(Prepared::containers);
        containers.map(|container| (container.image, container.name)).collect()
    };
    let mut images: Vec<(String, BTreeSet<String>)> = Vec::new();
    for (image, container) in asked {
        match images.iter_mut().find(|(known, _)| *known == image) {
            Some((_, containers)) => {
                containers.insert(container);
            }
            None => images.push((image, BTreeSet::from([container]))),
        }
    }
    images
}

/// What is known of them, for people, a line each; what stands in the way is a finding.
#[must_use]
pub fn lines(vetted: &[Vetted], vetting: Vetting) -> Vec<String> {
    vetted.iter().filter_map(|one| line(one, vetting)).collect()
}

fn line(one: &Vetted, vetting: Vetting) -> Option<String> {
    let Known::Image(image) = &one.known else { return None };
    let scanned = (vetting.gate != Gate::Off).then(|| format!("findings: {}", findings(&image.scan)));
    let signed = match image.signed {
        Some(Ok(Signed::By(signer))) => {
            Some(format!("signed by {signer}; whether that is valid is for an admission controller to judge"))
        }
        _ => None,
    };
    let known: Vec<String> = scanned.into_iter().chain(signed).collect();
    if known.is_empty() {
        return None;
    }
    let name = ImageRef::parse(&one.image).short();
    Some(format!("  (ECR: {name} is {}, {})", short_digest(&image.digest), known.join(", ")))
}
