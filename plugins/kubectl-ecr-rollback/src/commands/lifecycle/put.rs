//! Putting policies in force, many at once.

use std::cell::RefCell;
use std::time::Duration;

use futures::future::join_all;
use release_aws::ecr::Registry;
use release_cluster::wait::later;
use release_core::failure::Outcome;
use release_core::registry::ecr_reference::EcrRepository;

use super::put_progress::PutProgress;
use crate::lifecycle::outlook::Outlook;
use crate::repositories::again::Again;
use crate::repositories::read::AT_ONCE;
use crate::repositories::session::Session;
use crate::repositories::turns::{Turns, Undone};

/// A policy that was agreed to, and the repository that gets it.
#[derive(Debug, Clone, Copy)]
pub struct Ready<'a> {
    pub outlook: &'a Outlook,
    pub repository: &'a EcrRepository,
}

/// Puts every policy, unless something has changed since it was judged; each with its repository and what became of
/// it.
pub async fn put_all(
    session: &Session,
    registry: &Registry,
    again: &Again<'_>,
    ready: &[Ready<'_>],
    limit: Duration,
) -> Vec<(String, Outcome<()>)> {
    let turns = Turns::new(AT_ONCE, later(limit));
    let registry = registry.clone().until(turns.deadline());
    let putting = Putting { registry, again, turns, progress: RefCell::new(PutProgress::before(ready.len())) };
    join_all(ready.iter().map(|one| put(session, &putting, *one))).await
}

/// What all of them share.
struct Putting<'a> {
    registry: Registry,
    again: &'a Again<'a>,
    turns: Turns,
    progress: RefCell<PutProgress>,
}

async fn put(session: &Session, putting: &Putting<'_>, ready: Ready<'_>) -> (String, Outcome<()>) {
    let Putting { turns, progress, .. } = putting;
    let outlook = ready.outlook;
    let name = outlook.repository.clone();
    let once = async || {
        progress.borrow_mut().began(&name);
        session.stands(progress.borrow().in_words());
        let done = put_unless_changed(putting, ready).await;
        match &done {
            Err(Undone::Throttled(_)) => progress.borrow_mut().waits(&name),
            done => progress.borrow_mut().ended(&name, done.is_ok()),
        }
        session.stands(progress.borrow().in_words());
        done
    };
    let done = turns.write(once).await;
    match &done {
        Ok(()) => session.progress.step("applied", &name),
        Err(error) => session.progress.step("failed", &format!("{name}: {error}")),
    }
    (name, done)
}

/// ECR takes no condition with a policy, so what was judged is looked at again just before.
async fn put_unless_changed(putting: &Putting<'_>, ready: Ready<'_>) -> Result<(), Undone> {
    let Putting { registry, again, turns, .. } = putting;
    again.judge(registry, ready.repository, ready.outlook, turns.deadline()).await?;
    Ok(registry.put_lifecycle_policy(&ready.outlook.repository, &ready.outlook.policy.to_text()).await?)
}
