//! A repository and its policy for tests.

use jiff::{SignedDuration, Timestamp};
use release_core::registry::ecr_reference::EcrRepository;
use release_core::registry::index_manifest::IndexChildren;
use release_core::registry::lifecycle_policy::{Keep, Policy, build};
use release_core::registry::manifest_content::ManifestContents;
use release_core::registry::push_history::PushedImage;
use serde_json::{Value, json};

use super::outlook::{Contents, InForce, Outlook};
use super::pods::PodImages;
use super::usage::{Forced, Need, Use};
use super::uses::Uses;

pub const HOST: &str = "123456789012.dkr.ecr.ap-southeast-2.amazonaws.com";

pub fn repository() -> EcrRepository {
    EcrRepository::of(&format!("{HOST}/ms-account-management")).unwrap()
}

pub fn now() -> Timestamp {
    "2026-06-30T12:00:00Z".parse().unwrap()
}

pub fn ago(days: i64) -> Timestamp {
    now() - SignedDuration::from_hours(24 * days)
}

/// `sha256:` and 64 times the digit.
pub fn digest(digit: char) -> String {
    format!("sha256:{}", digit.to_string().repeat(64))
}

/// An image with tags parted by spaces, pushed so many days ago.
pub fn image(digit: char, tags: &str, days_ago: i64) -> PushedImage {
    PushedImage {
        tags: tags.split_whitespace().map(str::to_owned).collect(),
        manifest_type: Some("application/vnd.oci.image.manifest.v1+json".into()),
        ..PushedImage::untagged(digest(digit), ago(days_ago))
    }
}

pub fn index(digit: char, tags: &str, days_ago: i64) -> PushedImage {
    let manifest_type = Some("application/vnd.oci.image.index.v1+json".into());
    PushedImage { manifest_type, ..image(digit, tags, days_ago) }
}

/// Six releases, the last one pushed yesterday.
pub fn releases() -> Vec<PushedImage> {
    ('0'..='5').zip(1..).map(|(digit, n)| image(digit, &format!("latest-release-1.0.{digit}"), 7 - n)).collect()
}

/// `--keep-tagged 5 --tag-prefix latest --keep-untagged 2`
pub fn keep_five() -> Policy {
    build(&Keep { tagged: Some(5), prefixes: vec!["latest".into()], untagged: Some(2) })
}

pub fn running() -> Use {
    Use::Running { cluster: "prod".into(), by: "shop/deploy/api".into(), pods: 3 }
}

/// A PodSpec's template with one container of that tag.
pub fn template(tag: &str) -> Value {
    json!({"spec": {"containers": [{"name": "api", "image": format!("{HOST}/ms-account-management:{tag}")}]}})
}

/// A pod of the ReplicaSet `owner`, whose name ends in the hash of its template.
pub fn pod(owner: &str, phase: &str, image: &str, image_id: &str) -> PodImages {
    let hash = owner.rsplit_once('-').map_or("", |(_, hash)| hash);
    serde_json::from_value(json!({
        "metadata": {"name": format!("{owner}-x2k4q"), "namespace": "shop", "labels": {"pod-template-hash": hash},
            "ownerReferences": [{"kind": "ReplicaSet", "name": owner, "controller": true}]},
        "spec": {"containers": [{"name": "api", "image": image}]},
        "status": {"phase": phase, "containerStatuses": [{"name": "api", "imageID": image_id}]},
    }))
    .unwrap()
}

/// Tag, digest and use of each need.
pub fn told(needs: &[Need]) -> Vec<(Option<&str>, Option<&str>, Use)> {
    needs.iter().map(|need| (need.tag.as_deref(), need.digest.as_deref(), need.used.clone())).collect()
}

/// What a policy does to images of which one is in use.
pub fn outlook(images: Vec<PushedImage>, in_use: Option<(char, Use)>, policy: &Policy) -> Outlook {
    let by_digest = in_use.into_iter().map(|(digit, used)| (digest(digit), vec![used])).collect();
    let uses = Uses { by_digest, ..Uses::default() };
    let contents = Contents {
        images,
        children: IndexChildren::new(),
        contents: ManifestContents::new(),
        children_unread: None,
        in_force: InForce::None,
        uses,
        now: now(),
    };
    Outlook::new("ms-account-management", &contents, policy, &Forced::default())
}
