//! What people see, word for word: each change of it is looked at as a part of the product.

mod help;
mod refusals;
mod ways;

use anyhow::Result;
use e2e::common::snapshot::{Snapshots, Variable};
use e2e::ecr::case::{Case, RELEASES};
use e2e::namespace;
use lab::Kubectl;
use lab::fixtures::budget;
use lab::registry::Image;
use serde_json::json;

/// What differs from run to run.
const VARIABLE: [Variable; 9] = [
    (r"sha256:[0-9a-f]{64}", "sha256:0123456789ab…"),
    (r"sha256-[0-9a-f]{64}", "sha256-0000000000000000000000000000000000000000000000000000000000000000"),
    (r"sha256:[0-9a-f]{12}\b", "sha256:0123456789ab"),
    (r"pushed \d+d\w* ago", "pushed 25d4h ago"),
    (r"AGE +SIZE", "AGE    SIZE"),
    (r"\b\d+d\w* +(\d+ [kM]B)", "25d4h  $1"),
    (r"ran \d+s ago", "ran 5s ago"),
    (r"in \d+\.\d s", "in 2.5 s"),
    // How far the pods were when they were looked at is chance.
    (r"(?m)^\S+  (rolling|not ready) .*\n", ""),
];

const LOOKS: Snapshots = Snapshots { folder: "ecr", plugin: "ecr-rollback", variable: &VARIABLE };

/// A workload with probes, a hook and a budget, on the newest of the releases. One of them was
/// scanned.
async fn shop() -> Result<Case> {
    let case = Case::of("deployment", "ms-account-management", namespace("shop").await?).await?;
    case.push(&RELEASES[..4]).await?;
    case.push_on(5, Image::new(RELEASES[4]).tag("sha-4f9d2c1a").findings(&[("HIGH", 2), ("LOW", 7)])).await?;
    case.push_on(6, Image::new(RELEASES[5])).await?;
    case.ns.apply(&budget("ms-account-management", &json!({"app": "ms-account-management"}), 1)).await?;
    case.apply(&case.app(RELEASES[5]).pre_stop(2)).await?;
    Ok(case)
}

/// The user `ci-bot` of a pipeline, who may do everything.
fn ci_bot(case: &Case) -> Result<Kubectl> {
    Ok(case.ns.kubectl_as(case.ns.lab().identity("ci-bot", &["system:masters"])?.kubeconfig))
}
