//! What can be known before anything is written.

use anyhow::{Result, ensure};
use e2e::bluegreen::app::active;
use e2e::bluegreen::run::{bluegreen, bluegreen_as};
use e2e::bluegreen::written::versions;
use e2e::common::permissions::{bound_to, bound_to_all, with_rules};
use e2e::common::run::{Ended, said};
use e2e::namespace;
use k8s_openapi::api::core::v1::Service;
use lab::Namespace;
use serde_json::json;

use super::super::document::File;
use super::{release, with_answers};

const SMOKE: &str = "smokeTests: [{name: a, endpoint: /}]";

/// Nothing is written, whichever way it is asked.
async fn untouched(ns: &Namespace, file: &File, code: u8, about: &str) -> Result<()> {
    let before = versions(ns).await?;
    for how in ["--yes", "--dry-run=server", "--dry-run=client"] {
        bluegreen(ns, &file.words(how)).await?.ends(code)?.tells(about)?;
    }
    assert_eq!(versions(ns).await?, before, "{about}");
    Ok(())
}

/// A color would be prepared that can't be tested.
#[tokio::test]
async fn a_test_without_a_port_is_refused_before_any_write() -> Result<()> {
    let ns = namespace("tests-no-port").await?;
    with_answers(&ns, 1, &[]).await?;
    let named = release("named", "healthCheck: {httpGet: {path: /health, port: metrics}}")?;
    untouched(&ns, &named, 1, "the health check: deploy/api-green has no port named metrics").await?;
    let own = release("own", "healthCheck: {}")?;
    bluegreen(&ns, &own.words("--dry-run=client")).await?.ends(0)?.tells("GET /healthz/ready on 8080")?;
    let two = json!([{"name": "http", "port": 80, "targetPort": "http"}, {"name": "admin", "port": 81, "targetPort": "admin"}]);
    ns.patch::<Service>("api", json!({"spec": {"ports": two}})).await?;
    untouched(&ns, &release("two", SMOKE)?, 1, "service/api leads to admin, http: name one").await
}

/// A slip would be found after the color is prepared, or never.
#[tokio::test]
async fn what_contradicts_itself_is_no_document() -> Result<()> {
    let ns = namespace("tests-contradicting").await?;
    with_answers(&ns, 1, &[]).await?;
    for (name, tests, about) in [
        ("both", "healthCheck: {httpGet: {path: /}, grpc: {port: 9000}}", "httpGet and grpc"),
        ("long", "smokeTests: [{name: a, endpoint: /, timeout: 40s}]", "say spec.testsWithin"),
        ("typo", "healthCheck: {httpGet: {path: /, port: 8080, hots: x}}", "hots"),
        ("exec", "healthCheck: {exec: {command: [\"true\"]}}", "exec"),
        ("path", "smokeTests: [{name: a, endpoint: api/health}]", "is no path"),
        ("header", "smokeTests: [{name: a, endpoint: /, headers: {X: \"a\\r\\nY: b\"}}]", "a header's value"),
        ("unit", "testsWithin: 30", "unit"),
    ] {
        untouched(&ns, &release(name, tests)?, 2, about).await?;
    }
    Ok(())
}

/// A pipeline without the right would leave a color prepared each time, and with the documented one it must not fail.
#[tokio::test]
async fn who_may_not_reach_pods_prepares_nothing_and_the_documented_role_is_enough() -> Result<()> {
    let ns = namespace("tests-rights").await?;
    with_answers(&ns, 2, &[]).await?;
    let file = release("rights", "healthCheck: {httpGet: {path: /health}}\nsmokeTests: [{name: a, endpoint: /}]")?;
    let deployer = ns.kubectl_as(bound_to(&ns, "bluegreen-deploy").await?.kubeconfig);
    let before = versions(&ns).await?;
    for how in ["--yes", "--dry-run=server"] {
        let document = bluegreen_as(&deployer, &file.words(&format!("{how} -ojson"))).await?.ends(1)?.json()?;
        ensure!(
            document["reason"] == "Forbidden"
                && document["message"].as_str().is_some_and(|m| m.contains("pods/portforward")),
            "{document:#}"
        );
    }
    assert_eq!(versions(&ns).await?, before);
    let tester = bound_to_all(&ns, &["bluegreen-deploy", "bluegreen-deploy-tests"]).await?;
    let output = bluegreen_as(&ns.kubectl_as(tester.kubeconfig), &file.words("--yes")).await?.ends(0)?;
    ensure!(!output.stderr.contains("forbidden"), "{}", said(&output));
    assert_eq!(active(&ns, "api").await?, "green");
    Ok(())
}

/// Who has half of it would learn so from pods that seem to be down.
#[tokio::test]
async fn each_half_of_the_right_is_asked_for() -> Result<()> {
    let ns = namespace("tests-half").await?;
    with_answers(&ns, 1, &[]).await?;
    let file = release("half", SMOKE)?;
    for (has, lacks) in [("get", "create"), ("create", "get")] {
        let rules = json!([
            {"apiGroups": [""], "resources": ["pods/portforward"], "verbs": [has]},
            {"apiGroups": ["*"], "resources": ["pods", "services", "deployments", "statefulsets"], "verbs": ["*"]},
            {"apiGroups": ["*"], "resources": ["replicasets", "endpointslices"], "verbs": ["list", "watch"]},
        ]);
        let user = ns.kubectl_as(with_rules(&ns, &format!("half-{has}"), &rules).await?.kubeconfig);
        bluegreen_as(&user, &file.words("--yes"))
            .await?
            .ends(1)?
            .tells(&format!("you may not {lacks} pods/portforward"))?;
    }
    Ok(())
}
