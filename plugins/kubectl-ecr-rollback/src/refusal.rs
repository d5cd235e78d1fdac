//! Why it can't be decided what to go back to: what was found, and whole commands to paste.

use release_core::command::{Command, Scope};
use release_core::failure::{Failure, Next};
use release_core::registry::ecr_reference::same_repository;
use release_core::registry::image::{ImageRef, short_digest};
use release_core::registry::push_history::{
    Chosen, Decision, LeftOut, SkipReason, Skipped, Source, TagForm, TagKind, UnknownRunning,
};
use release_core::text::printable;

use crate::restore::{archived, restored};
use crate::selection::Selected;
use crate::typed::{OF_REGISTRY, TARGET, Typed, WHICH};
use crate::words::{beside, pinned_short, whole};
use release_core::workload::container_image::ContainerImage;

/// What is made of what stands in manifests alone.
const READ_MANIFESTS: &str =
    "allow ecr:BatchGetImage on the repository, or name the image: --to-tag TAG, --to-digest DIGEST";

/// A command that was typed, to be printed with other words.
#[derive(Debug, Clone, Copy)]
pub struct Retyped<'a> {
    /// `deploy/api`
    pub workload: &'a str,
    pub typed: &'a Typed,
    pub scope: &'a Scope,
}

impl Retyped<'_> {
    /// The command as it was typed, with a flag instead of the flags `but`.
    #[must_use]
    pub fn with(&self, flag: &str, value: &str, but: &[&str]) -> Command {
        let command = Command::new(self.typed.verb()).arg(self.workload).flag(flag, value);
        command.args(self.typed.without(but)).scope(self.scope)
    }

    /// What `--from rollout-history` has to go without, where that was asked for.
    #[must_use]
    pub fn without_gate(&self) -> Option<String> {
        self.typed.left_out(&["--max-severity"])
    }

    /// The command that goes to an image that pods run; nothing where nothing of that repository names it for good.
    #[must_use]
    pub fn leading_to(&self, image: &str, digest: Option<&str>, spec: &str) -> Option<Command> {
        let parsed = ImageRef::parse(image);
        let but: Vec<&str> = TARGET.into_iter().chain(["--if-running"]).collect();
        let to = |(flag, value): (&str, &str)| {
            let command = Command::new("kubectl ecr-rollback").arg(self.workload).flag(flag, value);
            command.args(self.typed.without(&but)).scope(self.scope)
        };
        let tag = parsed.tag.filter(|_| stays(image)).map(|tag| ("--to-tag", tag));
        let by_digest = parsed.digest.or(digest).map(|digest| ("--to-digest", digest));
        tag.or(by_digest).filter(|_| same_repository(image, spec)).map(to)
    }

    /// The rollout history while ECR gives no answer, and what it has to go without.
    #[must_use]
    pub fn alone(&self) -> (Command, Option<String>) {
        let but: Vec<&str> = OF_REGISTRY.into_iter().chain(["--pin-digest"]).collect();
        (self.with("--from", "rollout-history", &but), self.typed.left_out(&["--max-severity", "--pin-digest"]))
    }

    /// The same with another way of counting what was before.
    #[must_use]
    pub fn from(&self, source: Source) -> Command {
        match source {
            Source::Registry => self.with("--from", "registry", &["--from"]),
            Source::RolloutHistory => self.with("--from", "rollout-history", &OF_REGISTRY),
        }
    }

    /// What shows what there is to go back to: the repository's images, where it was asked and has answered; else what
    /// the cluster keeps.
    #[must_use]
    pub fn look(&self, selected: &Selected, has_answered: bool) -> Command {
        let is_there = has_answered && selected.repository.is_some();
        images_or_revisions(self.workload, selected.container(), is_there).scope(self.scope)
    }
}

/// What shows a repository's images; the revisions that the cluster keeps where it is not known that ECR answers. The
/// container is named: it may have been picked, or be the only one of ECR.
#[must_use]
pub fn images_or_revisions(workload: &str, container: &str, has_answered: bool) -> Command {
    if has_answered {
        Command::new("kubectl ecr-rollback history").arg(workload).flag("-c", container)
    } else {
        Command::new("kubectl rollout history").arg(workload)
    }
}

/// Several containers could be meant.
#[must_use]
pub fn several_containers(containers: &[ContainerImage], retyped: Retyped<'_>) -> Failure {
    let found: Vec<String> = containers.iter().map(|one| format!("{one} ({})", pinned_short(&one.image))).collect();
    let text = format!("{} has several containers from ECR: {}", retyped.workload, found.join(", "));
    let with_image = |image: &str| -> Vec<&str> {
        containers.iter().filter(|one| one.image == image).map(|one| one.name.as_str()).collect()
    };
    let mut together: Vec<String> = containers
        .iter()
        .map(|one| with_image(&one.image))
        .filter(|names| names.len() > 1)
        .map(|names| names.join(","))
        .collect();
    together.sort();
    together.dedup();
    let alone = containers.iter().map(|one| one.name.clone());
    let commands = together.into_iter().chain(alone).map(|names| retyped.with("-c", &names, &[])).collect();
    Failure::failed("SeveralContainers", text).next(Next::Try(commands, None))
}

