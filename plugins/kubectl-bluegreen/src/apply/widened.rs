//! A Service that selects both colors while load balancers get to know the one that is gone to: their controller takes
//! the old targets out as soon as the selector leaves them, and not once the new ones are healthy
//! (<https://github.com/kubernetes-sigs/aws-load-balancer-controller/issues/3621>).

use std::time::Duration;

use futures::future::try_join_all;
use release_cli::run::Run;
use release_cluster::conditional::{Found, Written};
use release_core::failure::{Failure, Outcome};
use release_core::release::change::Change;
use release_core::traffic::router::service;
use release_core::traffic::selector::as_label_selector;
use tokio::time::sleep;

use super::home::Home;
use super::in_progress::{MoveInProgress, status};
use super::rewritten::{other_than_written, put_back};
use super::targets;
use crate::news;
use crate::plan::Place;

/// Between two looks at the Service.
const TICK: Duration = Duration::from_secs(1);

/// Leaves the target alone in each Service that selects both colors, once load balancers reach it in all of them.
///
/// # Errors
/// Exit 4 where they don't in time, 3 where somebody else has changed a Service meanwhile.
pub async fn narrow(run: &Run, moves: &[MoveInProgress<'_>]) -> Outcome<()> {
    let wide: Vec<&MoveInProgress<'_>> = moves.iter().filter(|made| made.is_wide.get()).collect();
    try_join_all(wide.iter().map(|made| reached(run, made))).await?;
    for made in &wide {
        one(run, made).await?;
    }
    if !wide.is_empty() {
        news::switched(run, wide.iter().map(|made| (made.service(), made.movement.to.as_str())));
    }
    Ok(())
}

/// Waits for the load balancers, for as long as the Service is ours.
async fn reached(run: &Run, made: &MoveInProgress<'_>) -> Outcome<()> {
    tokio::select! {
        reached = targets::healthy_beside(run, made) => reached,
        ended = until_left(run, made) => ended,
    }
}

/// Returns once the same words of another run have narrowed it.
///
/// # Errors
/// Exit 3 where somebody has made something else of it.
async fn until_left(run: &Run, made: &MoveInProgress<'_>) -> Outcome<()> {
    loop {
        // A read that fails is no verdict; the next tick asks again.
        if let Ok(home) = Home::read(run, made.movement).await {
            match home.place {
                Place::Both if made.is_last_in(&home.recorded) => {}
                Place::After if made.is_last_in(&home.recorded) => return Ok(()),
                _ => return Err(changed(run, made, &home)),
            }
        }
        sleep(TICK).await;
    }
}

async fn one(run: &Run, made: &MoveInProgress<'_>) -> Outcome<()> {
    let look_again = || status(made.service(), run.scope());
    let home = Home::read(run, made.movement).await?;
    let change = match found(run, made, &home) {
        Found::Ours => return narrowed(run, made, None),
        Found::Untouched(change) => *change,
        Found::Changed(failure) => return Err(failure),
    };
    let look = async || Home::read(run, made.movement).await.map(|home| found(run, made, &home));
    let written = run.cluster.write_if_unchanged(&change, run.write_mode(), look).await;
    match written {
        Ok(Written::Answered(stored)) => {
            made.is_wide.set(false);
            match other_than_written(&stored, made) {
                Some(other) => Err(put_back(run, made, other).await),
                None => narrowed(run, made, Some(&change)),
            }
        }
        Ok(Written::ReadBack(error)) => {
            run.progress.step("read back", &format!("{error}; the change is there"));
            narrowed(run, made, Some(&change))
        }
        Err(unwritten) => Err(unwritten.failure(&change.object, "narrowed", look_again())),
    }
}

fn narrowed(run: &Run, made: &MoveInProgress<'_>, change: Option<&Change>) -> Outcome<()> {
    made.is_wide.set(false);
    run.progress.step(made.movement.record.verb.past(), &format!("{}{} alone", made.prefix(), made.movement.to));
    if let Some(undo) = change.and_then(|change| change.undo.as_ref()) {
        run.progress.step("undo", &undo.to_string());
    }
    Ok(())
}

/// What stands of it.
fn found(run: &Run, made: &MoveInProgress<'_>, home: &Home) -> Found {
    match home.place {
        Place::After if made.is_last_in(&home.recorded) => Found::Ours,
        Place::Both if made.is_last_in(&home.recorded) => {
            Found::Untouched(Box::new(made.movement.narrowing(&home.recorded)))
        }
        _ => Found::Changed(changed(run, made, home)),
    }
}

fn changed(run: &Run, made: &MoveInProgress<'_>, home: &Home) -> Failure {
    made.moved.set(Some(false));
    let now = as_label_selector(&service::selector(&home.object));
    let text = format!(
        "{} was changed by someone else while it selected {}: its selector is {now} now; left as it is",
        made.movement.object(),
        made.movement.both()
    );
    Failure::changed(text).look(status(made.service(), run.scope()))
}
