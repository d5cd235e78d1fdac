//! Trying without doing, and output for programs.

use anyhow::{Context, Result, ensure};
use e2e::bluegreen::admission::Policy;
use e2e::bluegreen::run::{bluegreen, bluegreen_as, start};
use e2e::bluegreen::written::versions;
use e2e::bluegreen::{active, app, blue_green};
use e2e::common::events::events;
use e2e::common::run::{Ended, said};
use e2e::{LIMIT, namespace};
use lab::api_proxy::{ApiProxy, Call};
use lab::fixtures::{Behavior, autoscaler};
use lab::{Namespace, Output, eventually};
use serde_json::Value;

/// Green waits to be brought to size, blue has been left once: each verb has something to write.
async fn something_to_write(test: &str) -> Result<Namespace> {
    let ns = namespace(test).await?;
    app::with_green(&ns, 2, Behavior::Ready).await?;
    ns.rolled_out("deployment/api-green", LIMIT).await?;
    bluegreen(&ns, "switch api --to green --yes --verify-for=0 --retain=0s").await?.ends(0)?;
    app::scale(&ns, "api-blue", 1).await?;
    ns.apply(&autoscaler("api-blue", 1, 5)).await?;
    ns.rolled_out("deployment/api-blue", LIMIT).await?;
    Ok(ns)
}

const WRITING: [&str; 4] =
    ["switch api --to blue --scale", "rollback api", "cleanup api", "cleanup api --delete --before-due"];

/// Writes as the proxy saw them; asking who one is goes by POST and stores nothing.
fn writes(proxy: &ApiProxy) -> Vec<Call> {
    proxy.calls().into_iter().filter(|call| call.is_write() && !call.is_about("/selfsubjectreviews")).collect()
}

/// Somebody who only wants to see the plan would change production.
#[tokio::test]
async fn a_client_dry_run_sends_no_write() -> Result<()> {
    let ns = something_to_write("client-dry-run").await?;
    let proxy = ApiProxy::start(ns.lab()).await?;
    let user = ns.kubectl_as(proxy.kubeconfig());
    let before = versions(&ns).await?;
    for words in WRITING {
        for flag in ["--dry-run=client", "--dry-run"] {
            let output = bluegreen_as(&user, &format!("{words} {flag}")).await?.ends(0)?;
            ensure!(output.stdout.contains("dry run"), "{words}\n{}", said(&output));
        }
    }
    let lines: Vec<String> = writes(&proxy).iter().map(Call::line).collect();
    assert_eq!(lines, [""; 0]);
    assert_eq!(versions(&ns).await?, before);
    Ok(())
}

/// Permissions and admission would first be tried in the middle of the release.
#[tokio::test]
async fn a_server_dry_run_sends_every_write_and_stores_none() -> Result<()> {
    let ns = something_to_write("server-dry-run").await?;
    let proxy = ApiProxy::start(ns.lab()).await?;
    let user = ns.kubectl_as(proxy.kubeconfig());
    let (before, told) = (versions(&ns).await?, events(&ns, "api").await?.len());
    for (words, objects) in [
        (WRITING[0], vec!["/services/api", "/deployments/api-blue/scale", "/horizontalpodautoscalers/api-blue"]),
        (WRITING[1], vec!["/services/api", "/deployments/api-blue/scale"]),
        (WRITING[2], vec!["/services/api", "/deployments/api-blue/scale"]),
        (WRITING[3], vec!["/services/api", "/deployments/api-blue"]),
    ] {
        proxy.reset();
        bluegreen_as(&user, &format!("{words} --dry-run=server")).await?.ends(0).context(words)?;
        let writes = writes(&proxy);
        for object in objects {
            ensure!(writes.iter().any(|call| call.is_about(object)), "{words}: {object} was not tried");
        }
        for call in &writes {
            ensure!(is_dry(call), "{words}: {}", call.line());
        }
    }
    assert_eq!(versions(&ns).await?, before);
    assert_eq!(events(&ns, "api").await?.len(), told, "an Event of something that was not done");
    Ok(())
}

