//! Custom resource definitions of the routers and controllers the plugins know.
//!
//! Most come from Go modules at pinned versions: `lab build` downloads them and keeps the
//! needed definitions in the toolchain cache, as there is no network inside the lab. The AWS
//! Load Balancer Controller's module is not to be had from the Go proxy, so its
//! TargetGroupBinding is a small definition of our own, and so are GRPCRoute, of which only the backends
//! matter, and ReferenceGrant.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use futures::future::try_join_all;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::api::{Api, ApiResource, DynamicObject, PostParams};
use kube::{Client, ResourceExt};
use serde_json::Value;

use crate::toolchain::Toolchain;

/// Longest wait for the API server to serve a new definition.
const UNTIL_ESTABLISHED: Duration = Duration::from_secs(30);
const TARGET_GROUP_BINDING: &str = include_str!("crds/targetgroupbinding.json");
const GRPC_ROUTE: &str = include_str!("crds/grpcroute.json");
const REFERENCE_GRANT: &str = include_str!("crds/referencegrant.json");

/// A set of definitions that is installed as one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Crd {
    /// VirtualService and DestinationRule.
    Istio,
    /// GatewayClass, Gateway and HTTPRoute.
    GatewayApi,
    /// GRPCRoute.
    GrpcRoute,
    /// ReferenceGrant.
    ReferenceGrant,
    /// Rollout and everything that belongs to it.
    ArgoRollouts,
    /// The AWS Load Balancer Controller's TargetGroupBinding.
    TargetGroupBinding,
    /// What Contour looks at beside Gateway API's own: part of its addon.
    Contour,
    /// The rest of what istiod looks at: part of its addon.
    IstioMesh,
}

/// Where a set comes from: a module, files in it, and which definitions of these files to keep.
pub(crate) struct Source {
    set: Crd,
    module: &'static str,
    files: &'static [&'static str],
    kinds: &'static [&'static str],
}

/// What every lab has at hand.
pub(crate) const BASE: &[Source] = &[
    Source { set: Crd::Istio, module: ISTIO_API, files: ISTIO_FILES, kinds: &["VirtualService", "DestinationRule"] },
    Source {
        set: Crd::GatewayApi,
        module: "sigs.k8s.io/gateway-api@v1.6.1",
        files: &[
            "config/crd/standard/gateway.networking.k8s.io_gatewayclasses.yaml",
            "config/crd/standard/gateway.networking.k8s.io_gateways.yaml",
            "config/crd/standard/gateway.networking.k8s.io_httproutes.yaml",
        ],
        kinds: &["GatewayClass", "Gateway", "HTTPRoute"],
    },
    Source {
        set: Crd::ArgoRollouts,
        module: "github.com/argoproj/argo-rollouts@v1.10.1",
        files: &[
            "manifests/crds/rollout-crd.yaml",
            "manifests/crds/analysis-run-crd.yaml",
            "manifests/crds/analysis-template-crd.yaml",
            "manifests/crds/cluster-analysis-template-crd.yaml",
            "manifests/crds/experiment-crd.yaml",
        ],
        kinds: &["Rollout", "AnalysisRun", "AnalysisTemplate", "ClusterAnalysisTemplate", "Experiment"],
    },
];

const ISTIO_API: &str = "istio.io/api@v1.31.1";
const ISTIO_FILES: &[&str] = &["kubernetes/customresourcedefinitions.gen.yaml"];

/// What comes with Contour.
pub(crate) const CONTOUR: &[Source] = &[Source {
    set: Crd::Contour,
    module: "github.com/projectcontour/contour@v1.33.8",
    files: &["examples/contour/01-crds.yaml"],
    kinds: &["ContourConfiguration", "ContourDeployment", "ExtensionService", "HTTPProxy", "TLSCertificateDelegation"],
}];

/// What comes with istiod.
pub(crate) const ISTIO_MESH: &[Source] = &[Source {
    set: Crd::IstioMesh,
    module: ISTIO_API,
    files: ISTIO_FILES,
    kinds: &[
        "AuthorizationPolicy",
        "EnvoyFilter",
        "Gateway",
        "PeerAuthentication",
        "ProxyConfig",
        "RequestAuthentication",
        "ServiceEntry",
        "Sidecar",
        "Telemetry",
        "TrafficExtension",
        "WasmPlugin",
        "WorkloadEntry",
        "WorkloadGroup",
    ],
}];

impl Crd {
    /// The sets that every lab has from its start.
    pub const BY_DEFAULT: [Self; 5] =
        [Self::Istio, Self::GatewayApi, Self::GrpcRoute, Self::ReferenceGrant, Self::TargetGroupBinding];

    fn file(self) -> &'static str {
        match self {
            Self::Istio => "istio.json",
            Self::GatewayApi => "gateway-api.json",
            Self::GrpcRoute => "grpcroute.json",
            Self::ReferenceGrant => "referencegrant.json",
            Self::ArgoRollouts => "argo-rollouts.json",
            Self::TargetGroupBinding => "targetgroupbinding.json",
            Self::Contour => "contour.json",
            Self::IstioMesh => "istio-mesh.json",
        }
    }
}

/// What of the definitions the cached copy depends on, for the cache's key.
pub(crate) fn pins(sources: &[Source]) -> String {
    sources.iter().map(|source| format!("{} {:?} {:?}\n", source.module, source.files, source.kinds)).collect()
}

