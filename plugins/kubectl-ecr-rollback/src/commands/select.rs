//! Which containers are meant; a person is asked where several could be.

use kubectl_release::confirm::{has_terminal, pick};
use kubectl_release::error::Outcome;
use kubectl_release::objects::Workload;
use kubectl_release::run::Run;

use crate::placement::{Asked, Selected, Selection, only, select};
use crate::plan::pinned_short;
use crate::refusal::{Command, several_containers};
use crate::typed::Typed;

/// Finds the containers.
///
/// # Errors
/// Exit 1 where none can be meant, or several could be and nobody is there to ask.
pub fn containers(run: &Run, workload: &Workload, asked: &Asked<'_>, typed: &Typed) -> Outcome<Selected> {
    let several = match select(workload, asked)? {
        Selection::Clear(selected) => return Ok(selected),
        Selection::Several(several) => several,
    };
    if !has_terminal() || run.output.is_machine() {
        let reference = workload.reference();
        return Err(several_containers(&several, Command { workload: &reference, typed, suffix: &run.suffix }));
    }
    let rows: Vec<String> = several.iter().map(|p| format!("{}  {}", p.name, pinned_short(&p.image))).collect();
    let chosen = pick(&format!("Which container of {workload}?"), &rows, 0)?;
    Ok(only(&several[chosen], workload, asked))
}
