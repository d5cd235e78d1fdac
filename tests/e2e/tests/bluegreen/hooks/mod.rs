//! Hooks around the move: each once a release, and no traffic behind one that failed.

mod contract;
mod kills;
mod meanwhile;

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use e2e::bluegreen::run::{bluegreen, bluegreen_as, start};
use e2e::bluegreen::written::versions;
use e2e::bluegreen::{active, blue_green};
use e2e::common::permissions::bound_to_all;
use e2e::common::run::{Ended, admin, said};
use e2e::{LIMIT, namespace};
use k8s_openapi::api::batch::v1::Job as ApiJob;
use k8s_openapi::api::core::v1::ResourceQuota;
use kube::ResourceExt;
use kube::api::{DeleteParams, ListParams};
use lab::fixtures::Job;
use lab::{Namespace, Running, eventually};
use serde_json::{Value, json};

pub const NEXT: &str = "deploy api --image app=registry.example.com/api:1.6.0 --yes --verify-for=0";
pub const TO_GREEN: &str = "switch api --to green --yes --verify-for=0";

/// `api` on blue with a ready green, and CronJobs by these names that never come to run by themselves.
pub async fn with_jobs(test: &str, jobs: &[Job]) -> Result<Namespace> {
    let ns = namespace(test).await?;
    blue_green(&ns, 1).await?;
    for job in jobs {
        ns.apply(&job.cron()).await?;
    }
    Ok(ns)
}

/// The names of all Jobs, with whether they have succeeded.
pub async fn jobs(ns: &Namespace) -> Result<Vec<(String, bool)>> {
    let all = ns.api::<ApiJob>().list(&ListParams::default()).await?;
    let done = |job: &ApiJob| job.status.as_ref().and_then(|status| status.succeeded) == Some(1);
    Ok(all.items.iter().map(|job| (job.name_any(), done(job))).collect())
}

async fn image(ns: &Namespace, deployment: &str) -> Result<String> {
    let path = "{.spec.template.spec.containers[0].image}";
    let words = ["get", "deployment", deployment, "-o", &format!("jsonpath={path}")];
    Ok(admin(ns).run(&words).await?.ends(0)?.stdout)
}

/// A migration's log is the first thing that is looked for, and its Jobs would pile up release after release.
#[tokio::test]
async fn each_runs_in_its_place_is_shown_and_removed() -> Result<()> {
    let log = |text: &str| Job::new(text).logs(&format!("{text} says hello"));
    let ns = with_jobs("hooks", &[log("expand"), log("smoke"), log("warm")]).await?;
    let words = format!("{NEXT} --migrate=cronjob/expand --before-switch=cj/smoke --after-switch=cronjob/warm");
    let output = bluegreen(&ns, &words).await?.ends(0)?;
    assert_eq!(active(&ns, "api").await?, "green");
    let at = |what: &str| output.stderr.find(what).with_context(|| format!("no {what:?}\n{}", said(&output)));
    let places = [
        at("migrate | expand says hello")?,
        at("api-green app")?,
        at("before-switch | smoke says hello")?,
        at("converged")?,
        at("after-switch | warm says hello")?,
    ];
    // The plan names what is written, too.
    let _ = places[1];
    ensure!(places[0] < places[2] && places[2] < places[3] && places[3] < places[4], "{}", said(&output));
    eventually("no Job is left", LIMIT, || async { Ok(jobs(&ns).await?.is_empty().then_some(())) }).await?;
    Ok(())
}

