//! Taking one color down: budgets first, then the writes, then waiting for its pods.

use std::collections::BTreeSet;

use release_cli::report::Report;
use release_cli::run::Run;
use release_core::command::Command;
use release_core::failure::Outcome;

use super::look::look_again;
use super::removal::Removal;
use super::writing::write;
use super::{budgets, gone};
use crate::args::CleanupArgs;
use crate::news;
use crate::report::cleanup_document::{CleanupMembers, ColorEntry, ColorOutcome};

/// Takes down what was agreed to, one after the other.
#[derive(Debug)]
pub struct TakeDown<'a> {
    pub run: &'a Run,
    pub args: &'a CleanupArgs,
    /// Objects that were written: Services that share a color take it down once.
    pub written: BTreeSet<String>,
}

impl TakeDown<'_> {
    /// Takes one down, and puts that into the report.
    ///
    /// # Errors
    /// Exit 3 where something changed meanwhile, 4 where a budget would not hold or pods stay.
    pub async fn one(&mut self, agreed: &Removal, report: &mut Report<CleanupMembers>) -> Outcome<()> {
        let run = self.run;
        let status = Command::new("kubectl bluegreen status").arg(&agreed.service).scope(run.scope());
        run.stands(format!("interrupted; see {status}"));
        budgets::wait(run, agreed).await?;
        let others = match look_again(run, self.args, agreed).await? {
            Some(removal) => {
                write(run, &removal, &mut self.written).await?;
                gone::wait(run, &removal).await?
            }
            None => {
                run.progress.step("down", &format!("{}, before this run came to it", agreed.subjects()));
                None
            }
        };
        news::cleaned_up(run, &agreed.service, &agreed.color);
        told(run, agreed, others, report);
        Ok(())
    }
}

fn told(run: &Run, removal: &Removal, others: Option<String>, report: &mut Report<CleanupMembers>) {
    let but = others.as_ref().map(|others| format!("; {others} stays")).unwrap_or_default();
    let line = format!("{} of service/{} taken down{but}", removal.color, removal.service);
    report.text = if report.text.is_empty() { line } else { format!("{}\n{line}", report.text) };
    let here = |entry: &&mut ColorEntry| entry.namespace.as_ref().is_none_or(|name| *name == run.cluster.namespace);
    let mut entries = report.members.services.iter_mut().filter(here);
    if let Some(entry) =
        entries.find(|entry| entry.name == removal.service && entry.color.as_ref() == Some(&removal.color))
        && let ColorOutcome::Remove { gone, others: beside, .. } = &mut entry.verdict
    {
        *gone = true;
        *beside = others;
    }
}
