//! Removing Jobs that have ended, once nobody needs to look at them any more.

use release_cli::run::Run;
use release_cli::verb::{say_unwritten, write_note};
use release_core::release::hand::is_as_we_made_it;
use release_core::release::hooks::{Progress, progress};

/// Removes what hooks of a Service have left. Nothing depends on it: what can't be removed is said.
pub async fn tidy(run: &Run, service: &str) {
    let jobs = match run.cluster.jobs_of_service(service).await {
        Ok(jobs) => jobs,
        // Who may not see Jobs has run none.
        Err(error) if error.is_forbidden() => return,
        Err(error) => return say_unwritten("Jobs of hooks are left", &error),
    };
    for job in jobs.iter().filter(|job| is_as_we_made_it(&job.metadata, "/f:spec/f:template")) {
        if matches!(progress(job, &[]), Progress::Complete | Progress::Failed(_)) {
            let change = run.cluster.removal_of(job);
            write_note(run, &change, &format!("{} was not removed", change.object)).await;
        }
    }
}
