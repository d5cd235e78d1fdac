//! What an admission policy or webhook made of a selector, or of weights, that were written.

use std::cell::{Cell, RefCell};

use release_cli::run::Run;
use release_core::command::selector_change_command;
use release_core::failure::Failure;
use release_core::kube::Labels;
use release_core::release::record::RunResult;
use release_core::release::rewritten::rewritten;
use release_core::text::printable;
use release_core::traffic::router::service::selector;
use release_core::traffic::selector::as_label_selector;
use serde_json::Value;

use super::balanced::Balancers;
use super::home::Home;
use super::in_progress::MoveInProgress;
use super::meanwhile::Meanwhile;
use super::moved::Moved;
use super::signals::Signals;
use super::take_back;
use crate::plan::{Move, Place};

/// What the API server has stored instead of what was written.
#[derive(Debug)]
pub struct Other {
    selector: Labels,
    shown: String,
    /// What was written has changed nothing.
    is_where_it_was: bool,
}

/// What the API server has stored, where it is not what was written.
#[must_use]
pub fn other_than_written(answered: &Value, made: &MoveInProgress<'_>) -> Option<Other> {
    if made.movement.route.is_none()
        && !(answered["spec"]["selector"].is_object() || answered["spec"]["selector"].is_null())
    {
        return None;
    }
    let shown = match made.movement.place(answered) {
        Place::After => return None,
        Place::Both if made.is_wide.get() => return None,
        Place::Before => made.movement.from.clone(),
        Place::Both => made.movement.both(),
        Place::Elsewhere(shown) => shown,
    };
    let selector = if made.movement.route.is_some() { made.movement.selector.clone() } else { selector(answered) };
    let shown = if made.movement.route.is_some() { printable(&shown) } else { as_label_selector(&selector) };
    Some(Other { selector, shown, is_where_it_was: made.movement.is_where_it_was(answered) })
}

/// Puts the Service back to where it was: where it goes now nobody has asked for.
pub async fn put_back(run: &Run, made: &MoveInProgress<'_>, other: Other) -> Failure {
    let from = &made.movement.from;
    let written = match &made.movement.route {
        Some(_) => made.movement.to.clone(),
        None if made.is_wide.get() => as_label_selector(made.movement.written()),
        None => as_label_selector(&made.movement.selector),
    };
    let still = if other.is_where_it_was { "still" } else { "now" };
    let text = format!(
        "{} {still}, though {written} was written: an admission policy or webhook rewrites it",
        made.movement.sends_to(&other.shown)
    );
    let movement = Move { selector: other.selector, is_rewritten: true, ..made.movement.clone() };
    let there = MoveInProgress {
        movement: &movement,
        view: made.view,
        tracks: made.tracks,
        required: made.required,
        verify_for: made.verify_for,
        image: made.image,
        strict: made.strict,
        moved: Moved::new(true),
        is_wide: Cell::new(false),
        change_id: RefCell::default(),
        is_recorded: Cell::new(made.is_recorded.get()),
        meanwhile: Meanwhile::default(),
        after: None,
        signals: Signals::new(made.signals.asked, None),
        balancers: Balancers::default(),
    };
    // Also where nothing has to be put back: our record says that it has moved.
    let back = match take_back::one(run, &there, &text, RunResult::Failed).await {
        Ok(()) => is_back(run, &movement).await,
        Err(why) if other.is_where_it_was => format!("its record says {} by now: {}", movement.to, why.message),
        Err(why) => format!("it could not be put back to {from}: {}", why.message),
    };
    rewritten(format!("{text}\n{back}"), run.scope())
}

/// The policy has had its say in that write, too.
async fn is_back(run: &Run, movement: &Move) -> String {
    let Move { service, from, previous, scope, .. } = movement;
    let home = match Home::read(run, movement).await {
        Ok(home) => home,
        Err(error) => return format!("it was put back to {from}, and what is stored can't be read: {error}"),
    };
    if movement.is_where_it_was(&home.object) {
        return format!("it is on {from}, as before");
    }
    let shown = movement.route.as_ref().map_or_else(
        || as_label_selector(&selector(&home.object)),
        |route| printable(&route.standing(&home.object).shown()),
    );
    let now = format!("it could not be put back to {from}: {} now", movement.sends_to(&shown));
    if movement.route.is_some() {
        return now;
    }
    let command = selector_change_command(service, scope, &selector(&home.object), previous);
    format!("{now}; once nothing rewrites it: {command}")
}
