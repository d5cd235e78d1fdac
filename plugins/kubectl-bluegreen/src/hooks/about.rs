//! The release that a hook is of.

use release_core::failure::Next;
use release_core::kube::Labels;
use release_core::release::hooks::Identity;

/// What a hook has to know of it.
#[derive(Debug)]
pub struct About {
    pub release: Identity,
    /// `api`, or `api web`
    pub services: String,
    pub color: String,
    /// What the Services select, and are to select.
    pub selectors: Vec<Labels>,
    /// What is so in the cluster where it fails: `no Service was switched`.
    pub so_far: String,
    /// What goes on from there.
    pub again: Option<Next>,
}
