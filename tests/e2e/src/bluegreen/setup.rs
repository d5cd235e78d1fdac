//! Services on a blue and a green version, and the state that they are put back to between runs.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Result, ensure};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Service;
use k8s_openapi::api::discovery::v1::EndpointSlice;
use kube::ResourceExt;
use kube::api::ListParams;
use lab::api_proxy::{Call, When};
use lab::kubectl::RUN_LIMIT;
use lab::{Namespace, Output, Running, eventually};
use serde_json::{Value, json};

use super::app::{api, blue_green};
use crate::LIMIT;
use crate::common::pods::{is_ready, pods};
use crate::common::run::{Ended, admin, said};
use crate::common::stopped_run::StoppedRun;

/// Labels, as in a selector.
pub type Labels = BTreeMap<String, String>;

const COLORS: [&str; 2] = ["blue", "green"];
/// The annotations that the plugin writes.
const RECORDS: [&str; 3] =
    ["kubectl-release.dev/bluegreen", "kubectl-release.dev/bluegreen-history", "kubectl-release.dev/bluegreen-cleanup"];

/// The whole selector of a color; anything else is half a color.
#[must_use]
pub fn selector_of(color: &str) -> Labels {
    Labels::from([("app".to_owned(), "api".to_owned()), ("version".to_owned(), color.to_owned())])
}

/// A namespace with `api-blue` and `api-green`, and Services that follow them.
#[derive(Debug)]
pub struct Setup {
    pub ns: Namespace,
    services: Vec<String>,
}

/// Selectors, records, sizes and images to go back to.
#[derive(Debug, Clone)]
pub struct State {
    services: Vec<Value>,
    sizes: [i32; 2],
    images: [String; 2],
}

impl Setup {
    /// Two ready pods a color, every Service on blue.
    ///
    /// # Errors
    /// Outside a lab, or where the pods don't become ready.
    pub async fn new(test: &str, services: &[&str]) -> Result<Self> {
        let ns = crate::namespace(test).await?;
        blue_green(&ns, 2).await?;
        for name in services.iter().filter(|name| **name != "api") {
            let mut twin = api().service("blue");
            twin["metadata"]["name"] = json!(name);
            ns.apply(&twin).await?;
        }
        let setup = Self { ns, services: services.iter().map(ToString::to_string).collect() };
        setup.settled().await?;
        Ok(setup)
    }

    /// The Services, in the order given.
    #[must_use]
    pub fn services(&self) -> &[String] {
        &self.services
    }

