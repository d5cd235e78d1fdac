//! What the registry says about a repository.

use std::collections::BTreeSet;

use super::pushed_image::PushedImage;
use crate::registry::index_manifest::IndexChildren;
use crate::registry::manifest_content::ManifestContents;

/// What the registry says.
#[derive(Debug, Clone, Copy)]
pub struct Repository<'a> {
    pub images: &'a [PushedImage],
    /// What indexes list, as far as their manifests were read.
    pub children: &'a IndexChildren,
    /// What other manifests are of, as far as they were read.
    pub contents: &'a ManifestContents,
    /// Indexes whose manifests can't be had, because they are archived.
    pub sealed: &'a BTreeSet<String>,
    /// No more manifests can be read: what is a part of what can't be found out.
    pub manifests_unreadable: bool,
}
