//! A plan with its findings: what a switch or rollback is about to do, and why it is safe.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::time::Duration;

use kubectl_release::error::{Failure, Outcome};

use crate::checks::{self, Case, Finding, Verb};
use crate::moving::{Journey, verify};
use crate::options::MoveOptions;
use crate::plan::size::{desired, parity};
use crate::plan::{self, Context, Move, Step};
use crate::report::plan_text;
use crate::snapshot::Snapshot;
use crate::subject::{Subject, ready_count};

/// One Service's part: the move, and how ready both sides are.
#[derive(Debug)]
pub struct Leg {
    pub service: String,
    pub target_ready: usize,
    pub active_ready: usize,
    pub required: usize,
    /// The target is brought to size first.
    pub scales_first: bool,
}

/// The whole plan.
#[derive(Debug)]
pub struct Itinerary {
    pub steps: Vec<Step>,
    pub findings: Vec<Finding>,
    legs: BTreeMap<String, Leg>,
}

/// Every Service asked for, with what was found out about it.
#[must_use]
pub fn subjects<'a>(snapshot: &'a Snapshot, key: Option<&str>) -> Vec<Subject<'a>> {
    snapshot.services.iter().map(|service| Subject::of(service, snapshot, key)).collect()
}

impl Itinerary {
    /// Plans and checks. `scaled` is set once the targets have been brought to size.
    ///
    /// # Errors
    /// Where a Service can't be moved at all.
    pub fn of(snapshot: &Snapshot, subjects: &[Subject<'_>], context: &Context<'_>, scaled: bool) -> Outcome<Self> {
        let steps = plan::plan(snapshot, subjects, context)?;
        let moving: Vec<String> = plan::moves(&steps).iter().map(|m| m.service.clone()).collect();
        let (mut findings, mut legs) = (Vec::new(), BTreeMap::new());
        for (movement, subject) in pairs(&steps, subjects) {
            let case = case(snapshot, subject, movement, context.options, &moving, scaled)?;
            findings.extend(checks::run(&case, &context.options.weighing));
            legs.insert(movement.service.clone(), Leg::of(&case));
        }
        findings.sort_by_key(|f| (f.severity, f.overridden));
        // A command to paste must reach the cluster that this run talks to.
        for fix in findings.iter_mut().filter_map(|f| f.fix.as_mut()).filter(|fix| fix.starts_with("kubectl ")) {
            fix.push_str(context.flags);
        }
        Ok(Self { steps, findings, legs })
    }

    /// The moves among the steps.
    #[must_use]
    pub fn moves(&self) -> Vec<&Move> {
        plan::moves(&self.steps)
    }

    /// What is known about a Service's move.
    #[must_use]
    pub fn leg(&self, service: &str) -> Option<&Leg> {
        self.legs.get(service)
    }

    /// Services whose target must be brought to size first.
    #[must_use]
    pub fn to_scale(&self) -> Vec<&Leg> {
        self.legs.values().filter(|leg| leg.scales_first).collect()
    }

    /// The moves as journeys.
    #[must_use]
    pub fn journeys<'a>(&'a self, subjects: &'a [Subject<'a>], options: &MoveOptions) -> Vec<Journey<'a>> {
        pairs(&self.steps, subjects)
            .filter_map(|(movement, subject)| {
                let tracks = subject.tracks.as_ref().ok()?;
                let required = self.leg(&movement.service).map_or(1, |leg| leg.required);
                let verify_for = verify_for(subject, movement, options);
                let moved = Cell::new(Some(false));
                Some(Journey { movement, subject, tracks, required, verify_for, moved })
            })
            .collect()
    }

    /// The plan for people; images of a color by Service and color.
    #[must_use]
    pub fn text(&self, subjects: &[Subject<'_>]) -> String {
        let steps = plan_text::steps(&self.steps, |service, color| {
            let tracks = subjects.iter().find(|s| s.name() == service).and_then(|s| s.tracks.as_ref().ok());
            tracks.and_then(|t| t.color(color)).map(plan_text::short_image).unwrap_or_default()
        });
        let mut lines = vec![steps];
        for line in pairs(&self.steps, subjects).filter_map(|(movement, subject)| self.growth(movement, subject)) {
            if !lines.contains(&line) {
                lines.push(line);
            }
        }
        lines.join("\n")
    }

    /// What the target is brought to first, and waited for.
    fn growth(&self, movement: &Move, subject: &Subject<'_>) -> Option<String> {
        let leg = self.leg(&movement.service).filter(|leg| leg.scales_first)?;
        let tracks = subject.tracks.as_ref().ok()?;
        let sizes = parity(tracks.color(&movement.to)?, tracks.color(&movement.from)?, leg.required);
        let grow: Vec<String> =
            sizes.iter().map(|(w, size)| format!("{w} {} -> {size} replicas, ", w.replicas)).collect();
        Some(format!("  first: {}wait for {} ready pods of {}", grow.concat(), leg.required, movement.to))
    }
}

