//! Whole releases of three teams, from their files, with users on them all the time: released in one command, taken
//! back, tried before the traffic, moved by what was tried, kept, taken down, and brought back from nothing.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use e2e::LIMIT;
use e2e::bluegreen::app::replicas;
use e2e::bluegreen::previewed::Previewed;
use e2e::bluegreen::run::bluegreen;
use e2e::common::load::{answering, left};
use e2e::common::pods::{gone, pods};
use e2e::common::run::Ended;
use jiff::Timestamp;
use k8s_openapi::api::core::v1::Pod;
use lab::addons::Istiod;
use lab::traffic::{Load, Running};
use lab::{Lab, Namespace, eventually};

use super::{ALONE, SAMPLING, SYNC_PERIOD};

/// What one command is to take at most from the moment when its pods are ready and may be asked, to the first user.
const AFTER_READY: Duration = Duration::from_secs(5);
/// Back in one command.
const BACK: Duration = Duration::from_secs(30);

/// A team's file, beside this one.
fn file(name: &str) -> String {
    format!("{}/tests/bluegreen_traffic/teams/{name}.yaml", env!("CARGO_MANIFEST_DIR"))
}

/// What is released where.
struct Team<'t> {
    ns: &'t Namespace,
    service: &'t str,
    /// The workloads are called `APP-COLOR`.
    app: &'t str,
    key: &'t str,
    /// A document that names the release, and the image's name in it.
    release: String,
    image: &'t str,
    /// Where users come in.
    address: SocketAddr,
    host: Option<&'t str>,
}

impl Team<'_> {
    fn users(&self) -> Running {
        let load = Load::new(self.address).fresh_clients(3).kept_clients(3).rate(300.0);
        let load = load.max_requests(1_000_000).max_time(6 * LIMIT);
        match self.host {
            Some(name) => load.host(name).start(),
            None => load.start(),
        }
    }

    fn deploy(&self, tag: &str, more: &str) -> String {
        format!("deploy -f {} --image {}={}:{tag} --yes {more}", self.release, self.app, self.image)
    }

    async fn must(&self, words: &str) -> Result<lab::Output> {
        bluegreen(self.ns, words).await?.ends(0)
    }

    /// All of it; gives how long users waited for a release whose pods could serve them.
    async fn releases(&self) -> Result<Duration> {
        let Self { ns, service, app, key, .. } = self;
        let load = self.users();
        self.must(&self.deploy("3.0.0", "--verify-for=5s")).await?;
        let released = self.waited(&load).await?;
        left(&load, "2.0.0", Instant::now()).await?;

        let started = Instant::now();
        self.must(&format!("rollback {service} --yes")).await?;
        left(&load, "3.0.0", Instant::now()).await?;
        ensure!(started.elapsed() < BACK, "{:?}", started.elapsed());

        let tried = self.must(&self.deploy("3.1.0", "--no-switch -ojson")).await?.json()?;
        let fingerprint = tried["fingerprint"].as_str().with_context(|| format!("{tried:#}"))?.to_owned();
        let shown = Previewed::start(ns, service, "").await?;
        shown.answers("3.1.0").await?;
        shown.interrupted().await?.ends(0)?;
        ensure!(!load.so_far().versions().contains_key("3.1.0"), "a version that was only tried had users");
        self.must(&format!("switch {service} --to green --expect={fingerprint} --verify-for=5s --yes")).await?;
        left(&load, "2.0.0", Instant::now()).await?;

        bluegreen(ns, &format!("cleanup {service} --yes")).await?.ends(1)?.tells("kept for another")?;
        self.must(&format!("cleanup {service} --before-due --yes")).await?;
        ensure!(replicas(ns, &format!("{app}-blue")).await? == 0, "it is there still");
        gone(ns, &format!("app={app},{key}=blue")).await?;
        self.must(&format!("rollback {service} --yes")).await?;
        left(&load, "3.1.0", Instant::now()).await?;
        tokio::time::sleep(SYNC_PERIOD + SAMPLING).await;

        let traffic = load.stop().await;
        println!("{traffic}\nusers came {released:?} after the pods of a release could serve them");
        assert_eq!(traffic.failures().len(), 0, "{traffic}");
        ensure!(traffic.rate() >= 200.0, "{traffic}");
        Ok(released)
    }

    /// From when the pods of green were ready, and had been there for as long as the document gives them, to the
    /// first user. The API server tells the former in whole seconds.
    async fn waited(&self, load: &Running) -> Result<Duration> {
        let found = pods(self.ns, &format!("app={},{}=green", self.app, self.key)).await?;
        let able = found.iter().filter_map(could_serve).max().context("no pod of green is ready")?;
        let traffic = load.so_far();
        let first = traffic.first_fresh("3.0.0").context("no user has come to it")?;
        let first = Timestamp::try_from(first.started_at)?;
        Ok(Duration::try_from(first.duration_since(able)).unwrap_or_default())
    }
}

