//! Looking at an idle color: by a port of this machine that outlives pods, or by a Service that goes again.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use e2e::bluegreen::app::{api, color, replicas, rolled_out, scale, taken_down};
use e2e::bluegreen::previewed::Previewed;
use e2e::bluegreen::run::{bluegreen, bluegreen_as};
use e2e::bluegreen::written::versions;
use e2e::bluegreen::{active, blue_green};
use e2e::common::permissions::{bound_to, bound_to_all};
use e2e::common::pods::pods;
use e2e::common::run::{Ended, admin, said};
use e2e::{LIMIT, namespace};
use k8s_openapi::api::core::v1::{Pod, Service};
use kube::ResourceExt;
use kube::api::DeleteParams;
use lab::fixtures::Behavior;
use lab::{Namespace, eventually};
use serde_json::json;
use tokio::net::TcpListener;

async fn shown(ns: &Namespace, words: &str) -> Result<Previewed> {
    Previewed::start(ns, "api", words).await
}

/// People would look at production and take it for the next release; or scripts would take Ctrl-C for a failure,
/// which to `kubectl port-forward` is the usual end.
#[tokio::test]
async fn a_local_port_shows_the_idle_color_until_it_is_interrupted() -> Result<()> {
    let ns = namespace("preview").await?;
    blue_green(&ns, 2).await?;
    let before = versions(&ns).await?;
    let shown = shown(&ns, "").await?;
    shown.answers("1.5.0").await?;
    let many: Vec<_> = (0..20).map(|_| shown.answers("1.5.0")).collect();
    futures::future::try_join_all(many).await?;
    let port = shown.port;
    let output = shown.interrupted().await?.ends(0)?;
    ensure!(output.stdout.contains(&format!("Forwarding from 127.0.0.1:{port} -> green")), "{}", said(&output));
    assert_eq!(versions(&ns).await?, before, "it writes nothing");
    Ok(())
}

/// The tunnel is dead as soon as a pod is replaced, and nobody says so (kubernetes#78446, kubectl#686, kubectl#926).
#[tokio::test]
async fn pods_that_are_replaced_are_no_end_of_it() -> Result<()> {
    let ns = namespace("preview-replaced").await?;
    blue_green(&ns, 1).await?;
    let shown = shown(&ns, "").await?;
    shown.answers("1.5.0").await?;
    for _ in 0..3 {
        for pod in pods(&ns, "version=green").await? {
            ns.api::<Pod>().delete(&pod.name_any(), &DeleteParams::default().grace_period(0)).await?;
        }
        // Asked while none may be ready: the connection waits.
        shown.answers("1.5.0").await?;
    }
    shown.interrupted().await?.ends(0).map(drop)
}

/// A rollout gives the named port another number, or the color another image: what was looked up once is wrong
/// (kubectl#1169, kubernetes#59733).
#[tokio::test]
async fn a_color_that_is_deployed_meanwhile_is_shown_as_it_is_then() -> Result<()> {
    let ns = namespace("preview-deployed").await?;
    blue_green(&ns, 1).await?;
    let shown = shown(&ns, "").await?;
    shown.answers("1.5.0").await?;
    bluegreen(&ns, "deploy api --image app=registry.example.com/api:1.6.0 --no-switch --yes").await?.ends(0)?;
    eventually("the next version is shown", LIMIT, || async { Ok(shown.get().await?.contains("1.6.0").then_some(())) })
        .await?;
    shown.interrupted().await?.ends(0).map(drop)
}

/// Somebody switches to the color: what is tried out on it from then on is tried out on users.
#[tokio::test]
async fn a_color_that_becomes_active_is_said_to_be() -> Result<()> {
    let ns = namespace("preview-active").await?;
    blue_green(&ns, 1).await?;
    let shown = shown(&ns, "").await?;
    shown.answers("1.5.0").await?;
    bluegreen(&ns, "switch api --to green --yes --verify-for=0").await?.ends(0)?;
    // What was read within the last second isn't read again.
    tokio::time::sleep(Duration::from_millis(1100)).await;
    shown.answers("1.5.0").await?;
    let output = shown.interrupted().await?.ends(0)?;
    ensure!(output.stderr.contains("green is active by now"), "{}", said(&output));
    Ok(())
}

