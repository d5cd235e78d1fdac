//! A repository with six releases, and Deployments of it that are rolled back side by side while
//! something goes wrong. The plugin is called without kubectl, so that it can be stopped, killed and
//! given another environment, and nothing that it prints may be a secret.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use k8s_openapi::api::apps::v1::Deployment;
use kube::ResourceExt;
use lab::api_proxy::{Call, When};
use lab::fixtures::{Behavior, Workload};
use lab::registry::{Image, Repository, SECRET_KEY};
use lab::{Namespace, Output, Running};
use serde_json::Value;
use tokio::process::Command;

use super::{HISTORY, RECORD, push_on, set_image};
use crate::LIMIT;
use crate::common::events::events_by;
use crate::common::faults::BOUND;
use crate::common::run::said;
use crate::common::stopped_run::StoppedRun;

/// The releases, the oldest first. Deployments begin on the last.
const RELEASES: [&str; 6] = ["1.0.1", "1.0.2", "1.0.3", "1.0.4", "1.0.5", "1.0.6"];
/// What Deployments begin on.
pub const NEWEST: &str = RELEASES[5];
/// Where one rollback leads.
pub const PREVIOUS: &str = RELEASES[4];
/// Where a second one would.
pub const ONE_FURTHER: &str = RELEASES[3];
/// A session token that nothing may print.
const SESSION_TOKEN: &str = "IQoJb3JpZ2luX2VjEXAMPLETOKENofthetest";
/// What would give somebody else a way in: the registry's secrets, a signed request, and the
/// token of the proxy's kubeconfig.
const SECRETS: [&str; 6] =
    [SECRET_KEY, SESSION_TOKEN, "AWS4-HMAC-SHA256", "Signature=", "X-Amz-Security-Token", "for-the-proxy"];
/// What only runs inside AWS, or on a person's machine, would find credentials by.
const AWS_VARIABLES: [&str; 8] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_PROFILE",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_EC2_METADATA_DISABLED",
];

/// A namespace and its repository.
#[derive(Debug)]
pub struct Releases {
    pub ns: Namespace,
    pub repository: Repository,
}

/// Images and records of a Deployment, as they are stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The tag, or the whole reference without one.
    pub image: String,
    pub generation: Option<i64>,
    pub record: Option<String>,
    pub history: Option<String>,
}

impl Releases {
    /// Six releases that were pushed a day apart.
    ///
    /// # Errors
    /// Outside a lab.
    pub async fn pushed(test: &str) -> Result<Self> {
        Self::with(test, Behavior::Ready).await
    }

    /// The same, where pods of the previous release behave like this.
    ///
    /// # Errors
    /// Outside a lab.
    pub async fn with(test: &str, previous: Behavior) -> Result<Self> {
        let ns = crate::namespace(test).await?;
        let repository = ns.repository("ms-account-management").await?;
        for (day, tag) in (1..).zip(RELEASES) {
            let behavior = if tag == PREVIOUS { previous } else { Behavior::Ready };
            push_on(&repository, day, Image::new(tag).behavior(behavior)).await?;
        }
        Ok(Self { ns, repository })
    }

    /// One pod of the newest release, which is gone at once when it is told to end, and which its probe
    /// gives three seconds to become ready.
    pub fn app(&self, name: &str) -> Workload {
        self.app_on(name, NEWEST)
    }

    fn app_on(&self, name: &str, tag: &str) -> Workload {
        Workload::new(name, &self.repository.image(tag)).replicas(1).without_pre_stop().probed_every(1)
    }

    /// Applies a workload and waits until it is rolled out.
    ///
    /// # Errors
    /// Where its pods don't become ready.
    pub async fn deploy(&self, app: &Workload) -> Result<()> {
        self.ns.apply(&app.object()).await?;
        self.ns.rolled_out(&app.resource(), LIMIT).await
    }

    /// [`Self::app`] of this name, which ran the previous release before: the cluster knows that.
    ///
    /// # Errors
    /// Where a rollout doesn't end.
    pub async fn deploy_after_previous(&self, name: &str) -> Result<()> {
        let before = self.app_on(name, PREVIOUS);
        self.deploy(&before).await?;
        self.set_image(name, NEWEST).await?;
        self.ns.rolled_out(&before.resource(), LIMIT).await
    }

