//! What the tag of a reference is on now: one call to the registry.

use std::time::Duration;

use release_aws::connect::Address;
use release_aws::ecr::{ImageId, connect};
use release_cli::run::Run;
use release_core::failure::Failure;
use release_core::registry::ecr_reference::{EcrRepository, same_repository};
use release_core::registry::image::ImageRef;
use release_core::registry::push_history::{PushedImage, TagForm, TagKind};
use tokio::time::{Instant, timeout_at};

use crate::record::ImageRecord;

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

/// How two images of one repository were pushed, as the registry says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Order {
    /// What is gone to was pushed before what is left, or is the same.
    Back,
    /// It was pushed later.
    Forward,
    /// Why that is not known, in a word or two.
    Unknown(String),
}

/// Whether what a reference means was pushed after the image that is left in the same repository: that of the digest,
/// or without one that of its tag, where it stays.
pub async fn order(run: &Run, to: &TagNow, (from, digest): (&str, Option<&String>), deadline: Instant) -> Order {
    let to = match to {
        TagNow::On(to) => to,
        TagNow::Gone => return Order::Unknown("its tag is on no image".into()),
        TagNow::Unknown(why) => return Order::Unknown(why.clone()),
    };
    let by_digest = digest.map(|digest| ImageRef::parse(from).at(digest));
    let Some(from) = by_digest.or_else(|| stays(from).then(|| from.to_owned())) else {
        return Order::Unknown("what runs tells no digest".into());
    };
    match tag_now(run, &from, deadline).await {
        TagNow::On(from) if to.digest != from.digest && to.pushed_at > from.pushed_at => Order::Forward,
        TagNow::On(_) => Order::Back,
        TagNow::Gone => Order::Unknown("what runs is not in the repository".into()),
        TagNow::Unknown(why) => Order::Unknown(why),
    }
}

/// Whether the registry says that a change which a record calls a rollback led to a later push.
pub async fn led_forward(run: &Run, record: &ImageRecord, deadline: Instant) -> bool {
    let Some(moved) = record.containers.first().filter(|moved| same_repository(&moved.from, &moved.to)) else {
        return false;
    };
    let from = recorded(run, &moved.from, record.from_digest.as_ref(), deadline);
    let to = recorded(run, &moved.to, record.to_digest.as_ref(), deadline);
    let (from, to) = futures::join!(from, to);
    from.zip(to).is_some_and(|(from, to)| to.pushed_at > from.pushed_at)
}

/// The image that a record means by a reference: by its digest, where that has the tag or has lost all that it had, else
/// by a tag that stays.
async fn recorded(run: &Run, reference: &str, digest: Option<&String>, deadline: Instant) -> Option<Box<PushedImage>> {
    let named = ImageRef::parse(reference);
    let tag = named.asked_tag();
    let may_be = |image: &PushedImage| {
        image.tags.is_empty() || tag.is_none_or(|tag| image.tags.iter().any(|other| other == tag))
    };
    if let Some(digest) = named.digest.or(digest.map(String::as_str))
        && let TagNow::On(image) = tag_now(run, &named.at(digest), deadline).await
        && may_be(&image)
    {
        return Some(image);
    }
    match tag_now(run, reference, deadline).await {
        TagNow::On(image) if stays(reference) => Some(image),
        _ => None,
    }
}

/// True where a reference's tag is no name, or it has a digest.
fn stays(reference: &str) -> bool {
    let named = ImageRef::parse(reference);
    named.digest.is_some() || named.tag.is_some_and(|tag| TagForm::of(tag).kind() != TagKind::Name)
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
