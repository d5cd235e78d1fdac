//! Manifests that are applied again after a switch.

use anyhow::{Result, ensure};
use e2e::bluegreen::run::bluegreen;
use e2e::bluegreen::{active, blue_green};
use e2e::common::run::{Ended, admin, finding, said};
use e2e::namespace;
use lab::{Namespace, Output};

const PORTS: &str = "  ports: [{name: http, port: 80, targetPort: http}]\n";
const SELECTOR: &str = "  selector: {app: api, version: blue}\n";

async fn applied_server_side(ns: &Namespace, spec: &[&str]) -> Result<Output> {
    let folder =
        tempfile(ns, &format!("apiVersion: v1\nkind: Service\nmetadata: {{name: api}}\nspec:\n{}", spec.concat()))?;
    admin(ns).run(&["apply", "--server-side", "-f", &folder]).await
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
    let forced =
        tempfile(&ns, &format!("apiVersion: v1\nkind: Service\nmetadata: {{name: api}}\nspec:\n{PORTS}{SELECTOR}"))?;
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
    let file =
        tempfile(&ns, &format!("apiVersion: v1\nkind: Service\nmetadata: {{name: api}}\nspec:\n{PORTS}{SELECTOR}"))?;
    admin(&ns).run(&["apply", "-f", &file]).await?.ends(0)?;
    let document = bluegreen(&ns, "switch api --to green --yes --verify-for=0s -ojson").await?.ends(0)?.json()?;
    let found = finding(&document, "kubectl-apply").unwrap_or_default();
    ensure!(found["message"].to_string().contains("puts it back"), "{document:#}");
    admin(&ns).run(&["apply", "-f", &file]).await?.ends(0)?;
    assert_eq!(active(&ns, "api").await?, "blue");
    Ok(())
}
