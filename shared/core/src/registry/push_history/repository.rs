//! What the registry says about a repository.

use super::pushed_image::PushedImage;
use crate::registry::index_manifest::IndexChildren;

/// What the registry says.
#[derive(Debug, Clone, Copy)]
pub struct Repository<'a> {
    pub images: &'a [PushedImage],
    /// What indexes list, as far as their manifests were read.
    pub children: &'a IndexChildren,
    /// No more manifests can be read: what is a part of what can't be found out.
    pub manifests_unreadable: bool,
}