/// Downloads the modules and writes the wanted definitions into `out`, as JSON.
pub(crate) fn download(sources: &[Source], work: &Path, out: &Path) -> Result<()> {
    fs::create_dir_all(work)?;
    fs::create_dir_all(out)?;
    let mut sets = BTreeMap::<_, Vec<Value>>::new();
    for source in sources {
        eprintln!("lab: downloading resource definitions of {}", source.module);
        let module = download_module(work, source.module)?;
        sets.entry(source.set.file()).or_default().extend(read_definitions(Path::new(&module), source)?);
    }
    for (file, definitions) in sets {
        fs::write(out.join(file), serde_json::to_vec(&definitions)?)?;
    }
    Ok(())
}

fn download_module(work: &Path, module: &str) -> Result<String> {
    let output = Command::new("go")
        .current_dir(work)
        .args(["mod", "download", "-json", module])
        .stdin(Stdio::null())
        .output()
        .context("Go is needed to build the lab (https://go.dev/dl), and `go` cannot be run")?;
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    match answer.get("Dir").and_then(Value::as_str) {
        Some(dir) => Ok(dir.to_owned()),
        None => bail!(
            "cannot download {module}: {} {}",
            answer["Error"].as_str().unwrap_or_default(),
            String::from_utf8_lossy(&output.stderr).trim()
        ),
    }
}

fn read_definitions(module: &Path, source: &Source) -> Result<Vec<Value>> {
    let mut kept = Vec::new();
    for file in source.files {
        let path = module.join(file);
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        // One document at a time: the parser's budget is meant for one document, too.
        for document in text.split("\n---\n").filter(|part| is_wanted(part, source.kinds)) {
            let mut definition: Value =
                serde_saphyr::from_str(document).with_context(|| format!("{} is not YAML", path.display()))?;
            if let Some(object) = definition.as_object_mut() {
                object.remove("status");
            }
            kept.push(definition);
        }
    }
    if kept.len() != source.kinds.len() {
        bail!("{} holds {} of the definitions {:?}", source.module, kept.len(), source.kinds);
    }
    Ok(kept)
}

fn is_wanted(document: &str, kinds: &[&str]) -> bool {
    kinds.iter().any(|kind| document.lines().any(|line| line.strip_prefix("    kind: ") == Some(kind)))
}

/// Installs a set and waits until the API server serves it. Installed already is fine.
///
/// # Errors
/// When the API server refuses, or does not serve it within 30 seconds.
pub async fn install(client: &Client, toolchain: &Toolchain, set: Crd) -> Result<()> {
    install_from(client, &toolchain.crds(), set).await
}

/// The same with a set of an addon.
///
/// # Errors
/// When the API server refuses, or does not serve it within 30 seconds.
pub(crate) async fn install_from(client: &Client, folder: &Path, set: Crd) -> Result<()> {
    let definitions = load(folder, set)?;
    let resource = ApiResource::erase::<CustomResourceDefinition>(&());
    let raw: Api<DynamicObject> = Api::all_with(client.clone(), &resource);
    let mut names = Vec::new();
    for definition in definitions {
        let object: DynamicObject = serde_json::from_value(definition)?;
        names.push(object.name_any());
        match raw.create(&PostParams::default(), &object).await {
            Ok(_) => {}
            Err(kube::Error::Api(status)) if status.code == 409 => {}
            Err(error) => return Err(error).context("cannot create a resource definition"),
        }
    }
    let typed: Api<CustomResourceDefinition> = Api::all(client.clone());
    try_join_all(names.iter().map(|name| established(&typed, name))).await?;
    Ok(())
}

fn load(folder: &Path, set: Crd) -> Result<Vec<Value>> {
    match set {
        Crd::TargetGroupBinding => return Ok(vec![serde_json::from_str(TARGET_GROUP_BINDING)?]),
        Crd::ReferenceGrant => return Ok(vec![serde_json::from_str(REFERENCE_GRANT)?]),
        Crd::GrpcRoute => return Ok(vec![serde_json::from_str(GRPC_ROUTE)?]),
        Crd::Istio | Crd::GatewayApi | Crd::ArgoRollouts | Crd::Contour | Crd::IstioMesh => {}
    }
    let path = folder.join(set.file());
    let text = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(serde_json::from_slice(&text)?)
}

async fn established(api: &Api<CustomResourceDefinition>, name: &str) -> Result<()> {
    let deadline = Instant::now() + UNTIL_ESTABLISHED;
    loop {
        let definition = api.get(name).await.with_context(|| format!("cannot read {name}"))?;
        let conditions = definition.status.and_then(|status| status.conditions);
        let done = conditions
            .unwrap_or_default()
            .iter()
            .any(|condition| condition.type_ == "Established" && condition.status == "True");
        if done {
            return Ok(());
        }
        if Instant::now() > deadline {
            bail!("{name} was not established within {UNTIL_ESTABLISHED:?}");
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_wanted_by_its_kind_not_by_a_mention() {
        let wanted = "kind: CustomResourceDefinition\nspec:\n  names:\n    kind: VirtualService\n";
        let mention = "kind: CustomResourceDefinition\n# VirtualService\n    kind: Sidecar\n";
        assert!(is_wanted(wanted, &["VirtualService"]));
        assert!(!is_wanted(mention, &["VirtualService"]));
    }

    #[test]
    fn our_own_definitions_are_some() {
        let name = |text| serde_json::from_str::<CustomResourceDefinition>(text).unwrap().name_any();
        assert_eq!(name(TARGET_GROUP_BINDING), "targetgroupbindings.elbv2.k8s.aws");
        assert_eq!(name(GRPC_ROUTE), "grpcroutes.gateway.networking.k8s.io");
        assert_eq!(name(REFERENCE_GRANT), "referencegrants.gateway.networking.k8s.io");
    }
}
