//! Records, settings and copies written by somebody who may patch a Service and nothing else: hints, and
//! nobody's orders.

use anyhow::{Result, ensure};
use e2e::bluegreen::app::{api, color, replicas, rolled_out};
use e2e::bluegreen::run::{bluegreen, bluegreen_as};
use e2e::bluegreen::written::{RECORD, record};
use e2e::bluegreen::{active, blue_green};
use e2e::common::permissions::{bound_to, writer_of};
use e2e::common::run::Ended;
use e2e::namespace;
use k8s_openapi::api::core::v1::Service;
use lab::fixtures::{App, Behavior};
use lab::{Kubectl, Namespace};
use serde_json::{Value, json};

const NIGHTLY: &str = "cleanup --due --yes -ojson";

/// May write Services, and see nothing but pods; and the operator's nightly job with the documented Role.
async fn forger_and_victim(ns: &Namespace) -> Result<(Kubectl, Kubectl)> {
    let forger = writer_of(ns, "", "services").await?;
    let victim = ns.kubectl_as(bound_to(ns, "bluegreen-cleanup").await?.kubeconfig);
    Ok((forger, victim))
}

async fn write(forger: &Kubectl, key: &str, value: &str) -> Result<()> {
    let patch = json!({"metadata": {"annotations": {key: value}}}).to_string();
    forger.run(&["patch", "service", "api", "-p", &patch]).await?.ends(0).map(drop)
}

fn forged(key: &str, from: &str, to: &str, selector: &Value) -> String {
    json!({"id": "f", "verb": "switch", "key": key, "from": from, "to": to, "by": "ops", "at": "2026-01-01T00:00:00Z",
        "retainSeconds": 0, "selector": selector, "result": "done"})
    .to_string()
}

/// `api` and `web` of the same versions, side by side.
async fn two_applications(test: &str) -> Result<Namespace> {
    let ns = namespace(test).await?;
    blue_green(&ns, 1).await?;
    let ready = |name| color(name, 1, Behavior::Ready);
    rolled_out(&ns, &App::new("web").key("version").color(ready("blue")).color(ready("green"))).await?;
    Ok(ns)
}

async fn sizes(ns: &Namespace, of: &[&str]) -> Result<Vec<i32>> {
    let mut sizes = Vec::new();
    for name in of {
        sizes.push(replicas(ns, name).await?);
    }
    Ok(sizes)
}

/// A record whose track key is `app` makes another application look like the color that was left.
#[tokio::test]
async fn another_application_is_no_color_because_a_record_says_so() -> Result<()> {
    let ns = two_applications("forged-key").await?;
    let (forger, victim) = forger_and_victim(&ns).await?;
    for key in [RECORD, "kubectl-release.dev/track-key"] {
        let text = if key == RECORD {
            forged("app", "web", "api", &json!({"app": "web", "version": "blue"}))
        } else {
            "app".to_owned()
        };
        write(&forger, key, &text).await?;
        for words in
            [NIGHTLY, "cleanup api --yes", "cleanup api --before-due --yes", "cleanup api --delete --before-due --yes"]
        {
            bluegreen_as(&victim, words).await?;
            assert_eq!(sizes(&ns, &["api-blue", "api-green", "web-blue", "web-green"]).await?, [1; 4], "{words}");
        }
        let status = bluegreen(&ns, "status api -ojson").await?.json()?;
        ensure!(status.to_string().contains("--track-key app"), "nobody is told: {status:#}");
        for words in ["rollback api --yes", "rollback api --now --yes", "switch api --to web --yes --verify-for=0"] {
            bluegreen(&ns, words).await?;
            let selector =
                ns.api::<Service>().get("api").await?.spec.and_then(|spec| spec.selector).unwrap_or_default();
            assert_eq!(selector["app"], "api", "{words}");
        }
    }
    Ok(())
}

