//! No request fails, whatever is switched, and the measurement can fail.

mod teams;

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Result;
use e2e::LIMIT;
use e2e::bluegreen::routed::{http_route, subsets, two_colors, two_subsets, virtual_service};
use e2e::bluegreen::run::bluegreen;
use e2e::bluegreen::under_load::{BroughtBackBy, ServiceUnderLoad, Spacing, lags, slow_to_stop, worst_lag};
use e2e::common::load::{answering, left};
use e2e::common::pods::gone;
use e2e::common::run::Ended;
use k8s_openapi::api::apps::v1::Deployment;
use lab::addons::{Contour, Istiod};
use lab::fixtures::{App, Behavior, Workload};
use lab::traffic::Load;
use lab::{Lab, Namespace, eventually};
use serde_json::json;
use tokio::sync::Mutex;

/// kube-proxy's own minimum between two syncs.
const SYNC_PERIOD: Duration = Duration::from_secs(1);
/// Its sync itself, and the time between two samples.
const SAMPLING: Duration = Duration::from_millis(250);

/// Each test's traffic is measured alone: kube-proxy's syncs are one another's.
static ALONE: Mutex<()> = Mutex::const_new(());

/// A user loses requests, in production, if this fails.
#[tokio::test]
async fn twenty_switches_under_load_lose_no_request() -> Result<()> {
    let _alone = ALONE.lock().await;
    let mut service = ServiceUnderLoad::start(Lab::from_env().await?.namespace("traffic").await?, 2 * LIMIT).await?;
    let mut switches = Vec::new();
    for block in 0..4 {
        let back_by = if block % 2 == 0 { BroughtBackBy::Switch } else { BroughtBackBy::Rollback };
        switches.extend(service.block(back_by).await?);
    }
    let traffic = service.stop().await;
    println!("{traffic}\nafter a command had returned, new connections reached the old color for");
    println!("  switches 2 s apart or more: {}", lags(&switches, Spacing::Apart));
    println!("  switches close together:    {}", lags(&switches, Spacing::Close));
    assert_eq!(switches.len(), 20);
    assert!(traffic.reopened() > 0, "kept connections must have been closed by pods that stopped\n{traffic}");
    assert_eq!(traffic.failures().len(), 0, "{traffic}");
    assert!(traffic.rate() >= 200.0, "{traffic}");
    assert!(worst_lag(&switches) <= SYNC_PERIOD + SAMPLING, "{switches:#?}");
    Ok(())
}

/// A release in one command loses no request, to a color that is there and to one that is made.
#[tokio::test]
async fn deploys_under_load_lose_no_request() -> Result<()> {
    let _alone = ALONE.lock().await;
    let ns = Lab::from_env().await?.namespace("deploy-traffic").await?;
    let load = |target| Load::new(target).fresh_clients(3).kept_clients(3).rate(300.0);
    slow_to_stop(&ns, 3).await?;
    let deploy = async |tag: &str| -> Result<()> {
        let words = format!("deploy api --image app=registry.example.com/api:{tag} --yes --verify-for=0");
        bluegreen(&ns, &words).await?.ends(0)?;
        Ok(())
    };
    let load = load(answering(&ns, "api").await?).max_requests(1_000_000).max_time(2 * LIMIT).start();
    for tag in ["1.6.0", "1.7.0", "1.8.0"] {
        deploy(tag).await?;
    }
    // The color that was left is made anew, once nobody is sent there any more.
    tokio::time::sleep(SYNC_PERIOD + SAMPLING).await;
    ns.kubectl(&["delete", "deployment", "api-blue"]).await?.ends(0)?;
    deploy("1.9.0").await?;
    tokio::time::sleep(SYNC_PERIOD + SAMPLING).await;
    let traffic = load.stop().await;
    println!("{traffic}");
    assert_eq!(traffic.failures().len(), 0, "{traffic}");
    assert!(traffic.rate() >= 200.0, "{traffic}");
    Ok(())
}

/// Whoever begins loses no request on the way to the first color.
#[tokio::test]
async fn a_first_color_under_load_loses_no_request() -> Result<()> {
    let _alone = ALONE.lock().await;
    let ns = Lab::from_env().await?.namespace("init-traffic").await?;
    let plain = Workload::color("web", "registry.example.com/web:1.4.0").replicas(3).pre_stop(2);
    ns.apply_all(&plain.objects()).await?;
    ns.rolled_out("deployment/web", LIMIT).await?;
    let load = Load::new(answering(&ns, "web").await?).fresh_clients(3).kept_clients(3).rate(300.0);
    let load = load.max_requests(1_000_000).max_time(2 * LIMIT).start();
    bluegreen(&ns, "init web --yes --verify-for=0").await?.ends(0)?;
    gone(&ns, "app=web,!version").await?;
    tokio::time::sleep(SAMPLING).await;
    let traffic = load.stop().await;
    println!("{traffic}");
    assert!(traffic.reopened() > 0, "kept connections must have been closed by pods that stopped\n{traffic}");
    assert_eq!(traffic.failures().len(), 0, "{traffic}");
    assert!(traffic.rate() >= 200.0, "{traffic}");
    Ok(())
}

