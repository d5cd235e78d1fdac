//! A selector that an admission policy or webhook made of the one that was written.

use std::cell::Cell;

use k8s_openapi::api::core::v1::Service;
use release_cli::run::Run;
use release_core::command::selector_change_command;
use release_core::failure::Failure;
use release_core::kube::Labels;
use release_core::kube::service::service_path;
use release_core::release::record::RunResult;
use release_core::release::rewritten::rewritten;
use release_core::traffic::selector::as_label_selector;
use serde::Deserialize;
use serde_json::Value;

use super::in_progress::MoveInProgress;
use super::meanwhile::Meanwhile;
use super::moved::Moved;
use super::take_back;
use crate::plan::Move;

/// The selector that the API server has stored, where it is not the one that was written.
#[must_use]
pub fn other_selector(answered: &Value, made: &MoveInProgress<'_>) -> Option<Labels> {
    let stored = Option::<Labels>::deserialize(&answered["spec"]["selector"]).ok()?.unwrap_or_default();
    (stored != made.movement.selector).then_some(stored)
}

/// Puts the Service back to where it was: what it selects now nobody has asked for.
pub async fn put_back(run: &Run, made: &MoveInProgress<'_>, stored: Labels) -> Failure {
    let (service, from) = (made.service(), &made.movement.from);
    let shown = as_label_selector(&stored);
    let text = format!(
        "service/{service} selects {shown} now, though {} was written: an admission policy or webhook rewrites it",
        as_label_selector(&made.movement.selector)
    );
    let movement = Move { selector: stored, ..made.movement.clone() };
    let there = MoveInProgress {
        movement: &movement,
        view: made.view,
        tracks: made.tracks,
        required: made.required,
        verify_for: made.verify_for,
        image: made.image,
        strict: made.strict,
        moved: Moved::new(true),
        is_recorded: Cell::new(made.is_recorded.get()),
        meanwhile: Meanwhile::default(),
    };
    let back = match take_back::one(run, &there, &text, RunResult::Failed).await {
        Ok(()) => is_back(run, &movement).await,
        Err(why) => format!("it could not be put back to {from}: {}", why.message),
    };
    rewritten(format!("{text}\n{back}"), run.scope())
}

/// The policy has had its say in that write, too.
async fn is_back(run: &Run, movement: &Move) -> String {
    let Move { service, from, previous, scope, .. } = movement;
    let read = run.cluster.get::<Service>(&service_path(&movement.namespace, service)).await;
    let now = read.map(|service| service.spec.and_then(|spec| spec.selector).unwrap_or_default());
    match now {
        Ok(now) if now == *previous => format!("it is on {from} again"),
        Ok(now) => format!(
            "it could not be put back to {from}: it selects {} now; once nothing rewrites it: {}",
            as_label_selector(&now),
            selector_change_command(service, scope, &now, previous)
        ),
        Err(error) => format!("it was put back to {from}, and what is stored can't be read: {error}"),
    }
}
