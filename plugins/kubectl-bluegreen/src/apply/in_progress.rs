//! A move while it is made.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use release_aws::route53::ChangeId;
use release_core::checks::finding::Finding;
use release_core::checks::ids;
use release_core::command::{Command, Scope};
use release_core::kube::Pod;
use release_core::release::change::Change;
use release_core::release::record::Recorded;
use release_core::traffic::endpoints::Slices;
use release_core::traffic::selector::Tracks;
use release_core::workload::probes::failure_window;

use super::balanced::Balancers;
use super::meanwhile::Meanwhile;
use super::moved::Moved;
use super::signals::Signals;
use crate::cleanup_note::CleanupNote;
use crate::hooks::Loaded;
use crate::options::{MoveOptions, Target, VerifyFor};
use crate::plan::{Move, ServicePlan, SwitchPlan, Width};
use crate::record::Record;
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
    /// The image tag that was asked for instead of a color.
    pub image: Option<&'a str>,
    /// What weakens the proof is a failure.
    pub strict: bool,
    pub moved: Moved,
    /// True until a move by way of both colors has left the target alone.
    pub is_wide: Cell<bool>,
    /// What Route 53 calls the change, where records were written.
    pub change_id: RefCell<Option<ChangeId>>,
    /// Whether its record was written, or will be: annotations of others may leave no room.
    pub is_recorded: Cell<bool>,
    /// What happened to the target while it was watched.
    pub meanwhile: Meanwhile,
    /// What is run once the traffic has arrived.
    pub after: Option<&'a Loaded>,
    /// What the numbers say of it.
    pub signals: Signals<'a>,
    /// The load balancers that send to the target's pods themselves.
    pub balancers: Balancers,
}

impl<'a> MoveInProgress<'a> {
    /// The moves of a plan, before the first write.
    #[must_use]
    pub fn all(plan: &'a SwitchPlan, views: &'a [ServiceView<'a>], options: &'a MoveOptions) -> Vec<Self> {
        Self::of(plan.moves(), views, options, false)
    }

    /// What of the same moves a run without a result has written.
    #[must_use]
    pub fn begun(plan: &'a SwitchPlan, views: &'a [ServiceView<'a>], options: &'a MoveOptions) -> Vec<Self> {
        Self::of(plan.begun(), views, options, true)
    }

    /// The other moves that such a run has written.
    #[must_use]
    pub fn unfinished(plan: &'a SwitchPlan, views: &'a [ServiceView<'a>], options: &'a MoveOptions) -> Vec<Self> {
        Self::of(plan.unfinished_alone(), views, options, true)
    }

    fn of(
        plans: impl Iterator<Item = &'a ServicePlan>,
        views: &'a [ServiceView<'a>],
        options: &'a MoveOptions,
        moved: bool,
    ) -> Vec<Self> {
        let begin = |plan: &'a ServicePlan| {
            let options = options.of(plan.service());
            let view = views.iter().find(|view| view.name() == plan.service())?;
            let tracks = view.tracks.as_ref().ok()?;
            let window =
                || failure_window(plan.target(tracks).into_iter().flat_map(|c| &c.workloads).map(AsRef::as_ref));
            let verify_for = match options.verify_for {
                VerifyFor::Typed(time) => time,
                VerifyFor::Usual { at_most } => view
                    .settings
                    .verify_for
                    .map_or(Duration::ZERO, |annotated| annotated.min(at_most))
                    .max(window())
                    .max(options.analysis.takes()),
            };
            let image = match &options.target {
                Target::Image(tag) => Some(tag.as_str()),
                _ => None,
            };
            Some(Self {
                movement: &plan.movement,
                view,
                tracks,
                // A move that was forced was allowed with less.
                required: plan.required.min(plan.target_ready.max(1)),
                verify_for,
                image,
                strict: options.weighing.strict,
                moved: Moved::new(moved),
                is_wide: Cell::new(matches!(plan.movement.width, Width::Widens(_))),
                change_id: RefCell::new(view.change_id().filter(|_| moved)),
                is_recorded: Cell::new(plan.is_recorded),
                meanwhile: Meanwhile::default(),
                after: options.hooks.after_switch.as_ref(),
                signals: Signals::new(&options.analysis, options.tested.as_ref()),
                balancers: Balancers::of(plan.movement.backend(&plan.movement.to), &view.bindings),
            })
        };
        plans.filter_map(begin).collect()
    }

    /// Endpoints of a color's Service, of which only those that requests for it go to count.
    #[must_use]
    pub fn seen_in(&self, mut slices: Slices, color: &str, pods: &[Pod]) -> Slices {
        if self.view.is_by_subset() {
            let own = self.tracks.pods_of(color, pods).into_iter();
            slices.count_among(own.map(|pod| pod.metadata.name.clone()).collect());
        }
        slices
    }

    /// The Service whose endpoints the target's requests go to.
    #[must_use]
    pub fn backend(&self) -> &'a str {
        self.movement.backend(&self.movement.to)
    }

    /// The Service's name.
    #[must_use]
    pub fn service(&self) -> &'a str {
        &self.movement.service
    }

    /// The write that makes it, from what was read.
    #[must_use]
    pub fn change(&self) -> Change {
        self.change_beside(&self.view.recorded, &self.view.cleanup)
    }

    /// The same from what is there now.
    #[must_use]
    pub fn change_beside(&self, recorded: &Recorded<Record>, cleanup: &CleanupNote) -> Change {
        self.is_recorded.set(recorded.has_room_for(&self.movement.record));
        self.movement.change(recorded, cleanup)
    }

    /// Why there is no record of it.
    #[must_use]
    pub fn unrecorded(&self) -> &'static str {
        if self.view.recorded.has_room_for(&self.movement.record) {
            "an admission policy or webhook takes our annotations off"
        } else {
            "no room beside other annotations"
        }
    }

    /// Whether what a Service says of our moves is what this one wrote.
    #[must_use]
    pub fn is_last_in(&self, recorded: &Recorded<Record>) -> bool {
        recorded.is_left_by(&self.movement.record, self.is_recorded.get())
    }

    /// What weakens the proof: what others did to the target while it was watched, and what could not be asked.
    #[must_use]
    pub fn weaknesses(&self) -> Vec<Finding> {
        let shrunk = self.meanwhile.shrunk.borrow();
        let text = shrunk.as_ref().map(|shrunk| format!("verified with {}", shrunk.of(&self.movement.to)));
        let shrunk = text.map(|text| Finding::warns(self.service(), ids::SCALED_DOWN, text));
        let unasked = self.balancers.not_checked();
        let unasked =
            unasked.map(|why| Finding::not_checked(self.service(), ids::TARGET_HEALTH, "target health", &why));
        shrunk.into_iter().chain(unasked).collect()
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
