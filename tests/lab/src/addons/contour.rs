//! Contour, with Envoy as its data plane: a Gateway that carries real traffic.

use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::json;
use tokio::process::Command;

use super::{Place, envoy, until_ready};
use crate::cluster::{Component, until_connects, until_http_ok};
use crate::crds::{self, Crd};
use crate::namespace::Namespace;
use crate::session::Lab;
use crate::toolchain::Addon;

const XDS_PORT: u16 = 8001;
const HEALTH_PORT: u16 = 8004;
/// Envoy listens on the Gateway's port and this much more.
const CONTOUR_ADDS: u16 = 8000;
/// Pods are on 8080 of every address.
const GATEWAY_PORT: u16 = 90;
const CLASS: &str = "contour";

/// A Gateway of a namespace; HTTPRoutes of any namespace may bind to it.
#[derive(Debug)]
pub struct Contour {
    place: Place,
    _contour: Component,
    _envoy: Component,
}

impl Contour {
    /// The name of the Gateway.
    pub const GATEWAY: &str = "public";

    /// Starts one for a namespace; `None` when it is not to be had here.
    ///
    /// # Errors
    /// When it does not start, or its Gateway can't be made.
    pub async fn start(ns: &Namespace) -> Result<Option<Self>> {
        let (Some(root), Some(envoy)) = (Addon::Contour.root()?, envoy::program()?) else { return Ok(None) };
        let (began, lab) = (Instant::now(), ns.lab());
        crds::install_from(&lab.client(), &root.join("crds"), Crd::Contour).await?;
        make_gateway(ns).await?;
        let place = Place::claim(lab)?;
        let program = root.join("bin/contour");
        let bootstrap = bootstrap(&program, &place).await?;
        let mut contour = serve(&program, ns, &place)?;
        let node = ["--service-cluster", "contour", "--service-node", "lab"];
        let mut envoy = envoy::start(&envoy, &bootstrap, &node, &place, lab)?;
        let ready = async {
            until_http_ok(&format!("http://{}/healthz", place.at(HEALTH_PORT))).await?;
            until_connects(&place.at(XDS_PORT).to_string()).await?;
            ns.kubectl_as(lab.kubeconfig())
                .must(&["wait", "--for=condition=Accepted", &format!("gateway/{}", Self::GATEWAY), "--timeout=50s"])
                .await
                .map(drop)
        };
        until_ready("Contour", began, &mut [&mut contour, &mut envoy], ready).await?;
        Ok(Some(Self { place, _contour: contour, _envoy: envoy }))
    }

    /// Where the Gateway listens, once a route is bound to it.
    pub fn address(&self) -> SocketAddr {
        self.place.at(GATEWAY_PORT + CONTOUR_ADDS)
    }

    /// Waits until the Gateway answers, as it does from its first route on.
    ///
    /// # Errors
    /// When it doesn't within 30 seconds.
    pub async fn listens(&self) -> Result<()> {
        let address = self.address().to_string();
        let waited = tokio::time::timeout(Duration::from_secs(30), until_connects(&address)).await;
        waited.context("the Gateway does not listen: is a route bound to it?")?
    }
}

async fn make_gateway(ns: &Namespace) -> Result<()> {
    ns.apply(&json!({
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "GatewayClass",
        "metadata": {"name": CLASS},
        "spec": {"controllerName": "projectcontour.io/gateway-controller"},
    }))
    .await?;
    ns.apply(&json!({
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "Gateway",
        "metadata": {"name": Contour::GATEWAY},
        "spec": {
            "gatewayClassName": CLASS,
            "listeners": [{
                "name": "http", "port": GATEWAY_PORT, "protocol": "HTTP",
                "allowedRoutes": {"namespaces": {"from": "All"}},
            }],
        },
    }))
    .await
    .map(drop)
}

/// What Envoy is started with: made by Contour itself.
async fn bootstrap(program: &Path, place: &Place) -> Result<std::path::PathBuf> {
    let file = place.folder().join("envoy.json");
    let made = Command::new(program)
        .arg("bootstrap")
        .arg(&file)
        .arg(format!("--xds-address={}", place.address()))
        .arg(format!("--xds-port={XDS_PORT}"))
        .arg(format!("--admin-address={}", place.folder().join("admin.sock").display()))
        .output()
        .await
        .context("contour bootstrap")?;
    ensure!(made.status.success(), "contour bootstrap: {}", String::from_utf8_lossy(&made.stderr));
    Ok(file)
}

fn serve(program: &Path, ns: &Namespace, place: &Place) -> Result<Component> {
    let lab: &Lab = ns.lab();
    let config = place.folder().join("contour.yaml");
    let text = json!({
        "gateway": {"gatewayRef": {"namespace": ns.name(), "name": Contour::GATEWAY}},
        // Envoy binds this one to 127.0.0.1, which all Envoys here share.
        "network": {"admin-port": place.port(9300)},
    });
    std::fs::write(&config, text.to_string())?;
    let at = place.address();
    let mut args = vec![
        "serve".to_owned(),
        format!("--kubeconfig={}", lab.kubeconfig().display()),
        format!("--config-path={}", config.display()),
        format!("--xds-port={XDS_PORT}"),
        "--http-port=8003".to_owned(),
        format!("--health-port={HEALTH_PORT}"),
        "--stats-port=8002".to_owned(),
    ];
    args.extend(["--insecure", "--disable-leader-election"].map(str::to_owned));
    args.extend(
        ["xds-address", "http-address", "health-address", "stats-address", "envoy-service-http-address"]
            .map(|name| format!("--{name}={at}")),
    );
    // Kinds that the lab doesn't have.
    args.extend(
        ["extensionservices", "tlsroutes", "tcproutes", "backendtlspolicies"]
            .map(|kind| format!("--disable-feature={kind}")),
    );
    Component::start(&place.log_name("contour"), program, args, &lab.dir().join("logs"))
}
