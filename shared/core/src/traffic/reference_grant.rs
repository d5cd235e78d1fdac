//! The Gateway API's ReferenceGrants: which other namespaces' routes may send to Services here
//! (<https://gateway-api.sigs.k8s.io/api-types/referencegrant/>). Without one, none may.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::routes::GATEWAY_API;

/// A ReferenceGrant (`gateway.networking.k8s.io`).
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct ReferenceGrant {
    pub spec: ReferenceGrantSpec,
}

/// Who may refer to what.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct ReferenceGrantSpec {
    pub from: Vec<GrantedFrom>,
    pub to: Vec<GrantedTo>,
}

/// A kind of objects of another namespace.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct GrantedFrom {
    pub group: String,
    pub kind: String,
    pub namespace: String,
}

/// A kind of objects here, or one of them.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct GrantedTo {
    pub kind: String,
    /// Absent: all of them.
    pub name: Option<String>,
}

/// Namespaces whose routes of a kind (`HTTPRoute`) the grants let in to one of these Services.
#[must_use]
pub fn let_in<'g>(grants: &'g [ReferenceGrant], kind: &str, services: &[&str]) -> BTreeSet<&'g str> {
    let opens = |to: &GrantedTo| to.kind == "Service" && to.name.as_deref().is_none_or(|name| services.contains(&name));
    let open = grants.iter().filter(|grant| grant.spec.to.iter().any(opens));
    let from = open.flat_map(|grant| &grant.spec.from).filter(|from| from.group == GATEWAY_API && from.kind == kind);
    from.map(|from| from.namespace.as_str()).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_grant_lets_in_what_it_names() {
        let grants: Vec<ReferenceGrant> = serde_json::from_value(json!([
            {"spec": {"from": [{"group": GATEWAY_API, "kind": "HTTPRoute", "namespace": "edge"}], "to": [{"group": "", "kind": "Service"}]}},
            {"spec": {"from": [{"group": GATEWAY_API, "kind": "GRPCRoute", "namespace": "grpc"}],
                "to": [{"group": "", "kind": "Service", "name": "web"}]}},
            {"spec": {"from": [{"group": GATEWAY_API, "kind": "Gateway", "namespace": "infra"}], "to": [{"group": "", "kind": "Secret"}]}},
        ]))
        .unwrap();
        assert_eq!(let_in(&grants, "HTTPRoute", &["api-blue"]), BTreeSet::from(["edge"]));
        assert!(let_in(&grants, "GRPCRoute", &["api-blue"]).is_empty());
        assert_eq!(let_in(&grants, "GRPCRoute", &["web"]), BTreeSet::from(["grpc"]));
    }
}
