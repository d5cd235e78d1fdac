//! A Deployment `api` behind a Service, and the images that are released to it.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use jiff::Timestamp;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::discovery::v1::EndpointSlice;
use kube::ResourceExt;
use kube::api::ListParams;
use lab::fixtures::{Behavior, Workload};
use lab::registry::{Image, Repository};
use lab::{Namespace, Output, Running, eventually};
use serde_json::{Value, json};

use super::{MARKER, RECORD};
use crate::LIMIT;
use crate::common::run::{Ended, admin, document};

/// What serves, and what is released: one that is good, one that crashes, and one that is never ready.
pub const SERVES: &str = "v1";
pub const GOOD: &str = "v2";
pub const CRASHES: &str = "v2-crashes";
pub const NEVER_READY: &str = "v2-never-ready";
/// Serves for a while, and then runs out of memory.
pub const BREAKS: &str = "v1-breaks";
const BREAKS_AFTER: Duration = Duration::from_secs(12);

/// A namespace with `api` in it.
#[derive(Debug)]
pub struct Stage {
    pub ns: Namespace,
    pub repository: Repository,
    pub replicas: u32,
}

impl Stage {
    /// So many pods of [`SERVES`], ready behind the Service.
    ///
    /// # Errors
    /// Where that doesn't come up.
    pub async fn of(test: &str, replicas: u32) -> Result<Self> {
        let ns = crate::namespace(test).await?;
        Self::in_namespace(ns, replicas).await
    }

    /// The same in a namespace that is there.
    ///
    /// # Errors
    /// Where that doesn't come up.
    pub async fn in_namespace(ns: Namespace, replicas: u32) -> Result<Self> {
        let repository = ns.repository("api").await?;
        let images = [
            (SERVES, Behavior::Ready),
            (GOOD, Behavior::Ready),
            (CRASHES, Behavior::CrashLoop),
            (NEVER_READY, Behavior::NeverReady),
            (BREAKS, Behavior::OomLater(BREAKS_AFTER)),
        ];
        for (tag, behavior) in images {
            repository.push(Image::new(tag).behavior(behavior)).await?;
        }
        let stage = Self { ns, repository, replicas };
        stage.deploy(&stage.app()).await?;
        Ok(stage)
    }

    /// The Deployment, whose pods end at once.
    #[must_use]
    pub fn app(&self) -> Workload {
        let image = self.repository.image(SERVES);
        Workload::new("api", &image).replicas(self.replicas).without_pre_stop().probed_every(1)
    }

    /// Applies it, and waits until all of its pods are behind the Service.
    ///
    /// # Errors
    /// Where they never are.
    pub async fn deploy(&self, app: &Workload) -> Result<()> {
        self.ns.apply_all(&app.objects()).await?;
        self.ns.rolled_out("deployment/api", LIMIT).await?;
        self.serve(self.replicas as usize).await
    }

    /// Waits until so many pods are ready behind the Service.
    ///
    /// # Errors
    /// Where they never are.
    pub async fn serve(&self, pods: usize) -> Result<()> {
        eventually(&format!("{pods} pods serve"), LIMIT, || async {
            Ok((self.serving().await?.len() == pods).then_some(()))
        })
        .await
    }

    /// Names of the pods that are ready behind the Service.
    ///
    /// # Errors
    /// Where they can't be read.
    pub async fn serving(&self) -> Result<Vec<String>> {
        let query = ListParams::default().labels("kubernetes.io/service-name=api");
        let slices = self.ns.api::<EndpointSlice>().list(&query).await?;
        let endpoints = slices.items.into_iter().flat_map(|slice| slice.endpoints);
        let ready = endpoints.filter(|e| e.conditions.as_ref().and_then(|c| c.ready) == Some(true));
        Ok(ready.filter_map(|endpoint| endpoint.target_ref?.name).collect())
    }

    /// `run` or another verb about this release: half, then all, with pauses that are over in a moment.
    #[must_use]
    pub fn release(&self, verb: &str, tag: &str) -> String {
        let image = self.repository.image(tag);
        format!(
            "{verb} deploy/api --image api={image} --router replicas --steps 50,100 --pause 1m --time-scale 60 --yes"
        )
    }

    /// Runs `kubectl canary WORDS` with all rights.
    ///
    /// # Errors
    /// Where it can't be run; a bad exit code is none.
    pub async fn canary(&self, words: &str) -> Result<Output> {
        let words: Vec<&str> = std::iter::once("canary").chain(words.split_whitespace()).collect();
        admin(&self.ns).run(&words).await
    }

    /// The same without waiting for its end, by way of this kubeconfig.
    ///
    /// # Errors
    /// Where it can't be started.
    pub fn start_through(&self, kubeconfig: &Path, words: &str) -> Result<Running> {
        let plugin = self.ns.lab().plugins().join("kubectl-canary");
        let words: Vec<&str> = words.split_whitespace().collect();
        Running::start(self.ns.kubectl_as(kubeconfig).plugin(&plugin, &words))
    }

