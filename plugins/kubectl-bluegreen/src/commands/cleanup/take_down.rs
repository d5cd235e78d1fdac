//! Taking one color down: budgets first, then the writes, then waiting for its pods.

use release_cli::report::Report;
use release_cli::run::Run;
use release_core::command::Command;
use release_core::failure::Outcome;

use super::removal::Removal;
use super::{budgets, gone, refused};
use crate::report::cleanup_document::{CleanupMembers, ColorOutcome};

/// Takes it down, and puts that into the report.
///
/// # Errors
/// Exit 3 where something changed meanwhile, 4 where a budget would not hold or pods stay.
pub async fn take_down(run: &Run, removal: &Removal, report: &mut Report<CleanupMembers>) -> Outcome<()> {
    let status = Command::new("kubectl bluegreen status").arg(&removal.service).scope(run.scope());
    run.stands(format!("interrupted; see {status}"));
    budgets::wait(run, removal).await?;
    for change in &removal.changes {
        refused::write(run, removal, change).await?;
        run.progress.step("written", &format!("{} {}", change.object, change.summary));
        if let Some(undo) = &change.undo {
            run.progress.step("undo", &undo.to_string());
        }
    }
    gone::wait(run, removal).await?;
    let line = format!("{} of service/{} taken down", removal.color, removal.service);
    report.text = if report.text.is_empty() { line } else { format!("{}\n{line}", report.text) };
    let mut entries = report.members.services.iter_mut();
    if let Some(entry) =
        entries.find(|entry| entry.name == removal.service && entry.color.as_ref() == Some(&removal.color))
        && let ColorOutcome::Remove { gone, .. } = &mut entry.verdict
    {
        *gone = true;
    }
    Ok(())
}
