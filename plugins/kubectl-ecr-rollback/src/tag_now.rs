//! What the tag of a reference is on now: one call to the registry.

use std::time::Duration;

use release_aws::connect::Address;
use release_aws::ecr::{ImageId, connect};
use release_cli::run::Run;
use release_core::failure::Failure;
use release_core::registry::ecr_reference::EcrRepository;
use release_core::registry::image::ImageRef;
use release_core::registry::push_history::PushedImage;
use tokio::time::{Instant, timeout_at};

/// Where a rollback does without the registry, it is not waited for longer.
pub const PATIENCE: Duration = Duration::from_secs(2);

/// What a tag is on now.
#[derive(Debug, Clone, PartialEq)]
pub enum TagNow {
    On(Box<PushedImage>),
    /// The registry says that it is on nothing.
    Gone,
    /// Why that is not known, in a word or two.
    Unknown(String),
}

/// Whether what a reference means was pushed after the image of that digest in the same repository, which is left.
/// Nothing where the registry doesn't say.
pub async fn leads_forward(run: &Run, to: &TagNow, (from, digest): (&str, Option<&String>), deadline: Instant) -> bool {
    let (TagNow::On(to), Some(digest)) = (to, digest) else { return false };
    match tag_now(run, &ImageRef::parse(from).at(digest), deadline).await {
        TagNow::On(from) => to.digest != from.digest && to.pushed_at > from.pushed_at,
        TagNow::Gone | TagNow::Unknown(_) => false,
    }
}

/// Asks the registry of a reference, until then: by its digest, where it has one.
pub async fn tag_now(run: &Run, image: &str, deadline: Instant) -> TagNow {
    let Ok(repository) = EcrRepository::of(image) else { return TagNow::Unknown("not in ECR".into()) };
    let named = ImageRef::parse(image);
    let by_tag = || ImageId::Tag(named.asked_tag().unwrap_or_default().to_owned());
    let id = named.digest.map_or_else(by_tag, |digest| ImageId::Digest(digest.to_owned()));
    let asked = async {
        let registry = connect(&Address::from(&repository), run.cluster.request_timeout(), run.log()).await?;
        let found = registry.until(deadline).images_by(&repository.name, &[id]).await;
        found.map_err(Failure::from)
    };
    match timeout_at(deadline, asked).await {
        Err(_) => TagNow::Unknown("no answer".into()),
        Ok(Err(failure)) => TagNow::Unknown(failure.reason.into()),
        Ok(Ok(found)) => found.into_iter().next().map_or(TagNow::Gone, |image| TagNow::On(Box::new(image))),
    }
}
