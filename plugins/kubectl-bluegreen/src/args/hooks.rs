//! Flags that name what is run around a move.

use clap::Args;
use release_core::release::hooks::Hook;

/// Before and after the traffic moves.
#[derive(Debug, Clone, Default, Args)]
pub struct MoveHookArgs {
    /// Run once the color is ready, before the traffic moves: cronjob/NAME (a Job of its template), the file of
    /// a Job, or a command of this machine as a list: '["PROGRAM", "ARGUMENT"]'
    #[arg(long, value_name = "HOOK", value_parser = Hook::parse)]
    pub before_switch: Option<Hook>,
    /// The same once the traffic has arrived; where it fails, the move has failed
    #[arg(long, value_name = "HOOK", value_parser = Hook::parse)]
    pub after_switch: Option<Hook>,
}

/// Of a deploy.
#[derive(Debug, Clone, Default, Args)]
pub struct DeployHookArgs {
    /// Run before the idle color's pods get the new version (expand): cronjob/NAME, the file of a Job, or a command
    /// as a list
    #[arg(long, value_name = "HOOK", value_parser = Hook::parse)]
    pub migrate: Option<Hook>,
    #[command(flatten)]
    pub around: MoveHookArgs,
}

impl MoveHookArgs {
    /// What a command to paste repeats.
    pub fn again(&self) -> impl Iterator<Item = String> + use<> {
        let said = |flag: &str, hook: &Option<Hook>| hook.as_ref().map(|hook| format!("--{flag}={}", hook.word()));
        [said("before-switch", &self.before_switch), said("after-switch", &self.after_switch)].into_iter().flatten()
    }
}

impl DeployHookArgs {
    /// What a command to paste repeats.
    pub fn again(&self) -> impl Iterator<Item = String> + use<> {
        let migrate = self.migrate.as_ref().map(|hook| format!("--migrate={}", hook.word()));
        migrate.into_iter().chain(self.around.again())
    }
}
