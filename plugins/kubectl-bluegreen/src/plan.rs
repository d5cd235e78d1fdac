//! What a move does to each Service: pure, from a snapshot and options.

use kubectl_release::change::{Action, Change, Op, annotation_pointer, selector_command};
use kubectl_release::cluster::read::collection;
use kubectl_release::error::Outcome;
use kubectl_release::image::ImageRef;
use kubectl_release::objects::Labels;
use kubectl_release::record::{CLEANUP, CURRENT, HISTORY, Record, Recorded};
use kubectl_release::selector::Tracks;
use serde_json::{Value, json};

use crate::checks::Verb;
use crate::options::{Aim, MoveOptions};
use crate::refusal;
use crate::snapshot::Snapshot;
use crate::subject::Subject;

mod back;
pub mod size;

/// What is to be done with one Service.
#[derive(Debug, Clone)]
pub enum Step {
    Move(Box<Move>),
    /// It is so already: what is so, and the command that people may want instead.
    Nothing {
        service: String,
        color: String,
        message: String,
        next: Option<String>,
    },
}

/// One Service's move from one color to another.
#[derive(Debug, Clone)]
pub struct Move {
    pub service: String,
    pub namespace: String,
    pub key: String,
    pub from: String,
    pub to: String,
    pub previous: Labels,
    pub selector: Labels,
    /// How the target was chosen, where the user didn't say.
    pub note: Option<String>,
    /// What is written into the annotation.
    pub record: Record,
}

/// The commands that printed texts refer to need to know how the user reached the cluster.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    pub options: &'a MoveOptions,
    /// `-n NS` and connection flags, with a leading space.
    pub suffix: &'a str,
    /// Connection flags alone, with a leading space.
    pub flags: &'a str,
    /// Identifies this run in records and events.
    pub run_id: &'a str,
    pub user: &'a str,
}