/// A failed test would be released all the same (argo-rollouts#521), or the database stand half migrated under new
/// pods.
#[tokio::test]
async fn nothing_follows_one_that_failed() -> Result<()> {
    let ns = with_jobs("hooks-failed", &[Job::new("bad").fails(3).logs("no such column")]).await?;
    let before = versions(&ns).await?;
    let output = bluegreen(&ns, &format!("{NEXT} --migrate=cronjob/bad -ojson")).await?.ends(1)?;
    let document = output.json()?;
    assert_eq!(document["reason"], "HookFailed", "{document:#}");
    assert_eq!(versions(&ns).await?, before, "no pod got the new version");
    let shown = bluegreen(&ns, &format!("{TO_GREEN} --before-switch=cronjob/bad")).await?.ends(1)?;
    ensure!(shown.stderr.contains("before-switch | no such column"), "{}", said(&shown));
    ensure!(shown.stderr.contains("no Service was switched"), "{}", said(&shown));
    assert_eq!(versions(&ns).await?, before);
    // It is left for a look, and tried anew by the same words, under another name.
    assert_eq!(jobs(&ns).await?.len(), 2);
    bluegreen(&ns, &format!("{TO_GREEN} --before-switch=cronjob/bad")).await?.ends(1)?;
    assert_eq!(jobs(&ns).await?.len(), 3);
    bluegreen(&ns, &format!("{TO_GREEN} --before-switch=[\"true\"]")).await?.ends(0)?;
    assert_eq!(active(&ns, "api").await?, "green");
    Ok(())
}

/// Users would stay on a version of which the last test has failed.
#[tokio::test]
async fn a_move_is_taken_back_where_what_follows_it_fails() -> Result<()> {
    let ns = with_jobs("hooks-after", &[Job::new("bad").fails(1)]).await?;
    bluegreen(&ns, &format!("{TO_GREEN} --after-switch=cronjob/bad")).await?.ends(5)?.tells("after-switch failed")?;
    assert_eq!(active(&ns, "api").await?, "blue");
    // What is kept of it is true still.
    let kept = bluegreen(&ns, "history api").await?.ends(0)?;
    ensure!(!kept.stdout.contains("selects green"), "{}", said(&kept));
    let words = format!("{TO_GREEN} --after-switch=cronjob/bad --no-rollback --force=failed-before");
    bluegreen(&ns, &words).await?.ends(1)?;
    assert_eq!(active(&ns, "api").await?, "green");
    Ok(())
}

/// A quota that is in force from when this returns on.
async fn quota(ns: &Namespace, hard: &Value) -> Result<()> {
    let quota = json!({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "full"},
        "spec": {"hard": hard}});
    ns.apply(&quota).await?;
    eventually("the quota is counted", LIMIT, || async {
        let quota = ns.api::<ResourceQuota>().get("full").await?;
        Ok(quota.status.and_then(|status| status.used).map(drop))
    })
    .await
}

/// A release would wait for ever for what can't start, and the Job begin at night, when the image is there
/// (helm#4558).
#[tokio::test]
async fn what_can_not_start_is_said_and_does_not_begin_later() -> Result<()> {
    let ns = namespace("hooks-quota").await?;
    blue_green(&ns, 1).await?;
    ns.apply(&Job::new("expand").cron()).await?;
    quota(&ns, &json!({"pods": "2"})).await?;
    let output = bluegreen(&ns, &format!("{TO_GREEN} --before-switch=cronjob/expand")).await?.ends(1)?;
    ensure!(output.stderr.contains("exceeded quota"), "{}", said(&output));
    assert_eq!(active(&ns, "api").await?, "blue");
    eventually("the Job is gone", LIMIT, || async { Ok(jobs(&ns).await?.is_empty().then_some(())) }).await?;
    Ok(())
}

/// A full quota would be taken for a missing right.
#[tokio::test]
async fn a_job_that_a_quota_refuses_is_no_matter_of_roles() -> Result<()> {
    let ns = namespace("hooks-job-quota").await?;
    blue_green(&ns, 1).await?;
    ns.apply(&Job::new("expand").cron()).await?;
    quota(&ns, &json!({"count/jobs.batch": "0"})).await?;
    let output = bluegreen(&ns, &format!("{TO_GREEN} --before-switch=cronjob/expand")).await?.ends(1)?;
    ensure!(output.stderr.contains("exceeded quota") && !output.stderr.contains("permissions"), "{}", said(&output));
    assert_eq!(active(&ns, "api").await?, "blue");
    Ok(())
}

