//! Putting policies in force, many at once.

use std::cell::RefCell;
use std::time::Duration;

use futures::future::join_all;
use release_aws::ecr::Registry;
use release_cluster::wait::later;
use release_core::failure::{Failure, Outcome};

use super::put_progress::PutProgress;
use crate::lifecycle::outlook::Outlook;
use crate::repositories::read::{AT_ONCE, in_force};
use crate::repositories::session::Session;
use crate::repositories::turns::{Turns, Undone};

/// Puts every policy; each with its repository and what became of it.
pub async fn put_all(
    session: &Session,
    registry: &Registry,
    ready: &[&Outlook],
    limit: Duration,
) -> Vec<(String, Outcome<()>)> {
    let turns = Turns::new(AT_ONCE, later(limit));
    let registry = &registry.clone().until(turns.deadline());
    let progress = RefCell::new(PutProgress::before(ready.len()));
    join_all(ready.iter().map(|outlook| put(session, registry, outlook, (&turns, &progress)))).await
}

async fn put(
    session: &Session,
    registry: &Registry,
    outlook: &Outlook,
    (turns, progress): (&Turns, &RefCell<PutProgress>),
) -> (String, Outcome<()>) {
    let name = outlook.repository.clone();
    let once = async || {
        progress.borrow_mut().began(&name);
        session.stands(progress.borrow().in_words());
        let done = put_unless_changed(registry, outlook).await;
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

/// ECR takes no condition with a policy, so the one in force is read again just before: somebody may
/// have changed it while a person was asked.
async fn put_unless_changed(registry: &Registry, outlook: &Outlook) -> Result<(), Undone> {
    let name = outlook.repository.as_str();
    if in_force(registry, name).await? != outlook.in_force {
        let message = format!("the policy of {name} was changed by somebody else; nothing was written to it");
        return Err(Failure::changed(message).next("look again: run the same command").into());
    }
    Ok(registry.put_lifecycle_policy(name, &outlook.policy.to_text()).await?)
}
