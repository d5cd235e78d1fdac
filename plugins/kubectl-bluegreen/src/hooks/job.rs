//! A hook as a Job: started once a release, watched to its end.

use std::time::Duration;

use k8s_openapi::api::batch::v1::Job;
use release_cli::run::Run;
use release_cli::talk::Stand;
use release_cli::verb::write_note;
use release_cluster::job::WantedJob;
use release_cluster::wait::later;
use release_core::command::Command;
use release_core::failure::{Failure, Next, Outcome};
use release_core::kube::Pod;
use release_core::release::hooks::{Progress, progress};
use tokio::time::Instant;

use super::about::About;
use super::logs::Logs;
use crate::apply::lasting::Lasting;
use crate::apply::warnings::newest_warning;

/// Between two looks at the Job.
const POLL: Duration = Duration::from_millis(500);
/// So long a Job may be unable to start: a registry has its moments, and a quota is freed while others are going.
const STUCK: Duration = Duration::from_secs(20);
/// What is left of a log is read for so long.
const LAST_WORDS: Duration = Duration::from_secs(3);
/// The reason of a failure of a hook.
pub const HOOK_FAILED: &str = "HookFailed";

/// Runs it to its end.
///
/// # Errors
/// Exit 1 where it fails, can't start, or is gone; 4 where the run's time is over: it goes on.
pub async fn run(run: &Run, wanted: &WantedJob<'_>, about: &About) -> Outcome<()> {
    let began = Instant::now();
    if run.left().is_zero() {
        return Err(Failure::out_of_time(format!("out of time before {} was run; {}", wanted.moment, about.so_far)));
    }
    stands(run, wanted, about, "a Job of it may run");
    let made = run.cluster.job_for(wanted).await;
    let (job, is_new) = made.map_err(|error| {
        let failure = Failure::from(error);
        let message = format!("{}\n{} was not run; {}", failure.message, wanted.moment, about.so_far);
        Failure { message, next: failure.next.or_else(|| about.again.clone()), ..failure }
    })?;
    let name = job.metadata.name.clone().unwrap_or_default();
    stands(run, wanted, about, &format!("job/{name} goes on"));
    let how = if is_new { "started" } else { "was started before by this release, and is gone on with" };
    run.progress.step(wanted.moment.word(), &format!("job/{name} {how}"));
    watch(run, wanted, &job, about).await?;
    let seconds = began.elapsed().as_secs_f32();
    run.progress.step(wanted.moment.word(), &format!("job/{name} succeeded ({seconds:.1} s)"));
    Ok(())
}

fn stands(run: &Run, wanted: &WantedJob<'_>, about: &About, what: &str) {
    let text = format!("interrupted while {} ran: {what}; {}", wanted.moment, about.so_far);
    run.stands(Stand { text, next: about.again.clone() });
}

/// Looks again and again. A read that fails shows nothing.
async fn watch(run: &Run, wanted: &WantedJob<'_>, job: &Job, about: &About) -> Outcome<()> {
    let (name, uid) =
        (job.metadata.name.as_deref().unwrap_or_default(), job.metadata.uid.as_deref().unwrap_or_default());
    let template = job.spec.as_ref().and_then(|spec| spec.template.spec.as_ref());
    let own = template.iter().flat_map(|spec| &spec.containers).map(|container| container.name.clone()).collect();
    let (mut logs, mut stuck, mut shown) = (Logs::of(run, wanted.moment, own), Lasting::default(), String::new());
    loop {
        if let Some((job, pods)) = look(run, name, uid, wanted, about).await? {
            logs.follow(&pods).await;
            let now = where_it_is(run, &job, &pods).await;
            match &now {
                Progress::Complete => {
                    logs.rest(later(LAST_WORDS)).await;
                    return Ok(());
                }
                Progress::Failed(why) => {
                    logs.rest(later(LAST_WORDS)).await;
                    let logs = Command::new("kubectl logs").arg(format!("job/{name}")).scope(run.scope());
                    return Err(failed(wanted, about, &format!("job/{name}: {why}"), logs));
                }
                Progress::Stuck(why) => shown.clone_from(why),
                Progress::Running(why) => shown = why.clone().unwrap_or_default(),
            }
            if stuck.longer_than(STUCK, matches!(now, Progress::Stuck(_))) {
                // It may be able to start later, when nobody waits for it any more.
                let what = format!("job/{name} was not removed, and may go on");
                write_note(run, &run.cluster.removal_of(&job), &what).await;
                let text = format!("job/{name}: {shown}; it was removed, so that it doesn't begin later");
                return Err(failed(wanted, about, &text, events(run)));
            }
        }
        if run.left().is_zero() {
            return Err(out_of_time(run, wanted, about, (name, &shown)));
        }
        let because = if shown.is_empty() { String::new() } else { format!(": {shown}") };
        run.waiting(&format!("{} by job/{name}{because}", wanted.moment));
        logs.until(later(POLL.min(run.left()))).await;
    }
}

async fn look(
    run: &Run,
    name: &str,
    uid: &str,
    wanted: &WantedJob<'_>,
    about: &About,
) -> Outcome<Option<(Job, Vec<Pod>)>> {
    let job = match run.cluster.job_now(name, uid).await {
        Ok(Some(job)) if job.metadata.deletion_timestamp.is_none() => job,
        Ok(_) => {
            let text = format!("job/{name} was deleted by somebody else: what became of it is not known");
            return Err(failed(wanted, about, &text, events(run)));
        }
        Err(_) => return Ok(None),
    };
    let pods = run.cluster.pods_of_job(uid).await.unwrap_or_default();
    Ok(Some((job, pods)))
}

/// What keeps pods from being made stands in Events alone.
async fn where_it_is(run: &Run, job: &Job, pods: &[Pod]) -> Progress {
    match progress(job, pods) {
        Progress::Running(None) if pods.is_empty() => {
            let name = job.metadata.name.as_deref().unwrap_or_default();
            match newest_warning(run, "Job", name).await.filter(|warning| warning.is_of_creating()) {
                Some(warning) => Progress::Stuck(warning.to_string()),
                None => Progress::Running(None),
            }
        }
        known => known,
    }
}

/// Of a Job that is gone nothing else is left.
fn events(run: &Run) -> Command {
    Command::new("kubectl get events").scope(run.scope())
}

fn failed(wanted: &WantedJob<'_>, about: &About, text: &str, look: Command) -> Failure {
    let message = format!("{} failed: {text}\n{}", wanted.moment, about.so_far);
    Failure::failed(HOOK_FAILED, message).look(look)
}

fn out_of_time(run: &Run, wanted: &WantedJob<'_>, about: &About, (name, shown): (&str, &str)) -> Failure {
    let because = if shown.is_empty() { String::new() } else { format!(": {shown}") };
    let message = format!(
        "out of time: {} is not done{because}; job/{name} goes on, and the same words wait for it again\n{}",
        wanted.moment, about.so_far
    );
    let stop = Command::new("kubectl delete job").arg(name).scope(run.scope());
    Failure::out_of_time(message).next(Next::Look(stop, Some("where it is to stop".into())))
}
