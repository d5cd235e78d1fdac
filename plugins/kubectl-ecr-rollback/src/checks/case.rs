//! What a check gets: one workload about to get one image, and everything known around it.

use jiff::Timestamp;
use release_cluster::read::Reading;
use release_core::checks::finding::Finding;
use release_core::checks::ids::CheckId;
use release_core::command::Command;
use release_core::kube::Workload;
use release_core::registry::index_manifest::IndexChildren;
use release_core::registry::push_history::{Counted, NeverNamed, PushedImage};
use release_core::registry::scan_gate::Gate;

use crate::built_for::BuiltForFew;
use crate::plan::image_change::ImageChange;
use crate::selection::Selected;
use crate::snapshot::Snapshot;
use crate::tag_now::TagNow;

/// What the registry told, where it was asked.
#[derive(Debug, Clone, Copy)]
pub struct Pushed<'a> {
    pub images: &'a [PushedImage],
    pub children: &'a IndexChildren,
    /// The image to go to; nothing where it isn't in the repository.
    pub target: Option<&'a PushedImage>,
    /// The lifecycle policy in force; read only where the target would lose its last tag.
    pub policy: &'a Reading<Option<String>>,
}

/// One workload about to get one image, and everything known around it.
#[derive(Debug, Clone)]
pub struct Case<'a> {
    pub snapshot: &'a Snapshot,
    pub selected: &'a Selected,
    pub change: &'a ImageChange,
    /// Nothing where no registry was asked.
    pub pushed: Option<Pushed<'a>>,
    /// Where the image to go to is not built for what most nodes are.
    pub built_for: Option<&'a BuiltForFew>,
    /// What the tag to go to is on now, where the rollout history chose it.
    pub tag_now: Option<&'a TagNow>,
    /// What `--max-severity` lets through.
    pub gate: Gate,
    pub chosen: HowChosen,
    pub now: Timestamp,
}

/// How the target was chosen, and who may still say no.
#[derive(Debug, Clone, Default)]
pub struct HowChosen {
    /// A person or a flag named the image itself.
    pub named: bool,
    /// `--from rollout-history`: what ran before, whatever it is called.
    pub by_deployments: bool,
    /// `--yes`: nobody will be asked.
    pub unasked: bool,
    /// The command that goes to the one before it.
    pub further: Option<Command>,
    /// The command that goes to what was most likely deployed directly before, and has lost its tag.
    pub to_lost: Option<Command>,
    /// The command that goes to what ready pods run, where that is neither what is left nor what is gone to.
    pub to_ready: Option<Command>,
    /// What is left of a change of ours whose record is gone, where the words may be the same as then.
    pub unrecorded: Option<String>,
    /// The pushes that were counted on the way to it.
    pub counted: Vec<Counted>,
    /// Why it is not known that it ever had the name that is left.
    pub never_named: Option<NeverNamed>,
    /// `unpin`: how the tag was moved to an older push than what a rollback left, or what runs.
    pub moved_back: Option<String>,
    /// Why it is not known whether it was pushed before what is left, where a record had a say in the choice.
    pub unproven: Option<String>,
}

impl Case<'_> {
    /// The workload that is changed.
    #[must_use]
    pub fn workload(&self) -> &Workload {
        &self.snapshot.workload
    }

    /// A finding that stops the rollback.
    pub fn blocks(&self, id: CheckId, message: impl Into<String>) -> Finding {
        Finding::blocks(self.workload().name(), id, message)
    }

    /// A finding that a person may say yes to, and that stops a run in which nobody is asked.
    pub fn asks(&self, id: CheckId, message: impl Into<String>) -> Finding {
        if self.chosen.unasked { self.blocks(id, message) } else { self.warns(id, message) }
    }

    /// A finding to know about.
    pub fn warns(&self, id: CheckId, message: impl Into<String>) -> Finding {
        Finding::warns(self.workload().name(), id, message)
    }

    /// A check that couldn't be made.
    #[must_use]
    pub fn not_checked(&self, id: CheckId, what: &str, why: &str) -> Finding {
        Finding::not_checked(self.workload().name(), id, what, why)
    }

    /// A command for this cluster and namespace.
    #[must_use]
    pub fn here(&self, command: Command) -> Command {
        command.scope(&self.snapshot.scope)
    }
}
