//! Why it can't be decided what to go back to: what was found, and whole commands to paste.

use kubectl_release::change::shell_quote;
use kubectl_release::error::Failure;
use kubectl_release::push_history::{Chosen, Decision, SkipReason, Skipped, UnknownRunning};
use kubectl_release::record::printable;

use crate::placement::{Place, Selected};
use crate::plan::{pinned_short, short_digest};
use crate::typed::{CONTAINERS, OF_REGISTRY, TARGET, Typed};

/// What commands are printed with.
#[derive(Debug, Clone, Copy)]
pub struct Command<'a> {
    /// `deploy/api`
    pub workload: &'a str,
    pub typed: &'a Typed,
    /// `-n NS` and connection flags, with a leading space.
    pub suffix: &'a str,
}

impl Command<'_> {
    /// The command as it was typed, with `words` instead of the flags `but`.
    fn with(&self, words: &str, but: &[&str]) -> String {
        format!("kubectl ecr-rollback {} {words}{}{}", self.workload, self.typed.without(but), self.suffix)
    }

    fn from(&self, source: &str) -> String {
        let but = if source == "rollout-history" { &OF_REGISTRY[..] } else { &["--from"] };
        self.with(&format!("--from {source}"), but)
    }

    fn history(&self) -> String {
        let containers = self.typed.only(&CONTAINERS[..1]);
        format!("kubectl ecr-rollback history {}{containers}{}", self.workload, self.suffix)
    }
}

/// Several containers could be meant.
#[must_use]
pub fn several_containers(places: &[Place], command: Command<'_>) -> Failure {
    let found: Vec<String> = places.iter().map(|p| format!("{p} ({})", pinned_short(&p.image))).collect();
    let text = format!("{} has several containers from ECR: {}", command.workload, found.join(", "));
    let commands = places.iter().map(|p| command.with(&format!("-c {}", shell_quote(&p.name)), &[]));
    Failure::failed("SeveralContainers", text).next(lines(commands))
}

/// Words a decision that is no choice.
#[must_use]
pub fn undecided(decision: &Decision, selected: &Selected, command: Command<'_>) -> Failure {
    let left = pinned_short(selected.image());
    match decision {
        Decision::Chosen(_) => Failure::failed("Undecided", "nothing was decided"),
        Decision::Disagree { pushed_before, deployed_before } => {
            disagree(&left, pushed_before.as_ref(), deployed_before, command)
        }
        Decision::UnknownRunning { why, deployed_before } => unknown(why, deployed_before.as_ref(), command),
        Decision::NothingOlder { of_another_form, skipped } => {
            nothing_older(&left, of_another_form.as_deref(), skipped, command)
        }
        Decision::CannotPin { image, revision } => {
            let text = format!(
                "revision {revision} ran {}, whose tag moves; which image that was is not known here",
                pinned_short(image)
            );
            Failure::failed("CannotPin", text).next(command.from("registry"))
        }
        Decision::NoSuchTag { tag, close } => {
            missing(format!("no tag \"{}\" in the repository", tag.escape_debug()), "--to-tag", close, command)
        }
        Decision::NoSuchDigest { digest, close } if close.len() > 1 => {
            let text = format!("several images begin with \"{}\"", digest.escape_debug());
            missing(text, "--to-digest", close, command)
        }
        Decision::NoSuchDigest { digest, close } => {
            let text = format!("no image \"{}\" in the repository", digest.escape_debug());
            missing(text, "--to-digest", close, command)
        }
        Decision::NotDeployable { digest, tag, why } => {
            let image = tag.clone().unwrap_or_else(|| short_digest(digest));
            Failure::failed("NotDeployable", format!("{} can't be deployed: {why}", printable(&image)))
                .next(command.history())
        }
        Decision::AlreadyRuns { .. } => Failure::failed("AlreadyRuns", format!("{left} is what is asked for already")),
    }
}

fn disagree(left: &str, pushed: Option<&Chosen>, deployed: &Chosen, command: Command<'_>) -> Failure {
    let pushed_text = pushed.map_or_else(|| "nothing of its form".into(), |c| pinned_short(&c.image));
    let revision = deployed.revision.map(|r| format!(" (revision {r})")).unwrap_or_default();
    let text = format!(
        "before {left}, {pushed_text} was pushed, but {}{revision} was deployed; nothing was written",
        pinned_short(&deployed.image)
    );
    let sources = ["registry", "rollout-history"];
    let open = if pushed.is_some() { &sources[..] } else { &sources[1..] };
    Failure::failed("Disagree", text).next(lines(open.iter().map(|s| command.from(s))))
}

fn unknown(why: &UnknownRunning, deployed: Option<&Chosen>, command: Command<'_>) -> Failure {
    let text = match why {
        UnknownRunning::SeveralDigests { digests } => {
            let shown: Vec<String> = digests.iter().map(|d| short_digest(d)).collect();
            format!("pods of one template run several images: {}", shown.join(", "))
        }
        UnknownRunning::NotInRepository { tag, digest } => {
            let image = tag.clone().or_else(|| digest.as_deref().map(short_digest)).unwrap_or_default();
            format!("what runs ({}) is not in the repository (any more)", printable(&image))
        }
        UnknownRunning::NotReported { tag } => {
            format!("the tag {} moves, and no pod says which image it pulled", printable(tag))
        }
    };
    let failure = Failure::failed("UnknownRunning", format!("{text}; nothing is \"before\" it"));
    match deployed {
        Some(_) => failure.next(command.from("rollout-history")),
        None => failure.next(format!("{}\n     then --to-tag TAG or --to-digest DIGEST", command.history())),
    }
}

fn nothing_older(left: &str, other: Option<&str>, skipped: &[Skipped], command: Command<'_>) -> Failure {
    let passed: Vec<String> = skipped.iter().map(passed_over).collect();
    let passed = if passed.is_empty() { String::new() } else { format!("\npassed over: {}", passed.join("; ")) };
    let failure = Failure::failed("NothingOlder", format!("nothing to go back to before {left}{passed}"));
    match other {
        Some(image) if image.starts_with("sha256:") => {
            failure.next(command.with(&format!("--to-digest {image}"), &TARGET))
        }
        Some(tag) => failure.next(command.with(&format!("--to-tag {}", shell_quote(tag)), &TARGET)),
        None => failure.next(command.history()),
    }
}

/// What would have come first, and why it didn't.
#[must_use]
pub fn passed_over(skipped: &Skipped) -> String {
    let why = match &skipped.why {
        SkipReason::LeftOut { why } => why.to_string(),
        SkipReason::NotInRepository => "no longer in the repository".into(),
        SkipReason::TagMoved => "its tag was moved".into(),
        SkipReason::OtherRepository => "of another repository".into(),
        SkipReason::OtherForm => "of another form".into(),
        SkipReason::RolledBackFrom => "rolled back from before".into(),
    };
    let revision = skipped.revision.map(|r| format!(" (revision {r})")).unwrap_or_default();
    format!("{}{revision}: {why}", pinned_short(&printable(&skipped.image)))
}

fn missing(text: String, flag: &str, close: &[String], command: Command<'_>) -> Failure {
    let failure = Failure::failed("NoSuchImage", text);
    if close.is_empty() {
        return failure.next(command.history());
    }
    failure.next(lines(
        close
            .iter()
            .take(3)
            .map(|word| command.with(&format!("{flag} {}", shell_quote(word)), &["--to-tag", "--to-digest"])),
    ))
}

fn lines(commands: impl Iterator<Item = String>) -> String {
    commands.collect::<Vec<_>>().join("\n     ")
}
