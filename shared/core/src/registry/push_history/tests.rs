mod contents;
mod decisions;
mod evidence;
mod leaving;
mod left_out;
mod manifests;
mod names;
mod properties;
mod steps;
mod variants;

use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::*;
use crate::registry::index_manifest::IndexChild;
use crate::registry::manifest_content::{ManifestContent, ManifestContents};
use crate::workload::revisions::Revision;

const REPOSITORY: &str = "123456789012.dkr.ecr.ap-southeast-2.amazonaws.com/ms-account-management";

/// Six releases, oldest first, and what ECR says of them.
const SIX: &str = include_str!("fixtures/six-releases.json");
const R: [&str; 6] = [
    "latest-release-1.0.0",
    "latest-release-1.0.1",
    "latest-release-1.0.2",
    "latest-release-1.0.3",
    "latest-release-1.0.4",
    "latest-release-1.0.5",
];

/// The images of a DescribeImages answer.
fn recorded(answer: &str) -> Vec<PushedImage> {
    let answer: Value = serde_json::from_str(answer).unwrap();
    answer["imageDetails"].as_array().unwrap().iter().map(image).collect()
}

fn image(detail: &Value) -> PushedImage {
    let text = |key: &str| detail[key].as_str().map(str::to_owned);
    let time =
        |key: &str| detail[key].as_f64().map(|s| Timestamp::from_millisecond((s * 1000.0).round() as i64).unwrap());
    let mut tags: Vec<String> = serde_json::from_value(detail["imageTags"].clone()).unwrap_or_default();
    tags.sort();
    let severities = detail["imageScanFindingsSummary"]["findingSeverityCounts"].as_object();
    let count = |(name, count): (&String, &Value)| {
        let severity = if name == "HIGH" { ScanSeverity::High } else { ScanSeverity::Low };
        (severity, u32::try_from(count.as_u64().unwrap()).unwrap())
    };
    PushedImage {
        digest: text("imageDigest").unwrap(),
        tags,
        pushed_at: time("imagePushedAt").unwrap(),
        size_bytes: detail["imageSizeInBytes"].as_u64(),
        status: match detail["imageStatus"].as_str() {
            Some("ARCHIVED") => ImageStatus::Archived,
            Some("ACTIVATING") => ImageStatus::Activating,
            _ => ImageStatus::Active,
        },
        last_pulled_at: time("lastRecordedPullTime"),
        last_archived_at: time("lastArchivedAt"),
        last_activated_at: time("lastActivatedAt"),
        manifest_type: text("imageManifestMediaType"),
        artifact_type: text("artifactMediaType"),
        subject: text("subjectManifestDigest"),
        scan: Scan::of(severities.map(|_| "COMPLETE"), severities.map(|found| found.into_iter().map(count).collect())),
    }
}

/// A workload and its repository, changed by each case until it is the one that is meant.
#[derive(Debug, Clone)]
struct Scene {
    images: Vec<PushedImage>,
    children: IndexChildren,
    contents: ManifestContents,
    sealed: BTreeSet<String>,
    manifests_unreadable: bool,
    spec: String,
    pods: Vec<PodImage>,
    revisions: Vec<Revision>,
    left_behind: Vec<LeftBehind>,
    options: Options,
    without_registry: bool,
}

impl Scene {
    /// One container that asks for that tag; no pod has reported anything.
    fn new(answer: &str, tag: &str) -> Self {
        Self {
            images: recorded(answer),
            children: BTreeMap::new(),
            contents: BTreeMap::new(),
            sealed: BTreeSet::new(),
            manifests_unreadable: false,
            spec: format!("{REPOSITORY}:{tag}"),
            pods: Vec::new(),
            revisions: Vec::new(),
            left_behind: Vec::new(),
            options: Options::default(),
            without_registry: false,
        }
    }

    fn pods_run(mut self, digest: &str) -> Self {
        let (image, pulled_from) = (self.spec.clone(), Some(REPOSITORY.to_owned()));
        self.pods.push(PodImage {
            image,
            digest: Some(digest.into()),
            pulled_from,
            updated: true,
            ready: true,
            kept: false,
        });
        self
    }

    /// A stuck rollout: pods of the template before are the ready ones.
    fn ready_pods_still_run(mut self, tag: &str, digest: Option<String>) -> Self {
        let (image, pulled_from) = (format!("{REPOSITORY}:{tag}"), digest.as_ref().map(|_| REPOSITORY.to_owned()));
        self.pods.push(PodImage { image, digest, pulled_from, updated: false, ready: true, kept: false });
        let image = self.spec.clone();
        self.pods.push(PodImage { image, digest: None, pulled_from: None, updated: true, ready: false, kept: false });
        self
    }

