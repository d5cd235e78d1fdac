//! A namespace of a test's own.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::api::core::v1::Namespace as NamespaceObject;
use kube::api::{Api, DeleteParams, DynamicObject, GroupVersionKind, Patch, PatchParams, PostParams};
use kube::{Resource, ResourceExt};
use serde_json::{Value, json};

use crate::cluster::client_for;
use crate::kubectl::{Kubectl, Output, Running};
use crate::session::{Lab, eventually};

/// The field manager of what tests write: a plain `Update`, as by someone's own tool, and no
/// server-side apply, which a plugin may rightly take for GitOps.
pub const FIELD_MANAGER: &str = "lab-test";

/// A namespace that is deleted, without waiting, when this is dropped. With `LAB_KEEP` set it
/// stays and its name is printed.
#[derive(Debug)]
pub struct Namespace {
    lab: Lab,
    name: String,
}

impl Namespace {
    pub(crate) async fn create(lab: Lab, name: &str) -> Result<Self> {
        let unique = RandomState::new().build_hasher().finish() & 0xff_ffff;
        Self::create_exactly(lab, format!("{}-{unique:06x}", name.replace('_', "-"))).await
    }

    pub(crate) async fn create_exactly(lab: Lab, name: String) -> Result<Self> {
        let object = NamespaceObject {
            metadata: kube::core::ObjectMeta { name: Some(name.clone()), ..Default::default() },
            ..Default::default()
        };
        let api: Api<NamespaceObject> = Api::all(lab.client());
        api.create(&PostParams::default(), &object)
            .await
            .with_context(|| format!("cannot create the namespace {name}"))?;
        Ok(Self { lab, name })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The lab it is in.
    pub fn lab(&self) -> &Lab {
        &self.lab
    }

    /// Typed access to its objects, with all rights.
    pub fn api<K>(&self) -> Api<K>
    where
        K: Resource<Scope = NamespaceResourceScope, DynamicType = ()>,
    {
        Api::namespaced(self.lab.client(), &self.name)
    }

    /// Creates an object, or merges it into the one that is there; gives what the API server
    /// made of it. Objects of the cluster go where they belong.
    ///
    /// # Errors
    /// When the API server refuses.
    pub async fn apply(&self, object: &Value) -> Result<Value> {
        let typed: DynamicObject =
            serde_json::from_value(object.clone()).context("an object needs apiVersion, kind and metadata")?;
        let types = typed.types.clone().context("an object needs apiVersion and kind")?;
        let kind = GroupVersionKind::try_from(&types)?;
        let (resource, capabilities) = kube::discovery::pinned_kind(&self.lab.client(), &kind).await?;
        let api: Api<DynamicObject> = match capabilities.scope {
            kube::discovery::Scope::Namespaced => Api::namespaced_with(self.lab.client(), &self.name, &resource),
            kube::discovery::Scope::Cluster => Api::all_with(self.lab.client(), &resource),
        };
        let name = typed.name_any();
        let by_us = PostParams { field_manager: Some(FIELD_MANAGER.to_owned()), dry_run: false };
        let written = match api.create(&by_us, &typed).await {
            Err(kube::Error::Api(status)) if status.code == 409 => {
                let by_us = PatchParams { field_manager: Some(FIELD_MANAGER.to_owned()), ..PatchParams::default() };
                api.patch(&name, &by_us, &Patch::Merge(object)).await
            }
            other => other,
        };
        let written = written.with_context(|| format!("cannot write {} {name}", kind.kind))?;
        Ok(serde_json::to_value(written)?)
    }

    /// [`Self::apply`] for several, in order.
    ///
    /// # Errors
    /// When the API server refuses one.
    pub async fn apply_all(&self, objects: &[Value]) -> Result<()> {
        for object in objects {
            self.apply(object).await?;
        }
        Ok(())
    }

    /// [`Self::apply`] for every document of a YAML text.
    ///
    /// # Errors
    /// When it is not YAML, or the API server refuses.
    pub async fn apply_yaml(&self, text: &str) -> Result<()> {
        let objects: Vec<Value> = serde_saphyr::from_multiple(text).context("not YAML")?;
        self.apply_all(&objects).await
    }

    /// Changes one object by a merge patch.
    ///
    /// # Errors
    /// When the API server refuses.
    pub async fn patch<K>(&self, name: &str, patch: Value) -> Result<K>
    where
        K: Resource<Scope = NamespaceResourceScope, DynamicType = ()>
            + Clone
            + std::fmt::Debug
            + serde::de::DeserializeOwned,
    {
        let params = PatchParams { field_manager: Some(FIELD_MANAGER.to_owned()), ..Default::default() };
        self.api::<K>().patch(name, &params, &Patch::Merge(patch)).await.with_context(|| format!("cannot patch {name}"))
    }

    /// Sets one annotation; `None` removes it.
    ///
    /// # Errors
    /// When the API server refuses.
    pub async fn annotate<K>(&self, name: &str, key: &str, value: Option<&str>) -> Result<()>
    where
        K: Resource<Scope = NamespaceResourceScope, DynamicType = ()>
            + Clone
            + std::fmt::Debug
            + serde::de::DeserializeOwned,
    {
        let patch = json!({"metadata": {"annotations": {key: value}}});
        self.patch::<K>(name, patch).await.map(drop)
    }

    /// kubectl in this namespace as the user of a kubeconfig.
    pub fn kubectl_as(&self, kubeconfig: impl Into<PathBuf>) -> Kubectl {
        Kubectl::new(&self.lab, kubeconfig.into(), Some(self.name.clone()))
    }

    /// Runs kubectl in this namespace with all rights; a plugin's name may be its first word.
    ///
    /// # Errors
    /// When it cannot be started or takes longer than two minutes; a bad exit code is none.
    pub async fn kubectl(&self, args: &[&str]) -> Result<Output> {
        self.kubectl_as(self.lab.kubeconfig()).run(args).await
    }

    /// The same, without waiting for the end.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start(&self, args: &[&str]) -> Result<Running> {
        self.kubectl_as(self.lab.kubeconfig()).start(args)
    }

