//! Words that several verbs say.

use std::time::Duration;

use jiff::Timestamp;
use release_core::command::Command;
use release_core::duration::{short_duration, typed_duration};
use release_core::registry::image::ImageRef;
use release_core::release::canary::run::Phase;
use release_core::release::canary::step::{Pause, Step};
use release_core::release::canary::steps::Steps;

use crate::record::CanaryRecord;

/// `3s ago`
#[must_use]
pub fn ago(at: Timestamp, now: Timestamp) -> String {
    let gone = Duration::try_from(now.duration_since(at)).unwrap_or_default();
    format!("{} ago", short_duration(gone))
}

/// A command of ours about this Deployment.
#[must_use]
pub fn command(verb: &str, stable: &str) -> Command {
    Command::new("kubectl canary").arg(verb).arg(format!("deploy/{stable}"))
}

/// `api:1.5.0 -> api:1.6.0`, each container's.
#[must_use]
pub fn images(record: &CanaryRecord) -> String {
    let short = |image: &str| ImageRef::parse(image).short();
    let one = |moved: &crate::record::Moved| format!("{}: {} -> {}", moved.name, short(&moved.from), short(&moved.to));
    record.containers.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// What a step does, in a few words.
#[must_use]
pub fn step(step: &Step) -> String {
    match step {
        Step::SetWeight(weight) => format!("{weight}%"),
        Step::Pause(Pause { duration: Some(time) }) => format!("pause {}", typed_duration(time.0)),
        Step::Pause(Pause { duration: None }) => "pause until promoted".to_owned(),
        Step::Analysis(_) => "analysis".to_owned(),
        Step::SetCanaryScale(_) => "scale".to_owned(),
        Step::SetHeaderRoute(route) => format!("header route {}", route.name),
        Step::SetMirrorRoute(route) => format!("mirror {}", route.name),
    }
}

/// All steps, parted by arrows.
#[must_use]
pub fn steps(plan: &Steps) -> String {
    plan.steps.iter().map(step).chain(["promote".to_owned()]).collect::<Vec<_>>().join(" > ")
}

/// What a release does, in one word.
#[must_use]
pub fn phase(phase: &Phase) -> &'static str {
    match phase {
        Phase::Running => "running",
        Phase::Paused(_) => "paused",
        Phase::Promoting => "promoting",
        Phase::Aborting(_) => "aborting",
        Phase::Over => "over",
    }
}