/// When a pod was ready, and had its initial delay.
fn could_serve(pod: &Pod) -> Option<Timestamp> {
    const INITIAL_DELAY: Duration = Duration::from_secs(10);
    let status = pod.status.as_ref()?;
    let ready = status.conditions.iter().flatten().find(|c| c.type_ == "Ready" && c.status == "True")?;
    let ready = ready.last_transition_time.as_ref()?.0;
    let delayed = status.start_time.as_ref()?.0.checked_add(INITIAL_DELAY).ok()?;
    Some(ready.max(delayed))
}

async fn namespace(name: &str, objects: &str, rolled_out: &[&str]) -> Result<Namespace> {
    let ns = Lab::from_env().await?.namespace(name).await?;
    ns.kubectl(&["create", "-f", &file(objects)]).await?.ends(0)?;
    for deployment in rolled_out {
        ns.rolled_out(&format!("deployment/{deployment}"), LIMIT).await?;
    }
    Ok(ns)
}

/// The first team's document alone, where no mesh is.
#[tokio::test]
async fn the_first_teams_release_loses_no_request() -> Result<()> {
    let _alone = ALONE.lock().await;
    let ns = namespace("team-one", "mesh-running", &["accounts-blue"]).await?;
    let document = std::fs::read_to_string(file("mesh"))?;
    let release = std::env::temp_dir().join(format!("accounts-{}.yaml", std::process::id()));
    std::fs::write(&release, document.split("\n---\n").next().unwrap_or_default())?;
    let (address, image) = (answering(&ns, "accounts").await?, "registry.example.com/accounts");
    let (service, app, key, host) = ("accounts", "accounts", "version", None);
    let release = release.display().to_string();
    let team = Team { ns: &ns, service, app, key, release: release.clone(), image, address, host };
    let waited = team.releases().await;
    std::fs::remove_file(release)?;
    let waited = waited?;
    ensure!(waited <= AFTER_READY, "{waited:?}");
    Ok(())
}

/// The first team's file as it is: their VirtualService binds to sidecars, and istiod and Envoy carry their users.
#[tokio::test]
async fn the_first_teams_release_by_its_virtualservice_loses_no_request() -> Result<()> {
    let _alone = ALONE.lock().await;
    let ns = namespace("team-one-mesh", "mesh-running", &["accounts-blue"]).await?;
    let Some(istiod) = Istiod::start(&ns).await? else { return Ok(()) };
    let routes = std::fs::read_to_string(file("mesh"))?;
    // Behind the release stand the objects.
    ns.apply_yaml(&routes.split("\n---\n").skip(1).collect::<Vec<_>>().join("\n---\n")).await?;
    // A subset adds its labels to what the Service selects.
    let both = r#"[{"op":"remove","path":"/spec/selector/version"}]"#;
    ns.kubectl(&["patch", "service", "accounts", "--type=json", "-p", both]).await?.ends(0)?;
    let client = istiod.client_proxy(&ns, 80).await?;
    client.listens().await?;
    let (address, host) = (client.address(), Some("accounts"));
    eventually("the mesh answers", LIMIT, || async {
        let one = Load::new(address).host("accounts").fresh_clients(1).kept_clients(0).max_requests(1).start();
        Ok(one.finish().await.failures().is_empty().then_some(()))
    })
    .await?;
    let (service, app, key, image) = ("accounts", "accounts", "version", "registry.example.com/accounts");
    let team = Team { ns: &ns, service, app, key, release: file("mesh"), image, address, host };
    let waited = team.releases().await?;
    ensure!(waited <= AFTER_READY, "{waited:?}");
    Ok(())
}

/// The second team's careful probes and slow ways out, with smoke tests of their own.
#[tokio::test]
async fn the_second_teams_release_loses_no_request() -> Result<()> {
    let _alone = ALONE.lock().await;
    let ns = namespace("team-two", "platform", &["orders-blue", "orders-green"]).await?;
    let (address, image) = (answering(&ns, "orders").await?, "registry.example.com/orders");
    let (service, app, key, host) = ("orders", "orders", "version", None);
    Team { ns: &ns, service, app, key, release: file("platform-release"), image, address, host }.releases().await?;
    Ok(())
}

/// The third team's two Deployments behind a load balancer's Service.
#[tokio::test]
async fn the_third_teams_release_loses_no_request() -> Result<()> {
    let _alone = ALONE.lock().await;
    let ns = namespace("team-three", "eks", &["cart-blue", "cart-green"]).await?;
    let (address, image) = (answering(&ns, "cart-svc").await?, "registry.example.com/cart");
    let (service, app, key, host) = ("cart-svc", "cart", "track", None);
    Team { ns: &ns, service, app, key, release: file("eks-release"), image, address, host }.releases().await?;
    Ok(())
}
