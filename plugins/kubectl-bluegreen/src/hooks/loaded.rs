//! A hook once its file or its CronJob was read.

use std::cell::Cell;
use std::path::Path;
use std::rc::Rc;

use k8s_openapi::api::batch::v1::CronJob;
use release_cli::manifest_file;
use release_cli::run::Run;
use release_cluster::job::WantedJob;
use release_core::command::Command;
use release_core::failure::{Failure, Outcome};
use release_core::kube::Labels;
use release_core::kube::path::collection;
use release_core::release::change::Change;
use release_core::release::hooks::{Hook, Identity, Moment, job_of, would_serve};
use release_core::text::printable;
use serde_json::Value;

use super::about::About;
use super::{command, job};

/// The hooks of a move.
#[derive(Debug, Clone, Default)]
pub struct Hooks {
    pub migrate: Option<Loaded>,
    pub before_switch: Option<Loaded>,
    pub after_switch: Option<Loaded>,
}

/// One of them.
#[derive(Debug, Clone)]
pub struct Loaded {
    pub moment: Moment,
    hook: Hook,
    what: What,
    service: String,
    /// A run that looks again doesn't do it again.
    ran: Rc<Cell<bool>>,
}

#[derive(Debug, Clone)]
enum What {
    Job(Box<Value>),
    Command(Vec<String>),
}

impl Hooks {
    /// Reads what was typed, or what the document says.
    ///
    /// # Errors
    /// Exit 1 or 2 for what can't be run, before anything is written.
    pub async fn load(run: &Run, typed: [(Moment, Option<&Hook>); 3], service: &str) -> Outcome<Self> {
        let mut loaded = [None, None, None];
        for (place, (moment, hook)) in loaded.iter_mut().zip(typed) {
            if let Some(hook) = hook {
                *place = Some(Loaded::load(run, moment, hook, service).await?);
            }
        }
        let [migrate, before_switch, after_switch] = loaded;
        Ok(Self { migrate, before_switch, after_switch })
    }

    /// All of them, in their order.
    pub fn all(&self) -> impl Iterator<Item = &Loaded> {
        [&self.migrate, &self.before_switch, &self.after_switch].into_iter().flatten()
    }

    /// A line for each, with its end.
    #[must_use]
    pub fn text(&self) -> String {
        self.all().map(|hook| format!("  {}: {}\n", hook.moment, hook.hook)).collect()
    }

    /// Those around the move, as they are typed.
    pub fn typed(&self) -> impl Iterator<Item = (Moment, String)> {
        [&self.before_switch, &self.after_switch].into_iter().flatten().map(|one| (one.moment, one.hook.word()))
    }

    /// Holds the pods of their Jobs against what the Services select.
    ///
    /// # Errors
    /// Exit 1 where one would get the traffic of users.
    pub fn would_not_serve(&self, selectors: &[Labels]) -> Outcome<()> {
        self.all().try_for_each(|hook| hook.would_not_serve(selectors))
    }

    /// The writes that start their Jobs, to be tried.
    #[must_use]
    pub fn rehearsed(&self, namespace: &str) -> Vec<Change> {
        self.all().filter_map(|hook| hook.rehearsed(namespace)).collect()
    }
}

impl Loaded {
    /// Reads one.
    ///
    /// # Errors
    /// Exit 1 or 2 for what can't be run.
    pub async fn load(run: &Run, moment: Moment, hook: &Hook, service: &str) -> Outcome<Self> {
        let what = match hook {
            Hook::Command(words) => What::Command(words.clone()),
            Hook::Manifest(path) => What::Job(Box::new(of_file(run, moment, path, service)?)),
            Hook::CronJob(name) => What::Job(Box::new(of_cron_job(run, moment, name, service).await?)),
        };
        if matches!(what, What::Job(_)) {
            may_make_jobs(run, moment).await?;
        }
        Ok(Self { moment, hook: hook.clone(), what, service: service.to_owned(), ran: Rc::default() })
    }

    /// What of it makes a release another one.
    #[must_use]
    pub fn identity(&self) -> String {
        match &self.what {
            What::Job(job) => job.to_string(),
            What::Command(words) => words.join("\0"),
        }
    }

    /// True once this run is done with it.
    #[must_use]
    pub fn has_run(&self) -> bool {
        self.ran.get()
    }

    /// Runs it, or goes on with the Job that another run of the same release has started.
    ///
    /// # Errors
    /// Exit 1 where it fails, or can't start; 4 where the run's time is over before its end.
    pub async fn run(&self, run: &Run, about: &About) -> Outcome<()> {
        if self.has_run() {
            return Ok(());
        }
        self.would_not_serve(&about.selectors)?;
        match &self.what {
            What::Job(object) => {
                let wanted = WantedJob { object, service: &self.service, moment: self.moment, release: &about.release };
                job::run(run, &wanted, about).await?;
            }
            What::Command(words) => command::run(run, (self.moment, words), about).await?,
        }
        self.ran.set(true);
        Ok(())
    }

    fn would_not_serve(&self, selectors: &[Labels]) -> Outcome<()> {
        let What::Job(job) = &self.what else { return Ok(()) };
        if !would_serve(job, selectors) {
            return Ok(());
        }
        let text = format!(
            "pods of the {} Job would have the labels that service/{} selects, and get the traffic of users",
            self.moment, self.service
        );
        Err(Failure::failed("WouldServe", text).next("take those labels off its pod template; nothing was written"))
    }

    fn rehearsed(&self, namespace: &str) -> Option<Change> {
        let What::Job(object) = &self.what else { return None };
        let release = Identity::of(["rehearsal", &self.identity()]);
        let wanted = WantedJob { object, service: &self.service, moment: self.moment, release: &release };
        Some(wanted.creation(namespace, 1))
    }
}

fn of_file(run: &Run, moment: Moment, path: &str, service: &str) -> Outcome<Value> {
    let manifests = manifest_file::read(Path::new(path), run.left())?;
    let [only] = manifests.as_slice() else {
        let text = format!("--{moment}: {} holds {} objects, and one Job is to run", printable(path), manifests.len());
        return Err(Failure::usage(text));
    };
    job_of(&only.value, &run.cluster.namespace, (service, moment))
        .map_err(|why| only.wrong(&printable(&why.to_string())))
}

async fn of_cron_job(run: &Run, moment: Moment, name: &str, service: &str) -> Outcome<Value> {
    let path = format!("{}/{name}", collection::<CronJob>(Some(&run.cluster.namespace)));
    let mut found: Value = run.within(async { Ok(run.cluster.get::<Value>(&path).await?) }).await?;
    // What is read by its path doesn't always say its kind.
    found["apiVersion"] = "batch/v1".into();
    found["kind"] = "CronJob".into();
    job_of(&found, &run.cluster.namespace, (service, moment)).map_err(|why| {
        let look = Command::new("kubectl get cronjob").arg(name).scope(run.scope());
        Failure::failed("BadHook", format!("cronjob/{name}: {}; nothing was written", printable(&why.to_string())))
            .look(look)
    })
}

/// What the API server doesn't say, the first Job will show.
async fn may_make_jobs(run: &Run, moment: Moment) -> Outcome<()> {
    for verb in ["create", "list"] {
        if matches!(run.cluster.may(verb, "batch", "jobs", "").await, Ok(false)) {
            let text = format!("you may not {verb} jobs, which --{moment} runs as; nothing was written");
            let look = Command::new("kubectl auth can-i").arg(verb).arg("jobs").scope(run.scope());
            return Err(Failure::failed("Forbidden", text).look(look));
        }
    }
    Ok(())
}
