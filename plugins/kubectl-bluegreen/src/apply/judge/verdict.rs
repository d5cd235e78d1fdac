//! What becomes of a move by its numbers.

use release_cli::run::Run;
use release_core::analysis::verdict::Phase;
use release_core::failure::{Exit, Failure};

use super::super::in_progress::{MoveInProgress, status};

/// The reason where the numbers say neither: a person decides.
pub const INCONCLUSIVE: &str = "Inconclusive";

/// The numbers are bad, or there are none. As in Argo, one that failed or could not be judged takes the move back;
/// one that says neither leaves it, for a person to decide.
pub fn bad(run: &Run, made: &MoveInProgress<'_>, phase: Phase) -> Failure {
    let to = &made.movement.to;
    let (reason, exit, what) = match phase {
        Phase::Failed => ("AnalysisFailed", Exit::Failed, "failed its verification"),
        Phase::Error => ("AnalysisError", Exit::Failed, "could not be verified"),
        _ => (INCONCLUSIVE, Exit::Waiting, "is not verified, the numbers say neither good nor bad"),
    };
    let why = made.signals.judged.borrow().those(phase).join("; ");
    Failure::new(exit, reason, format!("{to} {what}: {why}")).look(status(made.service(), run.scope()))
}

/// Who is to be asked can't be found out.
pub fn not_asked(run: &Run, made: &MoveInProgress<'_>, why: &str) -> Failure {
    let text = format!("{} could not be verified: {why}", made.movement.to);
    Failure::failed("AnalysisError", text).look(status(made.service(), run.scope()))
}

/// Tells what was measured.
pub fn good(run: &Run, made: &MoveInProgress<'_>) {
    let told = made.signals.judged.borrow().those(Phase::Successful).join("; ");
    run.progress.step("judged", &format!("{}{} is good: {told}", made.prefix(), made.movement.to));
}
