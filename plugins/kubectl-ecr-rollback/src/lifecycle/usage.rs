//! Who uses an image, and what that needs of a repository.

use jiff::Timestamp;
use release_core::checks::ids::{self, CheckId};
use release_core::registry::ecr_reference::EcrRepository;
use release_core::registry::push_history::PodImage;
use release_core::workload::revisions::Revision;
use schemars::JsonSchema;
use serde::Serialize;

/// Why an image is in use; the gravest first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(tag = "reason", rename_all = "camelCase")]
pub enum Use {
    /// Pods run it, or wait to.
    Running { cluster: String, by: String, pods: usize },
    /// It is what a container of the workload goes back to.
    RollbackTarget { cluster: String, by: String },
    /// A workload's template asks for it, whether it has pods now or not.
    Template { cluster: String, by: String },
    /// A revision of the workload had it.
    Revision { cluster: String, by: String, number: i64 },
    /// Somebody pulled it lately; the registry doesn't say who.
    Pulled { at: Timestamp },
}

impl Use {
    /// The finding's id.
    #[must_use]
    pub fn id(&self) -> CheckId {
        match self {
            Self::Running { .. } => ids::RUNNING,
            Self::RollbackTarget { .. } => ids::ROLLBACK_TARGET,
            Self::Template { .. } => ids::ASKED_FOR,
            Self::Revision { .. } => ids::IN_HISTORY,
            Self::Pulled { .. } => ids::PULLED_LATELY,
        }
    }

    /// Who uses it: `shop/deploy/api (prod, 3 pods)`, `2026-05-01` for a pull.
    #[must_use]
    pub fn who(&self) -> String {
        match self {
            Self::Running { cluster, by, pods: 1 } => format!("{by} ({cluster}, 1 pod)"),
            Self::Running { cluster, by, pods } => format!("{by} ({cluster}, {pods} pods)"),
            Self::RollbackTarget { cluster, by } | Self::Template { cluster, by } => format!("{by} ({cluster})"),
            Self::Revision { cluster, by, number } => format!("{by} ({cluster}, revision {number})"),
            Self::Pulled { at } => at.strftime("%F").to_string(),
        }
    }
}

/// An image that something in a cluster needs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Need {
    /// That of the reference; nothing for a host that isn't ECR's: a domain of one's own, a mirror.
    pub repository: Option<EcrRepository>,
    /// The digest that runs, else the reference's own; it counts in every repository that has it.
    pub digest: Option<String>,
    pub tag: Option<String>,
    pub used: Use,
}

/// A container that can be rolled back, with what decides where to.
#[derive(Debug, Clone)]
pub struct RollbackContainer {
    pub repository: EcrRepository,
    pub cluster: String,
    /// `shop/deploy/api`
    pub by: String,
    pub container: String,
    /// The image that the template asks for.
    pub asked: String,
    pub pods: Vec<PodImage>,
    pub revisions: Vec<Revision>,
}
