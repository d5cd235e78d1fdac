//! The annotations of a canary Ingress, counted as ingress-nginx counts them: `internal/ingress/annotations/canary` and
//! `rootfs/etc/nginx/lua/balancer.lua` of its version 1.15
//! (<https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/annotations/#canary>).

use std::collections::BTreeMap;

use k8s_openapi::api::networking::v1::Ingress;

/// Says that an Ingress is a canary.
pub const CANARY: &str = "nginx.ingress.kubernetes.io/canary";
/// What the canary's own Services have of all.
pub const WEIGHT: &str = "nginx.ingress.kubernetes.io/canary-weight";
/// All.
pub const TOTAL: &str = "nginx.ingress.kubernetes.io/canary-weight-total";
const HEADER: &str = "nginx.ingress.kubernetes.io/canary-by-header";
const COOKIE: &str = "nginx.ingress.kubernetes.io/canary-by-cookie";
const AFFINITY: &str = "nginx.ingress.kubernetes.io/affinity";
const BEHAVIOR: &str = "nginx.ingress.kubernetes.io/affinity-canary-behavior";
const BY_ADDRESS: &str = "nginx.ingress.kubernetes.io/service-upstream";
/// What counts where no total is written, and where a smaller one is (`balancer.lua` takes larger ones alone).
const SMALLEST_TOTAL: i64 = 100;

/// One annotation of an Ingress.
#[must_use]
pub fn annotation<'i>(ingress: &'i Ingress, key: &str) -> Option<&'i str> {
    ingress.metadata.annotations.as_ref()?.get(key).map(String::as_str)
}

/// True for a canary.
#[must_use]
pub fn is_canary(ingress: &Ingress) -> bool {
    is_on(ingress, CANARY)
}

/// As Go's `strconv.ParseBool` takes it: what is neither yes nor no is no.
fn is_on(ingress: &Ingress, key: &str) -> bool {
    annotation(ingress, key).is_some_and(|text| ["1", "t", "T", "TRUE", "true", "True"].contains(&text))
}

/// How much the canary has, and of how much. Without a number it has nothing, and more than all is all.
#[must_use]
pub fn counted(ingress: &Ingress) -> (i64, i64) {
    // Go's `strconv.Atoi` takes a sign, and no blanks.
    let number = |key: &str| annotation(ingress, key)?.parse::<i64>().ok();
    let total = number(TOTAL).unwrap_or(SMALLEST_TOTAL).max(SMALLEST_TOTAL);
    (number(WEIGHT).unwrap_or(0).clamp(0, total), total)
}

/// True where users come back to the pod that answered them first.
#[must_use]
pub fn is_sticky(ingress: &Ingress) -> bool {
    annotation(ingress, AFFINITY).is_some_and(|kind| kind.trim() == "cookie")
}

/// True where users of the canary are not kept there, though those of the main Ingress are.
#[must_use]
pub fn lets_canary_go(ingress: &Ingress) -> bool {
    annotation(ingress, BEHAVIOR).is_some_and(|behavior| behavior.trim() == "legacy")
}

/// True where requests go to the Service's own address, whoever is behind it.
#[must_use]
pub fn is_by_address(ingress: &Ingress) -> bool {
    is_on(ingress, BY_ADDRESS)
}

/// What a request carries that sends it past the weight.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ByRequest {
    /// `header X-Canary`
    pub what: String,
    /// It may also ask for the main Service: `never`.
    pub both_ways: bool,
}

/// Requests that a canary sends whatever its weight: the header counts before the cookie, and both before it.
#[must_use]
pub fn by_request(annotations: Option<&BTreeMap<String, String>>) -> Vec<ByRequest> {
    let text = |key: &str| annotations?.get(key).map(|text| text.trim()).filter(|text| !text.is_empty());
    let header = text(HEADER).map(|name| {
        let has = |suffix: &str| text(&format!("{HEADER}{suffix}")).is_some();
        ByRequest { what: format!("header {name}"), both_ways: !has("-value") && !has("-pattern") }
    });
    let cookie = text(COOKIE).map(|name| ByRequest { what: format!("cookie {name}"), both_ways: true });
    header.into_iter().chain(cookie).collect()
}