/// Words a decision that is no choice; `look` shows what there is.
#[must_use]
pub fn undecided(decision: &Decision, selected: &Selected, retyped: Retyped<'_>, look: Command) -> Failure {
    let left = pinned_short(selected.image());
    match decision {
        Decision::Chosen(_) => Failure::failed("Undecided", "nothing was decided"),
        Decision::Disagree { step, pushed_before, deployed_before, open } => {
            let text = disagree(selected.image(), *step, pushed_before.as_ref(), deployed_before);
            let commands = open.iter().map(|source| retyped.from(*source)).collect();
            let by_history = open.contains(&Source::RolloutHistory);
            let note = retyped.without_gate().filter(|_| by_history).map(|note| format!("by rollout history {note}"));
            Failure::failed("Disagree", text).next(Next::Try(commands, note))
        }
        Decision::UnknownRunning { why, deployed_before } => unknown(why, deployed_before.as_ref(), retyped, look),
        Decision::NothingOlder { of_another_form, skipped } => {
            let failure = nothing_older(&left, of_another_form.as_deref(), skipped, (retyped, look));
            match archived(skipped).zip(selected.repository.as_ref()) {
                Some((image, repository)) => failure.next(restored(&image, repository)),
                None => failure,
            }
        }
        Decision::CannotPin { image, revision, seen_in } => {
            let text = cannot_pin(image, *revision, seen_in.as_deref());
            Failure::failed("CannotPin", text).try_next(by_tag(image, selected.image(), retyped))
        }
        Decision::NoSuchTag { tag, close } => {
            let text = format!("no tag \"{}\" in the repository", tag.escape_debug());
            missing(text, "--to-tag", close, (retyped, look))
        }
        Decision::NoSuchDigest { digest, close } if close.len() > 1 => {
            let text = format!("several images begin with \"{}\"", digest.escape_debug());
            missing(text, "--to-digest", close, (retyped, look))
        }
        Decision::NoSuchDigest { digest, close } => {
            let text = format!("no image \"{}\" in the repository", digest.escape_debug());
            missing(text, "--to-digest", close, (retyped, look))
        }
        Decision::NotDeployable { digest, tag, why } => not_deployable(digest, tag.as_ref(), why, (selected, look)),
        Decision::AlreadyRuns { .. } => Failure::failed("AlreadyRuns", format!("{left} is what is asked for already")),
    }
}

/// What is archived can be restored.
fn not_deployable(
    digest: &str,
    tag: Option<&String>,
    why: &LeftOut,
    (selected, look): (&Selected, Command),
) -> Failure {
    let image = tag.cloned().unwrap_or_else(|| short_digest(digest));
    let failure = Failure::failed("NotDeployable", format!("{} can't be deployed: {why}", printable(&image)));
    match selected.repository.as_ref().filter(|_| *why == LeftOut::Archived) {
        Some(repository) => failure.next(restored(&format!("imageDigest={digest}"), repository)),
        None => failure.look(look),
    }
}

/// A tag that stays says which image of the repository it was; else the registry's order does.
fn by_tag(ran: &str, spec: &str, retyped: Retyped<'_>) -> Command {
    let stays = |tag: &&str| TagForm::of(tag).kind() != TagKind::Name && same_repository(ran, spec);
    match ImageRef::parse(ran).tag.filter(stays) {
        Some(tag) => retyped.with("--to-tag", tag, &WHICH),
        None => retyped.from(Source::Registry),
    }
}

/// The same where the registry gives no answer either: what is left of the command that needs none.
#[must_use]
pub fn cannot_pin_alone(decision: &Decision, retyped: Retyped<'_>) -> Option<Failure> {
    let Decision::CannotPin { image, revision, seen_in } = decision else { return None };
    let failure = Failure::failed("CannotPin", cannot_pin(image, *revision, seen_in.as_deref()));
    if !stays(image) {
        return Some(failure.next("ECR gives no answer; once it does, --from registry or --to-digest finds the image"));
    }
    let without = retyped.with("--from", "rollout-history", &["--from", "--pin-digest"]);
    let note = "leaves out --pin-digest, which needs ECR, and it gives no answer".to_owned();
    Some(failure.next(Next::Try(vec![without], Some(note))))
}

/// True where a reference's tag is no name.
fn stays(reference: &str) -> bool {
    ImageRef::parse(reference).tag.is_some_and(|tag| TagForm::of(tag).kind() != TagKind::Name)
}