/// Somebody who deletes a Job that hangs would release what was never migrated (helm#8146).
#[tokio::test]
async fn one_that_is_deleted_has_not_succeeded() -> Result<()> {
    let ns = with_jobs("hooks-deleted", &[Job::new("slow").ends_after(Duration::from_secs(60))]).await?;
    let running = start(&ns, &format!("{TO_GREEN} --before-switch=cronjob/slow"))?;
    let name = eventually("the Job is there", LIMIT, || async { Ok(jobs(&ns).await?.pop()) }).await?.0;
    ns.api::<ApiJob>().delete(&name, &DeleteParams::background()).await?;
    let output = running.wait(LIMIT).await?.ends(1)?;
    ensure!(output.stderr.contains("was deleted by somebody else"), "{}", said(&output));
    assert_eq!(active(&ns, "api").await?, "blue");
    Ok(())
}

/// A pipeline's time is over while the migration goes on: the next try would run it a second time beside the first.
#[tokio::test]
async fn one_that_takes_long_is_gone_on_with() -> Result<()> {
    let ns = with_jobs("hooks-slow", &[Job::new("slow").ends_after(Duration::from_secs(12))]).await?;
    let words = format!("{TO_GREEN} --before-switch=cronjob/slow");
    let output = bluegreen(&ns, &format!("{words} --timeout=5s")).await?.ends(4)?;
    ensure!(output.stderr.contains("the same words wait for it again"), "{}", said(&output));
    assert_eq!(active(&ns, "api").await?, "blue");
    let output = bluegreen(&ns, &words).await?.ends(0)?;
    ensure!(output.stderr.contains("is gone on with"), "{}", said(&output));
    assert_eq!(active(&ns, "api").await?, "green");
    Ok(())
}

