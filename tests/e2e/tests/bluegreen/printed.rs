//! What is printed to be pasted: each command that any test makes us print is tried by the harness;
//! here is what that once found, and that it can fail.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use e2e::bluegreen::app::{active, api, blue_green};
use e2e::bluegreen::run::bluegreen;
use e2e::common::printed;
use e2e::common::run::{Ended, admin};
use e2e::namespace;
use k8s_openapi::api::apps::v1::Deployment;
use lab::ended_run::Ran;
use lab::{Namespace, Output};
use serde_json::json;

/// What the harness makes of a run that was typed and ended like this.
async fn verdict(ns: &Namespace, typed: &[&str], printed: &str) -> Result<()> {
    let output = Output { code: 1, stdout: String::new(), stderr: printed.to_owned(), elapsed: Duration::ZERO };
    printed::work(Ran::of(&admin(ns).command(typed)), output).await
}

/// Nobody would notice that printed commands are tried no more.
#[tokio::test]
async fn a_command_that_does_not_work_fails_the_test_that_had_it_printed() -> Result<()> {
    let ns = namespace("printed").await?;
    blue_green(&ns, 1).await?;
    let (name, typed) = (ns.name(), ["bluegreen", "switch", "api", "--to", "green"]);
    for (printed, why) in [
        ("Try: kubectl bluegreen switch api --to red -n NS", "NoSuchColor"),
        ("Try: kubectl bluegreen switch api -n NS", "wrong usage"),
        ("Try: kubectl bluegreen switch api --to -n NS", "wrong usage"),
        ("Try: kubectl bluegreen switch api --to '' -n NS", "empty word"),
        ("Try: kubectl bluegreen switch api --to green", "--namespace NS is lost"),
        ("Back: kubectl bluegreen rollback web -n NS", "isn't there"),
        ("Look: kubectl get pods --selectr a=b -n NS", "doesn't understand"),
        ("Look: kubectl describe pod api-blue-0 -n NS", "isn't there"),
        ("Hint: delete it: kubectl delete pod NAME -n NS", "to be filled in"),
        ("! deadline-exceeded  x  kubectl rollout undo deploy/api-green -n NS", "isn't there"),
        ("03:12:04  undo  kubectl scale deploy/api --replicas=1 -n NS", "isn't there"),
        ("Try: kubectl bluegreen switch api --to $(reboot) -n NS", "a shell does something else"),
        ("Try: kubectl drain node-a", "not known here"),
    ] {
        let (printed, why) = (printed.replace("NS", name), why.replace("NS", name));
        let complaint = verdict(&ns, &typed, &printed).await.err().with_context(|| format!("passed: {printed}"))?;
        ensure!(format!("{complaint:#}").contains(&why), "{printed}: {complaint:#}");
    }
    let refused = "x ready-below-active  green 1, blue 1, 9 required  add --scale\n\
                   Try: kubectl bluegreen switch api --to green --min-ready=9 -n NS";
    let complaint = verdict(&ns, &typed, &refused.replace("NS", name)).await.err().context("refused again")?;
    ensure!(complaint.to_string().contains("refused for the same"), "{complaint:#}");
    let sound = "Try: kubectl bluegreen switch api --to green -n NS\nLook: kubectl get services -n NS\n\
                 03:12:04  undo  kubectl scale deploy/api-green --replicas=0 -n NS";
    verdict(&ns, &typed, &sound.replace("NS", name)).await?;
    // Tried, and not done.
    assert_eq!(active(&ns, "api").await?, "blue");
    assert_eq!(ns.api::<Deployment>().get("api-green").await?.spec.and_then(|spec| spec.replicas), Some(1));
    Ok(())
}

/// Pasted, the command would put production on a color that staging has yet to try.
#[tokio::test]
async fn production_is_never_moved_along_with_staging() -> Result<()> {
    let ns = namespace("stages").await?;
    blue_green(&ns, 1).await?;
    let mut staging = api().service("blue");
    staging["metadata"]["name"] = json!("api-staging");
    ns.apply(&staging).await?;
    let refused = bluegreen(&ns, "switch api-staging --to green --yes -ojson").await?.ends(1)?.json()?;
    let next = refused["next"].as_str().context("no next step")?;
    let (command, _) = next.trim_start_matches("kubectl bluegreen ").split_once(" -n ").context("no namespace")?;
    bluegreen(&ns, &format!("{command} --yes --verify-for=0")).await?.ends(0)?;
    assert_eq!((active(&ns, "api-staging").await?, active(&ns, "api").await?), ("green".into(), "blue".into()));
    Ok(())
}

/// Pasted, the command would act as somebody else, go elsewhere, or undo what was asked for.
#[tokio::test]
async fn what_was_typed_is_said_again() -> Result<()> {
    let ns = namespace("said-again").await?;
    blue_green(&ns, 2).await?;
    ns.patch::<Deployment>("api-green", json!({"spec": {"replicas": 1}})).await?;
    let flags = "--as lee --as-group system:masters --as-group dev --track-key=version --reason=hotfix --retain=2h \
                 --verify-for=90s --no-rollback --strict --force=nodes";
    let refused = bluegreen(&ns, &format!("switch api --to green --yes -ojson {flags}")).await?.ends(1)?.json()?;
    let next = refused["next"].as_str().context("no next step")?;
    for word in [
        "--as lee",
        "--as-group system:masters",
        "--as-group dev",
        "--track-key=version",
        "--reason=hotfix",
        "--retain=7200s",
        "--verify-for=90s",
        "--no-rollback",
        "--strict",
        "nodes",
        "--scale",
    ] {
        ensure!(next.contains(word), "{word} is lost: {next}");
    }
    let unknown = bluegreen(&ns, "promote api --to green").await?.ends(2)?;
    ensure!(
        unknown.stderr.contains(&format!("kubectl bluegreen switch api --to green -n {}", ns.name())),
        "{unknown:?}"
    );
    Ok(())
}