fn cannot_pin(image: &str, revision: i64, seen_in: Option<&str>) -> String {
    let ran = format!("revision {revision} ran {}", pinned_short(image));
    match seen_in {
        None if stays(image) => format!("{ran}, and no pod says which image that was, to pin it to"),
        None => format!("{ran}, whose tag moves; which image that was is not known here"),
        Some(repository) => format!(
            "{ran}, and its pods name a digest of {}; whether {} has it is not known without asking the registry",
            printable(repository),
            printable(ImageRef::parse(image).repository)
        ),
    }
}

fn disagree(left: &str, step: usize, pushed: Option<&Chosen>, deployed: &Chosen) -> String {
    let steps = if step > 1 { format!("{step} steps ") } else { String::new() };
    let pushed = pushed.map_or_else(|| "nothing of its form".into(), |c| pinned_short(&c.image));
    let revision = deployed.revision.map(|r| format!(" (revision {r})")).unwrap_or_default();
    format!(
        "{steps}before {}, {pushed} was pushed, but {}{revision} was deployed; nothing was written{}",
        pinned_short(left),
        beside(left, &deployed.image),
        all_passed_over(&deployed.skipped)
    )
}

fn unknown(why: &UnknownRunning, deployed: Option<&Chosen>, retyped: Retyped<'_>, look: Command) -> Failure {
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
        UnknownRunning::MaybePart { digest } => {
            format!("what runs ({}) may be a part of another image, and manifests can't be read", short_digest(digest))
        }
    };
    let failure = Failure::failed("UnknownRunning", format!("{text}; nothing is \"before\" it"));
    match deployed {
        None if matches!(why, UnknownRunning::MaybePart { .. }) => failure.next(READ_MANIFESTS),
        Some(_) => failure.next(Next::Try(vec![retyped.from(Source::RolloutHistory)], retyped.without_gate())),
        None => {
            let then = "then --to-tag TAG or --to-digest DIGEST".to_owned();
            failure.next(Next::Look(look, Some(then)))
        }
    }
}

fn nothing_older(
    left: &str,
    other: Option<&str>,
    skipped: &[Skipped],
    (retyped, look): (Retyped<'_>, Command),
) -> Failure {
    let passed = all_passed_over(skipped);
    let failure = Failure::failed("NothingOlder", format!("nothing to go back to before {left}{passed}"));
    let is_in_doubt =
        |s: &Skipped| matches!(s.why, SkipReason::LeftOut { why: LeftOut::MaybePart | LeftOut::MaybeNoImage });
    match other {
        _ if skipped.iter().any(is_in_doubt) => failure.next(READ_MANIFESTS),
        Some(image) => {
            let flag = if image.starts_with("sha256:") { "--to-digest" } else { "--to-tag" };
            failure.try_next(retyped.with(flag, image, &TARGET))
        }
        None => failure.look(look),
    }
}

/// A line of its own, where there is any.
fn all_passed_over(skipped: &[Skipped]) -> String {
    let passed: Vec<String> = skipped.iter().map(passed_over).collect();
    if passed.is_empty() { String::new() } else { format!("\npassed over: {}", passed.join("; ")) }
}

/// What would have come first, and why it didn't.
#[must_use]
pub fn passed_over(skipped: &Skipped) -> String {
    let why = match &skipped.why {
        SkipReason::LeftOut { why } => why.to_string(),
        SkipReason::NotInRepository => "no longer in the repository".into(),
        SkipReason::TagMoved { perhaps: None } => "its tag was moved".into(),
        SkipReason::TagMoved { perhaps: Some(digest) } => {
            format!("its tag was moved; it may have been {}", short_digest(digest))
        }
        SkipReason::OtherRepository => "of another repository".into(),
        SkipReason::OtherForm => "of another form".into(),
        SkipReason::OtherName => "another name, which it is not known to have run".into(),
        SkipReason::RolledBackFrom => "rolled back from before".into(),
    };
    let revision = skipped.revision.map(|r| format!(" (revision {r})")).unwrap_or_default();
    let is_elsewhere = skipped.why == SkipReason::OtherRepository;
    let image = if is_elsewhere { whole(&skipped.image) } else { pinned_short(&printable(&skipped.image)) };
    format!("{image}{revision}: {why}")
}

fn missing(text: String, flag: &str, close: &[String], (retyped, look): (Retyped<'_>, Command)) -> Failure {
    let failure = Failure::failed("NoSuchImage", text);
    if close.is_empty() {
        return failure.look(look);
    }
    let commands = close.iter().take(3).map(|word| retyped.with(flag, word, &["--to-tag", "--to-digest"]));
    failure.next(Next::Try(commands.collect(), None))
}
