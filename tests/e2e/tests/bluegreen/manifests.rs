//! Manifests that are applied again after a switch.

use anyhow::{Result, ensure};
use e2e::bluegreen::app::{api, color, rolled_out};
use e2e::bluegreen::run::bluegreen;
use e2e::bluegreen::{active, blue_green};
use e2e::common::run::{Ended, admin, finding, said};
use e2e::namespace;
use k8s_openapi::api::core::v1::Service;
use lab::fixtures::Behavior;
use lab::{Namespace, Output};
use serde_json::json;

const PORTS: &str = "  ports: [{name: http, port: 80, targetPort: http}]\n";
const SELECTOR: &str = "  selector: {app: api, version: blue}\n";

async fn applied_server_side(ns: &Namespace, spec: &[&str]) -> Result<Output> {
    let file = manifest(ns, spec)?;
    admin(ns).run(&["apply", "--server-side", "-f", &file]).await
}

/// A file with the Service `api`.
fn manifest(ns: &Namespace, spec: &[&str]) -> Result<String> {
    tempfile(ns, &format!("apiVersion: v1\nkind: Service\nmetadata: {{name: api}}\nspec:\n{}", spec.concat()))
}

fn tempfile(ns: &Namespace, text: &str) -> Result<String> {
    let path = ns.lab().dir().join(format!("{}.yaml", ns.name()));
    std::fs::write(&path, text)?;
    Ok(path.display().to_string())
}

/// A team would wait for a silent revert that never comes, and be stopped by a conflict that nobody
/// told of.
#[tokio::test]
async fn the_next_server_side_apply_is_a_conflict_and_without_the_selector_it_is_none() -> Result<()> {
    let ns = namespace("server-side").await?;
    blue_green(&ns, 1).await?;
    let first = admin(&ns);
    let forced = manifest(&ns, &[PORTS, SELECTOR])?;
    first.run(&["apply", "--server-side", "--force-conflicts", "-f", &forced]).await?.ends(0)?;
    let document = bluegreen(&ns, "switch api --to green --yes --verify-for=0s -ojson").await?.ends(0)?.json()?;
    let found = finding(&document, "kubectl-apply").unwrap_or_default();
    let (message, fix) = (found["message"].to_string(), found["fix"].to_string());
    ensure!(message.contains("conflict") && fix.contains("spec.selector"), "{document:#}");
    let again = applied_server_side(&ns, &[PORTS, SELECTOR]).await?;
    ensure!(again.code != 0 && again.stderr.contains("conflict"), "{}", said(&again));
    applied_server_side(&ns, &[PORTS]).await?.ends(0)?;
    assert_eq!(active(&ns, "api").await?, "green");
    Ok(())
}

/// The other kind: client-side apply writes its manifest again, without a word.
#[tokio::test]
async fn the_next_client_side_apply_is_said_to_put_it_back_and_does() -> Result<()> {
    let ns = namespace("client-side").await?;
    blue_green(&ns, 1).await?;
    let file = manifest(&ns, &[PORTS, SELECTOR])?;
    admin(&ns).run(&["apply", "-f", &file]).await?.ends(0)?;
    let document = bluegreen(&ns, "switch api --to green --yes --verify-for=0s -ojson").await?.ends(0)?.json()?;
    let found = finding(&document, "kubectl-apply").unwrap_or_default();
    ensure!(found["message"].to_string().contains("puts it back"), "{document:#}");
    admin(&ns).run(&["apply", "-f", &file]).await?.ends(0)?;
    assert_eq!(active(&ns, "api").await?, "blue");
    Ok(())
}

