//! What a reference to an image asks of a registry, and who it is that asks.

use release_core::registry::ecr_reference::EcrRepository;
use release_core::registry::image::ImageRef;
use release_core::text::printable;

use super::usage::{Need, Use};

/// What a reference needs.
#[must_use]
pub fn need(image: &str, used: Use) -> Need {
    let repository = EcrRepository::of(image).ok();
    let (tag, digest) = named(image);
    let elsewhere = elsewhere(image).filter(|_| repository.is_none());
    Need { repository, digest, tag, elsewhere, unnamed: None, used }
}

/// A reference as it is kept where its host may lead to a repository of ECR: by its tag, for a digest
/// of its own says which image it is.
#[must_use]
pub fn elsewhere(image: &str) -> Option<String> {
    let is_by_tag = ImageRef::parse(image).digest.is_none() && EcrRepository::of(image).is_err();
    is_by_tag.then(|| printable(image))
}

/// Tag and digest of a reference; `latest` where it has neither, as runtimes read it.
#[must_use]
pub fn named(image: &str) -> (Option<String>, Option<String>) {
    let reference = ImageRef::parse(image);
    let tag = reference.tag.or_else(|| reference.digest.is_none().then_some("latest"));
    (tag.map(str::to_owned), reference.digest.map(str::to_owned))
}

/// `shop/deploy/api`; kinds as kubectl shortens them, others in lower case.
#[must_use]
pub fn who(namespace: &str, kind: &str, name: &str) -> String {
    let kind = match kind {
        "Deployment" => "deploy",
        "StatefulSet" => "sts",
        "DaemonSet" => "ds",
        "ReplicaSet" => "rs",
        "ReplicationController" => "rc",
        kind => &kind.to_lowercase(),
    };
    printable(&format!("{namespace}/{kind}/{name}"))
}