/// The same load does fail where the switch is a bare patch to a color that isn't ready.
#[tokio::test]
async fn a_bare_patch_to_a_color_that_is_not_ready_loses_requests() -> Result<()> {
    let _alone = ALONE.lock().await;
    let ns = Lab::from_env().await?.namespace("control").await?;
    slow_to_stop(&ns, 3).await?;
    let red = Workload::color("red", "registry.example.com/api:1.6.0").behavior(Behavior::NeverReady);
    let workload = App::new("api").key("version").workload(&red);
    ns.apply(&workload).await?;
    ns.wait_for::<Deployment>("api-red", "has pods", LIMIT, |red| {
        red.status.as_ref().and_then(|status| status.updated_replicas) == Some(2)
    })
    .await?;
    let target = answering(&ns, "api").await?;

    let load = Load::new(target).fresh_clients(3).kept_clients(3).rate(300.0).max_requests(900).start();
    let to_red = json!({"spec": {"selector": {"version": "red"}}}).to_string();
    let patched = ns.kubectl(&["patch", "svc", "api", "-p", &to_red]).await?;
    assert_eq!(patched.code, 0, "{}", patched.stderr);
    let traffic = load.finish().await;
    println!("{traffic}");
    assert!(!traffic.failures().is_empty(), "a switch to a color that isn't ready must lose requests");
    Ok(())
}

/// So many switches by each router: `ROUTER_SWITCHES=50` for the whole proof.
fn router_switches() -> usize {
    std::env::var("ROUTER_SWITCHES").ok().and_then(|text| text.parse().ok()).unwrap_or(8)
}

/// Switches to and fro by whichever router decides, under load at an address; no request may fail, and each color has
/// them all once its new weights are there.
async fn to_and_fro(ns: &Namespace, address: SocketAddr, host: &str) -> Result<()> {
    eventually("the route answers", LIMIT, || async {
        let one = Load::new(address).host(host).fresh_clients(1).kept_clients(0).max_requests(1).start().finish().await;
        Ok(one.failures().is_empty().then_some(()))
    })
    .await?;
    let load = Load::new(address).host(host).fresh_clients(2).kept_clients(2).rate(200.0);
    let load = load.max_requests(1_000_000).max_time(20 * LIMIT).start();
    let mut lags = Vec::new();
    for turn in 0..router_switches() {
        let (to, old) = if turn % 2 == 0 { ("green", "1.4.0") } else { ("blue", "1.5.0") };
        let verb = if turn % 4 == 3 { "rollback api".to_owned() } else { format!("switch api --to {to}") };
        let force = if turn % 4 == 0 && turn > 0 { " --force=rolled-back" } else { "" };
        bluegreen(ns, &format!("{verb} --yes --verify-for=0{force}")).await?.ends(0)?;
        let returned = std::time::Instant::now();
        lags.push(left(&load, old, returned).await?.lag(old, returned));
    }
    let traffic = load.stop().await;
    lags.sort();
    println!("{traffic}\nlag: median {:?}, worst {:?}", lags.get(lags.len() / 2), lags.last());
    assert_eq!(traffic.failures().len(), 0, "{traffic}");
    assert!(traffic.total() > 200, "{traffic}");
    Ok(())
}

/// Team 1's VirtualService, which binds to sidecars: through istiod and Envoy no request is lost.
#[tokio::test]
async fn switches_by_a_virtualservice_lose_no_request() -> Result<()> {
    let _alone = ALONE.lock().await;
    let ns = Lab::from_env().await?.namespace("mesh-traffic").await?;
    two_subsets(&ns, 3).await?;
    let Some(istiod) = Istiod::start(&ns).await? else { return Ok(()) };
    ns.apply(&virtual_service("api", &json!([{"route": subsets(100, 0)}]))).await?;
    let client = istiod.client_proxy(&ns, 80).await?;
    client.listens().await?;
    to_and_fro(&ns, client.address(), "api").await
}

/// A Gateway's HTTPRoute: through Contour and Envoy no request is lost, and its conditions are waited for.
#[tokio::test]
async fn switches_by_an_httproute_lose_no_request() -> Result<()> {
    let _alone = ALONE.lock().await;
    let ns = Lab::from_env().await?.namespace("gateway-traffic").await?;
    two_colors(&ns, 3).await?;
    let Some(contour) = Contour::start(&ns).await? else { return Ok(()) };
    ns.apply(&http_route(1, 0)).await?;
    contour.listens().await?;
    to_and_fro(&ns, contour.address(), "api.example.com").await
}
