//! What a clean-up is asked for, and the command that says it again.

use release_core::checks::ids::CheckId;
use release_core::command::Command;
use release_core::release::hooks::Hook;
use release_core::traffic::selector::Color;

use super::seen::Seen;

/// What is asked for, and by whom.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The Services that were named.
    pub services: &'a [String],
    /// Workloads are deleted instead of scaled to zero.
    pub delete: bool,
    /// The retention doesn't count.
    pub before_due: bool,
    /// No other color.
    pub color: Option<&'a str>,
    /// What is to be run once the color is down.
    pub contract: Option<&'a Hook>,
    /// Ids of checks that don't count.
    pub force: &'a [String],
    pub reason: &'a str,
    /// The kubeconfig's name for the user, where the API server doesn't say who we are.
    pub user: &'a str,
}

/// The command for this color alone, with what was typed.
#[must_use]
pub fn all_the_same(asked: Asked<'_>, seen: Seen<'_>, color: &Color) -> Command {
    let mut command = Command::new("kubectl bluegreen cleanup").arg(seen.view.name());
    if seen.tracks.others().filter(|c| c.is_run()).count() > 1 {
        command = command.flag("--color", &color.name);
    }
    for (typed, flag) in [(asked.delete, "--delete"), (asked.before_due, "--before-due")] {
        command = if typed { command.arg(flag) } else { command };
    }
    match asked.contract {
        Some(hook) => command.flag("--contract", hook.word()),
        None => command,
    }
}

impl Asked<'_> {
    /// True where that check was overridden by its id.
    #[must_use]
    pub fn forces(&self, id: CheckId) -> bool {
        self.force.iter().any(|typed| typed == id.as_str())
    }
}
