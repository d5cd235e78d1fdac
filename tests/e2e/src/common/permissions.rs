//! Users with exactly the rights that the documentation lists.

use anyhow::{Context, Result};
use lab::{Identity, Kubectl, Namespace};
use serde_json::{Value, json};

/// Where people read which rights to give.
const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/permissions.md");

/// The Role of this name, word for word as the documentation has it.
///
/// # Errors
/// Where the document has no such block.
pub fn documented(role: &str) -> Result<String> {
    let text = std::fs::read_to_string(DOCUMENT).with_context(|| format!("cannot read {DOCUMENT}"))?;
    let mut blocks = text.split("```yaml\n").skip(1).filter_map(|rest| rest.split("\n```").next());
    let named = format!("name: {role}");
    let found = blocks.find(|block| block.lines().any(|line| line.trim_end().trim_end_matches('}').ends_with(&named)));
    Ok(found.with_context(|| format!("docs/permissions.md has no Role {role}"))?.to_owned())
}

/// The first IAM policy of the documentation that allows this action.
///
/// # Errors
/// Where there is none.
pub fn documented_policy(action: &str) -> Result<String> {
    let text = std::fs::read_to_string(DOCUMENT).with_context(|| format!("cannot read {DOCUMENT}"))?;
    let mut blocks = text.split("```json\n").skip(1).filter_map(|rest| rest.split("\n```").next());
    let found = blocks.find(|block| block.contains(&format!("\"{action}\"")));
    Ok(found.with_context(|| format!("docs/permissions.md has no policy with {action}"))?.to_owned())
}

/// A user who has the documented Role, and nothing else.
///
/// # Errors
/// Where the Role is not documented, or the API server refuses it.
pub async fn bound_to(ns: &Namespace, role: &str) -> Result<Identity> {
    ns.apply_yaml(&documented(role)?).await?;
    bind(ns, role).await
}

/// A user who has several documented Roles, and nothing else; the first has to let them list pods.
///
/// # Errors
/// Where one is not documented, or the API server refuses it.
pub async fn bound_to_all(ns: &Namespace, roles: &[&str]) -> Result<Identity> {
    let user = format!("{}@{}", roles.join("-and-"), ns.name());
    for role in roles {
        ns.apply_yaml(&documented(role)?).await?;
        ns.apply(&binding(role, &user)).await?;
    }
    let identity = ns.lab().identity(&user, &[])?;
    permitted(ns, &ns.kubectl_as(&identity.kubeconfig)).await?;
    Ok(identity)
}

/// A user who has these rules, and nothing else.
///
/// # Errors
/// Where the API server refuses them.
pub async fn with_rules(ns: &Namespace, role: &str, rules: &Value) -> Result<Identity> {
    let object = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": role}, "rules": rules});
    ns.apply(&object).await?;
    bind(ns, role).await
}

/// A user who may write these objects, annotations and all, and sees of the rest nothing but pods: whoever may do
/// only that is to have no power over the other users.
///
/// # Errors
/// Where the API server refuses the Role.
pub async fn writer_of(ns: &Namespace, group: &str, plural: &str) -> Result<Kubectl> {
    let rules = json!([
        {"apiGroups": [group], "resources": [plural], "verbs": ["get", "patch"]},
        {"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]},
    ]);
    Ok(ns.kubectl_as(with_rules(ns, "writer", &rules).await?.kubeconfig))
}

async fn bind(ns: &Namespace, role: &str) -> Result<Identity> {
    let user = format!("{role}@{}", ns.name());
    ns.apply(&binding(role, &user)).await?;
    let identity = ns.lab().identity(&user, &[])?;
    permitted(ns, &ns.kubectl_as(&identity.kubeconfig)).await?;
    Ok(identity)
}

fn binding(role: &str, user: &str) -> Value {
    json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": role},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": role},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": user}],
    })
}

/// The authorizer learns of a new binding a moment after it was written.
async fn permitted(ns: &Namespace, kubectl: &Kubectl) -> Result<()> {
    lab::eventually(&format!("rights in {}", ns.name()), crate::LIMIT, || async {
        // What every Role has: pods can be listed.
        let listed = kubectl.run(&["get", "pods"]).await?;
        Ok((listed.code == 0).then_some(()))
    })
    .await
}
