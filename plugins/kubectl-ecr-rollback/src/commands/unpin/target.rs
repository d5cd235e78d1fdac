//! What the tag to go back to is on now, held against what runs and what a rollback left.

use jiff::Timestamp;
use release_aws::connect::Address;
use release_aws::ecr::connect;
use release_cli::run::Run;
use release_cluster::wait::later;
use release_core::failure::{Failure, Next, Outcome};
use release_core::registry::ecr_reference::EcrRepository;
use release_core::registry::image::{ImageRef, short_digest};
use release_core::registry::index_manifest::IndexChild;
use release_core::registry::manifest_content::ManifestContent;
use release_core::registry::push_history::{ImageStatus, PushedImage, is_index, no_image};
use release_core::text::printable;
use tokio::time::{Instant, timeout_at};

use crate::built_for::BuiltForFew;
use crate::record::RecordVerb;
use crate::record::way_here::way_here;
use crate::refusal::images_or_revisions;
use crate::selection::Selected;
use crate::snapshot::Snapshot;
use crate::tag_now::{PATIENCE, TagNow, tag_now};
use crate::words::when;

/// What the tag to go back to is on.
#[derive(Debug)]
pub struct Target {
    tag: String,
    on: TagNow,
    /// By its manifest, where that is of no index and can be read.
    content: Option<ManifestContent>,
    /// Where it is an index that is not built for what most nodes are.
    pub built_for: Option<BuiltForFew>,
    running: Option<Box<PushedImage>>,
    /// What the last rollback left, and when.
    left: Option<(Box<PushedImage>, Timestamp)>,
}

impl Target {
    /// Asks the registry; what it says of what runs and what was left is not waited for long.
    pub async fn read(run: &Run, snapshot: &Snapshot, selected: &Selected, to: &str) -> Self {
        let now = ImageRef::parse(selected.image());
        let way = way_here(&snapshot.believed, selected.container(), selected.image());
        let mut rollbacks = way.iter().filter(|(record, _)| record.verb == RecordVerb::Rollback);
        let left = rollbacks.next().and_then(|(record, _)| Some((now.at(record.from_digest.as_ref()?), record.at)));
        let patience = run.deadline().min(later(PATIENCE));
        let of_left = async {
            let (image, at) = left?;
            known(tag_now(run, &image, patience).await).map(|image| (image, at))
        };
        let on = tag_now(run, to, run.deadline());
        let (on, running, left) = futures::join!(on, tag_now(run, selected.image(), patience), of_left);
        let content = match &on {
            TagNow::On(image) if !is_index(image) => content_of(run, to, &image.digest, patience).await,
            _ => None,
        };
        let parts = match &on {
            TagNow::On(image) if is_index(image) => parts_of(run, to, &image.digest, patience).await,
            _ => None,
        };
        let built_for = match parts {
            Some(parts) => BuiltForFew::of(run, snapshot, parts).await,
            None => None,
        };
        let tag = printable(ImageRef::parse(to).asked_tag().unwrap_or_default());
        Self { tag, on, content, built_for, running: known(running), left }
    }

    /// The image that the tag is on.
    #[must_use]
    pub fn digest(&self) -> Option<&str> {
        if let TagNow::On(image) = &self.on { Some(&image.digest) } else { None }
    }

    /// Pods of a tag that is on nothing, or on what is no image, would not start.
    ///
    /// # Errors
    /// Exit 1 where that is so.
    pub fn can_be_deployed(&self, snapshot: &Snapshot, selected: &Selected) -> Outcome<()> {
        let (reason, why) = match &self.on {
            TagNow::Gone => ("NoSuchImage", "is not in the repository".to_owned()),
            TagNow::On(image) if image.status != ImageStatus::Active => {
                ("NotDeployable", "is on an image in the archive".to_owned())
            }
            TagNow::On(image) => match no_image(image, self.content.as_ref(), self.running.as_deref()) {
                Some(why) => ("NotDeployable", format!("is on {}, which is {why}", short_digest(&image.digest))),
                None => return Ok(()),
            },
            TagNow::Unknown(_) => return Ok(()),
        };
        let then = "then push it again, or set the image to another tag".to_owned();
        let failure = Failure::failed(reason, format!("{} {why}; nothing was written", self.tag));
        let look = images_or_revisions(&snapshot.workload.reference(), selected.container(), true);
        Err(failure.next(Next::Look(look.scope(&snapshot.scope), Some(then))))
    }

    /// That it leads to an older push than what was left, or without a rollback than what runs: somebody moved the tag
    /// back. Not where it leads to the very image that runs.
    #[must_use]
    pub fn moved_back(&self) -> Option<String> {
        let TagNow::On(on) = &self.on else { return None };
        let running = self.running.as_ref();
        if running.is_some_and(|running| running.digest == on.digest) {
            return None;
        }
        let is_older = |than: &PushedImage| than.digest != on.digest && on.pushed_at < than.pushed_at;
        let than = match &self.left {
            Some((left, at)) if is_older(left) => {
                format!("{}, which the rollback at {} left", short_digest(&left.digest), when(*at))
            }
            None if running.is_some_and(|running| is_older(running)) => "what runs".to_owned(),
            _ => return None,
        };
        let (tag, digest, at) = (&self.tag, short_digest(&on.digest), on.pushed_at);
        Some(format!(
            "{tag} is on {digest}, pushed at {at:.0}, before {than}: it was moved back, and nothing was pushed since"
        ))
    }

    /// For people.
    #[must_use]
    pub fn in_words(&self) -> String {
        let tag = &self.tag;
        match &self.on {
            TagNow::On(image) => {
                format!("{tag} is on {} now, pushed {:.0}", short_digest(&image.digest), image.pushed_at)
            }
            TagNow::Gone => format!("{tag} is on nothing"),
            TagNow::Unknown(why) => format!("what {tag} is on now could not be found out ({why})"),
        }
    }
}

fn known(now: TagNow) -> Option<Box<PushedImage>> {
    if let TagNow::On(image) = now { Some(image) } else { None }
}

/// Nothing where it can't be read in time.
async fn content_of(run: &Run, image: &str, digest: &str, deadline: Instant) -> Option<ManifestContent> {
    let repository = EcrRepository::of(image).ok()?;
    let read = async {
        let registry = connect(&Address::from(&repository), run.cluster.request_timeout(), run.log()).await.ok()?;
        let digests = [digest.to_owned()];
        registry.until(deadline).contents_of(&repository.name, &digests).await.ok()?.remove(digest)
    };
    timeout_at(deadline, read).await.ok().flatten()
}

/// Nothing where they can't be read in time.
async fn parts_of(run: &Run, image: &str, digest: &str, deadline: Instant) -> Option<Vec<IndexChild>> {
    let repository = EcrRepository::of(image).ok()?;
    let read = async {
        let registry = connect(&Address::from(&repository), run.cluster.request_timeout(), run.log()).await.ok()?;
        let digests = [digest.to_owned()];
        registry.until(deadline).index_children(&repository.name, &digests).await.ok()?.remove(digest)
    };
    timeout_at(deadline, read).await.ok().flatten()
}
