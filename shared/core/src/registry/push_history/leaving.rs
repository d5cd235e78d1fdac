//! What is being left: the image that the template asks for, and which one that really is.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::Serialize;
use wildmatch::WildMatch;

use super::catalog::Catalog;
use super::listing::{Keep, choose_tag};
use super::pushed_image::PushedImage;
use super::tag::{TagForm, TagKind};
use crate::registry::ecr_reference::same_repository;
use crate::registry::image::ImageRef;

/// What one pod runs in the container that is looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PodImage {
    /// As the pod's spec asks for it.
    pub image: String,
    /// Of the manifest that was pulled, from [`digest_of_image_id`]; nothing where none was.
    pub digest: Option<String>,
    /// The repository that the runtime names beside the digest: not always the one that was asked for.
    pub pulled_from: Option<String>,
    /// The pod was made from the template that the workload has now.
    pub updated: bool,
    pub ready: bool,
    /// Pods are kept as they are on purpose: by a StatefulSet's partition, or until somebody deletes them.
    pub kept: bool,
}

/// An image that a rollback left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftBehind {
    /// As the template asked for it.
    pub image: String,
    /// Which image it was; nothing where the rollout history alone decided.
    pub digest: Option<String>,
    /// What it was left for, in the same terms.
    pub to: String,
    pub to_digest: Option<String>,
}

/// The digest in a container status' `imageID`: `[docker-pullable://]REPOSITORY@sha256:…`. A bare
/// `sha256:…` is the digest of a configuration, which no registry knows an image by.
#[must_use]
pub fn digest_of_image_id(image_id: &str) -> Option<&str> {
    image_id.rsplit_once('@').map(|(_, digest)| digest).filter(|digest| digest.starts_with("sha256:"))
}

/// The digest in an `imageID` without a repository (`sha256:…`, `docker://sha256:…`): of a manifest where an image was
/// brought to the node by other ways than a pull, else of a configuration. Only a registry that has it can tell.
#[must_use]
pub fn bare_digest(image_id: &str) -> Option<&str> {
    let bare = image_id.rsplit_once("://").map_or(image_id, |(_, rest)| rest);
    (bare.starts_with("sha256:") && !bare.contains(['@', '/'])).then_some(bare)
}

/// The repository in a container status' `imageID` that holds a manifest's digest. Where one image has several
/// names on a node, a runtime reports any of them.
#[must_use]
pub fn repository_of_image_id(image_id: &str) -> Option<&str> {
    digest_of_image_id(image_id).map(|_| ImageRef::parse(image_id).repository)
}

/// What is being left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Left {
    /// As the template asks for it.
    pub image: String,
    /// The tag in it; `latest` where it names neither tag nor digest, as runtimes read it.
    pub tag: Option<String>,
    /// What it is in the registry: of a multi-architecture image the whole.
    pub digest: Option<String>,
    /// Where no registry was asked: the other repository that the digest was seen in.
    #[serde(skip)]
    pub seen_in: Option<String>,
    /// The digest that the tag is on now, where that is another: the tag was moved.
    pub tag_moved_to: Option<String>,
    /// The tag is a name (`latest`, `prod`), or stands for a longer version beside it.
    pub tag_moves: bool,
    /// The repository has the image, and its tag on nothing any more.
    #[serde(skip)]
    pub tag_gone: bool,
    /// The form that is kept: `latest-release-N.N`.
    pub form: Option<String>,
    /// A stuck rollout: what ready pods run instead, as their specs ask for it.
    pub ready_pods_run: Vec<String>,
    /// Why it can't be told which image it is.
    pub unknown: Option<UnknownRunning>,
}

/// Why it can't be told which image of the repository is being left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(tag = "reason", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum UnknownRunning {
    /// Pods of one template run several images: their tag was moved while they were started.
    SeveralDigests { digests: Vec<String> },
    /// What runs is no longer in the repository, or never was.
    NotInRepository { tag: Option<String>, digest: Option<String> },
    /// The tag moves, and no pod says which image it pulled.
    NotReported { tag: String },
    /// The tag moves, and what pods run may be a part of another image: manifests can't be read.
    MaybePart { digest: String },
}

impl Left {
    /// The digest, where the repository has it as far as is known: a record of another one would be found nowhere.
    #[must_use]
    pub fn own_digest(&self) -> Option<String> {
        self.digest.clone().filter(|_| self.seen_in.is_none())
    }

    pub(super) fn of(spec: &str, pods: &[PodImage], catalog: Option<&Catalog<'_>>) -> Self {
        let reference = ImageRef::parse(spec);
        let tag = reference.asked_tag();
        let found = found(&reference, tag, pods, catalog);
        let on = tag.and_then(|tag| catalog?.by_tag(tag)).map(|image| image.digest.clone());
        let digest = found.as_ref().ok().cloned().flatten();
        let image = digest.as_deref().and_then(|digest| catalog?.by_digest(digest));
        Self {
            image: spec.to_owned(),
            tag: tag.map(str::to_owned),
            tag_moved_to: on.clone().filter(|on| digest.as_ref().is_some_and(|digest| digest != on)),
            tag_moves: tag.is_some_and(|tag| moves(tag, image)),
            tag_gone: tag.is_some() && image.is_some() && on.is_none(),
            form: None,
            seen_in: digest.as_deref().filter(|_| catalog.is_none()).and_then(|digest| seen_in(digest, spec, pods)),
            ready_pods_run: ready_pods_run(spec, digest.as_deref(), pods),
            unknown: found.err(),
            digest,
        }
    }