/// The label that tells applications apart can be typed; what the records don't know is left alone all
/// the same, and no command of ours says how to take it down.
#[tokio::test]
async fn a_typed_key_takes_no_other_application_down() -> Result<()> {
    let ns = two_applications("typed-key").await?;
    for words in ["cleanup api --track-key app --yes -ojson", "cleanup api --track-key app --before-due --yes -ojson"] {
        let document = bluegreen(&ns, words).await?.ends(1)?.json()?;
        assert_eq!(document["services"][0]["reason"], "noRecord", "{document:#}");
        ensure!(document["next"].as_str().is_some_and(|next| next.contains("status api")), "{document:#}");
    }
    assert_eq!(sizes(&ns, &["api-blue", "api-green", "web-blue", "web-green"]).await?, [1; 4]);
    Ok(())
}

/// A color that no switch left may be the next release.
#[tokio::test]
async fn only_a_color_that_a_switch_left_is_taken_down() -> Result<()> {
    let ns = namespace("forged-left").await?;
    blue_green(&ns, 1).await?;
    let document = bluegreen(&ns, "cleanup api --before-due --yes -ojson").await?.ends(1)?.json()?;
    assert_eq!(document["services"][0]["reason"], "noRecord", "{document:#}");
    // Along another label than that of the colors, a record says nothing of them.
    let text = forged("tier", "green", "blue", &json!({"app": "api", "version": "blue", "tier": "green"}));
    write(&forger_and_victim(&ns).await?.0, RECORD, &text).await?;
    let document = bluegreen(&ns, "cleanup api --before-due --yes -ojson").await?.ends(1)?.json()?;
    assert_eq!(document["services"][0]["reason"], "noRecord", "{document:#}");
    assert_eq!(replicas(&ns, "api-green").await?, 1);
    Ok(())
}

/// With its time put back, the way back of a release of this minute would be gone tonight.
#[tokio::test]
async fn a_record_is_no_older_than_its_writing() -> Result<()> {
    let ns = namespace("forged-time").await?;
    blue_green(&ns, 1).await?;
    bluegreen(&ns, "switch api --to green --yes --verify-for=0 --retain=1h").await?.ends(0)?;
    let (forger, victim) = forger_and_victim(&ns).await?;
    let mut record = record(&ns, "api").await?;
    record["at"] = json!("2026-01-01T00:00:00Z");
    write(&forger, RECORD, &record.to_string()).await?;
    bluegreen_as(&victim, NIGHTLY).await?.ends(0)?;
    let document = bluegreen_as(&victim, "cleanup api --yes -ojson").await?.ends(1)?.json()?;
    assert_eq!(document["services"][0]["reason"], "notDue", "{document:#}");
    assert_eq!(replicas(&ns, "api-blue").await?, 1);
    Ok(())
}

/// A Service made from a copy of another one has its record, and was never switched.
#[tokio::test]
async fn a_copied_service_was_not_switched() -> Result<()> {
    let ns = namespace("forged-copy").await?;
    blue_green(&ns, 1).await?;
    bluegreen(&ns, "switch api --to green --yes --verify-for=0 --retain=0s").await?.ends(0)?;
    let text = record(&ns, "api").await?.to_string();
    let mut copy = api().service("green");
    copy["metadata"] = json!({"name": "copy", "annotations": {RECORD: text}});
    ns.apply(&copy).await?;
    // Nobody else's Service stands for the color, so that the copy alone decides.
    ns.api::<Service>().delete("api", &kube::api::DeleteParams::default()).await?;
    let document = bluegreen(&ns, NIGHTLY).await?.ends(1)?.json()?;
    assert_eq!(document["services"][0]["reason"], "noTime", "{document:#}");
    let document = bluegreen(&ns, "cleanup copy --yes -ojson").await?.ends(1)?.json()?;
    ensure!(document["next"].as_str().is_some_and(|next| next.contains("status copy")), "{document:#}");
    assert_eq!(replicas(&ns, "api-blue").await?, 1);
    Ok(())
}

