//! What the checks of a deploy are asked about.

use release_core::checks::finding::Finding;
use release_core::checks::ids::CheckId;
use release_core::traffic::selector::{Color, Tracks};

use crate::compared::Compared;
use crate::prepared::Prepared;
use crate::service_view::ServiceView;
use crate::snapshot::Snapshot;
use crate::vetting::known::{Vetted, Vetting};

/// A color about to be prepared, and everything known around it.
#[derive(Debug, Clone, Copy)]
pub struct DeployCase<'a> {
    pub snapshot: &'a Snapshot,
    pub view: &'a ServiceView<'a>,
    pub tracks: &'a Tracks,
    pub color: &'a str,
    pub prepared: &'a [Prepared],
    /// What else the release's file holds.
    pub compared: &'a [&'a Compared],
    /// What is asked of its images, and what ECR knows of them.
    pub vetting: Vetting,
    pub vetted: &'a [Vetted],
}

impl DeployCase<'_> {
    /// The color as it is; nothing where it isn't there.
    pub fn idle(&self) -> Option<&Color> {
        self.tracks.color(self.color)
    }

    /// A finding that stops the deploy.
    pub fn blocks(&self, id: CheckId, message: impl Into<String>) -> Finding {
        Finding::blocks(self.view.name(), id, message)
    }

    /// A finding to know about.
    pub fn warns(&self, id: CheckId, message: impl Into<String>) -> Finding {
        Finding::warns(self.view.name(), id, message)
    }
}