    /// Starts the plugin itself, without kubectl, by way of this kubeconfig.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start(&self, kubeconfig: &Path, words: &[&str]) -> Result<Running> {
        let plugin = self.ns.lab().plugins().join("kubectl-bluegreen");
        Running::start(self.ns.kubectl_as(kubeconfig).plugin(&plugin, words))
    }

    /// Starts a verb that has read everything, and stops it right before this write of it.
    ///
    /// # Errors
    /// Where the write never comes.
    pub async fn stopped_before(&self, verb: &[&str], write: fn(&Call) -> bool) -> Result<StoppedRun> {
        StoppedRun::at(&self.ns, write, When::Before, |kubeconfig| self.start(kubeconfig, verb)).await
    }

    /// Runs the plugin to its end, by way of this kubeconfig.
    ///
    /// # Errors
    /// When it cannot be started or hangs.
    pub async fn run_through(&self, kubeconfig: &Path, words: &[&str]) -> Result<Output> {
        self.start(kubeconfig, words)?.wait(RUN_LIMIT).await
    }

    /// Runs the plugin to its end with a sound connection.
    ///
    /// # Errors
    /// When it cannot be started or hangs.
    pub async fn run(&self, words: &[&str]) -> Result<Output> {
        self.run_through(&self.ns.lab().kubeconfig(), words).await
    }

    /// [`Self::run`], and wants exit code 0; gives standard output.
    ///
    /// # Errors
    /// When the exit code is another.
    pub async fn must(&self, words: &[&str]) -> Result<String> {
        let output = self.run(words).await?;
        ensure!(output.code == 0, "{} ended with {}:\n{}", words.join(" "), output.code, said(&output));
        Ok(output.stdout)
    }

    /// What each Service selects.
    ///
    /// # Errors
    /// Where one can't be read.
    pub async fn selectors(&self) -> Result<Vec<Labels>> {
        let mut selectors = Vec::new();
        for name in &self.services {
            let service = self.ns.api::<Service>().get(name).await?;
            selectors.push(service.spec.and_then(|s| s.selector).unwrap_or_default());
        }
        Ok(selectors)
    }

    /// The color of each Service.
    ///
    /// # Errors
    /// Where a Service selects half a color, or can't be read.
    pub async fn colors(&self) -> Result<Vec<&'static str>> {
        let whole = |selector: &Labels| COLORS.into_iter().find(|color| *selector == selector_of(color));
        let selectors = self.selectors().await?;
        let colors: Option<Vec<_>> = selectors.iter().map(whole).collect();
        colors.ok_or_else(|| anyhow::anyhow!("half a color is selected: {selectors:?}"))
    }

    /// The replicas that a color's Deployment asks for.
    ///
    /// # Errors
    /// Where it can't be read.
    pub async fn size(&self, color: &str) -> Result<i32> {
        let deployment = self.ns.api::<Deployment>().get(&format!("api-{color}")).await?;
        Ok(deployment.spec.and_then(|s| s.replicas).unwrap_or(1))
    }

    /// The image of a color's only container.
    async fn image(&self, color: &str) -> Result<String> {
        let deployment = self.ns.api::<Deployment>().get(&format!("api-{color}")).await?;
        let pod = deployment.spec.and_then(|spec| spec.template.spec).unwrap_or_default();
        Ok(pod.containers.into_iter().next().and_then(|container| container.image).unwrap_or_default())
    }

    /// Remembers how things are.
    ///
    /// # Errors
    /// Where they can't be read.
    pub async fn state(&self) -> Result<State> {
        let mut services = Vec::new();
        for name in &self.services {
            let service = self.ns.api::<Service>().get(name).await?;
            let records: BTreeMap<_, _> = RECORDS.iter().map(|key| (*key, service.annotations().get(*key))).collect();
            let selector = service.spec.as_ref().and_then(|s| s.selector.as_ref());
            services.push(json!({"metadata": {"annotations": records}, "spec": {"selector": selector}}));
        }
        let sizes = [self.size(COLORS[0]).await?, self.size(COLORS[1]).await?];
        Ok(State { services, sizes, images: [self.image(COLORS[0]).await?, self.image(COLORS[1]).await?] })
    }

    /// Puts everything back to how it was, and waits until it is.
    ///
    /// # Errors
    /// Where it can't be written, or pods don't become ready.
    pub async fn put_back(&self, state: &State) -> Result<()> {
        for (name, patch) in self.services.iter().zip(&state.services) {
            self.ns.patch::<Service>(name, patch.clone()).await?;
        }
        for (color, size) in COLORS.iter().zip(state.sizes) {
            if self.size(color).await? != size {
                self.ns.patch::<Deployment>(&format!("api-{color}"), json!({"spec": {"replicas": size}})).await?;
            }
        }
        for (color, image) in COLORS.iter().zip(&state.images) {
            if self.image(color).await? != *image {
                let (deployment, image) = (format!("deployment/api-{color}"), format!("app={image}"));
                admin(&self.ns).run(&["set", "image", &deployment, &image]).await?.ends(0)?;
                self.ns.rolled_out(&deployment, LIMIT).await?;
            }
        }
        self.settled().await
    }

    /// Waits until both colors have exactly the ready pods they ask for, and every Service's
    /// endpoints are those of its color.
    ///
    /// # Errors
    /// Where that takes longer than anything should.
    pub async fn settled(&self) -> Result<()> {
        eventually("pods and endpoints settle", LIMIT, || async {
            for color in COLORS {
                let size = usize::try_from(self.size(color).await?)?;
                if self.ready_pods(&selector_of(color)).await?.is_none_or(|ready| ready.len() != size) {
                    return Ok(None);
                }
            }
            for (name, selector) in self.services.iter().zip(self.selectors().await?) {
                if self.ready_pods(&selector).await? != Some(self.endpoints(name).await?) {
                    return Ok(None);
                }
            }
            Ok(Some(()))
        })
        .await
    }

    /// Names of the pods with these labels, if all of them are ready and none is ending.
    async fn ready_pods(&self, labels: &Labels) -> Result<Option<BTreeSet<String>>> {
        let words: Vec<String> = labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
        let pods = pods(&self.ns, &words.join(",")).await?;
        let all_ready = pods.iter().all(|pod| pod.metadata.deletion_timestamp.is_none() && is_ready(pod));
        Ok(all_ready.then(|| pods.iter().map(ResourceExt::name_any).collect()))
    }

    /// Names of the pods behind a Service.
    async fn endpoints(&self, service: &str) -> Result<BTreeSet<String>> {
        let of_service = ListParams::default().labels(&format!("kubernetes.io/service-name={service}"));
        let slices = self.ns.api::<EndpointSlice>().list(&of_service).await?;
        let targets = slices.into_iter().flat_map(|slice| slice.endpoints).filter_map(|e| e.target_ref?.name);
        Ok(targets.collect())
    }
}
