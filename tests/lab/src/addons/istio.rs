//! istiod, with Envoy as an ingress gateway and as a client's sidecar.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde_json::{Value, json};
use tokio::process::Command;

use super::{Place, envoy, until_ready};
use crate::cluster::{Component, until_connects, until_http_ok};
use crate::crds::{self, Crd};
use crate::namespace::Namespace;
use crate::toolchain::Addon;

const XDS_PORT: u16 = 15010;
const HTTP_PORT: u16 = 15085;
const MONITORING_PORT: u16 = 15014;
/// Pods are on 8080 of every address.
const GATEWAY_PORT: u16 = 8090;

/// What keeps istiod from wanting certificates, webhooks and leaders that the lab doesn't have. The
/// first two leave out filters that only Istio's own Envoy has.
const ENVIRONMENT: [(&str, &str); 11] = [
    ("PILOT_ENABLE_METADATA_EXCHANGE", "false"),
    ("PILOT_ENABLE_ALPN_FILTER", "false"),
    ("POD_NAMESPACE", "istio-system"),
    ("POD_NAME", "istiod"),
    ("ENABLE_CA_SERVER", "false"),
    ("PILOT_CERT_PROVIDER", "none"),
    ("INJECTION_WEBHOOK_CONFIG_NAME", ""),
    ("VALIDATION_WEBHOOK_CONFIG_NAME", ""),
    ("ENABLE_LEADER_ELECTION", "false"),
    ("PILOT_ENABLE_STATUS", "false"),
    // HTTPRoutes and their classes are Contour's.
    ("PILOT_ENABLE_GATEWAY_API", "false"),
];

/// An istiod that sees one namespace.
#[derive(Debug)]
pub struct Istiod {
    place: Place,
    envoy: PathBuf,
    _process: Component,
}

/// An Envoy that istiod tells what to do; it ends when this is dropped.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    _place: Place,
    _process: Component,
}

impl Istiod {
    /// The name of the `Gateway` that [`Self::gateway`] makes, for `spec.gateways` of VirtualServices.
    pub const GATEWAY: &str = "public";

