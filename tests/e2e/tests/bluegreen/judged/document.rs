//! The same from a release's document.

use anyhow::{Result, ensure};
use e2e::bluegreen::active;
use e2e::bluegreen::run::bluegreen;
use e2e::common::run::Ended;
use lab::eventually;

use super::{ERRORS, FEW, LONG, verification, watched};

fn release(condition: &str, count: &str) -> Result<(tempfile::TempDir, String)> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("release.yaml");
    let (query, condition) = (serde_json::to_string(ERRORS)?, serde_json::to_string(condition)?);
    let text = format!(
        "apiVersion: kubectl-release.dev/v1\nkind: BlueGreenDeployment\nmetadata: {{name: api}}\nspec:\n  images: {{app: \
         registry.example.com/api:1.6.0}}\n  verify:\n    for: 60s\n    analysis:\n    - name: error-rate\n      \
         interval: 1s\n{count}      successCondition: {condition}\n      provider: {{prometheus: {{address: \
         \"http://prometheus-server:9090\", query: {query}}}}}\n    compare:\n      requests: \
         http_requests_total{{version=\"{{{{args.color}}}}\"}}\n      errors: \
         http_requests_total{{version=\"{{{{args.color}}}}\",status=~\"5..\"}}\n      address: \
         http://prometheus-server:9090\n"
    );
    std::fs::write(&path, text)?;
    let words = format!("deploy -f {} --yes", path.display());
    Ok((folder, words))
}

/// Team 1's release would be prepared and switched, and left to users to find out.
#[tokio::test]
async fn a_deploy_whose_color_turns_bad_takes_itself_back() -> Result<()> {
    let Some(watched) = watched("deploy-judged").await? else { return Ok(()) };
    let (_folder, words) = release(FEW, "")?;
    let running = e2e::bluegreen::run::start(&watched.ns, &format!("{words} -ojson"))?;
    eventually("green is live", LONG, || async { Ok((active(&watched.ns, "api").await? == "green").then_some(())) })
        .await?;
    watched.green_fails().await?;
    let document = running.wait(LONG).await?.ends(5)?.json()?;
    let judged = verification(&document);
    ensure!(judged["metrics"][0]["phase"] == "Failed" || judged["comparison"]["phase"] == "Failed", "{document:#}");
    assert_eq!(active(&watched.ns, "api").await?, "blue");
    Ok(())
}

/// A document would be half honoured.
#[tokio::test]
async fn what_a_document_can_not_mean_is_refused_with_its_place() -> Result<()> {
    let ns = e2e::namespace("document-judged").await?;
    let (_folder, words) = release("default(result[0], 0) < 5", "")?;
    bluegreen(&ns, &words).await?.ends(2)?.tells("len(result) == 0")?;
    let (_folder, words) = release(FEW, "      failureLimits: 3\n")?;
    bluegreen(&ns, &words).await?.ends(2)?.tells("failureLimits")?.tells("line 11")?;
    Ok(())
}
