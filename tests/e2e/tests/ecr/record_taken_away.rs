//! Somebody takes our annotation off what is written, or refuses it: nothing is claimed to be recorded.

use std::time::Duration;

use anyhow::{Result, ensure};
use e2e::LIMIT;
use e2e::common::mutating::mutates;
use e2e::common::run::{Ended, admin, finding, said};
use e2e::ecr::RECORD;
use e2e::ecr::case::Case;
use lab::eventually;
use lab::fixtures::Behavior;
use lab::registry::Image;
use serde_json::json;

/// From when it returns on, the record is taken off whatever is written of a Deployment.
async fn takes_records(case: &Case) -> Result<()> {
    let there = format!("has(object.metadata.annotations) && '{RECORD}' in object.metadata.annotations");
    let taken =
        format!("[JSONPatch{{op: 'remove', path: '/metadata/annotations/' + jsonpatch.escapeKey('{RECORD}')}}]");
    let patch = format!("{there} ? {taken} : []");
    let probe = json!({"metadata": {"annotations": {RECORD: "probe"}}}).to_string();
    let words = ["patch", "deployment/api", "--type=merge", "-p", &probe, "--dry-run=server", "-ojson"];
    mutates(&case.ns, ("apps", "deployments", "UPDATE"), &patch, (&words, |shown| !shown.contains("probe"))).await
}

/// A job that is retried would go back two releases, and its document say that all of it is recorded.
#[tokio::test]
async fn what_is_taken_away_is_not_called_recorded_and_not_repeated_unasked() -> Result<()> {
    let case = Case::new("record-taken").await?;
    case.push(&["1.0.2", "1.0.3", "1.0.4"]).await?;
    case.deploy(&["1.0.2", "1.0.3", "1.0.4"]).await?;
    takes_records(&case).await?;
    let rehearsed = case.back("--dry-run=server -ojson").await?.ends(0)?.json()?;
    assert_eq!(rehearsed["workloads"][0]["recorded"], false, "{rehearsed:#}");
    let output = case.back("--timeout=60s -ojson").await?.ends(0)?;
    assert_eq!(output.json()?["workloads"][0]["recorded"], false, "{}", said(&output));
    case.asks_for("1.0.3").await?;
    for _ in 0..2 {
        let again = case.back("-ojson").await?.ends(1)?;
        ensure!(finding(&again.json()?, "unrecorded").is_some_and(|f| f["severity"] == "block"), "{}", said(&again));
        case.asks_for("1.0.3").await?;
    }
    // Who says from where, or that it is meant, is believed.
    case.back("--if-running=1.0.4").await?.ends(3)?;
    case.back("--again --dry-run").await?.ends(0)?;
    // A new release is left as ever.
    case.release("1.0.4").await?;
    let told = case.back("").await?.ends(0)?.tells("an admission policy or webhook takes its annotation away")?;
    ensure!(!told.stderr.contains("the result was not recorded"), "{}", said(&told));
    case.asks_for("1.0.3").await
}

/// What fails would stay, as its record is not found.
#[tokio::test]
async fn what_fails_without_its_record_is_taken_back() -> Result<()> {
    let case = Case::new("record-taken-bad").await?;
    for (day, tag, behavior) in [(1, "1.0.3", Behavior::CrashLoop), (2, "1.0.4", Behavior::Ready)] {
        case.push_on(day, Image::new(tag).behavior(behavior)).await?;
    }
    case.deploy(&["1.0.4"]).await?;
    takes_records(&case).await?;
    let output = case.back("--timeout=60s -ojson").await?.ends(5)?;
    assert_eq!(output.json()?["workloads"][0]["recorded"], false, "{}", said(&output));
    case.asks_for("1.0.4").await
}

/// Nobody would know that the same words go one further back now, nor why the history is empty.
#[tokio::test]
async fn a_record_that_goes_while_it_is_watched_is_missed() -> Result<()> {
    let case = Case::new("record-gone").await?;
    let slow = Image::new("1.0.3").behavior(Behavior::ReadyAfter(Duration::from_secs(6)));
    case.push_on(1, slow).await?;
    case.push_on(2, Image::new("1.0.4")).await?;
    case.deploy(&["1.0.4"]).await?;
    let run = case.start_back("")?;
    eventually("it is written", LIMIT, || async { Ok(case.record().await.ok()) }).await?;
    case.kubectl(&["annotate", "deployment/api", &format!("{RECORD}-")]).await?;
    let output = run.wait(LIMIT).await?.ends(0)?;
    let output = output.tells("its record was taken away by someone else")?;
    ensure!(!output.stderr.contains("the result was not recorded"), "{}", said(&output));
    case.asks_for("1.0.3").await
}

/// A person would be told no, and not that it is our words that are refused and what goes without them.
#[tokio::test]
async fn where_only_our_annotations_are_refused_the_image_alone_is_the_way() -> Result<()> {
    let case = Case::new("record-refused").await?;
    case.push(&["1.0.3", "1.0.4"]).await?;
    case.deploy(&["1.0.4"]).await?;
    let name = format!("{}-annotations.example.com", case.ns.name());
    let ours = format!("!has(object.metadata.annotations) || !('{RECORD}' in object.metadata.annotations)");
    let rules =
        json!({"apiGroups": ["apps"], "apiVersions": ["v1"], "resources": ["deployments"], "operations": ["UPDATE"]});
    let policy = json!({
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicy", "metadata": {"name": name},
        "spec": {
            "failurePolicy": "Fail", "matchConstraints": {"resourceRules": [rules]},
            "validations": [{"expression": ours, "message": "not these annotations"}],
        },
    });
    let of_namespace = json!({"matchLabels": {"kubernetes.io/metadata.name": case.ns.name()}});
    let binding = json!({
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": {"name": name}, "spec": {"policyName": name, "validationActions": ["Deny"],
            "matchResources": {"namespaceSelector": of_namespace}},
    });
    case.ns.apply_all(&[policy, binding]).await?;
    let probe = json!({"metadata": {"annotations": {RECORD: "probe"}}}).to_string();
    let words = ["patch", "deployment/api", "--type=merge", "-p", &probe, "--dry-run=server"];
    eventually("the policy is in force", LIMIT, || async {
        Ok((admin(&case.ns).run(&words).await?.code != 0).then_some(()))
    })
    .await?;
    for flags in ["-ojson", "--dry-run=server -ojson"] {
        let refused = case.back(flags).await?.ends(1)?;
        let next = refused.json()?["next"].as_str().unwrap_or_default().to_owned();
        ensure!(next.contains("kubectl set image deploy/api api=") && next.contains(":1.0.3"), "{}", said(&refused));
    }
    case.asks_for("1.0.4").await
}
