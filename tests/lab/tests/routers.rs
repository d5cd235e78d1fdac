//! The lab's promises about routers: real weights through real controllers and Envoy.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use lab::addons::{Contour, Istiod};
use lab::fixtures::{App, Workload};
use lab::traffic::{Load, Traffic};
use lab::{Lab, Namespace, eventually};
use serde_json::{Value, json};

const SOON: Duration = Duration::from_secs(30);
const REQUESTS: usize = 600;

/// `api` in two colors with a Service each, `api-blue` and `api-green`, and one for both.
async fn two_colors(ns: &Namespace) -> Result<()> {
    let app = App::new("api")
        .key("version")
        .color(Workload::color("blue", "registry.example/api:v1"))
        .color(Workload::color("green", "registry.example/api:v2"));
    ns.apply_all(&app.objects()).await?;
    for color in ["blue", "green"] {
        let mut service = app.service(color);
        service["metadata"]["name"] = format!("api-{color}").into();
        ns.apply(&service).await?;
    }
    let mut both = app.service("blue");
    both["spec"]["selector"] = json!({"app": "api", "version": null});
    ns.apply(&both).await?;
    ns.rolled_out("deployment/api-blue", SOON).await?;
    ns.rolled_out("deployment/api-green", SOON).await
}

/// Whether a share is what the weight says, but for chance: five standard deviations of a binomial,
/// and one request.
fn holds(traffic: &Traffic, green_percent: u32) -> Result<()> {
    ensure!(traffic.failures().is_empty(), "{traffic}");
    let count = |version: &str| traffic.versions().get(version).copied().unwrap_or(0);
    let (total, green) = (traffic.total(), count("v2"));
    ensure!(count("v1") + green == total, "{traffic}");
    let share = f64::from(green_percent) / 100.0;
    #[expect(clippy::cast_precision_loss, reason = "a few hundred")]
    let (total, green) = (total as f64, green as f64);
    let spread = 5.0 * (total * share * (1.0 - share)).sqrt() + if share * (1.0 - share) > 0.0 { 1.0 } else { 0.0 };
    ensure!((green - total * share).abs() <= spread, "{green_percent}% wanted: {traffic}");
    Ok(())
}

struct Route {
    address: SocketAddr,
    host: &'static str,
    resource: &'static str,
    /// From blue's and green's weights to a merge patch.
    patch: fn(u32, u32) -> Value,
}

impl Route {
    fn load(&self) -> Load {
        Load::new(self.address).host(self.host)
    }

    /// Sets weights, waits until one request shows them to be there, and counts.
    async fn shows(&self, ns: &Namespace, green: u32) -> Result<()> {
        let patch = (self.patch)(100 - green, green).to_string();
        let kubectl = ns.kubectl_as(ns.lab().kubeconfig());
        kubectl.must(&["patch", self.resource, "--type=merge", "-p", &patch]).await?;
        let patched = Instant::now();
        // Where both colors are possible nothing tells old weights from new ones but the count.
        let last = format!("{}% of {}", green, self.resource);
        let traffic = eventually(&last, SOON, || async {
            let traffic = self.load().rate(600.0).max_requests(REQUESTS).start().finish().await;
            Ok(holds(&traffic, green).is_ok().then_some(traffic))
        })
        .await?;
        println!("{}% green of {}, after {:.1?}: {traffic}", green, self.resource, patched.elapsed());
        Ok(())
    }

    async fn answers(&self) -> Result<()> {
        eventually(&format!("{} answers", self.resource), SOON, || async {
            let one = self.load().fresh_clients(1).kept_clients(0).max_requests(1).start().finish().await;
            Ok(one.failures().is_empty().then_some(()))
        })
        .await
    }

    /// Moves everything to and fro under load; nothing may get lost.
    async fn loses_nothing(&self, ns: &Namespace) -> Result<()> {
        let load = self.load().rate(200.0).start();
        for green in [100, 0, 100] {
            let patch = (self.patch)(100 - green, green).to_string();
            let kubectl = ns.kubectl_as(ns.lab().kubeconfig());
            kubectl.must(&["patch", self.resource, "--type=merge", "-p", &patch]).await?;
            let patched = Instant::now();
            tokio::time::sleep(Duration::from_secs(2)).await;
            let old = if green == 100 { "v1" } else { "v2" };
            let last = load.since(patched).lag(old, patched);
            println!("{} to {green}% green: new connections reached {old} for {last:.0?} more", self.resource);
        }
        let traffic = load.stop().await;
        ensure!(traffic.failures().is_empty(), "{traffic}");
        Ok(())
    }
}

