//! Admission policies that make something else of a selector, or of weights, than was written.

use anyhow::{Result, ensure};
use e2e::bluegreen::routed::{subsets, two_subsets, virtual_service};
use e2e::bluegreen::run::bluegreen;
use e2e::bluegreen::{active, blue_green};
use e2e::common::mutating::mutates;
use e2e::common::run::{Ended, said};
use e2e::namespace;
use lab::Namespace;
use serde_json::json;

const KEEPS: &str = "[JSONPatch{op: 'replace', path: '/spec/selector/version', value: 'blue'}]";
/// Which color the Service would select, written another one.
const PROBE: [&str; 7] = [
    "patch",
    "service",
    "api",
    "-p",
    r#"{"spec":{"selector":{"version":"probe"}}}"#,
    "--dry-run=server",
    "-ojsonpath={.spec.selector.version}",
];

/// Users would be left with nobody behind the Service, and the operator with "someone else".
#[tokio::test]
async fn a_selector_that_a_policy_rewrites_is_put_back_at_once() -> Result<()> {
    let ns = namespace("rewritten-selector").await?;
    blue_green(&ns, 1).await?;
    // Whoever writes green gets a color that nobody runs.
    let selector = "object.spec.selector.version";
    let patch = format!(
        "[JSONPatch{{op: 'replace', path: '/spec/selector/version', value: {selector} == 'blue' ? 'blue' : 'red'}}]"
    );
    mutates(&ns, ("", "services", "UPDATE"), &patch, (&PROBE, |color| color == "red")).await?;
    let document = bluegreen(&ns, "switch api --to green --yes --verify-for=0 -ojson").await?.ends(1)?.json()?;
    assert_eq!(document["reason"], "Rewritten", "{document:#}");
    assert_eq!(active(&ns, "api").await?, "blue", "{document:#}");
    explained(&ns).await
}

/// What `status` and `history` have to say of it: the attempt, and that it is where it was.
async fn explained(ns: &Namespace) -> Result<()> {
    let history = bluegreen(ns, "history api -ojson").await?.ends(0)?.json()?;
    let service = &history["services"][0];
    assert_eq!(service["records"].as_array().map(Vec::len), Some(2), "the attempt, and its end: {history:#}");
    ensure!(service["records"].to_string().contains("admission policy"), "{history:#}");
    let status = bluegreen(ns, "status api -ojson").await?.ends(0)?.json()?;
    let service = &status["services"][0];
    assert_eq!(service["active"], "blue", "{status:#}");
    ensure!(!service["notes"].to_string().contains("record-unreadable"), "{status:#}");
    Ok(())
}

/// Told that green is selected, and that it isn't, and of a record that nobody can read.
#[tokio::test]
async fn a_policy_that_keeps_the_color_is_told_as_that() -> Result<()> {
    let ns = namespace("kept-by-policy").await?;
    blue_green(&ns, 1).await?;
    mutates(&ns, ("", "services", "UPDATE"), KEEPS, (&PROBE, |color| color == "blue")).await?;
    let document = bluegreen(&ns, "switch api --to green --yes --verify-for=0 -ojson").await?.ends(1)?.json()?;
    assert_eq!(document["reason"], "Rewritten", "{document:#}");
    let message = document["message"].as_str().unwrap_or_default();
    ensure!(message.contains("still") && !message.contains("could not be put back"), "{document:#}");
    assert_eq!(document["services"][0]["changed"], false, "{document:#}");
    explained(&ns).await?;
    // The same words again end alike, and once the policy is gone they move it.
    bluegreen(&ns, "switch api --to green --yes --verify-for=0").await?.ends(1)?;
    Ok(())
}

