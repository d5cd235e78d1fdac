//! Which containers the images are for that somebody asked for.

use std::collections::BTreeSet;

use release_core::failure::{Failure, Outcome};
use release_core::registry::image::ImageRef;
use release_core::workload::twin::{AskedImage, ContainerImage, containers_of};
use serde_json::Value;

use crate::refusal::deploying;
use crate::service_view::ServiceView;
use release_cli::images::TypedImage;

/// The images with their containers, of all workloads of a color.
///
/// # Errors
/// Exit 1 for a container that isn't there, and where it isn't clear which is meant.
pub fn asked(view: &ServiceView<'_>, images: &[TypedImage], workloads: &[&Value]) -> Outcome<Vec<AskedImage>> {
    let containers: Vec<ContainerImage> = workloads.iter().flat_map(|workload| containers_of(workload)).collect();
    images.iter().map(|typed| of_container(view, typed, &containers)).collect()
}

fn of_container(view: &ServiceView<'_>, typed: &TypedImage, containers: &[ContainerImage]) -> Outcome<AskedImage> {
    let asked = |container: &str| AskedImage { container: container.to_owned(), image: typed.image.clone() };
    let Some(name) = &typed.container else {
        let mains: BTreeSet<&str> = containers.iter().filter(|c| !c.init).map(|c| c.name.as_str()).collect();
        let mut mains = mains.into_iter();
        return match (mains.next(), mains.next()) {
            (Some(only), None) => Ok(asked(only)),
            _ => Err(deploying::which_container(view, typed, containers)),
        };
    };
    if containers.iter().any(|container| container.name == *name) {
        return Ok(asked(name));
    }
    Err(deploying::no_such_container(view, name, containers))
}

/// The images that are for one workload of several. Containers of one name may be of several applications,
/// as of a server and its worker: then an image is for those of its own repository.
///
/// # Errors
/// Exit 1 where an image is of none of them.
pub fn for_workload(
    view: &ServiceView<'_>,
    asked: &[AskedImage],
    workload: &Value,
    all: &[&Value],
) -> Outcome<Vec<AskedImage>> {
    let named = |workload: &Value, name: &str| containers_of(workload).into_iter().find(|c| c.name == name);
    let mut own = Vec::new();
    for image in asked {
        let Some(container) = named(workload, &image.container) else { continue };
        let everywhere: Vec<ContainerImage> = all.iter().filter_map(|w| named(w, &image.container)).collect();
        let repositories: BTreeSet<&str> = everywhere.iter().map(ContainerImage::repository).collect();
        let wanted = ImageRef::parse(&image.image).repository;
        if repositories.len() > 1 && !repositories.contains(wanted) {
            return Err(ambiguous(view, image, &repositories));
        }
        if repositories.len() == 1 || container.repository() == wanted {
            own.push(image.clone());
        }
    }
    Ok(own)
}

fn ambiguous(view: &ServiceView<'_>, image: &AskedImage, repositories: &BTreeSet<&str>) -> Failure {
    let found: Vec<&str> = repositories.iter().copied().collect();
    let text = format!(
        "container {} of service/{}'s workloads has images of several repositories ({}), and {} is of none of them",
        image.container,
        view.name(),
        found.join(", "),
        image.image
    );
    Failure::failed("AmbiguousContainer", release_core::text::one_line(&text))
}
