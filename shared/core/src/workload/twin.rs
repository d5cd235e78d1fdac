//! A workload made from another: one color's from that of the other, and what it has to be kept like.
//!
//! Objects are values as the API server has them, so that fields that nobody here knows are copied, too.

mod autoscaler;
mod canary;
mod color_name;
mod containers;
mod copy;
mod differences;
mod exchange;
mod images;
mod migrates;
mod references;
mod secrets;
mod sync;
#[cfg(test)]
mod tests;

pub use super::container_image::ContainerImage;
pub use autoscaler::autoscaler_alike;
pub use canary::{ROLE, canary_of, is_canary_label};
pub use color_name::renamed;
pub use containers::{containers_of, pod_labels_of};
pub use copy::twin_of;
pub use differences::{Difference, differences};
pub use exchange::Exchange;
pub use images::{AskedImage, ImageEdit, edits, with_images};
pub use migrates::migrates;
pub use references::{claims_of, of_one_color};
pub use sync::synced;
