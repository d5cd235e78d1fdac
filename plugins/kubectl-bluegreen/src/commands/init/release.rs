//! Writing what was agreed to: the labelled workload, then the selector, and last the workload that is left over.

use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use release_cli::report::Report;
use release_cli::run::Run;
use release_cli::talk::Stand;
use release_cli::verb::say_unwritten;
use release_cluster::slice_view::SlicesAt;
use release_core::failure::{Exit, Failure, Next, Outcome};
use release_core::release::change::Change;
use release_core::traffic::selector::{Color, Tracks};

use super::next_step::again;
use crate::apply::deploy::{self, Rollout};
use crate::apply::narrow::{self, Endpoints, Narrowing};
use crate::options::init::InitOptions;
use crate::plan::init::{InitPlan, Initial};
use crate::plan::scale::restore_floor;
use crate::prepared::Prepared;
use crate::report::init_document::InitMembers;
use crate::snapshot::workloads;

/// Proxies may follow the endpoints by so much; pods that they still send to are not taken away.
const PROXIES: Duration = Duration::from_secs(2);

/// Makes all writes in their order. At no moment is the Service without the pods that it had.
///
/// # Errors
/// As the exit codes say.
pub async fn make(
    run: &Run,
    options: &InitOptions,
    (initial, plan, at): (&Initial, &InitPlan, SlicesAt),
    report: &mut Report<InitMembers>,
) -> Outcome<()> {
    let made = |change: &Change| report.members.wrote(change);
    let color = Box::pin(labelled(run, options, (initial, plan), made)).await?;
    let tracks = Tracks { active: color.name.clone(), colors: vec![color.clone()], ..initial.tracks.clone() };
    let narrowing =
        Narrowing { service: &options.service, tracks: &tracks, color: &color.name, required: plan.required };
    let mut endpoints = Endpoints::of(run, narrowing, at);
    endpoints.hold_them(false).await.map_err(|failure| with_again(run, options, failure))?;
    if let Some(change) = &plan.narrowing {
        not_grown(run, options, (initial, plan)).await?;
        narrow(run, options, (narrowing, change, &mut endpoints), report).await?;
    }
    if let Some(change) = &plan.removal {
        taken_down(run, options, change, report).await?;
    }
    floors_restored(run, &plan.makes, report).await;
    report.text = format!("service/{} is {} by {}", options.service, initial.color, initial.tracks.key);
    Ok(())
}

/// What runs the Service may have been given more pods while the labelled ones started: they would be missing.
async fn not_grown(run: &Run, options: &InitOptions, (initial, plan): (&Initial, &InitPlan)) -> Outcome<()> {
    let Some(old) = &initial.unlabelled else { return Ok(()) };
    let (now, _) = workloads(&run.cluster).await?;
    let size = now.iter().find(|one| one.uid() == old.uid()).map_or(old.replicas, |one| one.replicas);
    if usize::try_from(size).is_ok_and(|size| size <= plan.required) {
        return Ok(());
    }
    let text = format!(
        "{old} was scaled from {} to {size} meanwhile: with {} pods there would be fewer; the selector is as it was",
        old.replicas, plan.required
    );
    Err(with_again(run, options, Failure::changed(text)))
}

/// The color, once its pods are ready.
async fn labelled(
    run: &Run,
    options: &InitOptions,
    (initial, plan): (&Initial, &InitPlan),
    made: impl FnMut(&Change),
) -> Outcome<Color> {
    let again = Next::Try(vec![again(options, run.scope())], Some("goes on".into()));
    deploy::all(run, &plan.makes, &again, made).await?;
    let text = "interrupted while the labelled pods started; the Service is as it was".to_owned();
    run.stands(Stand { text, next: Some(again) });
    let (now, _) = workloads(&run.cluster).await?;
    let is_its = |w: &Arc<_>| match (&plan.prepared, &initial.labelled) {
        (Some(one), _) => Prepared::is(one, w),
        (None, Some(labelled)) => release_core::kube::Workload::reference(w) == labelled.reference(),
        (None, None) => false,
    };
    let color = Color {
        name: initial.color.clone(),
        workloads: now.iter().filter(|w| is_its(w)).cloned().collect(),
        ..Color::default()
    };
    let rollout = Rollout { tracks: &initial.tracks, color: &color, required: plan.required };
    deploy::wait(run, rollout).await.map_err(|failure| with_again(run, options, failure))?;
    deploy::runs_as_asked(run, rollout, plan.prepared.as_slice()).await?;
    Ok(color)
}

async fn narrow(
    run: &Run,
    options: &InitOptions,
    (narrowing, change, endpoints): (Narrowing<'_>, &Change, &mut Endpoints<'_>),
    report: &mut Report<InitMembers>,
) -> Outcome<()> {
    narrow::write(run, narrowing, change).await?;
    report.members.wrote(change);
    run.progress.step("narrowed", &format!("{} {}", change.object, change.summary));
    if let Some(undo) = &change.undo {
        run.progress.step("undo", &undo.to_string());
        let text = "interrupted: the selector is narrowed, not proven yet".to_owned();
        run.stands(Stand { text, next: Some(Next::Try(vec![again(options, run.scope()), undo.clone()], None)) });
    }
    let proven = async {
        endpoints.hold_them(true).await?;
        run.progress.step("converged", &format!("{} {}", narrowing.color, narrowing.required));
        endpoints.stay(options.verify_for.max(PROXIES)).await
    };
    match proven.await {
        Ok(()) => Ok(()),
        // What somebody else has made of it is theirs.
        Err(failure) if options.no_rollback || failure.exit == Exit::Changed => Err(failure),
        Err(failure) => {
            let failure = narrow::take_back(run, narrowing, change, failure).await;
            if failure.exit == Exit::RolledBack {
                report.members.took_back(change);
            }
            Err(failure)
        }
    }
}

/// Nobody selects its pods any more.
async fn taken_down(
    run: &Run,
    options: &InitOptions,
    change: &Change,
    report: &mut Report<InitMembers>,
) -> Outcome<()> {
    run.cluster.apply_and_see(change, run.write_mode()).await.map_err(|error| {
        let text =
            format!("{} was not taken down: {error}\nservice/{} needs it no more", change.object, options.service);
        let failure = Failure::from(error);
        with_again(run, options, Failure { message: text, ..failure })
    })?;
    report.members.wrote(change);
    run.progress.step("taken down", &format!("{} {}", change.object, change.summary));
    Ok(())
}

/// The floors of autoscalers that were made, and raised while nothing told them how much there is to do.
async fn floors_restored(run: &Run, makes: &[Change], report: &mut Report<InitMembers>) {
    for raised in makes.iter().filter(|change| !change.creates()) {
        let read = run.cluster.get::<HorizontalPodAutoscaler>(&raised.path).await;
        let restored = read.ok().and_then(|hpa| restore_floor(&hpa, &run.cluster.namespace, run.scope()));
        let Some(restored) = restored else { continue };
        match run.cluster.apply_and_see(&restored, run.write_mode()).await {
            Ok(_) => report.members.took_back(raised),
            Err(error) => say_unwritten(&format!("the floor of {} stays raised", raised.object), &error),
        }
    }
}

fn with_again(run: &Run, options: &InitOptions, failure: Failure) -> Failure {
    if failure.next.is_some() { failure } else { failure.try_next(again(options, run.scope())) }
}