/// The same of a route's weights.
#[tokio::test]
async fn a_policy_that_keeps_the_weights_is_told_as_that() -> Result<()> {
    let ns = namespace("kept-weights").await?;
    two_subsets(&ns, 1).await?;
    ns.apply(&virtual_service("api", &json!([{"route": subsets(100, 0)}]))).await?;
    let keeps = "[JSONPatch{op: 'replace', path: '/spec/http/0/route/0/weight', value: 100}, \
        JSONPatch{op: 'replace', path: '/spec/http/0/route/1/weight', value: 0}]";
    let path = "{.spec.http[0].route[1].weight}";
    let patch = r#"[{"op":"replace","path":"/spec/http/0/route/1/weight","value":7}]"#;
    let output = format!("-ojsonpath={path}");
    let probe = ["patch", "virtualservice", "api", "--type=json", "-p", patch, "--dry-run=server", &output];
    mutates(&ns, ("networking.istio.io", "virtualservices", "UPDATE"), keeps, (&probe, |weight| weight == "0")).await?;
    let document = bluegreen(&ns, "switch api --to green --yes --verify-for=0 -ojson").await?.ends(1)?.json()?;
    assert_eq!(document["reason"], "Rewritten", "{document:#}");
    let message = document["message"].as_str().unwrap_or_default();
    ensure!(!message.contains("could not be put back"), "{document:#}");
    explained(&ns).await
}

/// "On blue again" would be said of a Service that selects nobody, and nothing would name the label that is why.
#[tokio::test]
async fn a_label_that_a_policy_adds_is_named_where_it_cannot_be_taken_back() -> Result<()> {
    let ns = namespace("added-by-policy").await?;
    blue_green(&ns, 1).await?;
    let adds = "[JSONPatch{op: 'add', path: '/spec/selector/team', value: 'x'}]";
    let shown = [PROBE[0], PROBE[1], PROBE[2], PROBE[3], PROBE[4], PROBE[5], "-ojsonpath={.spec.selector.team}"];
    mutates(&ns, ("", "services", "UPDATE"), adds, (&shown, |team| team == "x")).await?;
    let document = bluegreen(&ns, "switch api --to green --yes --verify-for=0 -ojson").await?.ends(1)?.json()?;
    let message = document["message"].as_str().unwrap_or_default();
    ensure!(message.contains("could not be put back") && message.contains("kubectl patch service api"), "{document:#}");
    let status = bluegreen(&ns, "status api -ojson").await?.ends(0)?.json()?;
    ensure!(status["services"][0]["notes"].to_string().contains("foreign-label"), "{status:#}");
    Ok(())
}

/// A pipeline that tries first would be told "switched" of what the API server makes something else of.
#[tokio::test]
async fn a_rehearsal_is_held_against_what_would_be_stored() -> Result<()> {
    let ns = namespace("rehearsed-policy").await?;
    blue_green(&ns, 1).await?;
    mutates(&ns, ("", "services", "UPDATE"), KEEPS, (&PROBE, |color| color == "blue")).await?;
    let document = bluegreen(&ns, "switch api --to green --dry-run=server -ojson").await?.ends(1)?.json()?;
    assert_eq!(document["reason"], "Rewritten", "{document:#}");
    Ok(())
}

/// Somebody would count on a way back that nobody has kept.
#[tokio::test]
async fn a_record_that_a_policy_takes_off_is_not_called_recorded() -> Result<()> {
    let ns = namespace("record-off").await?;
    blue_green(&ns, 1).await?;
    let drops = "has(object.metadata.annotations) && 'kubectl-release.dev/bluegreen' in object.metadata.annotations ? \
        [JSONPatch{op: 'remove', path: '/metadata/annotations/' + jsonpatch.escapeKey('kubectl-release.dev/bluegreen')}] : []";
    let annotated = [
        "annotate",
        "service",
        "api",
        "kubectl-release.dev/bluegreen=x",
        "--dry-run=server",
        "-ojsonpath={.metadata.annotations.kubectl-release\\.dev/bluegreen}",
    ];
    mutates(&ns, ("", "services", "UPDATE"), drops, (&annotated, str::is_empty)).await?;
    let switched = bluegreen(&ns, "switch api --to green --yes --verify-for=0 -ojson").await?.ends(0)?;
    assert_eq!(switched.json()?["services"][0]["recorded"], false, "{}", said(&switched));
    let back = bluegreen(&ns, "switch api --to blue --yes --verify-for=0").await?.ends(0)?;
    ensure!(back.stderr.contains("takes our annotations off"), "{}", said(&back));
    Ok(())
}
