//! The color of one Service of a release, and how it is prepared.

use release_core::release::change::Change;
use release_core::release::pod_tests::ForWorkload;

use crate::prepared::Prepared;
use crate::vetting::known::Vetted;

/// The color of one Service, before its first write.
#[derive(Debug)]
pub struct Preparation {
    pub service: String,
    pub color: String,
    pub prepared: Vec<Prepared>,
    /// What prepares them, in this order.
    pub writes: Vec<Change>,
    /// What is asked of its pods before the traffic moves, workload by workload.
    pub tests: Vec<ForWorkload>,
    /// What ECR knows of its images, where it was asked.
    pub vetted: Vec<Vetted>,
}

/// `green of service/api, blue of service/web`
#[must_use]
pub fn colors_of(parts: &[Preparation]) -> String {
    parts.iter().map(|part| format!("{} of service/{}", part.color, part.service)).collect::<Vec<_>>().join(", ")
}