/// A note of a result, or of another color's clean-up, is no new start of the time that a color is kept.
#[tokio::test]
async fn notes_put_no_retention_off() -> Result<()> {
    let ns = namespace("forged-notes").await?;
    let app = ["blue", "green", "red"].iter().fold(api(), |app, name| app.color(color(name, 1, Behavior::Ready)));
    rolled_out(&ns, &app).await?;
    bluegreen(&ns, "switch api --to red --yes --verify-for=0 --retain=0s").await?.ends(0)?;
    bluegreen(&ns, "switch api --to green --yes --verify-for=0 --retain=0s").await?.ends(0)?;
    let times = || async {
        let service = ns.api::<Service>().get("api").await?;
        let mut found: Vec<_> = service
            .metadata
            .managed_fields
            .unwrap_or_default()
            .into_iter()
            .filter_map(|entry| Some((entry.manager?, entry.time?.0)))
            .collect();
        found.sort();
        anyhow::Ok(found)
    };
    let time_of =
        |all: &[(String, jiff::Timestamp)], name: &str| all.iter().find(|(m, _)| m == name).map(|(_, at)| *at);
    let before = times().await?;
    tokio::time::timeout(e2e::LIMIT, async {
        // The API server counts seconds.
        while jiff::Timestamp::now().as_second() <= time_of(&before, "kubectl-release").unwrap_or_default().as_second()
        {
            tokio::task::yield_now().await;
        }
    })
    .await?;
    bluegreen(&ns, "cleanup api --color red --yes").await?.ends(0)?;
    let after = times().await?;
    assert_eq!(time_of(&after, "kubectl-release"), time_of(&before, "kubectl-release"), "{after:?}");
    ensure!(time_of(&after, "kubectl-release-notes") > time_of(&before, "kubectl-release-notes"), "{after:?}");
    bluegreen(&ns, "status api").await?.ends(0)?;
    assert_eq!(active(&ns, "api").await?, "green");
    Ok(())
}

/// A component of the same application that no Service ever selected would be taken down.
#[tokio::test]
async fn a_record_of_a_service_that_was_never_moved_is_no_record() -> Result<()> {
    let ns = namespace("forged-never").await?;
    let (forger, victim) = forger_and_victim(&ns).await?;
    let worker = color("worker", 1, Behavior::Ready);
    rolled_out(&ns, &App::new("api").key("module").color(color("web", 1, Behavior::Ready)).color(worker)).await?;
    write(&forger, RECORD, &forged("module", "worker", "web", &json!({"app": "api", "module": "worker"}))).await?;
    for words in [NIGHTLY, "cleanup api --yes -ojson", "cleanup api --delete --yes -ojson"] {
        let document = bluegreen_as(&victim, words).await?.ends(1)?.json()?;
        ensure!(document["next"].as_str().is_none_or(|next| !next.contains("cleanup")), "{document:#}");
        assert_eq!(replicas(&ns, "api-worker").await?, 1, "{words}");
    }
    Ok(())
}

/// One word of a record would send production to a release that nobody has seen.
#[tokio::test]
async fn a_rollback_goes_where_no_forged_record_sends_it() -> Result<()> {
    let ns = namespace("forged-to").await?;
    let app = ["blue", "green", "red"].iter().fold(api(), |app, name| app.color(color(name, 1, Behavior::Ready)));
    rolled_out(&ns, &app).await?;
    bluegreen(&ns, "switch api --to green --yes --verify-for=0").await?.ends(0)?;
    let (forger, _) = forger_and_victim(&ns).await?;
    let ours = record(&ns, "api").await?;
    let with = |change: fn(&mut Value)| {
        let mut record = ours.clone();
        change(&mut record);
        record.to_string()
    };
    let forgeries = [
        with(|record| record["to"] = json!("red")),
        with(|record| (record["from"], record["selector"]["version"]) = (json!("red"), json!("red"))),
    ];
    for text in forgeries {
        write(&forger, RECORD, &text).await?;
        write(&forger, "kubectl-release.dev/accept", "changed-since,newer-than-active").await?;
        bluegreen(&ns, "rollback api --yes").await?.ends(1)?;
        assert_eq!(active(&ns, "api").await?, "green", "{text}");
    }
    Ok(())
}