/// Words would be read by a shell, and what stands in a variable be run.
#[tokio::test]
async fn a_command_is_a_list_of_words() -> Result<()> {
    let ns = with_jobs("hooks-command", &[]).await?;
    let plugin = ns.lab().plugins().join("kubectl-bluegreen");
    let run = async |hook: &str| {
        let words = ["switch", "api", "--to", "green", "--yes", "--verify-for=0", hook];
        Running::start(admin(&ns).plugin(&plugin, &words))?.wait(LIMIT).await
    };
    let before = versions(&ns).await?;
    run(r#"--before-switch=["false"]"#).await?.ends(1)?.tells("exit status: 1")?;
    run(r#"--before-switch=["no-such-program-here"]"#).await?.ends(1)?.tells("before-switch failed")?;
    run("--before-switch=[1]").await?.ends(2)?;
    run("--before-switch=job/x").await?.ends(2)?;
    assert_eq!(versions(&ns).await?, before);
    let said = run(r#"--before-switch=["printf", "%s|%s\n", "$(id) `id`", "a b"]"#).await?.ends(0)?;
    ensure!(said.stderr.contains("before-switch | $(id) `id`|a b"), "{}", said.stderr);
    assert_eq!(active(&ns, "api").await?, "green");
    Ok(())
}

/// What a command has started would go on beside the next try, when nobody waits for it any more.
#[tokio::test]
async fn a_command_that_is_stopped_is_stopped_with_all_that_it_started() -> Result<()> {
    let ns = with_jobs("hooks-group", &[]).await?;
    let folder = tempfile::tempdir()?;
    let (began, late) = (folder.path().join("began"), folder.path().join("late"));
    let script = format!("(date > {}; sleep 8; date > {}) & wait", began.display(), late.display());
    let hook = format!("--before-switch={}", json!(["bash", "-c", script]));
    let plugin = ns.lab().plugins().join("kubectl-bluegreen");
    let words = ["switch", "api", "--to", "green", "--yes", "--verify-for=0", "--timeout=3s", &hook];
    Running::start(admin(&ns).plugin(&plugin, &words))?.wait(LIMIT).await?.ends(4)?;
    ensure!(began.exists(), "it was never run");
    let left = || {
        let found = std::process::Command::new("pgrep").args(["-f", &*late.display().to_string()]).output()?;
        anyhow::Ok(found.status.success())
    };
    // A killed process takes its moment to go; one that was not killed ends by having its say.
    eventually("nothing of it is left", LIMIT, || async { Ok((!left()?).then_some(())) }).await?;
    ensure!(!late.exists(), "what it started went on");
    Ok(())
}

/// A migration's pods would answer users, or what was mistyped be found out in the middle of a release.
#[tokio::test]
async fn what_can_not_be_meant_is_refused_before_the_first_write() -> Result<()> {
    let ns = with_jobs("hooks-refused", &[]).await?;
    let mut serving = Job::new("serving").cron();
    let labels = json!({"app": "api", "version": "green"});
    serving["spec"]["jobTemplate"]["spec"]["template"]["metadata"]["labels"] = labels;
    ns.apply(&serving).await?;
    let mut suspended = Job::new("suspended").cron();
    suspended["spec"]["jobTemplate"]["spec"]["suspend"] = json!(true);
    ns.apply(&suspended).await?;
    let before = versions(&ns).await?;
    for (hook, said) in [
        ("cronjob/serving", "get the traffic of users"),
        ("cronjob/suspended", "would never start"),
        ("cronjob/missing", "not found"),
        ("/no/such/file.yaml", "file.yaml"),
    ] {
        let output = bluegreen(&ns, &format!("{NEXT} --migrate={hook}")).await?;
        ensure!([1, 2].contains(&output.code) && output.stderr.contains(said), "{hook}\n{}", self::said(&output));
    }
    assert_eq!(versions(&ns).await?, before);
    ensure!(jobs(&ns).await?.is_empty(), "a Job was made");
    let user = ns.kubectl_as(bound_to_all(&ns, &["bluegreen-deploy"]).await?.kubeconfig);
    ns.apply(&Job::new("expand").cron()).await?;
    bluegreen_as(&user, &format!("{NEXT} --migrate=cronjob/expand")).await?.ends(1)?;
    assert_eq!(versions(&ns).await?, before);
    Ok(())
}

/// The documented Role would stop halfway.
#[tokio::test]
async fn the_documented_roles_are_enough() -> Result<()> {
    let ns = with_jobs("hooks-roles", &[Job::new("expand").logs("hello"), Job::new("contract")]).await?;
    let user = ns.kubectl_as(bound_to_all(&ns, &["bluegreen-deploy", "bluegreen-hooks"]).await?.kubeconfig);
    let output = bluegreen_as(&user, &format!("{NEXT} --migrate=cronjob/expand --retain=0s")).await?.ends(0)?;
    ensure!(output.stderr.contains("migrate | hello") && !output.stderr.contains("forbidden"), "{}", said(&output));
    let user = ns.kubectl_as(bound_to_all(&ns, &["bluegreen-cleanup", "bluegreen-hooks"]).await?.kubeconfig);
    bluegreen_as(&user, "cleanup api --contract=cronjob/contract --yes").await?.ends(0)?;
    Ok(())
}

/// The release's document is all that a team writes.
#[tokio::test]
async fn a_document_names_its_hooks() -> Result<()> {
    let ns = with_jobs("hooks-document", &[Job::new("smoke")]).await?;
    let folder = tempfile::tempdir()?;
    let manifest = Job::new("expand").logs("by the file").object();
    std::fs::write(folder.path().join("expand.yaml"), manifest.to_string())?;
    let document = json!({"apiVersion": "kubectl-release.dev/v1", "kind": "BlueGreenDeployment",
        "metadata": {"name": "api"}, "spec": {"images": {"app": "registry.example.com/api:1.6.0"}, "verify": {"for": "0s"},
            "hooks": {"migrate": {"manifest": "expand.yaml"}, "beforeSwitch": {"cronJob": "smoke"},
                "afterSwitch": {"command": ["echo", "all done"]}, "contract": {"cronJob": "drop"}}}});
    let file = folder.path().join("release.yaml");
    std::fs::write(&file, document.to_string())?;
    let output = bluegreen(&ns, &format!("deploy -f {} --yes", file.display())).await?.ends(0)?;
    for said in ["migrate | by the file", "after-switch | all done", "cleanup api --contract cronjob/drop"] {
        ensure!(output.stderr.contains(said), "no {said}\n{}", self::said(&output));
    }
    assert_eq!(
        (active(&ns, "api").await?.as_str(), image(&ns, "api-green").await?.as_str()),
        ("green", "registry.example.com/api:1.6.0")
    );
    Ok(())
}