fn verify_for(subject: &Subject<'_>, movement: &Move, options: &MoveOptions) -> Duration {
    let target = subject.tracks.as_ref().ok().and_then(|t| t.color(&movement.to));
    let default = || target.map(verify::failure_window).unwrap_or_default();
    options.verify_for.or(subject.settings.verify_for).unwrap_or_else(default)
}

fn pairs<'a>(steps: &'a [Step], subjects: &'a [Subject<'a>]) -> impl Iterator<Item = (&'a Move, &'a Subject<'a>)> {
    steps.iter().zip(subjects).filter_map(|(step, subject)| match step {
        Step::Move(movement) => Some((movement.as_ref(), subject)),
        Step::Nothing { .. } => None,
    })
}

fn case<'a>(
    snapshot: &'a Snapshot,
    subject: &'a Subject<'a>,
    movement: &Move,
    options: &MoveOptions,
    moving: &'a [String],
    scaled: bool,
) -> Outcome<Case<'a>> {
    let vanished = || Failure::failed("NoSuchColor", format!("service/{} can't be switched", subject.name()));
    let tracks = subject.tracks.as_ref().map_err(|_| vanished())?;
    let (target, active) =
        (tracks.color(&movement.to).ok_or_else(vanished)?, tracks.color(&movement.from).ok_or_else(vanished)?);
    let mut target_pods = tracks.pods_of(&target.name, &snapshot.pods);
    // A recorded selector may ask for more than the color: only pods that it matches count.
    target_pods.retain(|pod| kubectl_release::objects::has_all(&pod.metadata.labels, &movement.selector));
    let active_pods = tracks.pods_of(&active.name, &snapshot.pods);
    let required = required(options, subject, ready_count(&active_pods));
    let short = ready_count(&target_pods) < required;
    let may_grow = desired(target) < desired(active).max(1) || ready_count(&target_pods) == 0;
    let waits = options.scale && short && !scaled && !target.workloads.is_empty();
    let scales_first = waits && (options.verb == Verb::Switch || may_grow);
    Ok(Case {
        verb: options.verb,
        snapshot,
        subject,
        tracks,
        target,
        active,
        target_pods,
        active_pods,
        required,
        scales_first,
        moving,
    })
}

/// Ready pods that the target needs; never zero.
fn required(options: &MoveOptions, subject: &Subject<'_>, active_ready: usize) -> usize {
    let asked = options.min_ready.or(subject.settings.min_ready);
    match asked {
        _ if options.now => 1,
        Some(min_ready) => min_ready.of(active_ready),
        None => active_ready.max(1),
    }
}

impl Leg {
    fn of(case: &Case<'_>) -> Self {
        Self {
            service: case.subject.name().to_owned(),
            target_ready: ready_count(&case.target_pods),
            active_ready: ready_count(&case.active_pods),
            required: case.required,
            scales_first: case.scales_first,
        }
    }
}
