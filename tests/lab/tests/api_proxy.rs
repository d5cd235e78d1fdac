//! The API proxy makes exactly the trouble it was asked for. Run inside a lab.

use std::time::{Duration, Instant};

use anyhow::Result;
use k8s_openapi::api::core::v1::ConfigMap;
use lab::api_proxy::{Action, ApiProxy, When};
use lab::{Lab, Namespace};

const SOON: Duration = Duration::from_secs(10);
const CREATE: [&str; 4] = ["create", "configmap", "settings", "--from-literal=a=b"];

async fn exists(ns: &Namespace) -> Result<bool> {
    Ok(ns.api::<ConfigMap>().get_opt("settings").await?.is_some())
}

#[tokio::test]
async fn errors_are_answered_and_requests_are_counted() -> Result<()> {
    let lab = Lab::from_env().await?;
    let ns = lab.namespace("proxy-errors").await?;
    let proxy = ApiProxy::start(&lab).await?;
    let kubectl = ns.kubectl_as(proxy.kubeconfig());

    proxy.once(lab::api_proxy::Call::is_write, Action::conflict());
    let refused = kubectl.run(&CREATE).await?;
    assert_eq!(refused.code, 1);
    assert!(refused.stderr.contains("has been modified"), "{}", refused.stderr);
    let writes: Vec<_> = proxy.calls().into_iter().filter(|call| call.is_write()).collect();
    assert_eq!((writes.len(), writes[0].status, writes[0].upstream), (1, Some(409), None));
    assert!(!exists(&ns).await?);

    proxy.once(lab::api_proxy::Call::is_write, Action::timeout_after_commit());
    let unclear = kubectl.run(&CREATE).await?;
    assert_eq!(unclear.code, 1, "{}", unclear.stderr);
    assert!(exists(&ns).await?, "the write was committed before the 504");
    Ok(())
}

#[tokio::test]
async fn resets_and_disconnects_reach_the_caller() -> Result<()> {
    let lab = Lab::from_env().await?;
    let ns = lab.namespace("proxy-resets").await?;
    let proxy = ApiProxy::start(&lab).await?;
    let kubectl = ns.kubectl_as(proxy.kubeconfig());
    for action in [Action::Reset, Action::Disconnect] {
        proxy.reset();
        proxy.once(lab::api_proxy::Call::is_write, action);
        let broken = kubectl.run(&CREATE).await?;
        assert_ne!(broken.code, 0);
        assert!(!exists(&ns).await?);
    }
    proxy.reset();
    proxy.once(lab::api_proxy::Call::is_write, Action::ForwardThenReset);
    assert_ne!(kubectl.run(&CREATE).await?.code, 0);
    assert!(exists(&ns).await?);
    Ok(())
}

#[tokio::test]
async fn a_killed_caller_leaves_what_the_point_of_its_death_says() -> Result<()> {
    let lab = Lab::from_env().await?;
    let ns = lab.namespace("proxy-kill").await?;
    let proxy = ApiProxy::start(&lab).await?;
    let kubectl = ns.kubectl_as(proxy.kubeconfig());
    for (when, survives) in [(When::Before, false), (When::After, true)] {
        let hold = proxy.hold(when, lab::api_proxy::Call::is_write);
        let running = kubectl.start(&CREATE)?;
        let call = hold.arrived(SOON).await?;
        assert!(call.is_about("/configmaps"), "{}", call.line());
        assert_eq!(running.kill().await?.code, 128 + 9);
        hold.release();
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert_eq!(exists(&ns).await?, survives, "{when:?}");
    }
    Ok(())
}

#[tokio::test]
async fn a_watch_is_streamed_and_can_be_ended() -> Result<()> {
    let lab = Lab::from_env().await?;
    let ns = lab.namespace("proxy-watch").await?;
    let proxy = ApiProxy::start(&lab).await?;
    let kubectl = ns.kubectl_as(proxy.kubeconfig());
    ns.kubectl(&CREATE).await?;

    proxy.once(lab::api_proxy::Call::is_watch, Action::CloseAfterEvents(1));
    let watching = kubectl.start(&["get", "configmaps", "--watch-only", "-o", "name"])?;
    while !proxy.calls().iter().any(|call| call.is_watch() && call.status.is_some()) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    ns.annotate::<ConfigMap>("settings", "seen", Some("yes")).await?;
    let output = watching.wait(SOON).await?;
    assert_eq!(output.stdout, "configmap/settings\n");

    proxy.once(lab::api_proxy::Call::is_watch, Action::CloseAfter(Duration::from_millis(300)));
    let began = Instant::now();
    kubectl.start(&["get", "configmaps", "--watch"])?.wait(SOON).await?;
    assert!(began.elapsed() < Duration::from_secs(5));
    Ok(())
}

#[tokio::test]
async fn a_proxy_has_the_rights_of_its_identity_and_no_more() -> Result<()> {
    let lab = Lab::from_env().await?;
    let ns = lab.namespace("proxy-rights").await?;
    let nobody = lab.identity("nobody", &["strangers", "guests"])?;
    let proxy = ApiProxy::start_as(&lab, &nobody).await?;
    let who = ns.kubectl_as(proxy.kubeconfig()).must(&["auth", "whoami"]).await?;
    for word in ["nobody", "strangers", "guests"] {
        assert!(who.contains(word), "{who}");
    }
    let refused = ns.kubectl_as(&nobody.kubeconfig).run(&["get", "pods"]).await?;
    assert!(refused.stderr.contains("(Forbidden)"), "{}", refused.stderr);
    let expired = lab.expired_identity("late")?;
    let refused = ns.kubectl_as(expired.kubeconfig).run(&["get", "pods"]).await?;
    assert!(
        refused.stderr.contains("must be logged in") || refused.stderr.contains("Unauthorized"),
        "{}",
        refused.stderr
    );
    Ok(())
}
