//! The flags of a command as they were typed, for printed commands: what is pasted has to mean
//! what was meant.

use clap::ValueEnum;

use crate::args::{CheckArgs, RollbackArgs, UnpinArgs};

/// Flags that say where to go, and how "before" is counted.
pub const TARGET: [&str; 7] =
    ["--to-tag", "--to-digest", "--steps", "--from", "--tag-filter", "--pin-digest", "--again"];
/// Flags that only a registry can answer for, or that `--from rollout-history` doesn't go with.
pub const OF_REGISTRY: [&str; 4] = ["--from", "--to-tag", "--to-digest", "--max-severity"];
/// Flags that say which containers are meant.
pub const CONTAINERS: [&str; 2] = ["--container", "--include-init-containers"];

/// Flags by their long names, each as it is typed. Not among them: the workload, connection and
/// output flags, `--yes` and `--dry-run`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Typed(Vec<(&'static str, String)>);

impl Typed {
    /// Those of a rollback.
    #[must_use]
    pub fn rollback(args: &RollbackArgs) -> Self {
        let target = &args.target;
        let mut typed = Self::default();
        typed.value("--container", Some(args.containers.container.join(",")).filter(|names| !names.is_empty()));
        typed.switch("--include-init-containers", args.include_init_containers);
        typed.value("--to-tag", target.to_tag.clone());
        typed.value("--to-digest", target.to_digest.clone());
        typed.value("--steps", target.steps.map(|steps| steps.to_string()));
        typed.value("--from", target.from.and_then(name));
        typed.switch("--pin-digest", target.pin_digest);
        typed.value("--tag-filter", target.tag_filter.clone());
        typed.switch("--again", args.again);
        typed.value("--if-running", args.if_running.clone());
        typed.value("--max-severity", args.max_severity.and_then(name));
        typed.weighing(&args.checks);
        typed.value("--reason", Some(args.write.reason.clone()).filter(|reason| !reason.is_empty()));
        typed
    }

    /// Those of an `unpin`.
    #[must_use]
    pub fn unpin(args: &UnpinArgs) -> Self {
        let mut typed = Self::default();
        typed.value("--container", Some(args.containers.container.join(",")).filter(|names| !names.is_empty()));
        typed.weighing(&args.checks);
        typed.value("--reason", Some(args.write.reason.clone()).filter(|reason| !reason.is_empty()));
        typed
    }

    fn weighing(&mut self, checks: &CheckArgs) {
        self.value("--force", Some(checks.force.join(",")).filter(|ids| !ids.is_empty()));
        self.switch("--strict", checks.strict);
    }

    fn value(&mut self, flag: &'static str, value: Option<String>) {
        self.0.extend(value.map(|value| (flag, format!("{flag}={value}"))));
    }

    fn switch(&mut self, flag: &'static str, given: bool) {
        self.0.extend(given.then(|| (flag, flag.to_owned())));
    }

    /// All but these, as words of a command.
    pub fn without(&self, flags: &[&str]) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(flag, _)| !flags.contains(flag)).map(|(_, word)| word.as_str())
    }

    /// All of them, as words of a command.
    pub fn all(&self) -> impl Iterator<Item = &str> {
        self.without(&[])
    }

    /// Only these, as words of a command.
    pub fn only(&self, flags: &[&str]) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(flag, _)| flags.contains(flag)).map(|(_, word)| word.as_str())
    }
}

fn name(value: impl ValueEnum) -> Option<String> {
    value.to_possible_value().map(|value| value.get_name().to_owned())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::args::Cli;

    fn typed(words: &str) -> Typed {
        let words = std::iter::once("kubectl-ecr_rollback").chain(words.split_whitespace());
        Typed::rollback(&Cli::parse_from(words).rollback)
    }

    #[test]
    fn what_is_printed_again_reads_as_what_was_typed() {
        let words = "deploy/api -c api,worker --include-init-containers --steps 2 --from registry --pin-digest \
                     --tag-filter 1.5 --again --if-running 1.0.5 --max-severity high --force paused --strict";
        let again = format!("deploy/api {}", typed(words).all().collect::<Vec<_>>().join(" "));
        assert_eq!(typed(&again), typed(words));
        assert_eq!(typed("deploy/api --yes -n shop -ojson --dry-run"), Typed::default());
    }

    #[test]
    fn flags_that_are_replaced_are_left_out() {
        let typed = typed("deploy/api -c api --to-tag 1.0.2 --max-severity low");
        assert!(typed.without(&OF_REGISTRY).eq(["--container=api"]));
        assert!(typed.without(&TARGET).eq(["--container=api", "--max-severity=low"]));
        assert!(typed.only(&CONTAINERS).eq(["--container=api"]));
    }
}
