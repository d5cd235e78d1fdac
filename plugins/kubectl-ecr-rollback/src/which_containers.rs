//! Which containers are meant; a person is asked where several could be.

use release_cli::confirm::{has_terminal, pick};
use release_cli::run::Run;
use release_core::failure::{Failure, Next, Outcome};
use release_core::kube::Workload;

use crate::refusal::{Retyped, several_containers};
use crate::selection::{Asked, Selected, Selection, only, select};
use crate::typed::Typed;
use crate::words::pinned_short;

/// The rollout history knows no scan: a gate that was typed is not left out of a printed command without a word.
fn with_gate_said(failure: Failure, typed: &Typed) -> Failure {
    match failure.next.clone() {
        Some(Next::Try(commands, None)) => failure.next(Next::Try(commands, typed.left_out(&["--max-severity"]))),
        _ => failure,
    }
}

/// Finds the containers.
///
/// # Errors
/// Exit 1 where none can be meant, or several could be and nobody is there to ask.
pub fn ask(run: &Run, workload: &Workload, asked: &Asked<'_>, typed: &Typed) -> Outcome<Selected> {
    let several = match select(workload, asked).map_err(|failure| with_gate_said(failure, typed))? {
        Selection::Clear(selected) => return Ok(selected),
        Selection::Several(several) => several,
    };
    if !has_terminal() || run.output.is_machine() {
        let reference = workload.reference();
        return Err(several_containers(&several, Retyped { workload: &reference, typed, scope: run.scope() }));
    }
    let rows: Vec<String> = several.iter().map(|p| format!("{}  {}", p.name, pinned_short(&p.image))).collect();
    let chosen = pick(&format!("Which container of {workload}?"), &rows, 0)?;
    Ok(only(&several[chosen], workload, asked))
}
