//! Which of the Services of one release the images of a file are for.

use std::collections::BTreeSet;

use release_core::failure::{Failure, Outcome};
use release_core::registry::image::ImageRef;
use release_core::text::printable;
use release_core::workload::twin::{ContainerImage, containers_of};
use serde_json::Value;

use super::chosen::Deploying;
use super::preparing::Objects;
use release_cli::images::TypedImage;

/// For each of the Services, the images of a file that are for its containers.
///
/// # Errors
/// Exit 1 for an image of no container, for one of containers that different applications have, and for a Service that
/// gets none.
pub fn allotted(images: &[TypedImage], all: &[Deploying<'_>], objects: &Objects) -> Outcome<Vec<Vec<TypedImage>>> {
    let containers: Vec<Vec<ContainerImage>> = all.iter().map(|one| containers(one, objects)).collect();
    let mut own: Vec<Vec<TypedImage>> = vec![Vec::new(); all.len()];
    for image in images {
        let name = image.container.as_deref().unwrap_or_default();
        let found: Vec<&ContainerImage> = containers.iter().flatten().filter(|one| one.name == name).collect();
        let repositories: BTreeSet<&str> = found.iter().map(|one| one.repository()).collect();
        let wanted = ImageRef::parse(&image.image).repository;
        let is_clear = repositories.len() < 2 || repositories.contains(wanted);
        if found.is_empty() || !is_clear {
            return Err(of_nobody(image, &repositories));
        }
        let is_meant =
            |one: &ContainerImage| one.name == name && (repositories.len() == 1 || one.repository() == wanted);
        let of_parts = own.iter_mut().zip(&containers).filter(|(_, containers)| containers.iter().any(is_meant));
        of_parts.for_each(|(images, _)| images.push(image.clone()));
    }
    let without = own.iter().zip(all).find(|(images, _)| images.is_empty());
    without.map_or(Ok(()), |(_, one)| Err(none_for(one)))?;
    Ok(own)
}

/// Those of both colors' workloads.
fn containers(deploying: &Deploying<'_>, objects: &Objects) -> Vec<ContainerImage> {
    let (copied, changed) = deploying.workloads();
    let own = copied.into_iter().chain(changed).filter_map(|workload| objects.get(&workload.reference()));
    own.flat_map(|object: &Value| containers_of(object)).collect()
}

fn of_nobody(image: &TypedImage, repositories: &BTreeSet<&str>) -> Failure {
    let name = printable(image.container.as_deref().unwrap_or_default());
    if repositories.is_empty() {
        let text = format!("no container {name} in the pods of any of the Services");
        return Failure::failed("NoSuchContainer", text);
    }
    let found = repositories.iter().copied().collect::<Vec<_>>().join(", ");
    let text = format!(
        "containers {name} of the Services have images of several repositories ({found}), and {} is of none of them",
        image.image
    );
    Failure::failed("AmbiguousContainer", printable(&text)).next("say the images in the documents: spec.images")
}

fn none_for(deploying: &Deploying<'_>) -> Failure {
    let text = format!("the file of images has none for service/{}", deploying.view.name());
    Failure::failed("NothingToDeploy", text).next("name the Services that it is for; nothing was written")
}