    /// ReplicaSets of these tags, each deployed a day after the one before; the last is current.
    fn deployed(mut self, tags: &[&str]) -> Self {
        let template = |tag: &str| {
            json!({"spec": {"containers": [{"name": "api", "image": format!("{REPOSITORY}:{tag}")},
            {"name": "worker", "image": format!("{REPOSITORY}:worker-{tag}")}]}})
        };
        let objects = tags.iter().enumerate().map(|(at, tag)| {
            serde_json::from_value(json!({"kind": "ReplicaSet", "spec": {"template": template(tag)}, "metadata": {
                "name": format!("api-{at}"), "creationTimestamp": format!("2026-02-{:02}T00:00:00Z", at + 1),
                "annotations": {"deployment.kubernetes.io/revision": (at + 1).to_string()},
                "ownerReferences": [{"kind": "Deployment", "uid": "api-uid", "controller": true}]}}))
            .unwrap()
        });
        let asked = serde_json::from_value(template(tags.last().unwrap())).unwrap();
        self.revisions = crate::workload::revisions::of_workload(objects.collect(), "api-uid", &asked);
        self
    }

    fn options(mut self, change: impl FnOnce(&mut Options)) -> Self {
        change(&mut self.options);
        self
    }

    fn from(self, source: Source) -> Self {
        self.options(|o| o.from = Some(source))
    }

    fn question(&self) -> Question<'_> {
        let Self { images, children, contents, sealed, manifests_unreadable, .. } = self;
        let repository = Repository { images, children, contents, sealed, manifests_unreadable: *manifests_unreadable };
        Question {
            spec: &self.spec,
            container: "api",
            pods: &self.pods,
            repository: (!self.without_registry).then_some(repository),
            revisions: &self.revisions,
            left_behind: &self.left_behind,
            options: &self.options,
        }
    }

    fn decide(&self) -> Decision {
        choose(&self.question()).decision
    }

    /// The reference to write, without the repository and with digests as `@`.
    fn goes_to(&self) -> String {
        match self.decide() {
            Decision::Chosen(chosen) => short(&chosen),
            other => format!("{other:?}"),
        }
    }

    /// A rollback left that tag for the release before it; it knew the digests, or only the references.
    fn left(&mut self, tag: &str, knew_digest: bool) {
        self.left_for(tag, "latest-release-1.0.3", knew_digest);
    }

    fn left_for(&mut self, tag: &str, to: &str, knew_digests: bool) {
        let digest = |tag: &str| knew_digests.then(|| self.digest_of(tag));
        let (digest, to_digest) = (digest(tag), digest(to));
        let of = |tag: &str| format!("{REPOSITORY}:{tag}");
        self.left_behind = vec![LeftBehind { image: of(tag), digest, to: of(to), to_digest }];
    }

    fn digest_of(&self, tag: &str) -> String {
        self.images.iter().find(|i| i.tags.iter().any(|t| t == tag)).unwrap().digest.clone()
    }

    /// What that index lists: the untagged images pushed in the second before it; the small ones
    /// are attestations. Any other manifest is of an image.
    fn read(&mut self, index: &str) {
        let read = self.images.iter().find(|i| i.digest == index).unwrap();
        let at = read.pushed_at;
        if !is_index(read) {
            self.contents.insert(index.to_owned(), ManifestContent::Image);
            return;
        }
        let parts = self.images.iter().filter(|i| {
            i.manifest_type.as_deref() == Some("application/vnd.oci.image.manifest.v1+json")
                && i.pushed_at.as_second() == at.as_second()
        });
        let child = |i: &PushedImage| IndexChild {
            is_attestation: i.size_bytes == Some(4096),
            ..IndexChild::image(i.digest.as_str())
        };
        let children = parts.map(child).collect();
        self.children.insert(index.to_owned(), children);
    }

    /// Reads what has to be read, one manifest after the other; gives what was read.
    fn reads(&mut self) -> Vec<String> {
        let mut read = Vec::new();
        while let Some(next) = manifests_to_read(&self.question(), &choose(&self.question())).first().cloned() {
            self.read(&next);
            read.push(next);
        }
        read
    }

    /// The digest of the image pushed so many days into 2026.
    fn pushed_on(&self, day: i64) -> String {
        let at = Timestamp::from_second(1_767_225_600 + day * 86_400).unwrap();
        self.images.iter().find(|i| i.pushed_at == at).unwrap().digest.clone()
    }
}

fn short(chosen: &Chosen) -> String {
    let image = chosen.image.strip_prefix(REPOSITORY).unwrap_or(&chosen.image);
    image.split_once("@sha256:").map_or_else(|| image.to_owned(), |(tag, _)| format!("{tag}@"))
}