/// The API server reads the options of a DELETE from its body, where there is one.
fn is_dry(call: &Call) -> bool {
    let asked: Value = serde_json::from_slice(&call.body).unwrap_or_default();
    match call.method.as_str() {
        "DELETE" => asked["dryRun"][0] == "All",
        _ => call.query.split('&').any(|part| part == "dryRun=All"),
    }
}

/// A dry run that says yes where the API server says no is worth nothing.
#[tokio::test]
async fn a_server_dry_run_hears_what_admission_says() -> Result<()> {
    let ns = namespace("dry-run-admission").await?;
    blue_green(&ns, 1).await?;
    let frozen = "no releases on Fridays";
    let policy = Policy::deny(&ns, "api", "object.spec.selector.version == 'blue'", frozen).await?;
    bluegreen(&ns, "switch api --to green --dry-run=client").await?.ends(0)?;
    bluegreen(&ns, "switch api --to green --dry-run=server").await?.ends(1)?.tells(frozen)?;
    assert_eq!(active(&ns, "api").await?, "blue");
    policy.remove().await
}

fn complete(document: &Value, kind: &str, code: u8) -> Result<()> {
    for member in ["apiVersion", "kind", "context", "namespace", "reason", "services", "findings"] {
        ensure!(!document[member].is_null(), "no {member}: {document:#}");
    }
    ensure!(document["kind"] == kind && document["exitCode"] == code, "{document:#}");
    ensure!((document["message"].is_string()) == (code != 0), "{document:#}");
    Ok(())
}

/// A script that reads JSON would get half of it, or text in between.
#[tokio::test]
async fn every_verb_gives_one_document_also_on_failure() -> Result<()> {
    let ns = namespace("documents").await?;
    blue_green(&ns, 1).await?;
    for (words, kind, code) in [
        ("status api", "Status", 0),
        ("status", "Status", 0),
        ("status nobody", "Status", 1),
        ("preflight api", "Preflight", 0),
        ("preflight api --to red", "Preflight", 1),
        ("switch api --to green --dry-run", "Switch", 0),
        ("switch api --to green --min-ready 9 --yes", "Switch", 1),
        ("switch api --to green", "Switch", 6),
        ("switch api --to green --yes --verify-for=0 --retain=0s", "Switch", 0),
        ("switch api --to green --yes", "Switch", 0),
        ("rollback api --yes", "Rollback", 0),
        ("rollback api --yes", "Rollback", 0),
        ("history api", "History", 0),
        ("cleanup api --yes --before-due", "Cleanup", 0),
        ("cleanup nobody --yes", "Cleanup", 1),
    ] {
        let output = bluegreen(&ns, &format!("{words} -ojson")).await?.ends(code).context(words)?;
        complete(&output.json()?, kind, code).context(words)?;
        ensure!(output.stderr.is_empty(), "{words}: {}", output.stderr);
    }
    Ok(())
}

/// People's own formats: YAML for eyes, names for xargs, a stream for a log collector.
#[tokio::test]
async fn the_other_formats_are_what_they_are_called() -> Result<()> {
    let ns = namespace("formats").await?;
    blue_green(&ns, 1).await?;
    let yaml = bluegreen(&ns, "status api -oyaml").await?.ends(0)?;
    let yaml: Value = serde_saphyr::from_str(&yaml.stdout).context("not YAML")?;
    complete(&yaml, "Status", 0)?;
    let names = bluegreen(&ns, "status api -oname").await?.ends(0)?;
    assert_eq!(names.stdout, "service/api\n");
    let stream = bluegreen(&ns, "switch api --to green --yes --verify-for=1s -ojsonl").await?.ends(0)?;
    let lines = documents(&stream)?;
    let (last, steps) = lines.split_last().context("nothing")?;
    complete(last, "Switch", 0)?;
    for step in ["switched", "converged", "verified"] {
        ensure!(steps.iter().any(|line| line["step"] == step), "no {step}\n{}", said(&stream));
    }
    // Wide shows what the table keeps back: notes about one replica.
    let (table, wide) = (bluegreen(&ns, "preflight api").await?, bluegreen(&ns, "preflight api -owide").await?);
    ensure!(wide.stdout.contains("single-replica") && !table.stdout.contains("single-replica"), "{}", said(&wide));
    Ok(())
}

