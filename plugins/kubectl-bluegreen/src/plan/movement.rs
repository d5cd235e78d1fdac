//! One Service's move, and the writes that make it and take it back.

use std::sync::Arc;

use release_aws::route53::Zone;
use release_core::command::{Command, Scope, selector_change_command};
use release_core::kube::Labels;
use release_core::kube::service::service_path;
use release_core::release::change::{Action, Change, Op, annotation_pointer};
use release_core::release::record::{Record as _, Recorded};
use release_core::traffic::router::route53::Batch;
use release_core::traffic::router::{Route, RouterKind, Standing, service};
use release_core::traffic::selector::as_label_selector;
use serde_json::{Value, json};

use crate::cleanup_note::CleanupNote;
use crate::record::Record;

/// Whether a Service selects both colors on its way from one to the other.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Width {
    /// One color, then the other.
    #[default]
    One,
    /// First this, which selects both.
    Widens(Labels),
    /// This, which selects both already: what widened it was cut off.
    IsWide(Labels),
}

/// One Service's move from one color to another.
#[derive(Debug, Clone)]
pub struct Move {
    pub service: String,
    pub namespace: String,
    /// What the command that undoes it must repeat.
    pub scope: Scope,
    pub key: String,
    pub from: String,
    pub to: String,
    /// What pods of the color that is left have.
    pub previous: Labels,
    /// What pods of the target have.
    pub selector: Labels,
    /// How the target was chosen, where the user didn't say.
    pub note: Option<String>,
    /// What is written into the annotation.
    pub record: Record,
    /// The zone of the records that are written, where they decide.
    pub zone: Option<Zone>,
    /// The route that is written; nothing where it is the Service's own selector.
    pub route: Option<Arc<Route>>,
    pub width: Width,
    /// What is there is something else than was written, and is ours all the same: a webhook's work.
    pub is_rewritten: bool,
}

/// Where an object sends the Service's requests, for a move.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// As before the move.
    Before,
    /// As the move leaves it.
    After,
    /// At both colors, on its way.
    Both,
    /// Somewhere else, in words: `app=api,version=teal`, `blue 50, green 50`.
    Elsewhere(String),
}

impl Move {
    /// The object that is written, as people name it.
    #[must_use]
    pub fn object(&self) -> String {
        let route = self.route.as_ref().map(|route| route.seen_from(&self.namespace));
        route.unwrap_or_else(|| format!("service/{}", self.service))
    }

    /// Its API path.
    #[must_use]
    pub fn path(&self) -> String {
        let route = self.route.as_ref().map(|route| route.path());
        route.unwrap_or_else(|| service_path(&self.namespace, &self.service))
    }

    /// Its kind.
    #[must_use]
    pub fn kind(&self) -> RouterKind {
        self.route.as_ref().map_or(RouterKind::Service, |route| route.kind)
    }

    /// What it does, at a color: `service/api selects green`.
    #[must_use]
    pub fn sends_to(&self, color: &str) -> String {
        match &self.route {
            None => format!("service/{} selects {color}", self.service),
            Some(_) => format!("{} sends service/{} to {color}", self.object(), self.service),
        }
    }

    /// The zone, and the records in it that decide; nothing where an object of the cluster does.
    #[must_use]
    pub fn records(&self) -> Option<(&Zone, &Route)> {
        let route = self.route.as_deref().filter(|route| route.dns.is_some())?;
        Some((self.zone.as_ref()?, route))
    }

    /// What is written to them; nothing where an object of the cluster decides.
    #[must_use]
    pub fn batch(&self) -> Option<Batch> {
        let route = self.route.as_ref()?;
        route.batch(&route.object, &self.to)?.ok()
    }

