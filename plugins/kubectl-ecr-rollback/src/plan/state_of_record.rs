//! Whether there is something to do at all: what the record of the last rollback says about a
//! command that is typed again.

use release_core::command::{Command, Scope};
use release_core::failure::{Failure, Next, Outcome};
use release_core::kube::Workload;
use release_core::registry::ecr_reference::names_repository_of;
use release_core::registry::image::{ImageRef, TypedImage};
use release_core::release::record::RunResult;

use crate::options::RollbackOptions;
use crate::record::way_here::standing;
use crate::record::{ImageRecord, Moved, RecordVerb, RecordedImages};
use crate::selection::Selected;
use crate::typed::CONTAINERS;
use crate::words::{pinned_short, when};
use release_core::workload::container_image::{ContainerImage, containers_of};

/// What the record makes of the command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StateOfRecord {
    /// Nothing of ours stands in the way: plan.
    Open,
    /// It is so already.
    Nothing {
        message: String,
        /// The change that made it so.
        record: Box<ImageRecord>,
        /// Goes one further back.
        further: Option<Command>,
    },
    /// The same rollback is under way, or was cut off: watch it to its end.
    Attach(Box<ImageRecord>),
}

/// Decides from the record.
///
/// A rollback that finished is not repeated by the same words, or a CI job that is retried would go
/// back two releases; one that didn't is taken up again, whoever began it.
///
/// # Errors
/// Exit 3 where `--if-running` names something that isn't and wasn't what runs.
pub fn state_of_record(
    workload: &Workload,
    recorded: &RecordedImages,
    selected: &Selected,
    options: &RollbackOptions,
    scope: &Scope,
) -> Outcome<StateOfRecord> {
    let template = containers_of(workload);
    // Who moved forward to an image and now wants back from it means something else.
    let same_way = |r: &&ImageRecord| match r.verb {
        RecordVerb::Rollback => true,
        RecordVerb::Forward => went_where(r, selected, options) || (r.by_history && options.is_offline()),
        RecordVerb::Unpin | RecordVerb::Other(_) => false,
    };
    let record = standing(recorded, &selected.containers[0], &template).filter(same_way);
    if let Some(tag) = &options.if_running
        && !names(selected.image(), tag)
    {
        let there = record.filter(|record| !options.is_explicit() || went_where(record, selected, options));
        there.map_or(Ok(()), |record| are_its_words((workload, record), selected, options, scope))?;
        return not_running(workload, selected, there, tag);
    }
    let Some(record) = record else { return Ok(StateOfRecord::Open) };
    are_its_words((workload, record), selected, options, scope)?;
    let same_target = !options.is_explicit() || went_where(record, selected, options);
    // What failed and was left may have come up since; that it did is this rollback's end, too. Who asks for one further
    // has seen that it failed.
    let left_as_it_was = record.result == Some(RunResult::Failed) && !options.again;
    let is_last = recorded.is_of(record);
    if same_target && is_last && (record.is_open() || left_as_it_was) {
        return Ok(StateOfRecord::Attach(Box::new(record.clone())));
    }
    // One that was followed by another, which failed, ended well enough for that.
    let is_done = record.result == Some(RunResult::Done) || (record.is_open() && !is_last);
    if options.is_explicit() || options.again || !is_done {
        return Ok(StateOfRecord::Open);
    }
    let command = Command::new(options.write.typed.verb()).arg(workload.reference()).args(options.write.typed.all());
    let what = if record.verb == RecordVerb::Forward { "move forward" } else { "rollback" };
    Ok(StateOfRecord::Nothing {
        message: format!("{} since the {what} at {} by {}", runs(workload, selected), when(record.at), record.by),
        record: Box::new(record.clone()),
        further: Some(command.arg("--again").scope(scope)),
    })
}

/// Words that ask for something else than the change did which led here: neither is it done, nor is it known what it
/// is to be counted from.
fn are_its_words(
    (workload, record): (&Workload, &ImageRecord),
    selected: &Selected,
    options: &RollbackOptions,
    scope: &Scope,
) -> Outcome<()> {
    if options.is_explicit() || options.again {
        return Ok(());
    }
    all_containers_moved((workload, record), selected, options, scope)?;
    let typed = &options.write.typed;
    let (steps, then) = (options.wanted.steps.max(1), record.steps.unwrap_or(1));
    let counts_otherwise = typed.only(&["--steps"]).next().is_some() && steps != then;
    let leaves_its_target = options.if_running.as_deref().is_some_and(|tag| names(selected.image(), tag));
    let why = match (counts_otherwise, leaves_its_target) {
        (true, _) => format!("went back {then}, and not {steps}"),
        (false, true) => "led to what --if-running names".to_owned(),
        (false, false) => return Ok(()),
    };
    let (runs, at, by) = (runs(workload, selected), when(record.at), &record.by);
    let text = format!("{runs} since the {} at {at} by {by}, which {why}; nothing was written", record.verb);
    let command = Command::new(typed.verb()).arg(workload.reference()).args(typed.all()).arg("--again").scope(scope);
    let note = "goes further back, counted from what it asks for now; or name the image with --to-tag".to_owned();
    Err(Failure::failed("OtherWords", text).next(Next::Try(vec![command], Some(note))))
}