    /// Waits until a workload, such as `deployment/api-blue`, is rolled out.
    ///
    /// # Errors
    /// When it is not within `limit`.
    pub async fn rolled_out(&self, workload: &str, limit: Duration) -> Result<()> {
        let timeout = format!("--timeout={}s", limit.as_secs().max(1));
        let kubectl = self.kubectl_as(self.lab.kubeconfig());
        kubectl.must(&["rollout", "status", workload, &timeout]).await.map(drop)
    }

    /// Waits until an object meets a condition, and gives it as it then is.
    ///
    /// # Errors
    /// When it does not within `limit`, or cannot be read.
    pub async fn wait_for<K>(
        &self,
        name: &str,
        what: &str,
        limit: Duration,
        condition: impl Fn(&K) -> bool,
    ) -> Result<K>
    where
        K: Resource<Scope = NamespaceResourceScope, DynamicType = ()>
            + Clone
            + std::fmt::Debug
            + serde::de::DeserializeOwned,
    {
        let (api, condition) = (self.api::<K>(), &condition);
        eventually(&format!("{name}: {what}"), limit, || {
            let api = api.clone();
            async move { Ok(api.get_opt(name).await?.filter(condition)) }
        })
        .await
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        if std::env::var_os("LAB_KEEP").is_some() {
            eprintln!("lab: the namespace {} is kept", self.name);
            return;
        }
        let (kubeconfig, name) = (self.lab.kubeconfig(), self.name.clone());
        // The test's runtime may be ending; a short one of its own does not care.
        let deletion = thread::spawn(move || -> Result<()> {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(async {
                let api: Api<NamespaceObject> = Api::all(client_for(&kubeconfig).await?);
                api.delete(&name, &DeleteParams::background()).await?;
                Ok(())
            })
        });
        if let Ok(Err(error)) = deletion.join() {
            eprintln!("lab: cannot delete the namespace {}: {error:#}", self.name);
        }
    }
}
