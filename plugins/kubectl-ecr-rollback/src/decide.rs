//! From what could be gone back to, to what is: the decision, or a person's pick.

use jiff::Timestamp;
use release_cli::confirm::{has_terminal, pick};
use release_cli::run::Run;
use release_core::failure::Outcome;
use release_core::registry::push_history;
use release_core::registry::push_history::{Candidate, Choice, Chosen, Decision, Question};

use crate::listing;
use crate::options::RollbackOptions;
use crate::refusal::{Retyped, undecided};
use crate::selection::Selected;

/// What a rollback goes to.
#[derive(Debug)]
pub enum Decided {
    Chosen(Box<Chosen>),
    /// What was asked for is there already.
    AlreadyRuns,
}

/// Settles the choice. Where a person sits at a terminal and named no image, they see the list with
/// the decision already under the cursor; what isn't decided is always theirs.
///
/// # Errors
/// Exit 1 where nobody is there to decide, 130 on Ctrl-C.
pub fn settle(
    run: &Run,
    question: &Question<'_>,
    choice: &Choice<'_>,
    selected: &Selected,
    options: &RollbackOptions,
) -> Outcome<Decided> {
    let mut decision = choice.decision.clone();
    if asks(run, &decision, choice, options) {
        decision = picked(question, choice)?;
    }
    match decision {
        Decision::Chosen(chosen) => Ok(Decided::Chosen(Box::new(chosen))),
        Decision::AlreadyRuns { .. } => Ok(Decided::AlreadyRuns),
        other => {
            let workload = options.workload.to_string();
            let retyped = Retyped { workload: &workload, typed: &options.write.typed, scope: run.scope() };
            let look = retyped.look(selected, question.repository.is_some());
            Err(undecided(&other, selected, retyped, look))
        }
    }
}

fn asks(run: &Run, decision: &Decision, choice: &Choice<'_>, options: &RollbackOptions) -> bool {
    let person = has_terminal() && !run.output.is_machine() && pickable(choice).next().is_some();
    let decided = options.write.yes || options.is_explicit() || options.wanted.from.is_some();
    person
        && match decision {
            Decision::Chosen(_) => !decided,
            Decision::Disagree { .. } | Decision::UnknownRunning { .. } | Decision::NothingOlder { .. } => true,
            _ => false,
        }
}

fn pickable<'c>(choice: &'c Choice<'_>) -> impl Iterator<Item = &'c Candidate<'c>> {
    choice.candidates.iter().filter(|c| c.left_out.is_none() && !c.running)
}

fn picked(question: &Question<'_>, choice: &Choice<'_>) -> Outcome<Decision> {
    let rows: Vec<&Candidate<'_>> = pickable(choice).collect();
    let text = listing::images(rows.iter().copied(), Timestamp::now(), false);
    let mut lines = text.lines();
    let headers = lines.next().unwrap_or_default();
    let lines: Vec<String> = lines.map(str::to_owned).collect();
    let at =
        preferred(&choice.decision).and_then(|digest| rows.iter().position(|c| Some(&c.image.digest) == Some(digest)));
    let row = pick(&format!("Go back to which image?\n  {headers}"), &lines, at.unwrap_or(0))?;
    Ok(push_history::pick(question, choice, &rows[row].image.digest))
}

/// The digest under the cursor.
fn preferred(decision: &Decision) -> Option<&String> {
    match decision {
        Decision::Chosen(chosen) => chosen.digest.as_ref(),
        Decision::Disagree { deployed_before, .. } => deployed_before.digest.as_ref(),
        Decision::UnknownRunning { deployed_before, .. } => deployed_before.as_ref()?.digest.as_ref(),
        _ => None,
    }
}