/// A container that is asked for now and stayed where it was then has not gone back.
fn all_containers_moved(
    (workload, record): (&Workload, &ImageRecord),
    selected: &Selected,
    options: &RollbackOptions,
    scope: &Scope,
) -> Outcome<()> {
    let has_moved = |one: &&ContainerImage| record.containers.iter().any(|m| m.name == one.name && m.init == one.init);
    // Only what has one image goes together: the others were asked for all the same.
    let wants_all = options.include_init_containers && options.containers.is_empty();
    let others = selected.staying.iter().filter(|one| wants_all && one.runs_before());
    let stayed: Vec<_> = selected.containers.iter().chain(others).filter(|one| !has_moved(one)).collect();
    let Some(first) = stayed.first() else { return Ok(()) };
    let names = stayed.iter().map(|one| one.name.as_str()).collect::<Vec<_>>().join(",");
    let (at, by) = (when(record.at), &record.by);
    let text = format!(
        "{} since the {} at {at} by {by}, which left {names} as it was; nothing was written",
        runs(workload, selected),
        record.verb
    );
    let typed = &options.write.typed;
    let init = first.runs_before().then(|| "--include-init-containers".to_owned());
    let command = Command::new(typed.verb()).arg(workload.reference()).flag("-c", &names).args(init);
    let command = command.args(typed.without(&CONTAINERS)).scope(scope);
    Err(Failure::failed("OtherWords", text).try_next(command))
}

/// Somebody was there before, or the words are wrong.
fn not_running(
    workload: &Workload,
    selected: &Selected,
    record: Option<&ImageRecord>,
    tag: &str,
) -> Outcome<StateOfRecord> {
    let left = record.filter(|r| moved(r, selected).is_some_and(|m| names(&m.from, tag)));
    match left {
        Some(record) if record.is_open() => Ok(StateOfRecord::Attach(Box::new(record.clone()))),
        Some(record) => Ok(StateOfRecord::Nothing {
            message: format!(
                "{}: {} {} from {tag} at {}",
                runs(workload, selected),
                record.by,
                record.verb.past(),
                when(record.at)
            ),
            record: Box::new(record.clone()),
            further: None,
        }),
        None => Err(Failure::changed(format!(
            "{}, not {}; nothing was written",
            runs(workload, selected),
            tag.escape_debug()
        ))),
    }
}

fn runs(workload: &Workload, selected: &Selected) -> String {
    format!("{workload} asks for {}", pinned_short(selected.image()))
}

fn moved<'a>(record: &'a ImageRecord, selected: &Selected) -> Option<&'a Moved> {
    record.containers.iter().find(|m| m.name == selected.container())
}

/// True where the tag or (the beginning of) the digest is the reference's, or the whole reference is.
fn names(reference: &str, typed: &str) -> bool {
    let named = TypedImage::parse(typed);
    if named.repository.is_some_and(|repository| !names_repository_of(repository, reference)) {
        return false;
    }
    let parsed = ImageRef::parse(reference);
    let by_digest = |word: &str| {
        let is =
            |d: &str| word.len() >= 7 && (d.starts_with(word) || d.trim_start_matches("sha256:").starts_with(word));
        parsed.digest.is_some_and(is)
    };
    let by_tag = |tag: &str| parsed.asked_tag() == Some(tag) || (named.repository.is_none() && by_digest(tag));
    match (named.digest, named.tag) {
        (Some(digest), _) => by_digest(digest),
        (None, tag) => by_tag(tag.unwrap_or("latest")),
    }
}

/// True where the record went to what is asked for now.
fn went_where(record: &ImageRecord, selected: &Selected, options: &RollbackOptions) -> bool {
    let to = moved(record, selected).map(|m| m.to.as_str()).unwrap_or_default();
    let by_digest = |word: &String| {
        let bare = word.trim_start_matches("sha256:");
        record.to_digest.as_ref().is_some_and(|d| bare.len() >= 7 && d.trim_start_matches("sha256:").starts_with(bare))
    };
    let by_tag = |word: &String| ImageRef::parse(to).tag == Some(word);
    options.wanted.to_tag.as_ref().is_some_and(by_tag) || options.wanted.to_digest.as_ref().is_some_and(by_digest)
}
