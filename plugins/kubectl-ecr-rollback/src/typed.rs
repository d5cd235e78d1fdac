//! A command as it was typed, for printed commands: what is pasted has to mean what was meant.

use clap::ValueEnum;
use release_cli::flags::WriteArgs;

use crate::args::{CheckArgs, ContainerArgs, HistoryArgs, RollbackArgs, SHOWN, UnpinArgs};

/// Flags that say where to go, and how "before" is counted.
pub const TARGET: [&str; 7] =
    ["--to-tag", "--to-digest", "--steps", "--from", "--tag-filter", "--pin-digest", "--again"];
/// Flags that only a registry can answer for, or that `--from rollout-history` doesn't go with.
pub const OF_REGISTRY: [&str; 4] = ["--from", "--to-tag", "--to-digest", "--max-severity"];
/// Flags that say which containers are meant.
pub const CONTAINERS: [&str; 2] = ["--container", "--include-init-containers"];

/// A verb, and its flags by their long names, each as it is typed. Not among them: the workload,
/// connection and output flags, `--yes` and `--dry-run`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Typed {
    verb: &'static str,
    flags: Vec<(&'static str, String)>,
}

impl Typed {
    /// A rollback.
    #[must_use]
    pub fn rollback(args: &RollbackArgs) -> Self {
        let target = &args.target;
        let mut typed = Self::of("kubectl ecr-rollback", &args.containers);
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
        typed.writing(&args.checks, &args.write);
        typed
    }

    /// An `unpin`.
    #[must_use]
    pub fn unpin(args: &UnpinArgs) -> Self {
        let mut typed = Self::of("kubectl ecr-rollback unpin", &args.containers);
        typed.writing(&args.checks, &args.write);
        typed
    }

    /// A `history`.
    #[must_use]
    pub fn history(args: &HistoryArgs) -> Self {
        let mut typed = Self::of("kubectl ecr-rollback history", &args.containers);
        typed.value("--tag-filter", args.tag_filter.clone());
        typed.value("--limit", Some(args.limit).filter(|limit| *limit != SHOWN).map(|limit| limit.to_string()));
        typed
    }

    /// The verb's words: `kubectl ecr-rollback unpin`.
    #[must_use]
    pub fn verb(&self) -> &'static str {
        self.verb
    }

    fn of(verb: &'static str, containers: &ContainerArgs) -> Self {
        let mut typed = Self { verb, flags: Vec::new() };
        typed.value("--container", Some(containers.container.join(",")).filter(|names| !names.is_empty()));
        typed
    }

    fn writing(&mut self, checks: &CheckArgs, write: &WriteArgs) {
        self.value("--force", Some(checks.force.join(",")).filter(|ids| !ids.is_empty()));
        self.switch("--strict", checks.strict);
        self.value("--reason", Some(write.reason.clone()).filter(|reason| !reason.is_empty()));
    }

    fn value(&mut self, flag: &'static str, value: Option<String>) {
        self.flags.extend(value.map(|value| (flag, format!("{flag}={value}"))));
    }

    fn switch(&mut self, flag: &'static str, given: bool) {
        self.flags.extend(given.then(|| (flag, flag.to_owned())));
    }

    /// All flags but these, as words of a command.
    pub fn without(&self, flags: &[&str]) -> impl Iterator<Item = &str> {
        self.flags.iter().filter(move |(flag, _)| !flags.contains(flag)).map(|(_, word)| word.as_str())
    }

    /// All flags, as words of a command.
    pub fn all(&self) -> impl Iterator<Item = &str> {
        self.without(&[])
    }

    /// Only these flags, as words of a command.
    pub fn only(&self, flags: &[&str]) -> impl Iterator<Item = &str> {
        self.flags.iter().filter(move |(flag, _)| flags.contains(flag)).map(|(_, word)| word.as_str())
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
        assert_eq!(typed("deploy/api --yes -n shop -ojson --dry-run").all().count(), 0);
    }

    #[test]
    fn flags_that_are_replaced_are_left_out() {
        let typed = typed("deploy/api -c api --to-tag 1.0.2 --max-severity low");
        assert!(typed.without(&OF_REGISTRY).eq(["--container=api"]));
        assert!(typed.without(&TARGET).eq(["--container=api", "--max-severity=low"]));
        assert!(typed.only(&CONTAINERS).eq(["--container=api"]));
    }
}
