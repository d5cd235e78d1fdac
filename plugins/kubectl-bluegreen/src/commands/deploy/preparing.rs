//! Preparing colors: what is run before their pods come, their writes, and the wait until all of them are rolled out.

use futures::future::try_join_all;
use release_cli::run::Run;
use release_cli::talk::Stand;
use release_core::command::Scope;
use release_core::failure::{Failure, Outcome};
use release_core::release::change::Change;
use release_core::release::hooks::Identity;
use release_core::traffic::selector::{Color, Tracks};

use super::next_step::again;
use crate::apply;
use crate::apply::deploy::Rollout;
use crate::hooks::{About, Loaded};
use crate::moves::of_moves;
use crate::news;
use crate::options::deploy::DeployOptions;
use crate::options::release::ReleaseOptions;
use crate::plan::deploy::{DeployPlan, Preparation};
use crate::plan::{ServicePlan, tracks_of};
use crate::service_view::ServiceView;

/// One color that is prepared, with the move that follows.
#[derive(Debug)]
pub struct Preparing<'p> {
    pub options: &'p DeployOptions,
    pub plan: &'p Preparation,
    pub moving: &'p ServicePlan,
    pub view: &'p ServiceView<'p>,
    pub tracks: &'p Tracks,
    /// As it was asked for: whoever takes it down meanwhile is noticed by its sizes.
    pub color: Color,
    /// It is one of several.
    pub is_named: bool,
}

impl<'p> Preparing<'p> {
    /// All of a plan.
    ///
    /// # Errors
    /// Exit 3 where a color has gone.
    pub fn all(options: &'p ReleaseOptions, plan: &'p DeployPlan, views: &'p [ServiceView<'p>]) -> Outcome<Vec<Self>> {
        let begin = |own: &'p Preparation| {
            let options_of_own = options.parts.iter().find(|part| part.service == own.service)?;
            let moving = plan.moves.moves().find(|moving| moving.service() == own.service)?;
            let view = views.iter().find(|view| view.name() == own.service)?;
            let tracks = tracks_of(views, &own.service)?;
            let gone = || Failure::changed(format!("{} is gone; nothing was written", moving.movement.to));
            let is_named = !options.is_of_one();
            Some(moving.target(tracks).ok_or_else(gone).map(|color| Self {
                options: options_of_own,
                plan: own,
                moving,
                view,
                tracks,
                color: with_sizes(color, own),
                is_named,
            }))
        };
        plan.parts.iter().filter_map(begin).collect()
    }

    /// What is waited for.
    pub fn rollout(&self) -> Rollout<'_> {
        Rollout { tracks: self.tracks, color: &self.color, required: self.moving.required }
    }

    /// Where there are several, whose failure it is.
    pub fn named(&self, failure: Failure) -> Failure {
        let message = format!("service/{}: {}", self.plan.service, failure.message);
        if self.is_named { Failure { message, ..failure } } else { failure }
    }
}

/// The sizes that were asked for.
fn with_sizes(color: &Color, plan: &Preparation) -> Color {
    let workloads = color.workloads.iter().map(|workload| {
        let own = plan.prepared.iter().find(|one| one.is(workload));
        let replicas = own.map_or(workload.replicas, crate::prepared::Prepared::size);
        std::sync::Arc::new(release_core::kube::Workload { replicas, ..workload.as_ref().clone() })
    });
    Color { workloads: workloads.collect(), ..color.clone() }
}

/// Writes all of them, each after what has to be done before its pods come, and waits until all are rolled out.
///
/// # Errors
/// As the exit codes say; no Service was switched.
pub async fn prepare(
    run: &Run,
    options: &ReleaseOptions,
    (plan, all): (&DeployPlan, &[Preparing<'_>]),
    mut made: impl FnMut(&Change),
) -> Outcome<()> {
    let again = again(options, "goes on", run.scope());
    for one in all {
        Box::pin(migrate(run, options, one)).await?;
        apply::deploy::still_idle(run, one.view, &one.moving.movement).await?;
        apply::deploy::all(run, &one.plan.writes, &again, &mut made).await?;
    }
    let text = format!("interrupted while {} was rolled out; no Service was switched", plan.colors());
    run.stands(Stand { text, next: Some(again) });
    try_join_all(all.iter().map(|one| rolled_out(run, one))).await?;
    news::prepared(run, &plan.colors());
    Ok(())
}

async fn rolled_out(run: &Run, one: &Preparing<'_>) -> Outcome<()> {
    let ended = async {
        apply::deploy::wait(run, one.rollout()).await?;
        apply::deploy::runs_as_asked(run, one.rollout(), &one.plan.prepared).await
    };
    ended.await.map_err(|failure| one.named(failure))
}

/// Runs what has to be done before the new version's pods come; the same words find it done.
async fn migrate(run: &Run, options: &ReleaseOptions, one: &Preparing<'_>) -> Outcome<()> {
    let Some(hook) = &one.options.movement.hooks.migrate else { return Ok(()) };
    hook.run(run, &migration(hook, options, one, run.scope())).await
}

/// What the migration is of: the version that is to come, and the release that it follows.
fn migration(hook: &Loaded, options: &ReleaseOptions, one: &Preparing<'_>, scope: &Scope) -> About {
    let of_moves = of_moves(hook, &[one.moving], std::slice::from_ref(one.view));
    let uid = one.view.service.metadata.uid.clone().unwrap_or_default();
    let last = one.view.recorded.current.as_ref().map(|record| record.id.clone());
    let images = one.plan.prepared.iter().flat_map(|one| {
        let images = one.containers().into_iter().map(|container| format!("{}={}", container.name, container.image));
        std::iter::once(one.reference()).chain(images)
    });
    let own = [hook.moment.word().to_owned(), hook.identity(), uid, last.unwrap_or_default(), of_moves.color.clone()];
    let parts: Vec<String> = own.into_iter().chain(images).collect();
    About {
        release: Identity::of(parts.iter().map(String::as_str)),
        so_far: "no pod got the new version, and no Service was switched".to_owned(),
        again: Some(again(options, "goes on", scope)),
        ..of_moves
    }
}