/// Another program's answers would be taken for those of the next release.
#[tokio::test]
async fn what_can_not_be_shown_is_refused() -> Result<()> {
    let ns = namespace("preview-refused").await?;
    blue_green(&ns, 1).await?;
    let taken = TcpListener::bind(("127.0.0.1", 0)).await?;
    let port = taken.local_addr()?.port();
    bluegreen(&ns, &format!("preview api --port {port}")).await?.ends(1)?.tells("can't be opened")?;
    bluegreen(&ns, "preview api --port 0:9999").await?.ends(1)?.tells("has no port 9999")?;
    bluegreen(&ns, "preview api --color blue").await?.ends(1)?.tells("it is active")?;
    bluegreen(&ns, "preview api --color red").await?.ends(1)?.tells("none of that name")?;
    bluegreen(&ns, "preview api --port http").await?.ends(2)?;
    bluegreen(&ns, "preview api -ojson").await?.ends(2)?;
    let reader = ns.kubectl_as(bound_to(&ns, "bluegreen-read").await?.kubeconfig);
    bluegreen_as(&reader, "preview api").await?.ends(1)?.tells("pods/portforward")?;
    Ok(())
}

/// A third color, or none: a guess would show the wrong one.
#[tokio::test]
async fn which_color_is_meant_has_to_be_clear() -> Result<()> {
    let ns = namespace("preview-three").await?;
    let ready = |name| color(name, 1, Behavior::Ready);
    rolled_out(&ns, &api().color(ready("blue")).color(ready("green")).color(ready("red"))).await?;
    bluegreen(&ns, "preview api").await?.ends(1)?.tells("several idle colors: green, red")?;
    let shown = shown(&ns, " --color red").await?;
    shown.answers("1.5.0").await?;
    shown.interrupted().await?.ends(0).map(drop)
}

async fn selector(ns: &Namespace, service: &str) -> Result<String> {
    let service = ns.api::<Service>().get(service).await?;
    let selector = service.spec.context("no spec")?.selector.unwrap_or_default();
    Ok(selector.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(","))
}

async fn is_there(ns: &Namespace, service: &str) -> Result<bool> {
    Ok(ns.api::<Service>().get_opt(service).await?.is_some())
}

/// A preview would block the next releases and clean-ups as a Service that is left behind, or be left over for ever.
#[tokio::test]
async fn an_exposed_color_is_in_nobodys_way_and_goes_with_the_clean_up() -> Result<()> {
    let ns = namespace("preview-exposed").await?;
    blue_green(&ns, 1).await?;
    bluegreen(&ns, "preview api --expose --yes").await?.ends(0)?;
    assert_eq!(selector(&ns, "api-preview").await?, "app=api,version=green");
    let again = bluegreen(&ns, "preview api --expose --yes -ojson").await?.ends(0)?.json()?;
    assert_eq!((again["made"].as_bool(), again["preview"].as_str()), (Some(false), Some("api-preview")), "{again:#}");
    let status = bluegreen(&ns, "status api").await?.ends(0)?;
    ensure!(status.stdout.contains("api-preview shows green"), "{}", said(&status));
    let listed = bluegreen(&ns, "status").await?.ends(0)?;
    ensure!(!listed.stdout.contains("api-preview"), "{}", said(&listed));
    // To where it points, and away from there.
    bluegreen(&ns, "deploy api --image app=registry.example.com/api:1.6.0 --yes --verify-for=0").await?.ends(0)?;
    bluegreen(&ns, "switch api --to blue --yes --verify-for=0 --retain=0s").await?.ends(0)?;
    assert_eq!(active(&ns, "api").await?, "blue");
    bluegreen(&ns, "cleanup api --yes").await?.ends(0)?;
    assert_eq!(replicas(&ns, "api-green").await?, 0, "it kept nobody");
    ensure!(!is_there(&ns, "api-preview").await?, "it was left over");
    Ok(())
}

