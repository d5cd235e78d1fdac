//! One workload and the repository of its images, rolled back through kubectl as people do it.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use k8s_openapi::api::core::v1::Pod;
use kube::api::ListParams;
use lab::fixtures::Workload;
use lab::registry::{Image, Repository};
use lab::{Namespace, Output, Running};
use serde_json::Value;

use super::{RECORD, push_on, set_image};
use crate::LIMIT;
use crate::common::run::{Ended, admin, document, words_of};

/// The releases of the team that this is for, oldest first.
pub const RELEASES: [&str; 6] = [
    "latest-release-1.0.0",
    "latest-release-1.0.1",
    "latest-release-1.0.2",
    "latest-release-1.0.3",
    "latest-release-1.0.4",
    "latest-release-1.0.5",
];

/// As kubectl calls it.
const PLUGIN: &str = "ecr-rollback";

/// A namespace, a repository in it, and a workload of the same name.
#[derive(Debug)]
pub struct Case {
    pub ns: Namespace,
    pub repository: Repository,
    kind: &'static str,
    name: String,
}

impl Case {
    /// The empty repository `api`; the workload will be a Deployment.
    ///
    /// # Errors
    /// Outside a lab.
    pub async fn new(test: &str) -> Result<Self> {
        Self::of("deployment", "api", crate::namespace(test).await?).await
    }

    /// An empty repository of this name; the workload will be of this kind.
    ///
    /// # Errors
    /// Where the registry doesn't answer.
    pub async fn of(kind: &'static str, name: &str, ns: Namespace) -> Result<Self> {
        let repository = ns.repository(name).await?;
        Ok(Self { ns, repository, kind, name: name.to_owned() })
    }

    /// [`Self::new`] with [`RELEASES`] pushed and the Deployment on the newest.
    ///
    /// # Errors
    /// Where that doesn't come up.
    pub async fn released(test: &str) -> Result<Self> {
        let case = Self::new(test).await?;
        case.push(&RELEASES).await?;
        case.deploy(&[RELEASES[5]]).await?;
        Ok(case)
    }

    /// `deployment/api`
    #[must_use]
    pub fn resource(&self) -> String {
        format!("{}/{}", self.kind, self.name)
    }

    /// Pushes images, one a day from 2026-01-01 on; gives their digests.
    ///
    /// # Errors
    /// Where the registry refuses.
    pub async fn push(&self, tags: &[&str]) -> Result<Vec<String>> {
        let mut digests = Vec::new();
        for (tag, day) in tags.iter().zip(1..) {
            digests.push(self.push_on(day, Image::new(tag)).await?);
        }
        Ok(digests)
    }

    /// Pushes an image on this day of January 2026; gives its digest.
    ///
    /// # Errors
    /// Where the registry refuses.
    pub async fn push_on(&self, day: u32, image: Image) -> Result<String> {
        push_on(&self.repository, day, image).await
    }

    /// A workload of two pods that stop at once, with this image.
    #[must_use]
    pub fn app(&self, tag: &str) -> Workload {
        let app = Workload::new(&self.name, &self.repository.image(tag)).replicas(2).without_pre_stop();
        match self.kind {
            "statefulset" => app.stateful(),
            "daemonset" => app.daemon(),
            _ => app,
        }
    }

    /// Deploys a workload and waits for its rollout.
    ///
    /// # Errors
    /// Where it doesn't end.
    pub async fn apply(&self, app: &Workload) -> Result<()> {
        self.ns.apply_all(&app.objects()).await?;
        self.ns.rolled_out(&self.resource(), LIMIT).await
    }

    /// Deploys the first of these and then, one after the other, the rest.
    ///
    /// # Errors
    /// Where a rollout doesn't end.
    pub async fn deploy(&self, tags: &[&str]) -> Result<()> {
        let (first, rest) = tags.split_first().context("no tags")?;
        self.apply(&self.app(first)).await?;
        for tag in rest {
            self.release(tag).await?;
        }
        Ok(())
    }

    /// Deploys another image, as a pipeline does, and waits for its rollout.
    ///
    /// # Errors
    /// Where the rollout doesn't end.
    pub async fn release(&self, tag: &str) -> Result<()> {
        self.set_image(tag).await?;
        self.ns.rolled_out(&self.resource(), LIMIT).await
    }

    /// The same without waiting.
    ///
    /// # Errors
    /// Where kubectl refuses.
    pub async fn set_image(&self, tag: &str) -> Result<()> {
        set_image(&self.ns, &self.resource(), &self.name, &self.repository.image(tag)).await
    }

    /// Runs `kubectl WORDS` with all rights, wants exit code 0 and gives what it printed.
    ///
    /// # Errors
    /// Where it ends otherwise.
    pub async fn kubectl(&self, words: &[&str]) -> Result<String> {
        admin(&self.ns).must(words).await
    }

