//! Policies that are refused for what is in use: what would go through instead.

use std::collections::BTreeSet;

use futures::future::join_all;
use release_core::checks::finding::Finding;
use release_core::checks::ids::{self, CheckId};
use release_core::checks::weighing::blocking;
use release_core::command::Command;
use release_core::failure::{Failure, Next};

use crate::lifecycle::args::ApplyArgs;
use crate::lifecycle::going_later;
use crate::lifecycle::options::{ApplyOptions, IN_USE, apply_again, only};
use crate::lifecycle::outlook::Outlook;
use crate::lifecycle::row::DAYS_AHEAD;
use crate::lifecycle::words::images;
use crate::repositories::judge::Judged;
use crate::repositories::read::previewed;
use crate::repositories::session::Session;

/// What was asked, and of whom.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    pub session: &'a Session,
    pub judged: &'a Judged,
    pub args: &'a ApplyArgs,
    pub options: &'a ApplyOptions,
}

/// A repository whose policy is refused.
#[derive(Debug, Clone, Copy)]
pub struct Refused<'a> {
    pub outlook: &'a Outlook,
    pub findings: &'a [Finding],
}

impl Refused<'_> {
    /// How many images in use would go that are not given up.
    fn threatened(&self, options: &ApplyOptions) -> usize {
        self.outlook.threatened().filter(|row| options.forced.objection(&row.uses).is_some()).count()
    }

    /// How many stay for now and go soon.
    fn soon(&self, options: &ApplyOptions) -> usize {
        going_later::soon(self.outlook, &options.forced).count()
    }

    /// What is in use and goes, of a policy that would be put or is in force already.
    fn message(&self, options: &ApplyOptions) -> String {
        let (now, soon) = (self.threatened(options), self.soon(options));
        let soon = match (now, soon) {
            (_, 0) => String::new(),
            (0, soon) => format!("{} in use", images(soon)),
            (_, soon) => format!(", and {soon} more"),
        };
        let now = if now > 0 { format!("{} in use", images(now)) } else { String::new() };
        let within = if soon.is_empty() { String::new() } else { format!(" within {DAYS_AHEAD} days") };
        let name = &self.outlook.repository;
        if self.outlook.is_unchanged() {
            return format!("the policy in force is this one already, and {now}{soon} will go from {name}{within}");
        }
        format!("{now}{soon} would go from {name}{within}; its policy was not changed")
    }

    /// As a failure; `open` are commands that spare what is in use. What came through a pipe has to be given again:
    /// then no command that is pasted can have it.
    pub fn failure(&self, options: &ApplyOptions, open: &[Command], repeatable: bool) -> Failure {
        let name = &self.outlook.repository;
        let ids = blocking_ids(self.findings);
        let all_the_same = format!("--force={} applies it all the same", options.forced.and(&ids).typed());
        if self.threatened(options) == 0 && self.soon(options) == 0 {
            let message = format!("not everything about {name} could be checked; its policy was not changed");
            return Failure::failed("NotChecked", message).next(all_the_same);
        }
        let failure = Failure::failed("InUse", self.message(options));
        match open {
            [] => failure.next(all_the_same),
            _ if repeatable => failure.next(Next::Try(open.to_vec(), None)),
            _ => failure.next("--keep-rollback-target spares it: the same words with it, and the policy once more"),
        }
    }
}

/// Commands that spare what is in use and would go through, for those of the repositories where ECR's own preview
/// of what they put in force says so, too; the one that gives up least first. `others_failed` says that the whole
/// command can't go through.
pub async fn open_ways(asked: &Asked<'_>, refused: &[Refused<'_>], others_failed: bool) -> Vec<Command> {
    if asked.args.clusters.keep_rollback_target {
        return Vec::new();
    }
    let goes = |one: &&Refused<'_>| one.threatened(asked.options) > 0 || one.soon(asked.options) > 0;
    let threatened: Vec<&Refused<'_>> = refused.iter().filter(goes).collect();
    let mut commands = Vec::new();
    for giving_up in [None, Some(ids::PULLED_LATELY)] {
        let looked = threatened.iter().map(|one| look(asked, one, giving_up));
        let open: Vec<&Refused<'_>> = join_all(looked).await.into_iter().flatten().collect();
        if !open.is_empty() {
            let is_whole = open.len() == refused.len() && !others_failed;
            commands.push(asked.command(&open, is_whole, giving_up));
        }
    }
    commands
}

/// The repository, where this way is open for it.
async fn look<'r>(asked: &Asked<'_>, refused: &'r Refused<'r>, giving_up: Option<CheckId>) -> Option<&'r Refused<'r>> {
    let outlook = refused.outlook;
    let way = outlook.ways.iter().find(|way| way.giving_up == giving_up)?;
    let reader = &asked.judged.reader;
    let answer = previewed(&reader.registry, &outlook.repository, &way.policy, reader.turns.deadline()).await;
    way.is_open(&answer, &outlook.rows, &asked.options.forced).then_some(refused)
}

impl Asked<'_> {
    /// As it was typed; where the way is open for some of the repositories only, for these.
    fn command(&self, open: &[&Refused<'_>], is_whole: bool, giving_up: Option<CheckId>) -> Command {
        let args = self.args;
        let names: Vec<&str> = open.iter().map(|one| one.outlook.repository.as_str()).collect();
        let repositories = if is_whole { args.repositories.clone() } else { only(&args.repositories, &names) };
        let unchecked = open.iter().flat_map(|one| blocking_ids(one.findings)).filter(|id| !IN_USE.contains(id));
        let unchecked: BTreeSet<CheckId> = unchecked.collect();
        let more: Vec<CheckId> = giving_up.into_iter().chain(unchecked).collect();
        let forced = self.options.forced.and(&more);
        let command = apply_again(args, &repositories).scope(&self.session.connection.scope());
        let command = command.arg("--keep-rollback-target");
        if forced.is_empty() { command } else { command.option("--force", &forced.typed()) }
    }
}

/// The checks that stop it, each once.
pub fn blocking_ids(findings: &[Finding]) -> Vec<CheckId> {
    let ids: BTreeSet<CheckId> = blocking(findings).map(|finding| finding.id).collect();
    ids.into_iter().collect()
}
