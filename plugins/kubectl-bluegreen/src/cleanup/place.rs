//! One namespace of a clean-up.

use std::collections::BTreeSet;

use release_cli::report::Report;
use release_cli::run::Run;
use release_cli::verb::heading;
use release_core::failure::Outcome;

use super::decision::Decision;
use super::due::Due;
use super::look::{Judged, look};
use super::removal::Removal;
use crate::args::CleanupArgs;
use crate::plan::subjects_of;
use crate::report::cleanup_document::{CleanupMembers, ColorEntry};

/// What becomes of the idle colors of a namespace.
#[derive(Debug)]
pub struct Place {
    pub run: Run,
    names: Vec<String>,
    pub decisions: Vec<Decision>,
    unread: BTreeSet<String>,
}

impl Place {
    /// Reads and judges.
    ///
    /// # Errors
    /// Where a Service that was named can't be read, or has no colors.
    pub async fn look(run: Run, args: &CleanupArgs, due: Due) -> Outcome<Self> {
        let Due { names, kept } = due;
        let Judged { decisions, unread } = look(&run, args, &names).await?;
        let decisions = kept.into_iter().map(Decision::Kept).chain(decisions).collect();
        Ok(Self { run, names, decisions, unread })
    }

    /// Tells what is to become of each color.
    pub fn show(&self, everywhere: bool, report: &mut Report<CleanupMembers>) {
        if !self.names.is_empty() || everywhere {
            self.run.say(&heading(&self.run, &subjects_of(&self.names)));
        }
        let namespace = everywhere.then(|| self.run.cluster.namespace.clone());
        for decision in &self.decisions {
            self.run.say(&decision.line());
            report.members.services.push(ColorEntry { namespace: namespace.clone(), ..decision.entry() });
        }
        report.names.extend(self.names.iter().map(|name| format!("service/{name}")));
        for what in &self.unread {
            self.run.say(&format!("? not checked  {what}"));
        }
    }

    /// `blue of service/api`, `shop: blue of service/api`
    #[must_use]
    pub fn named(&self, args: &CleanupArgs, removal: &Removal) -> String {
        format!("{}{} of service/{}", self.lead(args), removal.color, removal.service)
    }

    /// The namespace, where there are several.
    #[must_use]
    pub fn lead(&self, args: &CleanupArgs) -> String {
        if args.all_namespaces { format!("{}: ", self.run.cluster.namespace) } else { String::new() }
    }
}