    /// The Service whose endpoints a color's requests go to.
    #[must_use]
    pub fn backend<'m>(&'m self, color: &str) -> &'m str {
        self.route.as_ref().and_then(|route| route.backend(color)).unwrap_or(&self.service)
    }

    /// The same, made from the object as it is now.
    #[must_use]
    pub fn on(self, object: Value) -> Self {
        let route = self.route.as_ref().map(|route| Arc::new(Route { object, ..Route::clone(route) }));
        Self { route, ..self }
    }

    /// Where an object as it is now sends the requests.
    #[must_use]
    pub fn place(&self, object: &Value) -> Place {
        let Some(route) = &self.route else {
            return match service::selector(object) {
                now if now == self.selector => Place::After,
                now if now == *self.first() => Place::Before,
                now if now == *self.written() => Place::Both,
                now => Place::Elsewhere(as_label_selector(&now)),
            };
        };
        match route.standing(object) {
            Standing::On(color) if color == self.to => Place::After,
            _ if self.is_rewritten => Place::After,
            Standing::On(color) if color == self.from => Place::Before,
            now => Place::Elsewhere(now.shown()),
        }
    }

    /// True where the requests go to where they went before the move, whatever was made of its write.
    #[must_use]
    pub fn is_where_it_was(&self, object: &Value) -> bool {
        match &self.route {
            None => service::selector(object) == self.previous,
            Some(route) => matches!(route.standing(object), Standing::On(color) if color == self.from),
        }
    }

    /// True where all that the write is conditional on is as it was read, our annotations apart.
    #[must_use]
    pub fn is_untouched(&self, object: &Value) -> bool {
        match &self.route {
            None => self.place(object) == Place::Before,
            Some(route) => route.rules(object) == route.rules(&route.object),
        }
    }

    /// The one conditional patch: refused as a whole where what decides, our record or the note of
    /// the last cleanup is no longer what the plan was made from.
    #[must_use]
    pub fn change(&self, recorded: &Recorded<Record>, cleanup: &CleanupNote) -> Change {
        let ops = match &self.route {
            None => selected(self.first(), self.written()),
            Some(route) => route.plan(&route.object, &self.to),
        };
        let summary = format!("{}: {} -> {}", self.key, self.from, self.to);
        self.patch(ops, record_ops(recorded, cleanup, &self.record), summary, Some(self.undo()))
    }

    /// The patch that takes this move back on an object as it is now, conditional on it being still the last one.
    #[must_use]
    pub fn take_back(
        &self,
        now: &Value,
        (recorded, cleanup): (&Recorded<Record>, &CleanupNote),
        record: &Record,
    ) -> Change {
        let ops = match &self.route {
            None if self.place(now) == Place::Both => selected(self.written(), &self.previous),
            None => selected(&self.selector, &self.previous),
            Some(route) => route.plan(now, &self.from),
        };
        let summary = format!("{}: {} -> {}", self.key, self.to, self.from);
        // To undo it would lead to the color that just failed.
        self.patch(ops, record_ops(recorded, cleanup, record), summary, None)
    }

    /// The second write of a move that widens: the target alone, where the Service still selects both and our record
    /// of it is what it was.
    #[must_use]
    pub fn narrowing(&self, recorded: &Recorded<Record>) -> Change {
        let still = Op::test(&annotation_pointer(Record::CURRENT), json!(recorded.raw_current));
        let beside = if recorded.raw_current.is_some() { vec![still] } else { Vec::new() };
        let summary = format!("{}: {} alone", self.key, self.to);
        self.patch(selected(self.written(), &self.selector), beside, summary, Some(self.undo()))
    }

    /// `blue and green`
    #[must_use]
    pub fn both(&self) -> String {
        format!("{} and {}", self.from, self.to)
    }

    /// What the Service selects before the first write.
    #[must_use]
    pub fn first(&self) -> &Labels {
        match &self.width {
            Width::IsWide(both) => both,
            Width::One | Width::Widens(_) => &self.previous,
        }
    }

    /// What it selects after that.
    #[must_use]
    pub fn written(&self) -> &Labels {
        match &self.width {
            Width::Widens(both) => both,
            Width::One | Width::IsWide(_) => &self.selector,
        }
    }

    /// The bare kubectl command that undoes it, if what decides is still as this leaves it: pasted after a
    /// later move it fails, and overwrites nothing.
    #[must_use]
    pub fn undo(&self) -> Command {
        match &self.route {
            None => selector_change_command(&self.service, &self.scope, &self.selector, &self.previous),
            Some(route) => self.by_kubectl(route, &route.moved(&route.object, &self.to), &self.from),
        }
    }

    /// The bare kubectl command that makes it, if what decides is still as it was read.
    #[must_use]
    pub fn by_hand(&self) -> Command {
        match &self.route {
            None => selector_change_command(&self.service, &self.scope, self.first(), &self.selector),
            Some(route) => self.by_kubectl(route, &route.object, &self.to),
        }
    }

    fn by_kubectl(&self, route: &Route, seen: &Value, to: &str) -> Command {
        route.command(&self.scope, seen, to)
    }

    /// Conditions first: what decides, then our annotations.
    fn patch(&self, mut ops: Vec<Op>, beside: Vec<Op>, summary: String, undo: Option<Command>) -> Change {
        let written = ops.iter().position(|op| op.0["op"] != "test").unwrap_or(ops.len());
        let writes = ops.split_off(written);
        ops.extend(beside);
        ops.extend(writes);
        Change { object: self.object(), path: self.path(), action: Action::JsonPatch(ops), summary, undo }
    }
}

fn selected(from: &Labels, to: &Labels) -> Vec<Op> {
    vec![service::still(from), service::select(to)]
}

/// Tests that the record is as it was read, sets the new one and moves the old one to the history.
fn record_ops(recorded: &Recorded<Record>, cleanup: &CleanupNote, record: &Record) -> Vec<Op> {
    let noted = recorded.room.is_there.then(|| cleanup.still());
    noted.into_iter().chain(recorded.followed_by(record)).collect()
}
