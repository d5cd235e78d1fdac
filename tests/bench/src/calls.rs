//! API requests of each verb, as a proxy on loopback sees them.

use anyhow::Result;
use lab::api_proxy::{ApiProxy, Call};

use crate::handover::Small;
use crate::looking::timed;
use crate::score::{Score, print_table};

/// Reads that a switch may make before it writes.
const READS: usize = 16;

/// Each verb in an order in which each has something to do.
const VERBS: [&[&str]; 6] = [
    &["status", "api"],
    &["preflight", "api", "--to", "green"],
    &["switch", "api", "--to", "green", "--yes", "--verify-for=0"],
    &["history", "api"],
    &["rollback", "api", "--yes"],
    &["cleanup", "api", "--before-due", "--yes"],
];

pub async fn run(small: &Small, score: &mut Score) -> Result<()> {
    let ns = &small.ns;
    let proxy = ApiProxy::start(ns.lab()).await?;
    let program = ns.lab().plugins().join("kubectl-bluegreen");
    let mut rows = Vec::new();
    for verb in VERBS {
        proxy.reset();
        timed(ns.kubectl_as(proxy.kubeconfig()).plugin(&program, verb)).await?;
        let calls = proxy.calls();
        let (before, writes, after) = counts(&calls);
        let what: Vec<String> = calls.iter().filter(|call| !is_read(call)).map(short).collect();
        rows.push(vec![verb[0].to_owned(), before.to_string(), writes.to_string(), after.to_string(), what.join(", ")]);
        if verb[0] == "switch" {
            score.judge("switch, reads before the write", before.to_string(), format!("<= {READS}"), before <= READS);
        }
    }
    print_table("API requests", &["", "reads before", "writes", "reads after", "the writes"], &rows);
    Ok(())
}

/// Reads before the first write, writes, reads after it.
fn counts(calls: &[Call]) -> (usize, usize, usize) {
    let first = calls.iter().position(|call| !is_read(call)).unwrap_or(calls.len());
    let writes = calls.iter().filter(|call| !is_read(call)).count();
    (first, writes, calls.len() - first - writes)
}

/// Asking who one is is a POST that changes nothing.
fn is_read(call: &Call) -> bool {
    !call.is_write() || call.path.ends_with("/selfsubjectreviews")
}

/// `PATCH services/api`
fn short(call: &Call) -> String {
    let path = call
        .path
        .rsplit_once("/namespaces/")
        .and_then(|(_, rest)| rest.split_once('/'))
        .map_or(&*call.path, |(_, rest)| rest);
    format!("{} {path}", call.method)
}