    /// Runs `kubectl ecr-rollback WORDS` with all rights; words are split at blanks.
    ///
    /// # Errors
    /// Where it can't be run; a bad exit code is none.
    pub async fn ecr(&self, words: &str) -> Result<Output> {
        admin(&self.ns).run(&words_of(PLUGIN, words)).await
    }

    /// Rolls the workload back with these flags and `--yes`.
    ///
    /// # Errors
    /// Where it can't be run; a bad exit code is none.
    pub async fn back(&self, flags: &str) -> Result<Output> {
        self.ecr(&format!("{} --yes {flags}", self.resource())).await
    }

    /// The same without waiting for the end.
    ///
    /// # Errors
    /// Where it can't be started.
    pub fn start_back(&self, flags: &str) -> Result<Running> {
        let words = format!("{} --yes {flags}", self.resource());
        admin(&self.ns).start(&words_of(PLUGIN, &words))
    }

    /// The document of a dry run with these flags, which ends well.
    ///
    /// # Errors
    /// Where it doesn't.
    pub async fn plan(&self, flags: &str) -> Result<Value> {
        self.ecr(&format!("{} --dry-run=client -ojson {flags}", self.resource())).await?.ends(0)?.json()
    }

    /// The reference that a dry run with these flags would write.
    ///
    /// # Errors
    /// Where it ends badly.
    pub async fn planned(&self, flags: &str) -> Result<String> {
        let plan = self.plan(flags).await?;
        text(&plan["workloads"][0]["containers"][0]["to"])
    }

    /// The workload as it is.
    ///
    /// # Errors
    /// Where it can't be read.
    pub async fn workload(&self) -> Result<Value> {
        document(&self.kubectl(&["get", &self.resource(), "-ojson"]).await?)
    }

    /// The image that a container of the template asks for.
    ///
    /// # Errors
    /// Where there is no such container.
    pub async fn image_of(&self, container: &str) -> Result<String> {
        let spec = self.workload().await?["spec"]["template"]["spec"].take();
        let all = ["containers", "initContainers"].map(|list| spec[list].as_array().cloned().unwrap_or_default());
        let found = all.into_iter().flatten().find(|c| c["name"] == container);
        text(&found.with_context(|| format!("no container {container}"))?["image"])
    }

    /// The workload asks for this tag or digest, or for a reference with both (`TAG@DIGEST`).
    ///
    /// # Errors
    /// Where it asks for something else.
    pub async fn asks_for(&self, wanted: &str) -> Result<()> {
        let (asked, wanted) = (self.image_of(&self.name).await?, self.repository.image(wanted));
        ensure!(asked == wanted, "the workload asks for {asked}, not {wanted}");
        Ok(())
    }

    /// Every pod that isn't on its way out runs the image of this digest.
    ///
    /// # Errors
    /// Where one runs something else, or there are none.
    pub async fn runs(&self, digest: &str) -> Result<()> {
        let running = self.running().await?;
        ensure!(running == BTreeSet::from([digest.to_owned()]), "pods run {running:?}, not {digest}");
        Ok(())
    }

    /// The digests of the images that pods really run (`imageID`).
    ///
    /// # Errors
    /// Where they can't be listed.
    pub async fn running(&self) -> Result<BTreeSet<String>> {
        let pods = self.ns.api::<Pod>().list(&ListParams::default()).await?;
        let staying = pods.items.into_iter().filter(|pod| pod.metadata.deletion_timestamp.is_none());
        let statuses = staying.filter_map(|pod| pod.status?.container_statuses).flatten();
        let own = statuses.filter(|status| status.name == self.name);
        Ok(own.map(|s| s.image_id.split_once('@').map_or_else(String::new, |(_, d)| d.to_owned())).collect())
    }

    /// One annotation of the workload.
    ///
    /// # Errors
    /// Where the workload can't be read.
    pub async fn annotation(&self, key: &str) -> Result<Option<String>> {
        Ok(self.workload().await?["metadata"]["annotations"][key].as_str().map(str::to_owned))
    }

    /// The record of the last change of images.
    ///
    /// # Errors
    /// Where there is none, or it is no JSON.
    pub async fn record(&self) -> Result<Value> {
        document(&self.annotation(RECORD).await?.context("no record")?)
    }

    /// How many templates a Deployment has had, as its controller counts them.
    ///
    /// # Errors
    /// Where the Deployment can't be read.
    pub async fn revision(&self) -> Result<Option<String>> {
        self.annotation("deployment.kubernetes.io/revision").await
    }

    /// What people write of the workload: its generation and annotations. Equal ones mean that
    /// nothing was written.
    ///
    /// # Errors
    /// Where it can't be read.
    pub async fn written(&self) -> Result<(Value, Value)> {
        let mut metadata = self.workload().await?["metadata"].take();
        Ok((metadata["generation"].take(), metadata["annotations"].take()))
    }
}

fn text(value: &Value) -> Result<String> {
    Ok(value.as_str().context("no text")?.to_owned())
}