    /// Starts one for a namespace; `None` when it is not to be had here.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn start(ns: &Namespace) -> Result<Option<Self>> {
        let (Some(root), Some(envoy)) = (Addon::Istio.root()?, envoy::program()?) else { return Ok(None) };
        let (began, lab) = (Instant::now(), ns.lab());
        crds::install_from(&lab.client(), &root.join("crds"), Crd::IstioMesh).await?;
        let place = Place::claim(lab)?;
        let mut process = Component::run(
            &place.log_name("istiod"),
            discovery(&root.join("bin/pilot-discovery"), ns, &place)?,
            &lab.dir().join("logs"),
        )?;
        let ready = async {
            until_http_ok(&format!("http://{}/ready", place.at(HTTP_PORT))).await?;
            until_connects(&place.at(XDS_PORT).to_string()).await
        };
        until_ready("istiod", began, &mut [&mut process], ready).await?;
        Ok(Some(Self { place, envoy, _process: process }))
    }

    /// An ingress gateway and its `Gateway` object, for all hosts.
    ///
    /// # Errors
    /// When Envoy does not start, or the object can't be made.
    pub async fn gateway(&self, ns: &Namespace) -> Result<Proxy> {
        let place = Place::claim(ns.lab())?;
        ns.apply(&json!({
            "apiVersion": "networking.istio.io/v1",
            "kind": "Gateway",
            "metadata": {"name": Self::GATEWAY},
            "spec": {
                "selector": {"istio": "gateway"},
                "servers": [{
                    "port": {"number": GATEWAY_PORT, "name": "http", "protocol": "HTTP"},
                    "bind": place.address(),
                    "hosts": ["*"],
                }],
            },
        }))
        .await?;
        let metadata = json!({"LABELS": {"istio": "gateway"}});
        self.proxy(ns, "router", metadata, place, GATEWAY_PORT).await
    }

    /// A client's sidecar: at its address, the port `port` of every Service is served by host name,
    /// with the VirtualServices that have no `gateways` (or `mesh` among them).
    ///
    /// # Errors
    /// When Envoy does not start, or the `Sidecar` object that gives it its address can't be made.
    pub async fn client_proxy(&self, ns: &Namespace, port: u16) -> Result<Proxy> {
        let place = Place::claim(ns.lab())?;
        ns.apply(&json!({
            "apiVersion": "networking.istio.io/v1",
            "kind": "Sidecar",
            "metadata": {"name": "lab-client"},
            "spec": {
                "workloadSelector": {"labels": {"lab": "client"}},
                "egress": [{"bind": place.address(), "captureMode": "NONE", "hosts": ["*/*"]}],
            },
        }))
        .await?;
        let metadata = json!({"LABELS": {"lab": "client"}, "INTERCEPTION_MODE": "NONE"});
        self.proxy(ns, "sidecar", metadata, place, port).await
    }

    async fn proxy(&self, ns: &Namespace, kind: &str, metadata: Value, place: Place, port: u16) -> Result<Proxy> {
        let began = Instant::now();
        let bootstrap = place.folder().join("envoy.json");
        std::fs::write(&bootstrap, self.bootstrap(ns, kind, metadata, &place).to_string())?;
        let mut process = envoy::start(&self.envoy, &bootstrap, &[], &place, ns.lab())?;
        let address = place.at(port);
        // A sidecar listens from the first Service on, a gateway at once or from its first route on.
        let url = format!("http://{}/ready", place.at(envoy::ADMIN_PORT));
        let ready = until_http_ok(&url);
        until_ready(&format!("Envoy ({kind})"), began, &mut [&mut process], ready).await?;
        Ok(Proxy { address, _place: place, _process: process })
    }

    fn bootstrap(&self, ns: &Namespace, kind: &str, mut metadata: Value, place: &Place) -> Value {
        let name = ns.name();
        metadata["NAMESPACE"] = name.into();
        metadata["CLUSTER_ID"] = "Kubernetes".into();
        metadata["ISTIO_VERSION"] = "1.31.0".into();
        let socket = |at: SocketAddr| json!({"socket_address": {"address": at.ip(), "port_value": at.port()}});
        let from_istiod = json!({"ads": {}, "initial_fetch_timeout": "0s", "resource_api_version": "V3"});
        json!({
            "node": {
                "id": format!("{kind}~{}~{kind}.{name}~{name}.svc.cluster.local", place.address()),
                "cluster": kind,
                "metadata": metadata,
            },
            "admin": {"address": socket(place.at(envoy::ADMIN_PORT))},
            "dynamic_resources": {
                "ads_config": {
                    "api_type": "GRPC",
                    "transport_api_version": "V3",
                    "grpc_services": [{"envoy_grpc": {"cluster_name": "istiod"}}],
                },
                "cds_config": from_istiod,
                "lds_config": from_istiod,
            },
            "static_resources": {"clusters": [{
                "name": "istiod",
                "type": "STATIC",
                "connect_timeout": "1s",
                "typed_extension_protocol_options": {"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
                    "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
                    "explicit_http_config": {"http2_protocol_options": {}},
                }},
                "load_assignment": {"cluster_name": "istiod", "endpoints": [{"lb_endpoints": [
                    {"endpoint": {"address": socket(self.place.at(XDS_PORT))}},
                ]}]},
            }]},
        })
    }
}

impl Proxy {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Waits until it listens there.
    ///
    /// # Errors
    /// When it doesn't within 30 seconds.
    pub async fn listens(&self) -> Result<()> {
        let waited = tokio::time::timeout(Duration::from_secs(30), until_connects(&self.address.to_string())).await;
        waited.context("the proxy does not listen: is there a route for it?")?
    }
}

fn discovery(program: &std::path::Path, ns: &Namespace, place: &Place) -> Result<Command> {
    let (mesh, networks) = (place.folder().join("mesh.yaml"), place.folder().join("networks.yaml"));
    let text = json!({
        "trustDomain": "cluster.local",
        // Else clusters wait for certificates that nobody hands out.
        "enableAutoMtls": false,
        "defaultConfig": {"discoveryAddress": place.at(XDS_PORT).to_string()},
        "discoverySelectors": [{"matchLabels": {"kubernetes.io/metadata.name": ns.name()}}],
    });
    std::fs::write(&mesh, text.to_string())?;
    std::fs::write(&networks, json!({"networks": {}}).to_string())?;
    let mut command = Command::new(program);
    command
        .arg("discovery")
        .arg(format!("--kubeconfig={}", ns.lab().kubeconfig().display()))
        .arg(format!("--meshConfig={}", mesh.display()))
        .arg(format!("--networksConfig={}", networks.display()))
        .arg(format!("--monitoringAddr={}", place.at(MONITORING_PORT)))
        .arg(format!("--httpAddr={}", place.at(HTTP_PORT)))
        .arg(format!("--grpcAddr={}", place.at(XDS_PORT)))
        .args(["--httpsAddr=", "--secureGRPCAddr=", "--domain=cluster.local"])
        .envs(ENVIRONMENT);
    Ok(command)
}