/// Plans every Service, in the order asked.
///
/// # Errors
/// Exit 1 where a Service can't be switched or the target isn't clear: with what was found and
/// whole commands to paste.
pub fn plan(snapshot: &Snapshot, subjects: &[Subject<'_>], context: &Context<'_>) -> Outcome<Vec<Step>> {
    subjects.iter().map(|subject| step(snapshot, subjects, subject, context)).collect()
}

fn step(snapshot: &Snapshot, all: &[Subject<'_>], subject: &Subject<'_>, context: &Context<'_>) -> Outcome<Step> {
    let tracks = subject.tracks.as_ref().map_err(|why| refusal::not_switchable(subject, why, snapshot, context))?;
    let chosen = match &context.options.aim {
        Aim::Color(color) => by_name(subject, tracks, color, context)?,
        Aim::Image(tag) => by_image(subject, tracks, tag, context)?,
        Aim::Other => only_other(subject, tracks, context)?,
        Aim::Back => match back::target(snapshot, all, subject, tracks, context)? {
            back::Target::Color { color, selector, note } => (color, selector, note),
            back::Target::AlreadyBack { message, next } => return Ok(nothing(subject, tracks, message, next)),
        },
    };
    let (color, selector, note) = chosen;
    if color == tracks.active {
        return Ok(nothing(subject, tracks, already_active(subject, &color), None));
    }
    Ok(Step::Move(Box::new(movement(snapshot, subject, tracks, color, selector, note, context))))
}

type Chosen = (String, Labels, Option<String>);

fn nothing(subject: &Subject<'_>, tracks: &Tracks, message: String, next: Option<String>) -> Step {
    Step::Nothing { service: subject.name().to_owned(), color: tracks.active.clone(), message, next }
}

fn already_active(subject: &Subject<'_>, color: &str) -> String {
    let cut_off = subject.recorded.current.as_ref().is_some_and(|r| r.to == color && r.result.is_none());
    let remark = if cut_off { " (the run that switched it is still going on, or was cut off)" } else { "" };
    format!("{color} is active already{remark}")
}

fn by_name(subject: &Subject<'_>, tracks: &Tracks, color: &str, context: &Context<'_>) -> Outcome<Chosen> {
    match tracks.color(color) {
        Some(found) => Ok((found.name.clone(), tracks.selector_for(color), None)),
        None => Err(refusal::no_such_color(subject, tracks, color, context)),
    }
}

fn by_image(subject: &Subject<'_>, tracks: &Tracks, tag: &str, context: &Context<'_>) -> Outcome<Chosen> {
    let runs = |image: &str| image == tag || ImageRef::parse(image).tag == Some(tag);
    let mut colors = tracks.colors.iter().filter(|c| c.workloads.iter().any(|w| w.images().any(runs)));
    match (colors.next(), colors.next()) {
        (Some(color), None) => {
            Ok((color.name.clone(), tracks.selector_for(&color.name), Some(format!("{} runs {tag}", color.name))))
        }
        (None, _) => Err(refusal::no_such_image(subject, tracks, tag, context)),
        (Some(_), Some(_)) => Err(refusal::several_run_image(subject, tracks, tag, context)),
    }
}

fn only_other(subject: &Subject<'_>, tracks: &Tracks, context: &Context<'_>) -> Outcome<Chosen> {
    let mut others = tracks.others().filter(|c| !c.workloads.is_empty());
    match (others.next(), others.next()) {
        (Some(color), None) => Ok((color.name.clone(), tracks.selector_for(&color.name), None)),
        (None, _) => Err(refusal::only_one_color(subject, tracks)),
        (Some(_), Some(_)) => Err(refusal::several_colors(subject, tracks, context)),
    }
}

fn movement(
    snapshot: &Snapshot,
    subject: &Subject<'_>,
    tracks: &Tracks,
    to: String,
    selector: Labels,
    note: Option<String>,
    context: &Context<'_>,
) -> Move {
    let options = context.options;
    let previous = tracks.selector_for(&tracks.active);
    let record = Record {
        id: context.run_id.to_owned(),
        verb: if options.verb == Verb::Switch { "switch" } else { "rollback" }.to_owned(),
        key: tracks.key.clone(),
        from: tracks.active.clone(),
        to: to.clone(),
        by: snapshot.who.clone().unwrap_or_else(|_| format!("{} (kubeconfig)", context.user)),
        at: snapshot.at,
        reason: kubectl_release::record::printable(&options.reason),
        retain_seconds: options.retain.as_secs(),
        selector: previous.clone(),
        services: if options.services.len() > 1 { options.services.clone() } else { Vec::new() },
        result: None,
        millis: None,
    };
    Move {
        service: subject.name().to_owned(),
        namespace: snapshot.namespace.clone(),
        key: tracks.key.clone(),
        from: tracks.active.clone(),
        to,
        previous,
        selector,
        note,
        record,
    }
}

impl Move {
    /// The one conditional patch: refused as a whole where the selector or our record is no
    /// longer what the plan was made from.
    #[must_use]
    pub fn change(&self, subject: &Subject<'_>, flags: &str) -> Change {
        let recorded = &subject.recorded;
        let mut ops = vec![Op::test("/spec/selector", json!(self.previous))];
        ops.extend(record_ops(recorded, subject.service.metadata.annotations.is_some(), &self.record));
        ops.push(Op::replace("/spec/selector", json!(self.selector)));
        Change {
            object: format!("service/{}", self.service),
            path: service_path(&self.namespace, &self.service),
            action: Action::JsonPatch(ops),
            summary: format!("{}: {} -> {}", self.key, self.from, self.to),
            undo: Some(selector_command(&self.service, &self.namespace, flags, &self.previous)),
        }
    }

    /// The patch that takes this move back, conditional on it being still the last one.
    #[must_use]
    pub fn take_back(&self, recorded: &Recorded, record: &Record, flags: &str) -> Change {
        let mut ops = vec![Op::test("/spec/selector", json!(self.selector))];
        ops.extend(record_ops(recorded, true, record));
        ops.push(Op::replace("/spec/selector", json!(self.previous)));
        Change {
            object: format!("service/{}", self.service),
            path: service_path(&self.namespace, &self.service),
            action: Action::JsonPatch(ops),
            summary: format!("{}: {} -> {}", self.key, self.to, self.from),
            undo: Some(selector_command(&self.service, &self.namespace, flags, &self.selector)),
        }
    }
}

/// The API path of a Service.
#[must_use]
pub fn service_path(namespace: &str, name: &str) -> String {
    format!("{}/{name}", collection::<k8s_openapi::api::core::v1::Service>(Some(namespace)))
}

/// Tests that the record is as it was read, sets the new one and moves the old one to the history.
fn record_ops(recorded: &Recorded, has_annotations: bool, record: &Record) -> Vec<Op> {
    let current = json!(record).to_string();
    let history = recorded.history_with_current();
    if !has_annotations {
        let annotations = json!({CURRENT: current, HISTORY: history});
        return vec![Op::test("/metadata/annotations", Value::Null), Op::add("/metadata/annotations", annotations)];
    }
    let pointer = annotation_pointer(CURRENT);
    let mut ops = vec![
        Op::test(&pointer, recorded.raw_current.clone().map_or(Value::Null, Value::String)),
        Op::add(&pointer, current),
        Op::add(&annotation_pointer(HISTORY), history),
    ];
    ops.insert(
        1,
        Op::test(&annotation_pointer(CLEANUP), recorded.raw_cleanup.clone().map_or(Value::Null, Value::String)),
    );
    ops
}

/// The moves among the steps.
#[must_use]
pub fn moves(steps: &[Step]) -> Vec<&Move> {
    steps
        .iter()
        .filter_map(|step| match step {
            Step::Move(movement) => Some(movement.as_ref()),
            Step::Nothing { .. } => None,
        })
        .collect()
}
