//! Asking ECR.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::join_all;
use release_aws::connect::Address;
use release_aws::ecr::{ImageId, Registry, connect};
use release_cli::run::Run;
use release_core::registry::ecr_reference::EcrRepository;
use release_core::registry::image::ImageRef;
use release_core::registry::push_history::ImageStatus;
use release_core::text::printable;

use super::known::{InEcr, Known, Vetted, Vetting, to_vet};
use crate::prepared::Prepared;

/// Registries by where they are; or why there is no way to one.
type Registries = BTreeMap<Address, Result<Registry, String>>;

/// What ECR knows of the images of these workloads. What can't be read is known as that; nothing where nothing was
/// asked for.
pub async fn read(run: &Run, vetting: Vetting, prepared: &[Prepared]) -> Vec<Vetted> {
    if !vetting.is_asked() {
        return Vec::new();
    }
    let images = to_vet(prepared);
    let registries = &registries(run, images.iter().map(|(image, _)| image.as_str())).await;
    join_all(images.iter().map(async |(image, containers)| Vetted {
        image: image.clone(),
        containers: containers.clone(),
        known: known(registries, vetting, image).await,
    }))
    .await
}

/// One connection to each registry.
async fn registries(run: &Run, images: impl Iterator<Item = &str>) -> Registries {
    let addresses: BTreeSet<Address> =
        images.filter_map(|image| Some(Address::from(&EcrRepository::of(image).ok()?))).collect();
    let mut registries = Registries::new();
    for address in addresses {
        registries.insert(address.clone(), registry(run, &address).await);
    }
    registries
}

/// The way to one of them, for as long as the run has time.
pub(super) async fn registry(run: &Run, address: &Address) -> Result<Registry, String> {
    let connected = connect(address, run.cluster.request_timeout(), run.log()).await;
    connected.map(|registry| registry.until(run.deadline())).map_err(|failure| failure.message)
}

async fn known(registries: &Registries, vetting: Vetting, image: &str) -> Known {
    let repository = match EcrRepository::of(image) {
        Ok(repository) => repository,
        Err(why) => return Known::NotEcr(why),
    };
    let registry = match registries.get(&Address::from(&repository)) {
        Some(Ok(registry)) => registry,
        Some(Err(why)) => return Known::Unread(why.clone()),
        None => return Known::Unread("it was not asked".to_owned()),
    };
    match in_ecr(registry, vetting, (&repository.name, image)).await {
        Ok(known) => known,
        Err(why) => Known::Unread(why),
    }
}

async fn in_ecr(registry: &Registry, vetting: Vetting, (repository, image): (&str, &str)) -> Result<Known, String> {
    let Some(id) = named(image) else { return Ok(Known::NoImage("it names no tag and no digest".to_owned())) };
    let found = registry.scanned(repository, &id).await.map_err(|error| error.to_string())?;
    let Some(found) = found else {
        return Ok(Known::NoImage(format!("repository {} of ECR has no such image", printable(repository))));
    };
    if found.image.status != ImageStatus::Active {
        return Ok(Known::NoImage("ECR has it in its archive, from where nobody can pull it".to_owned()));
    }
    let digest = found.image.digest;
    let signed = if vetting.signature {
        Some(registry.signed(repository, &digest).await.map_err(|error| error.to_string()))
    } else {
        None
    };
    Ok(Known::Image(InEcr { digest, parts: found.parts, scan: found.image.scan, signed }))
}

/// A digest counts before a tag, as for whoever pulls it.
pub(super) fn named(image: &str) -> Option<ImageId> {
    let reference = ImageRef::parse(image);
    match reference.digest {
        Some(digest) => Some(ImageId::Digest(digest.to_owned())),
        None => reference.asked_tag().map(|tag| ImageId::Tag(tag.to_owned())),
    }
}