    /// Sets the image of a Deployment's one container, as `kubectl set image` does.
    ///
    /// # Errors
    /// Where the API server refuses.
    pub async fn set_image(&self, name: &str, tag: &str) -> Result<()> {
        set_image(&self.ns, &format!("deployment/{name}"), name, &self.repository.image(tag)).await
    }

    /// What is stored of a Deployment.
    ///
    /// # Errors
    /// Where it can't be read.
    pub async fn written(&self, name: &str) -> Result<Written> {
        let deployment = self.ns.api::<Deployment>().get(name).await?;
        let note = |key: &str| deployment.annotations().get(key).cloned();
        let spec = deployment.spec.as_ref().and_then(|s| s.template.spec.as_ref()).context("no template")?;
        let image = spec.containers[0].image.clone().unwrap_or_default();
        let tag = image.strip_prefix(&format!("{}:", self.repository.uri())).map(str::to_owned);
        Ok(Written {
            image: tag.unwrap_or(image),
            generation: deployment.metadata.generation,
            record: note(RECORD),
            history: note(HISTORY),
        })
    }

    /// The tag that a Deployment asks for.
    ///
    /// # Errors
    /// Where it can't be read.
    pub async fn image(&self, name: &str) -> Result<String> {
        Ok(self.written(name).await?.image)
    }

    /// The record on a Deployment, `null` without one.
    ///
    /// # Errors
    /// Where it is no JSON.
    pub async fn record(&self, name: &str) -> Result<Value> {
        let record = self.written(name).await?.record;
        Ok(record.map(|text| serde_json::from_str(&text)).transpose()?.unwrap_or_default())
    }

    /// Reasons of the Events on a Deployment that the plugin made.
    ///
    /// # Errors
    /// Where they can't be read.
    pub async fn events(&self, name: &str) -> Result<Vec<String>> {
        events_by(&self.ns, "kubectl-ecr-rollback", name).await
    }

    /// The plugin itself, without kubectl, by way of this kubeconfig; words are split at blanks.
    pub fn command(&self, kubeconfig: &Path, words: &str) -> Command {
        let plugin = self.ns.lab().plugins().join("kubectl-ecr_rollback");
        let words: Vec<&str> = words.split_whitespace().collect();
        let mut command = self.ns.kubectl_as(kubeconfig).plugin(&plugin, &words);
        command.env("AWS_SESSION_TOKEN", SESSION_TOKEN);
        command
    }

    /// Runs it to its end with a sound connection.
    ///
    /// # Errors
    /// Where it hangs.
    pub async fn run(&self, words: &str) -> Result<Output> {
        self.run_through(&self.admin(), words).await
    }

    /// The same by way of this kubeconfig.
    ///
    /// # Errors
    /// Where it hangs, or prints a secret.
    pub async fn run_through(&self, kubeconfig: &Path, words: &str) -> Result<Output> {
        finished(self.start_through(kubeconfig, words)?).await
    }

    /// Starts it by way of this kubeconfig.
    ///
    /// # Errors
    /// Where it can't be started.
    pub fn start_through(&self, kubeconfig: &Path, words: &str) -> Result<Running> {
        Running::start(self.command(kubeconfig, words))
    }

    /// Starts it and stops it at this call.
    ///
    /// # Errors
    /// Where the call never comes.
    pub async fn stopped_at(&self, words: &str, call: fn(&Call) -> bool, when: When) -> Result<StoppedRun> {
        StoppedRun::at(&self.ns, call, when, |kubeconfig| self.start_through(kubeconfig, words)).await
    }

    /// The kubeconfig with all rights.
    pub fn admin(&self) -> PathBuf {
        self.ns.lab().kubeconfig()
    }
}

/// Waits for the end of a run, which must not have printed a secret.
///
/// # Errors
/// Where it hangs, or has.
pub async fn finished(running: Running) -> Result<Output> {
    without_secrets(running.wait(BOUND).await?)
}

/// A run's output, which must not have a secret in it.
///
/// # Errors
/// Where it has.
pub fn without_secrets(output: Output) -> Result<Output> {
    for secret in SECRETS {
        let printed = output.stdout.contains(secret) || output.stderr.contains(secret);
        ensure!(!printed, "{secret} is printed:\n{}", said(&output));
    }
    Ok(output)
}

/// Takes away all by which credentials are found.
pub fn without_credentials(command: &mut Command) {
    AWS_VARIABLES.iter().for_each(|name| {
        command.env_remove(name);
    });
    command.env("HOME", "/nonexistent");
}
