//! Carrying a change of images out: write, watch, and take back what fails.

mod conclude;
mod take_back;
mod watch;
mod write;

use kubectl_release::error::{Exit, Outcome};
use kubectl_release::objects::Workload;
use kubectl_release::run::Run;

use crate::options::Carry;
use crate::plan::Roll;
use crate::record::Recorded;
use crate::typed::CONTAINERS;

pub use write::write;

/// A change under way.
#[derive(Debug, Clone, Copy)]
pub struct Journey<'a> {
    pub run: &'a Run,
    /// As it was when the plan was made.
    pub workload: &'a Workload,
    pub recorded: &'a Recorded,
    pub roll: &'a Roll,
    pub carry: &'a Carry,
}

impl Journey<'_> {
    /// The command that shows where things stand.
    fn look(&self) -> String {
        format!("kubectl rollout status {}{}", self.workload, self.run.suffix)
    }

    /// The command that takes this up; an `unpin` is not taken up, only looked at.
    fn again(&self) -> String {
        if self.roll.record.verb == "unpin" {
            return self.look();
        }
        let containers = self.carry.typed.only(&CONTAINERS);
        format!("kubectl ecr-rollback {}{containers}{}", self.workload, self.run.suffix)
    }
}

/// Watches the rollout to its end, concludes, and takes back what failed.
///
/// # Errors
/// 1: failed and left so (`--no-rollback`). 3: changed by someone else. 4: out of time and left so.
/// 5: failed and taken back.
pub async fn prove(journey: &Journey<'_>) -> Outcome<()> {
    let failure = match watch::until_done(journey).await {
        Ok(()) => {
            conclude::done(journey).await;
            return Ok(());
        }
        Err(failure) => failure,
    };
    if matches!(failure.exit, Exit::Changed | Exit::RolledBack) {
        return Err(failure);
    }
    if !journey.carry.rollback_on_failure {
        conclude::left_as_is(journey, &failure).await;
        let undo = journey
            .roll
            .change(journey.workload, journey.recorded, &journey.run.cluster.namespace, &journey.run.cluster.flags)
            .undo;
        return Err(if failure.next.is_some() { failure } else { failure.next(undo.unwrap_or_default()) });
    }
    Err(take_back::all(journey, failure).await)
}