/// A team that has gone over to server-side apply would wait for a silent revert; one that has gone back
/// for a conflict.
#[tokio::test]
async fn applied_both_ways_both_are_said_and_both_are_so() -> Result<()> {
    let ns = namespace("both-ways").await?;
    blue_green(&ns, 1).await?;
    let file = manifest(&ns, &[PORTS, SELECTOR])?;
    admin(&ns).run(&["apply", "-f", &file]).await?.ends(0)?;
    admin(&ns).run(&["apply", "--server-side", "--force-conflicts", "-f", &file]).await?.ends(0)?;
    let document = bluegreen(&ns, "switch api --to green --yes --verify-for=0s -ojson").await?.ends(0)?.json()?;
    let message = finding(&document, "kubectl-apply").unwrap_or_default()["message"].to_string();
    ensure!(message.contains("conflict") && message.contains("puts it back"), "{document:#}");
    let again = applied_server_side(&ns, &[PORTS, SELECTOR]).await?;
    ensure!(again.code != 0 && again.stderr.contains("conflict"), "{}", said(&again));
    admin(&ns).run(&["apply", "-f", &file]).await?.ends(0)?;
    assert_eq!(active(&ns, "api").await?, "blue");
    Ok(())
}

/// Whoever follows the advice too early has a Service that selects nothing.
#[tokio::test]
async fn left_out_before_the_move_the_selector_is_gone_and_the_advice_says_so() -> Result<()> {
    let ns = namespace("left-out").await?;
    blue_green(&ns, 1).await?;
    ns.kubectl(&["delete", "service", "api"]).await?.ends(0)?;
    applied_server_side(&ns, &[PORTS, SELECTOR]).await?.ends(0)?;
    let document = bluegreen(&ns, "preflight api --to green -ojson").await?.json()?;
    let fix = finding(&document, "kubectl-apply").unwrap_or_default()["fix"].to_string();
    ensure!(fix.contains("not before"), "{document:#}");
    applied_server_side(&ns, &[PORTS]).await?.ends(0)?;
    let selector = ns.api::<Service>().get("api").await?.spec.and_then(|spec| spec.selector).unwrap_or_default();
    ensure!(selector.is_empty(), "the advice may be given in fewer words: {selector:?}");
    Ok(())
}

/// A size that is brought up for a move is a conflict, too, the next time that its manifest is applied.
#[tokio::test]
async fn a_size_that_a_manifest_has_is_said_to_conflict_and_does() -> Result<()> {
    let ns = namespace("size-held").await?;
    let app = api().color(color("blue", 2, Behavior::Ready)).color(color("green", 1, Behavior::Ready));
    rolled_out(&ns, &app).await?;
    let green = tempfile(&ns, &app.workload(&color("green", 1, Behavior::Ready)).to_string())?;
    admin(&ns).run(&["apply", "--server-side", "--force-conflicts", "-f", &green]).await?.ends(0)?;
    let document =
        bluegreen(&ns, "switch api --to green --scale --yes --verify-for=0s -ojson").await?.ends(0)?.json()?;
    let message = finding(&document, "kubectl-apply").unwrap_or_default()["message"].to_string();
    ensure!(message.contains("spec.replicas"), "{document:#}");
    let again = admin(&ns).run(&["apply", "--server-side", "-f", &green]).await?;
    ensure!(again.code != 0 && again.stderr.contains(".spec.replicas"), "{}", said(&again));
    Ok(())
}

/// Argo CD takes the pods away again as soon as they have the traffic.
#[tokio::test]
async fn a_size_that_argo_cd_applies_is_not_brought_up() -> Result<()> {
    let ns = namespace("size-argo").await?;
    let app = api().color(color("blue", 2, Behavior::Ready)).color(color("green", 1, Behavior::Ready));
    rolled_out(&ns, &app).await?;
    let mut green = app.workload(&color("green", 1, Behavior::Ready));
    let id = format!("web:apps/Deployment:{}/api-green", ns.name());
    green["metadata"]["annotations"] = json!({"argocd.argoproj.io/tracking-id": id});
    let green = tempfile(&ns, &green.to_string())?;
    let controller = "--field-manager=argocd-controller";
    admin(&ns).run(&["apply", "--server-side", "--force-conflicts", controller, "-f", &green]).await?.ends(0)?;
    let refused = bluegreen(&ns, "switch api --to green --scale --yes -ojson").await?.ends(1)?.json()?;
    ensure!(finding(&refused, "gitops").unwrap_or_default().to_string().contains("api-green"), "{refused:#}");
    let accepted = "switch api --to green --scale --yes --verify-for=0s --force=gitops";
    bluegreen(&ns, accepted).await?.ends(0)?;
    Ok(())
}
