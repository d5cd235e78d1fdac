//! A command as it was typed, for printed commands: what is pasted has to mean what was meant.

use clap::ValueEnum;
use release_cli::flags::{TIMEOUT, WriteArgs};
use release_core::duration::typed_duration;

use crate::args::{CheckArgs, ContainerArgs, HistoryArgs, READING, RollbackArgs, RolloutArgs, SHOWN, UnpinArgs};

/// Flags that say where to go, and how "before" is counted.
pub const TARGET: [&str; 7] =
    ["--to-tag", "--to-digest", "--steps", "--from", "--tag-filter", "--pin-digest", "--again"];
/// Those of them that say which image, and not how it is written.
pub const WHICH: [&str; 6] = ["--to-tag", "--to-digest", "--steps", "--from", "--tag-filter", "--again"];
/// Flags that only a registry can answer for, or that `--from rollout-history` doesn't go with.
pub const OF_REGISTRY: [&str; 4] = ["--from", "--to-tag", "--to-digest", "--max-severity"];
/// Flags that say which containers are meant.
pub const CONTAINERS: [&str; 2] = ["--container", "--include-init-containers"];
/// Flags that matter to a change that is made already: it is watched, and taken back or left.
pub const UNDER_WAY: [&str; 4] = [CONTAINERS[0], CONTAINERS[1], "--no-rollback", TIME];
/// How long a run may take.
const TIME: &str = "--timeout";

