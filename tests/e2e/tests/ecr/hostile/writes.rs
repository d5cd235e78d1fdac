//! Words in what the API server answers to writes: refusals, warnings, and what admission makes of an object.

use anyhow::{Result, ensure};
use e2e::common::hostile::{HOSTILE, Place, harmless, says_to_writes};
use e2e::ecr::case::Case;
use lab::api_proxy::{Action, Answer, ApiProxy};
use serde_json::json;

const VERBS: [&str; 4] = [
    "WORKLOAD --yes --timeout=5s",
    "WORKLOAD --yes --timeout=5s -o json",
    "WORKLOAD --dry-run=server",
    "WORKLOAD --yes --no-wait --pin-digest -o jsonl",
];

/// A header has no controls; the rest of the words is in it.
fn in_a_header() -> String {
    let words: String = HOSTILE.chars().filter(|c| !c.is_ascii_control()).collect();
    format!("299 - \"{}\"", words.replace('\\', "\\\\").replace('"', "\\\""))
}

fn answers() -> Vec<(&'static str, Action)> {
    let refused = |code: u16, reason: &str| Action::fail(code, reason, HOSTILE);
    let warned = Answer::status(422, "Invalid", HOSTILE).header("warning", &in_a_header());
    let odd = json!({"kind": HOSTILE, "apiVersion": HOSTILE, "message": HOSTILE, "reason": HOSTILE, "code": 403});
    vec![
        ("403", refused(403, "Forbidden")),
        ("409", refused(409, "Conflict")),
        ("422 and a warning", Action::Respond(warned)),
        ("500", refused(500, HOSTILE)),
        (
            "nothing that is known",
            Action::Respond(Answer { status: http::StatusCode::FORBIDDEN, ..Answer::document(&odd) }),
        ),
        ("no document", Action::Respond(Answer { body: HOSTILE.into(), ..Answer::status(403, "", "") })),
    ]
}

/// A refusal's message would clear the screen, or run once the line is pasted.
#[tokio::test]
async fn what_a_write_is_answered_is_shown_and_never_obeyed() -> Result<()> {
    let case = Case::released("hostile-writes").await?;
    let plugin = case.ns.lab().plugins().join("kubectl-ecr_rollback");
    let mut bad = Vec::new();
    for (name, action) in answers() {
        let proxy = ApiProxy::start(case.ns.lab()).await?;
        proxy.on(|call| call.is_write(), action);
        for words in VERBS {
            let words = words.replace("WORKLOAD", &case.resource());
            let said = harmless(&plugin, &proxy, case.ns.name(), &words).await;
            bad.extend(said.err().map(|why| format!("{name}: {words}\n{why:#}")));
        }
    }
    // What is written, and answered with words in it.
    for place in Place::ALL {
        let proxy = ApiProxy::start(case.ns.lab()).await?;
        says_to_writes(&proxy, place);
        let words = format!("{} --yes --again --timeout=9s", case.resource());
        let said = harmless(&plugin, &proxy, case.ns.name(), &words).await;
        bad.extend(said.err().map(|why| format!("{place:?}: {words}\n{why:#}")));
    }
    ensure!(bad.is_empty(), "{}", bad.join("\n\n"));
    Ok(())
}