fn backends(blue: u32, green: u32) -> Value {
    json!({"spec": {"rules": [{"backendRefs": [
        {"name": "api-blue", "port": 80, "weight": blue},
        {"name": "api-green", "port": 80, "weight": green},
    ]}]}})
}

/// Whatever is said of HTTPRoutes would be said of objects that nobody acts on.
#[tokio::test]
async fn an_httproute_sends_as_many_requests_as_its_weights_say() -> Result<()> {
    let lab = Lab::from_env().await?;
    let ns = lab.namespace("httproute").await?;
    two_colors(&ns).await?;
    let Some(contour) = Contour::start(&ns).await? else { return Ok(()) };
    let mut object = json!({
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": {"name": "api"},
        "spec": {"parentRefs": [{"name": Contour::GATEWAY}], "hostnames": ["api.example.com"]},
    });
    object["spec"]["rules"] = backends(100, 0)["spec"]["rules"].clone();
    ns.apply(&object).await?;
    contour.listens().await?;
    let route =
        Route { address: contour.address(), host: "api.example.com", resource: "httproute/api", patch: backends };
    route.answers().await?;
    for green in [5, 50, 100, 0] {
        route.shows(&ns, green).await?;
    }
    route.loses_nothing(&ns).await?;
    let object = ns.kubectl(&["get", "httproute", "api", "-o", "json"]).await?;
    let object: Value = serde_json::from_str(&object.stdout)?;
    let parent = &object["status"]["parents"][0];
    let accepted = parent["conditions"].as_array().context("no conditions")?.iter().find(|c| c["type"] == "Accepted");
    ensure!(accepted.is_some_and(|c| c["status"] == "True"), "{parent}");
    Ok(())
}

fn subsets(blue: u32, green: u32) -> Value {
    json!({"spec": {"http": [{"route": [
        {"destination": {"host": "api", "subset": "blue"}, "weight": blue},
        {"destination": {"host": "api", "subset": "green"}, "weight": green},
    ]}]}})
}

async fn virtual_service(ns: &Namespace, name: &str, hosts: &[&str], gateways: Option<&str>) -> Result<()> {
    let mut object = json!({
        "apiVersion": "networking.istio.io/v1",
        "kind": "VirtualService",
        "metadata": {"name": name},
        "spec": {"hosts": hosts},
    });
    if let Some(gateway) = gateways {
        object["spec"]["gateways"] = json!([gateway]);
    }
    object["spec"]["http"] = subsets(100, 0)["spec"]["http"].clone();
    ns.apply(&object).await.map(drop)
}

/// Teams with Istio would be promised what was tried on objects only.
#[tokio::test]
async fn a_virtualservice_sends_as_many_requests_as_its_weights_say() -> Result<()> {
    let lab = Lab::from_env().await?;
    let ns = lab.namespace("virtualservice").await?;
    two_colors(&ns).await?;
    let Some(istiod) = Istiod::start(&ns).await? else { return Ok(()) };
    let subset = |name: &str| json!({"name": name, "labels": {"version": name}});
    ns.apply(&json!({
        "apiVersion": "networking.istio.io/v1",
        "kind": "DestinationRule",
        "metadata": {"name": "api"},
        "spec": {"host": "api", "subsets": [subset("blue"), subset("green")]},
    }))
    .await?;
    virtual_service(&ns, "edge", &["api.example.com"], Some(Istiod::GATEWAY)).await?;
    virtual_service(&ns, "mesh", &["api"], None).await?;
    let gateway = istiod.gateway(&ns).await?;
    gateway.listens().await?;
    let edge =
        Route { address: gateway.address(), host: "api.example.com", resource: "virtualservice/edge", patch: subsets };
    edge.answers().await?;
    for green in [5, 50, 100, 0] {
        edge.shows(&ns, green).await?;
    }
    edge.loses_nothing(&ns).await?;

    // Inside the mesh, where a VirtualService without gateways counts.
    let client = istiod.client_proxy(&ns, 80).await?;
    client.listens().await?;
    let mesh = Route { address: client.address(), host: "api", resource: "virtualservice/mesh", patch: subsets };
    mesh.answers().await?;
    for green in [20, 100] {
        mesh.shows(&ns, green).await?;
    }
    mesh.loses_nothing(&ns).await
}
