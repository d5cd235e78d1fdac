//! What people see, word for word: each change of it is looked at as a part of the product.

mod errors;
mod help;
mod moves;
mod states;

use anyhow::Result;
use e2e::bluegreen::app::{api, color};
use e2e::common::permissions::documented;
use e2e::common::pods::gone;
use e2e::common::snapshot::{Snapshots, Variable};
use e2e::{LIMIT, namespace};
use lab::fixtures::{Behavior, budget};
use lab::{Kubectl, Namespace};
use serde_json::json;

/// What differs from run to run.
const VARIABLE: [Variable; 12] = [
    (r"kept to \d\d:\d\d", "kept to 04:12"),
    (r"api-(blue|green)-[0-9a-z]{8,10}-[0-9a-z]{5}", "api-$1-7d9f4c5b8-x2k4q"),
    (r"ACTIVE \d+s", "ACTIVE 5s"),
    (r"(\d/\d  )\d+s by", "${1}5s by"),
    (r"taken down \d+s", "taken down 5s"),
    (r"\(\d+\.\d s\)", "(0.3 s)"),
    (r"for \d+ s\b", "for 5 s"),
    (r"another 59m\d+s", "another 59m55s"),
    (r"TOOK +REASON", "TOOK   REASON"),
    (r"(?m)(done|failed)( +)\d+(ms|s)\b *", "$1${2}412ms  "),
    // How many of the three had failed when it was seen is chance.
    (r"green \d/3 ready: \d pods? OOMKilled", "green 0/3 ready: 3 pods OOMKilled"),
    // On a busy machine there is more to wait for.
    (r"(?m)^\S+  (waiting|verifying) .*\n", ""),
];

const LOOKS: Snapshots = Snapshots { folder: "bluegreen", plugin: "bluegreen", variable: &VARIABLE };

/// Blue with so many pods and green with so many, each with probe, hook and a budget of its own.
async fn shop(blue: u32, green: u32) -> Result<Namespace> {
    let ns = namespace("shop").await?;
    let app = api()
        .color(color("blue", blue, Behavior::Ready).pre_stop(5))
        .color(color("green", green, Behavior::Ready).pre_stop(5));
    ns.apply_all(&app.objects()).await?;
    for name in ["blue", "green"] {
        ns.apply(&budget(&format!("api-{name}"), &json!({"app": "api", "version": name}), 1)).await?;
        ns.rolled_out(&format!("deployment/api-{name}"), LIMIT).await?;
    }
    Ok(ns)
}

/// The user `ci-bot`, with the documented Role that all verbs need.
async fn ci_bot(ns: &Namespace) -> Result<Kubectl> {
    with_role(ns, &documented("bluegreen-cleanup")?).await
}

/// The user `ci-bot`, with this Role.
async fn with_role(ns: &Namespace, role: &str) -> Result<Kubectl> {
    ns.apply_yaml(role).await?;
    let name = role.lines().find_map(|line| line.trim().strip_prefix("name: ")).unwrap_or_default();
    ns.apply(&json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": "ci-bot"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "ci-bot"}],
    }))
    .await?;
    let user = ns.kubectl_as(ns.lab().identity("ci-bot", &[])?.kubeconfig);
    lab::eventually("ci-bot's rights", LIMIT, || async {
        Ok((user.run(&["get", "deployments"]).await?.code == 0).then_some(()))
    })
    .await?;
    Ok(user)
}

/// Waits until the other color's pods are gone, so that what is shown stands still.
async fn settled(ns: &Namespace, color: &str) -> Result<()> {
    gone(ns, &format!("version={color}")).await
}
