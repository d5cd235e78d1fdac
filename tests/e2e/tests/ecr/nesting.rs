//! Values in values in values: no stack is deep enough for what somebody may write.

use anyhow::{Result, ensure};
use e2e::common::run::{Ended, said};
use e2e::ecr::case::Case;
use e2e::ecr::policy_file::PolicyFile;
use e2e::ecr::{HISTORY, RECORD, annotate};
use lab::Output;
use lab::api_proxy::{Action, Answer, ApiProxy};
use lab::registry::{Fault, Image};
use serde_json::json;

const DEPTH: usize = 100_000;

fn brackets() -> String {
    "[".repeat(DEPTH)
}

/// Objects in objects, each closed again.
fn braces() -> String {
    format!("{}1{}", "{\"a\":".repeat(20_000), "}".repeat(20_000))
}

fn is_told(output: Output) -> Result<Output> {
    // 101 is a panic, and 128 and more a signal.
    ensure!(output.code < 100, "it crashed\n{}", said(&output));
    Ok(output)
}

/// A manifest that somebody pushed would end a rollback in the middle.
#[tokio::test]
async fn a_manifest_without_an_end_is_none() -> Result<()> {
    let case = Case::new("nested-manifest").await?;
    case.push_on(1, Image::index("1.0.0", &["amd64"])).await?;
    case.push_on(2, Image::index("1.0.1", &["amd64"])).await?;
    case.deploy(&["1.0.0", "1.0.1"]).await?;
    for manifest in [brackets(), braces()] {
        let image = json!({"imageManifest": manifest, "imageId": {"imageDigest": format!("sha256:{:064}", 1)}});
        let body = json!({"images": [image], "failures": []});
        case.repository.interceptor().fail("BatchGetImage", 20, Fault::Answer { body }).await?;
        is_told(case.ecr("deployment/api --dry-run=client").await?)?;
        is_told(case.ecr("history deployment/api").await?)?;
        let preview = format!("lifecycle preview {} --keep-untagged 1", case.repository.name());
        is_told(case.ecr(&preview).await?)?;
    }
    Ok(())
}

/// A policy that is in force already, or comes in a file, would end a sweep over all repositories.
#[tokio::test]
async fn a_policy_without_an_end_is_refused() -> Result<()> {
    let case = Case::released("nested-policy").await?;
    let name = case.repository.name();
    for (n, text) in [brackets(), braces(), format!("{{\"rules\":{}", brackets())].into_iter().enumerate() {
        let file = PolicyFile::new(&case.ns, &format!("nested-{n}"), text.as_bytes())?;
        let words = format!("lifecycle apply {name} -f {} --yes", file.0.display());
        let refused = is_told(case.ecr(&words).await?)?;
        ensure!(refused.code != 0, "{}", said(&refused));
        let body = json!({"lifecyclePolicyText": text});
        case.repository.interceptor().fail("GetLifecyclePolicy", 2, Fault::Answer { body }).await?;
        is_told(case.ecr(&format!("lifecycle show {name}")).await?)?;
        is_told(case.ecr(&format!("lifecycle preview {name} --keep-tagged 9")).await?)?;
    }
    assert_eq!(case.repository.lifecycle_policy().await?, None);
    Ok(())
}

/// Whoever may annotate a workload would keep everybody from rolling it back.
#[tokio::test]
async fn annotations_without_an_end_are_passed_over() -> Result<()> {
    let case = Case::released("nested-annotations").await?;
    for (key, text) in [(RECORD, brackets()), (HISTORY, braces())] {
        annotate(&case.ns, "deployment/api", &format!("{key}={text}")).await?;
        is_told(case.ecr("deployment/api --dry-run=client").await?)?.ends(0)?;
        is_told(case.ecr("history deployment/api").await?)?.ends(0)?;
    }
    case.back("").await?.ends(0)?;
    Ok(())
}

/// The same from what stands between us and the API server.
#[tokio::test]
async fn an_answer_without_an_end_ends_the_run() -> Result<()> {
    let case = Case::released("nested-answers").await?;
    for text in [brackets(), braces()] {
        for about in ["/deployments/api", "/pods", "/replicasets", "/poddisruptionbudgets"] {
            let proxy = ApiProxy::start(case.ns.lab()).await?;
            let answer = Answer { body: text.clone().into(), ..Answer::document(&json!({})) };
            proxy.on(move |call| !call.is_write() && call.path.ends_with(about), Action::Respond(answer));
            let kubectl = case.ns.kubectl_as(proxy.kubeconfig());
            let words = ["ecr-rollback", "deployment/api", "--dry-run=client", "--timeout=20s"];
            is_told(kubectl.run(&words).await?)?;
        }
    }
    Ok(())
}
