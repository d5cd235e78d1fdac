//! New images for a workload's containers.

use serde_json::Value;

use super::containers::containers_of;
use crate::registry::image::ImageRef;
use crate::release::change::Op;
use crate::workload::container_image::ContainerImage;

/// An image that somebody asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskedImage {
    /// Of this container.
    pub container: String,
    /// The whole reference.
    pub image: String,
}

/// A container that gets an image, or has it already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageEdit {
    pub container: ContainerImage,
    pub to: String,
    /// Nobody named it: it is an init container of the same repository.
    pub follows: bool,
}

impl ImageEdit {
    /// True where the container has the image already.
    #[must_use]
    pub fn is_so(&self) -> bool {
        self.container.image == self.to
    }

    /// Operations that write the image, where container and image are what was read.
    #[must_use]
    pub fn ops(&self) -> [Op; 3] {
        let pointer = self.container.pointer();
        let (name, image) = (format!("{pointer}/name"), format!("{pointer}/image"));
        [
            // Another container may have moved to this place in the list.
            Op::test(&name, self.container.name.clone()),
            Op::test(&image, self.container.image.clone()),
            Op::replace(&image, self.to.clone()),
        ]
    }
}

/// What becomes of a workload's containers that are asked for, and of init containers that have the image of
/// one of them and were not named: they belong to it, as a migration does. A native sidecar is no
/// preparation, and moves where it is named, or has the very same image.
#[must_use]
pub fn edits(workload: &Value, asked: &[AskedImage]) -> Vec<ImageEdit> {
    let containers = containers_of(workload);
    let named = |container: &ContainerImage| asked.iter().find(|asked| asked.container == container.name);
    let moved: Vec<(&ContainerImage, &AskedImage)> = containers.iter().filter_map(|c| Some((c, named(c)?))).collect();
    let leads = |container: &ContainerImage| {
        let belongs = |(lead, asked): &&(&ContainerImage, &AskedImage)| {
            if container.sidecar {
                return lead.image == container.image;
            }
            let of_new = ImageRef::parse(&asked.image).repository;
            !lead.init && [lead.repository(), of_new].contains(&container.repository())
        };
        moved.iter().find(belongs).map(|(_, asked)| *asked)
    };
    let edit = |container: &ContainerImage| {
        let own = named(container);
        let asked = own.or_else(|| leads(container).filter(|_| container.init))?;
        Some(ImageEdit { container: container.clone(), to: asked.image.clone(), follows: own.is_none() })
    };
    containers.iter().filter_map(edit).collect()
}

/// The workload with these images.
#[must_use]
pub fn with_images(workload: &Value, edits: &[ImageEdit]) -> Value {
    let mut changed = workload.clone();
    for edit in edits {
        if let Some(container) = changed.pointer_mut(&edit.container.pointer()) {
            container["image"] = edit.to.clone().into();
        }
    }
    changed
}