fn documents(output: &Output) -> Result<Vec<Value>> {
    output.stdout.lines().map(|line| serde_json::from_str(line).with_context(|| line.to_owned())).collect()
}

/// A pipeline would go on before the traffic has moved.
#[tokio::test]
async fn status_waits_for_what_it_is_told() -> Result<()> {
    let ns = namespace("wait-for").await?;
    blue_green(&ns, 1).await?;
    bluegreen(&ns, "status api --wait-for converged").await?.ends(0)?;
    bluegreen(&ns, "status api --wait-for active=green --timeout 1s").await?.ends(4)?.tells("blue")?;
    let waiting = start(&ns, "status api --wait-for active=green --timeout 80s -ojson")?;
    bluegreen(&ns, "switch api --to green --yes --verify-for=0").await?.ends(0)?;
    let document = waiting.wait(LIMIT).await?.ends(0)?.json()?;
    assert_eq!(document["services"][0]["active"], "green");
    Ok(())
}

/// Whoever watches a release would see the state from before it.
#[tokio::test]
async fn a_watched_status_is_printed_again_until_interrupted() -> Result<()> {
    let ns = namespace("watched").await?;
    blue_green(&ns, 1).await?;
    let proxy = ApiProxy::start(ns.lab()).await?;
    let running = ns.kubectl_as(proxy.kubeconfig()).start(&["bluegreen", "status", "api", "-w", "-ojsonl"])?;
    looked_again(&proxy, 1).await?;
    bluegreen(&ns, "switch api --to green --yes --verify-for=0").await?.ends(0)?;
    let seen = proxy.calls().len();
    looked_again(&proxy, seen + 1).await?;
    looked_again(&proxy, proxy.calls().len() + 1).await?;
    let id = running.id().context("it has ended")?.to_string();
    tokio::process::Command::new("kill").args(["-INT", &id]).status().await?;
    let ended = running.wait(LIMIT).await?.ends(130)?;
    let shown: Vec<Value> = documents(&ended)?.into_iter().filter(|d| d["services"][0]["active"].is_string()).collect();
    let (first, last) = (shown.first().context("nothing")?, shown.last().context("nothing")?);
    assert_eq!((&first["services"][0]["active"], &last["services"][0]["active"]), (&"blue".into(), &"green".into()));
    Ok(())
}

/// Waits for a watch that was opened after so many calls: what came before it has been printed.
async fn looked_again(proxy: &ApiProxy, after: usize) -> Result<()> {
    eventually("another look", LIMIT, || async {
        Ok(proxy.calls().iter().any(|call| call.index >= after && call.is_watch()).then_some(()))
    })
    .await
}

/// Whoever is on call for many namespaces would ask each.
#[tokio::test]
async fn all_namespaces_are_shown_at_once() -> Result<()> {
    let (one, two) = (namespace("everywhere-one").await?, namespace("everywhere-two").await?);
    for ns in [&one, &two] {
        blue_green(ns, 1).await?;
    }
    let everywhere = bluegreen(&one, "status -A").await?.ends(0)?;
    for ns in [&one, &two] {
        ensure!(everywhere.stdout.contains(ns.name()), "{}", said(&everywhere));
    }
    let here = bluegreen(&one, "status").await?.ends(0)?;
    ensure!(here.stdout.contains("api") && !here.stdout.contains(two.name()), "{}", said(&here));
    Ok(())
}