/// Whoever is done looking would have to take the way back away, too.
#[tokio::test]
async fn a_preview_can_go_alone() -> Result<()> {
    let ns = namespace("preview-alone").await?;
    blue_green(&ns, 1).await?;
    bluegreen(&ns, "switch api --to green --yes --verify-for=0").await?.ends(0)?;
    bluegreen(&ns, "preview api --expose --yes").await?.ends(0)?;
    assert_eq!(selector(&ns, "api-preview").await?, "app=api,version=blue");
    bluegreen(&ns, "cleanup api --preview --dry-run=server").await?.ends(0)?;
    ensure!(is_there(&ns, "api-preview").await?, "a dry run removed it");
    bluegreen(&ns, "cleanup api --preview --yes").await?.ends(0)?;
    ensure!(!is_there(&ns, "api-preview").await?, "it is there still");
    assert_eq!(replicas(&ns, "api-blue").await?, 1);
    bluegreen(&ns, "cleanup api --preview --yes").await?.ends(0)?.tells("no preview")?;
    Ok(())
}

/// A Service of theirs by that name would be sent elsewhere, or removed by the next clean-up.
#[tokio::test]
async fn a_service_of_somebody_else_is_not_touched() -> Result<()> {
    let ns = namespace("preview-theirs").await?;
    blue_green(&ns, 1).await?;
    let mut theirs = api().service("blue");
    theirs["metadata"]["name"] = json!("api-preview");
    theirs["metadata"]["labels"] = json!({"kubectl-release.dev/preview-of": "api"});
    ns.apply(&theirs).await?;
    let before = ns.api::<Service>().get("api-preview").await?.metadata.resource_version;
    bluegreen(&ns, "preview api --expose --yes").await?.ends(1)?.tells("was not made by preview")?;
    bluegreen(&ns, "cleanup api --preview --yes").await?.ends(0)?.tells("no preview")?;
    assert_eq!(ns.api::<Service>().get("api-preview").await?.metadata.resource_version, before);
    // One of ours that somebody has pointed elsewhere since is theirs, too.
    admin(&ns).run(&["delete", "service", "api-preview"]).await?.ends(0)?;
    bluegreen(&ns, "preview api --expose --yes").await?.ends(0)?;
    let patch = json!({"spec": {"selector": {"app": "api", "version": "blue"}}}).to_string();
    admin(&ns).run(&["patch", "service", "api-preview", "-p", &patch]).await?.ends(0)?;
    bluegreen(&ns, "cleanup api --preview --yes").await?.ends(0)?.tells("no preview")?;
    ensure!(is_there(&ns, "api-preview").await?, "somebody sends to it");
    Ok(())
}

/// An Ingress for testers points to it: they would be cut off in the middle.
#[tokio::test]
async fn a_preview_that_something_sends_to_stays_and_is_said() -> Result<()> {
    let ns = namespace("preview-routed").await?;
    blue_green(&ns, 1).await?;
    bluegreen(&ns, "preview api --expose --yes").await?.ends(0)?;
    ns.apply(&json!({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": "testers"},
        "spec": {"defaultBackend": {"service": {"name": "api-preview", "port": {"number": 80}}}}}))
        .await?;
    bluegreen(&ns, "cleanup api --preview --yes").await?.ends(1)?.tells("ingress/testers")?;
    ensure!(is_there(&ns, "api-preview").await?, "it was removed");
    Ok(())
}

/// The documented Role would stop halfway.
#[tokio::test]
async fn the_documented_roles_are_enough() -> Result<()> {
    let ns = namespace("preview-roles").await?;
    blue_green(&ns, 1).await?;
    let roles = ["bluegreen-read", "bluegreen-preview"];
    let user = ns.kubectl_as(bound_to_all(&ns, &roles).await?.kubeconfig);
    bluegreen_as(&user, "preview api --expose --yes").await?.ends(0)?;
    let cleaner = ns.kubectl_as(bound_to_all(&ns, &["bluegreen-cleanup", "bluegreen-preview"]).await?.kubeconfig);
    bluegreen_as(&cleaner, "cleanup api --preview --yes").await?.ends(0)?;
    scale(&ns, "api-green", 1).await?;
    taken_down(&ns, "green").await?;
    Ok(())
}