    /// The same with a sound connection.
    ///
    /// # Errors
    /// Where it can't be started.
    pub fn start(&self, words: &str) -> Result<Running> {
        self.start_through(&self.ns.lab().kubeconfig(), words)
    }

    /// Runs `kubectl WORDS`, wants exit code 0 and gives what it printed.
    ///
    /// # Errors
    /// Where it ends otherwise.
    pub async fn kubectl(&self, words: &str) -> Result<String> {
        admin(&self.ns).must(&words.split_whitespace().collect::<Vec<_>>()).await
    }

    /// A Deployment, where it is there.
    ///
    /// # Errors
    /// Where it can't be read.
    pub async fn deployment(&self, name: &str) -> Result<Option<Deployment>> {
        Ok(self.ns.api::<Deployment>().get_opt(name).await?)
    }

    /// The record on `api`, `null` without one.
    ///
    /// # Errors
    /// Where it is no JSON.
    pub async fn record(&self) -> Result<Value> {
        let api = self.deployment("api").await?.context("no api")?;
        api.annotations().get(RECORD).map(|text| document(text)).transpose().map(Option::unwrap_or_default)
    }

    /// Writes another record.
    ///
    /// # Errors
    /// Where the API server refuses.
    pub async fn write_record(&self, record: Option<&str>) -> Result<()> {
        self.ns.annotate::<Deployment>("api", RECORD, record).await
    }

    /// The tag that `api` asks for, its size, and that of the canary.
    ///
    /// # Errors
    /// Where they can't be read.
    pub async fn stands(&self) -> Result<(String, i32, Option<i32>)> {
        let api = self.deployment("api").await?.context("no api")?;
        let size = |deployment: &Deployment| deployment.spec.as_ref().and_then(|spec| spec.replicas).unwrap_or(1);
        let canary = self.deployment("api-canary").await?;
        Ok((self.tag_of(&api)?, size(&api), canary.as_ref().map(size)))
    }

    fn tag_of(&self, deployment: &Deployment) -> Result<String> {
        let spec = deployment.spec.as_ref().and_then(|spec| spec.template.spec.as_ref()).context("no template")?;
        let image = spec.containers[0].image.clone().unwrap_or_default();
        Ok(image.strip_prefix(&format!("{}:", self.repository.uri())).unwrap_or(&image).to_owned())
    }

    /// It is as a release leaves it: this image alone, at its size, ready.
    ///
    /// # Errors
    /// Where it isn't.
    pub async fn is_alone(&self, tag: &str) -> Result<()> {
        let (found, size, canary) = self.stands().await?;
        let wanted = (tag.to_owned(), i32::try_from(self.replicas)?, None);
        ensure!((found.clone(), size, canary) == wanted, "it stands at {found}, {size} pods, canary {canary:?}");
        self.ns.rolled_out("deployment/api", LIMIT).await?;
        self.serve(self.replicas as usize).await
    }

    /// `status -o json`, where it ends well.
    ///
    /// # Errors
    /// Where it doesn't.
    pub async fn status(&self) -> Result<Value> {
        self.canary("status api -ojson").await?.ends(0)?.json()
    }

    /// Waits until the record says so.
    ///
    /// # Errors
    /// Where it never does.
    pub async fn until(&self, what: &str, holds: impl Fn(&Value) -> bool) -> Result<Value> {
        eventually(what, LIMIT, || async { Ok(Some(self.record().await?).filter(&holds)) }).await
    }

    /// Waits until nobody's heartbeat is fresh any more.
    ///
    /// # Errors
    /// Where it stays fresh.
    pub async fn heartbeat_is_stale(&self) -> Result<()> {
        let is_fresh = |lease: Lease| {
            let spec = lease.spec.unwrap_or_default();
            let lasts = Duration::from_secs(spec.lease_duration_seconds.unwrap_or_default().unsigned_abs().into());
            spec.renew_time.is_some_and(|renewed| renewed.0 + lasts >= Timestamp::now())
        };
        eventually("nobody runs it", LIMIT, || async {
            let lease = self.ns.api::<Lease>().get_opt("kubectl-canary-api").await?;
            Ok((!lease.is_some_and(is_fresh)).then_some(()))
        })
        .await
    }

    /// A canary of somebody else's, by that name.
    ///
    /// # Errors
    /// Where it can't be made.
    pub async fn strangers_canary(&self) -> Result<()> {
        let image = self.repository.image(SERVES);
        let mut other = Workload::new("api-canary", &image).replicas(1).without_pre_stop().object();
        other["metadata"]["annotations"] = json!({});
        self.ns.apply(&other).await.map(drop)
    }

    /// The marker on the canary.
    ///
    /// # Errors
    /// Where there is no canary.
    pub async fn marker(&self) -> Result<Option<String>> {
        let canary = self.deployment("api-canary").await?.context("no canary")?;
        Ok(canary.annotations().get(MARKER).cloned())
    }
}
