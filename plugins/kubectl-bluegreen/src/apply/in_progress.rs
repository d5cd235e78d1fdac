//! A move while it is made.

use std::cell::Cell;
use std::time::Duration;

use release_core::command::{Command, Scope};
use release_core::release::change::Change;
use release_core::traffic::selector::Tracks;
use release_core::workload::probes::failure_window;

use crate::options::{MoveOptions, VerifyFor};
use crate::plan::{Move, ServicePlan, SwitchPlan};
use crate::service_view::ServiceView;

/// A move, and what proving it needs to know.
#[derive(Debug)]
pub struct MoveInProgress<'a> {
    pub movement: &'a Move,
    pub view: &'a ServiceView<'a>,
    pub tracks: &'a Tracks,
    /// Ready target pods that the move was allowed with.
    pub required: usize,
    pub verify_for: Duration,
    /// True while the Service is where this run moved it; nothing where that isn't known.
    pub moved: Cell<Option<bool>>,
}

impl<'a> MoveInProgress<'a> {
    /// The moves of a plan, before the first write.
    #[must_use]
    pub fn all(plan: &'a SwitchPlan, views: &'a [ServiceView<'a>], options: &MoveOptions) -> Vec<Self> {
        Self::of(plan.moves(), views, options, false)
    }

    /// The moves that a run without a result has written.
    #[must_use]
    pub fn unfinished(plan: &'a SwitchPlan, views: &'a [ServiceView<'a>], options: &MoveOptions) -> Vec<Self> {
        Self::of(plan.unfinished(), views, options, true)
    }

    fn of(
        plans: impl Iterator<Item = &'a ServicePlan>,
        views: &'a [ServiceView<'a>],
        options: &MoveOptions,
        moved: bool,
    ) -> Vec<Self> {
        let begin = |plan: &'a ServicePlan| {
            let view = views.iter().find(|view| view.name() == plan.service())?;
            let tracks = view.tracks.as_ref().ok()?;
            let window =
                || failure_window(plan.target(tracks).into_iter().flat_map(|c| &c.workloads).map(AsRef::as_ref));
            let verify_for = match options.verify_for {
                VerifyFor::Typed(time) => time,
                VerifyFor::Usual { at_most } => {
                    view.settings.verify_for.map_or(Duration::ZERO, |annotated| annotated.min(at_most)).max(window())
                }
            };
            let (movement, required, moved) = (&plan.movement, plan.required, Cell::new(Some(moved)));
            Some(Self { movement, view, tracks, required, verify_for, moved })
        };
        plans.filter_map(begin).collect()
    }

    /// The Service's name.
    #[must_use]
    pub fn service(&self) -> &'a str {
        &self.movement.service
    }

    /// The write that makes it, from what was read.
    #[must_use]
    pub fn change(&self) -> Change {
        self.movement.change(self.view.service, &self.view.recorded, &self.view.cleanup)
    }

    /// Names the Service where several move together.
    #[must_use]
    pub fn prefix(&self) -> String {
        if self.movement.record.services.is_empty() { String::new() } else { format!("{}: ", self.movement.service) }
    }
}

/// The command that takes the moves back.
#[must_use]
pub fn rollback(moves: &[MoveInProgress<'_>], scope: &Scope) -> Command {
    Command::new("kubectl bluegreen rollback").args(moves.iter().map(MoveInProgress::service)).scope(scope)
}

/// The command that shows where a Service's traffic goes.
#[must_use]
pub fn status(service: &str, scope: &Scope) -> Command {
    Command::new("kubectl bluegreen status").arg(service).scope(scope)
}