    /// The class of tags to stay in: that of the template's tag, where the tag is fixed; else
    /// that of the most telling tag of the image; else that of a tag that the image has lost.
    pub(super) fn keep(&self, catalog: &Catalog<'_>, filter: Option<&WildMatch>) -> Keep {
        let image = self.digest.as_deref().and_then(|digest| catalog.by_digest(digest));
        let tags = image.map(|image| image.tags.as_slice()).unwrap_or_default();
        let own = self.tag.as_ref().map(|tag| (tag, TagForm::of(tag))).filter(|(_, f)| f.kind() != TagKind::Name);
        let held = own.as_ref().filter(|(tag, _)| tags.contains(tag) && !self.tag_moves);
        let other = || {
            let like = own.as_ref().map(|(_, form)| form);
            let fixed = tags.iter().filter(|tag| !moves(tag, image));
            choose_tag(fixed, tags, like).map(|c| (c.tag.to_owned(), c.form))
        };
        let kept = held.map(|(tag, form)| ((*tag).clone(), form.clone())).or_else(other);
        let lost = || own.as_ref().map(|(tag, form)| ((*tag).clone(), form.clone()));
        match (kept.or_else(lost), filter) {
            (Some((tag, _)), Some(filter)) if !filter.matches(&tag) => Keep::Anything,
            (None, Some(_)) => Keep::Anything,
            (Some((_, form)), _) => Keep::Form(form),
            (None, None) => Keep::Names,
        }
    }
}

/// Which image the template's reference is: what its pods pulled, else its own digest, else what
/// the tag is on.
fn found(
    reference: &ImageRef<'_>,
    tag: Option<&str>,
    pods: &[PodImage],
    catalog: Option<&Catalog<'_>>,
) -> Result<Option<String>, UnknownRunning> {
    let pulled: BTreeSet<&str> = pods.iter().filter(|p| p.updated).filter_map(|p| p.digest.as_deref()).collect();
    let Some(catalog) = catalog else {
        return only(pulled.into_iter().map(str::to_owned).collect(), reference.digest);
    };
    // Whatever host and repository the runtime names: a digest counts where it is found.
    let found = pulled.iter().filter_map(|digest| catalog.known(digest, reference));
    let found: BTreeSet<String> = found.map(|image| image.digest.clone()).collect();
    if let Some(digest) = only(found, None)? {
        return Ok(Some(digest));
    }
    let not_found = pulled.first().map(|digest| (*digest).to_owned());
    let gone = |digest| UnknownRunning::NotInRepository { tag: tag.map(str::to_owned), digest };
    if let Some(digest) = reference.digest {
        let image = catalog.known(digest, reference).map(|image| image.digest.clone());
        return image.map(Some).ok_or_else(|| gone(Some(digest.to_owned())));
    }
    // One that isn't found says nothing: the tag does, unless it moves.
    let Some(on) = tag.and_then(|tag| catalog.by_tag(tag)) else { return Err(gone(not_found)) };
    match tag {
        Some(tag) if moves(tag, Some(on)) && pods.iter().any(|pod| pod.updated && pod.ready) => Err(match not_found {
            Some(digest) if catalog.by_digest(&digest).is_some() => UnknownRunning::MaybePart { digest },
            Some(digest) => gone(Some(digest)),
            None => UnknownRunning::NotReported { tag: tag.to_owned() },
        }),
        _ => Ok(Some(on.digest.clone())),
    }
}

/// Another repository that pods name beside a digest, where neither the reference nor any pod says that its own has
/// it, too.
pub(super) fn seen_in(digest: &str, image: &str, pods: &[PodImage]) -> Option<String> {
    let with_it = pods.iter().filter(|pod| pod.image == image && pod.digest.as_deref() == Some(digest));
    let seen: Vec<&str> = with_it.filter_map(|pod| pod.pulled_from.as_deref()).collect();
    let is_known =
        ImageRef::parse(image).digest == Some(digest) || seen.iter().any(|from| same_repository(from, image));
    seen.first().filter(|_| !is_known).map(|from| (*from).to_owned())
}

/// The only digest that pods run, else the reference's own.
fn only(pulled: BTreeSet<String>, own: Option<&str>) -> Result<Option<String>, UnknownRunning> {
    if pulled.len() > 1 {
        return Err(UnknownRunning::SeveralDigests { digests: pulled.into_iter().collect() });
    }
    Ok(pulled.into_iter().next().or_else(|| own.map(str::to_owned)))
}

/// A name, or an alias of a longer version on the same image.
fn moves(tag: &str, image: Option<&PushedImage>) -> bool {
    let form = TagForm::of(tag);
    let longer = |other: &String| form.is_alias_of(&TagForm::of(other));
    form.kind() == TagKind::Name || image.is_some_and(|image| image.tags.iter().any(longer))
}

fn ready_pods_run(spec: &str, left: Option<&str>, pods: &[PodImage]) -> Vec<String> {
    if pods.iter().any(|pod| pod.ready && pod.updated) {
        return Vec::new();
    }
    let ready = pods.iter().filter(|pod| pod.ready && (pod.image != spec || pod.digest.as_deref() != left));
    // The same reference for another image: only the digest tells them apart.
    let name = |pod: &PodImage| match &pod.digest {
        Some(digest) if pod.image == spec => ImageRef::parse(spec).at(digest),
        _ => pod.image.clone(),
    };
    ready.map(name).collect::<BTreeSet<String>>().into_iter().collect()
}