/// A verb, and its flags by their long names, each as it is typed. Not among them: the workload, connection
/// flags (they are the scope's), and what is about one run alone: `--output`, `--yes`, `--dry-run`. What is
/// pasted is meant, and asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Typed {
    verb: &'static str,
    flags: Vec<(&'static str, String)>,
    /// It was given less time than it has where none is named.
    is_short: bool,
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
        typed.value("--max-severity", args.max_severity.map(|most| most.word().to_owned()));
        typed.writing(&args.checks, &args.rollout, &args.write);
        typed
    }

    /// An `unpin`.
    #[must_use]
    pub fn unpin(args: &UnpinArgs) -> Self {
        let mut typed = Self::of("kubectl ecr-rollback unpin", &args.containers);
        typed.writing(&args.checks, &args.rollout, &args.write);
        typed
    }

    /// A `history`.
    #[must_use]
    pub fn history(args: &HistoryArgs) -> Self {
        let mut typed = Self::of("kubectl ecr-rollback history", &args.containers);
        typed.value("--tag-filter", args.tag_filter.clone());
        typed.value("--limit", Some(args.limit).filter(|limit| *limit != SHOWN).map(|limit| limit.to_string()));
        typed.value("--timeout", Some(args.timeout).filter(|limit| *limit != READING).map(typed_duration));
        typed
    }

    /// The verb's words: `kubectl ecr-rollback unpin`.
    #[must_use]
    pub fn verb(&self) -> &'static str {
        self.verb
    }

    fn of(verb: &'static str, containers: &ContainerArgs) -> Self {
        let mut typed = Self { verb, flags: Vec::new(), is_short: false };
        typed.value("--container", Some(containers.container.join(",")).filter(|names| !names.is_empty()));
        typed
    }

    fn writing(&mut self, checks: &CheckArgs, rollout: &RolloutArgs, write: &WriteArgs) {
        self.value("--force", Some(checks.force.join(",")).filter(|ids| !ids.is_empty()));
        self.switch("--strict", checks.strict);
        self.switch("--no-wait", rollout.no_wait);
        self.switch("--no-rollback", rollout.no_rollback);
        self.value("--timeout", Some(write.timeout).filter(|limit| *limit != TIMEOUT).map(typed_duration));
        self.is_short = write.timeout < TIMEOUT;
        self.value("--reason", Some(write.reason.clone()).filter(|reason| !reason.is_empty()));
    }

    fn value(&mut self, flag: &'static str, value: Option<String>) {
        self.flags.extend(value.map(|value| (flag, format!("{flag}={value}"))));
    }

    fn switch(&mut self, flag: &'static str, given: bool) {
        self.flags.extend(given.then(|| (flag, flag.to_owned())));
    }

    /// The same with no less time than where none is named, for what comes after that it was too little: the same
    /// words would end the same way.
    #[must_use]
    pub fn with_time(&self) -> Self {
        let mut longer = self.clone();
        longer.flags.retain(|(flag, _)| !self.is_short || *flag != TIME);
        Self { is_short: false, ..longer }
    }

    /// All flags but these, as words of a command.
    pub fn without(&self, flags: &[&str]) -> impl Iterator<Item = &str> {
        self.flags.iter().filter(move |(flag, _)| !flags.contains(flag)).map(|(_, word)| word.as_str())
    }

    /// All flags, as words of a command.
    pub fn all(&self) -> impl Iterator<Item = &str> {
        self.without(&[])
    }

    /// That these of the flags, where they were typed, stand in no command that does without ECR: nothing is left out
    /// without a word.
    #[must_use]
    pub fn left_out(&self, flags: &[&str]) -> Option<String> {
        let typed: Vec<&str> = self.flags.iter().map(|(flag, _)| *flag).filter(|flag| flags.contains(flag)).collect();
        (!typed.is_empty()).then(|| format!("without {}, which only ECR can answer", typed.join(" and ")))
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
    use clap::{CommandFactory, Parser};

    use super::*;
    use crate::args::{Cli, VerbArgs};

    /// Flags that no printed command repeats.
    const ABOUT_ONE_RUN: [&str; 3] = ["--output", "--yes", "--dry-run"];

    fn typed(words: &str) -> Typed {
        let words = std::iter::once("kubectl-ecr_rollback").chain(words.split_whitespace());
        let cli = Cli::parse_from(words);
        match cli.verb {
            None => Typed::rollback(&cli.rollback),
            Some(VerbArgs::Unpin(args)) => Typed::unpin(&args),
            Some(VerbArgs::History(args)) => Typed::history(&args),
            Some(_) => panic!("no such verb"),
        }
    }

    /// A flag with some value, as it is typed; nothing for connection flags.
    fn samples(command: &clap::Command) -> Vec<(String, String)> {
        let own = command.get_arguments().filter(|arg| !arg.is_global_set() && !arg.is_positional());
        let flags = own.filter_map(|arg| Some((format!("--{}", arg.get_long()?), arg)));
        let sample = |(flag, arg): (String, &clap::Arg)| {
            let possible = arg.get_possible_values();
            let value = possible.last().map_or("7", |value| value.get_name());
            let takes = arg.get_action().takes_values();
            let word = if takes { format!("{flag}={value}") } else { flag.clone() };
            (flag, word)
        };
        flags.filter(|(flag, _)| !["--help", "--version"].contains(&flag.as_str())).map(sample).collect()
    }

    /// A person would paste a command that waits, takes back or checks otherwise than the one that they typed.
    #[test]
    fn every_flag_of_a_verb_is_repeated_or_is_about_one_run() {
        let mut cli = Cli::command();
        cli.build();
        let (unpin, history) = (cli.find_subcommand("unpin").unwrap(), cli.find_subcommand("history").unwrap());
        for (verb, command) in [("", &cli), ("unpin ", unpin), ("history ", history)] {
            let samples = samples(command);
            assert!(samples.len() > 3, "{verb}: {samples:?}");
            for (flag, word) in samples.into_iter().filter(|(flag, _)| !ABOUT_ONE_RUN.contains(&flag.as_str())) {
                let repeated = typed(&format!("{verb}deploy/api {word}"));
                let words: Vec<&str> = repeated.all().collect();
                assert!(words.iter().any(|word| word.starts_with(&flag)), "{verb}{word} is lost: {words:?}");
                assert_eq!(typed(&format!("{verb}deploy/api {}", words.join(" "))), repeated, "{verb}{word}");
            }
        }
    }

    #[test]
    fn what_is_printed_again_reads_as_what_was_typed() {
        let words = "deploy/api -c api,worker --include-init-containers --steps 2 --from registry --pin-digest \
                     --tag-filter 1.5 --again --if-running 1.0.5 --max-severity high --force paused --strict \
                     --no-wait --no-rollback --timeout 90s";
        let again = format!("deploy/api {}", typed(words).all().collect::<Vec<_>>().join(" "));
        assert_eq!(typed(&again), typed(words));
        assert_eq!(typed("deploy/api --yes -n shop -ojson --dry-run").all().count(), 0);
    }

    /// Whoever pastes what "watches on" after a second would be told the same for ever.
    #[test]
    fn what_was_too_short_is_not_repeated_and_what_is_longer_stays() {
        let words = |typed: Typed| typed.all().map(str::to_owned).collect::<Vec<_>>();
        for short in ["1ms", "9s", "4m59s"] {
            let typed = typed(&format!("deploy/api --timeout={short} --strict"));
            assert_eq!(words(typed.with_time()), ["--strict"], "{short}");
        }
        for as_long in ["5m", "20m"] {
            let typed = typed(&format!("deploy/api --timeout={as_long} --strict"));
            assert_eq!(words(typed.with_time()), words(typed), "{as_long}");
        }
    }

    #[test]
    fn flags_that_are_replaced_are_left_out() {
        let typed = typed("deploy/api -c api --to-tag 1.0.2 --max-severity low");
        assert!(typed.without(&OF_REGISTRY).eq(["--container=api"]));
        assert!(typed.without(&TARGET).eq(["--container=api", "--max-severity=low"]));
        assert!(typed.only(&CONTAINERS).eq(["--container=api"]));
    }
}
