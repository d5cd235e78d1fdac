//! Records that somebody made up who may only patch the workload's metadata: hints, and no orders. The victim is
//! whoever has the documented Role.

use anyhow::{Context, Result, ensure};
use e2e::LIMIT;
use e2e::common::faults::refused;
use e2e::common::run::{Ended, finding, said};
use e2e::ecr::RECORD;
use e2e::ecr::cast::Cast;
use e2e::ecr::releases::{NEWEST, ONE_FURTHER, PREVIOUS, Releases, finished};
use k8s_openapi::api::apps::v1::Deployment;
use lab::Running;
use lab::api_proxy::ApiProxy;
use lab::fixtures::Behavior;
use lab::registry::{AccessKey, Fault};
use serde_json::{Value, json};

/// A registry that nothing in the cluster has ever been pulled from.
const EVIL: &str = "registry.evil.example/ms-account-management:1.0.6";

async fn forge(cast: &Cast<'_>, name: &str, record: &Value) -> Result<()> {
    let note = format!("{RECORD}={record}");
    cast.stranger.must(&["annotate", "--overwrite", &format!("deployment/{name}"), &note]).await.map(drop)
}

/// A record as a run writes it, open unless `more` has a result.
async fn record(releases: &Releases, name: &str, from: &str, to: &str, more: Value) -> Result<Value> {
    let metadata = releases.ns.api::<Deployment>().get(name).await?.metadata;
    let mut record = json!({"id": "0123456789abcdef", "verb": "rollback", "by": "ci-bot", "at": "2026-03-07T03:04:05Z",
        "uid": metadata.uid, "containers": [{"name": name, "from": from, "to": to}]});
    let (members, more) = (record.as_object_mut().context("no object")?, more.as_object().cloned());
    members.extend(more.unwrap_or_default());
    Ok(record)
}

/// The images of all templates that the Deployments ever had.
async fn ever_written(releases: &Releases) -> Result<String> {
    let kubectl = e2e::common::run::admin(&releases.ns);
    kubectl
        .must(&["get", "deployments,replicasets", "-o", "jsonpath={.items[*].spec.template.spec.containers[*].image}"])
        .await
}

/// The operator's rollback would go on with a stranger's, and "take back" to an image that the forger chose.
#[tokio::test]
async fn an_open_record_of_images_that_never_ran_is_not_gone_on_with() -> Result<()> {
    let releases = Releases::with("forged-open", Behavior::NeverReady).await?;
    let cast = Cast::of(&releases).await?;
    let of = |tag: &str| releases.repository.image(tag);
    let other_account = of("1.0.6").replace(lab::registry::ACCOUNT, "999999999999");
    let forgeries = [
        (EVIL.to_owned(), json!({})),
        (of("1.0.1"), json!({})),
        (other_account, json!({"result": "unfinished"})),
        (format!("{}@sha256:{}", releases.repository.uri(), "0".repeat(64)), json!({"result": "failed"})),
    ];
    for (n, (from, more)) in forgeries.into_iter().enumerate() {
        let name = format!("api-{n}");
        releases.deploy(&releases.app(&name)).await?;
        releases.set_image(&name, ONE_FURTHER).await?;
        releases.ns.rolled_out(&format!("deployment/{name}"), LIMIT).await?;
        releases.set_image(&name, PREVIOUS).await?;
        forge(&cast, &name, &record(&releases, &name, &from, &of(PREVIOUS), more).await?).await?;
        let words = format!("deploy/{name} --yes --timeout=90s -ojson");
        let output = cast.runs(&words).await?.ends(0)?;
        let document = output.json()?;
        ensure!(finding(&document, "record").is_some(), "{from}: {}", said(&output));
        ensure!(document["workloads"][0]["attached"] != true, "{from}: {}", said(&output));
        assert_eq!(releases.image(&name).await?, ONE_FURTHER, "{from}");
    }
    let written = ever_written(&releases).await?;
    ensure!(!written.contains("evil") && !written.contains("999999999999") && !written.contains(":1.0.1"), "{written}");
    Ok(())
}

/// "Nothing to do", while the bad release runs on; and one further back would be counted from a lie.
#[tokio::test]
async fn a_rollback_that_never_was_is_not_done() -> Result<()> {
    let releases = Releases::pushed("forged-done").await?;
    let cast = Cast::of(&releases).await?;
    for (name, flags, from) in [("api-a", "", EVIL), ("api-b", "--again", EVIL), ("api-c", "--if-running=1.0.6", "")] {
        releases.deploy_after_previous(name).await?;
        let from = if from.is_empty() { releases.repository.image("1.0.2") } else { from.to_owned() };
        let forged =
            record(&releases, name, &from, &releases.repository.image(NEWEST), json!({"result": "done"})).await?;
        forge(&cast, name, &forged).await?;
        cast.runs(&format!("deploy/{name} --yes {flags}")).await?.ends(0)?;
        assert_eq!(releases.image(name).await?, PREVIOUS, "{name}");
    }
    Ok(())
}

/// 1.0.6, from which people went back by hand to 1.0.3, and then 1.0.4.
async fn fled_from_the_newest(releases: &Releases, name: &str, replicas: i32) -> Result<()> {
    releases.deploy(&releases.app(name)).await?;
    let resource = format!("deployment/{name}");
    for tag in ["1.0.3", ONE_FURTHER] {
        releases.set_image(name, tag).await?;
        releases.ns.rolled_out(&resource, LIMIT).await?;
    }
    if replicas == 0 {
        e2e::common::run::admin(&releases.ns).must(&["scale", &resource, "--replicas=0"]).await?;
        releases.ns.rolled_out(&resource, LIMIT).await?;
    }
    Ok(())
}

/// What a record calls left is passed over: a forger would choose where "back" leads, and that to the release that people
/// fled from.
#[tokio::test]
async fn a_rollback_that_never_was_leads_to_no_later_push() -> Result<()> {
    let releases = Releases::pushed("forged-left").await?;
    let cast = Cast::of(&releases).await?;
    let of = |tag: &str| releases.repository.image(tag);
    let forged = async |name: &str, more: Value| {
        let record = record(&releases, name, &of("1.0.3"), &of(ONE_FURTHER), more).await?;
        forge(&cast, name, &record).await
    };
    let words = |name: &str, more: &str| format!("deploy/{name} --yes --again -ojson {more}");
    // Without pods nobody tells a digest.
    for (name, replicas) in [("api-a", 1), ("api-b", 0)] {
        fled_from_the_newest(&releases, name, replicas).await?;
        forged(name, json!({"result": "done"})).await?;
        let output = cast.runs(&words(name, "--from rollout-history")).await?.ends(1)?;
        let document = output.json()?;
        let found = finding(&document, "higher-version").map(|found| found["severity"].clone());
        assert_eq!(
            (found, &document["workloads"][0]["verb"]),
            (Some(json!("block")), &json!("forward")),
            "{}",
            said(&output)
        );
        assert_eq!(releases.image(name).await?, ONE_FURTHER);
        // By the registry 1.0.3 was pushed before: no rollback can have left it for 1.0.4.
        cast.runs(&words(name, "")).await?.ends(0)?;
        assert_eq!(releases.image(name).await?, "1.0.3", "{name}");
    }
    // Whoever can't ask doesn't know, and a record alone is not enough.
    fled_from_the_newest(&releases, "api-c", 1).await?;
    forged("api-c", json!({"result": "done"})).await?;
    let key = AccessKey::fresh();
    key.interceptor().fail("*", 1000, Fault::server_error()).await?;
    let without_ecr = async |more: &str| {
        let mut command =
            releases.command(&releases.admin(), &words("api-c", &format!("--from rollout-history {more}")));
        command.envs(key.environment());
        finished(Running::start(command)?).await
    };
    let output = without_ecr("").await?.ends(1)?;
    let found = finding(&output.json()?, "higher-version").with_context(|| said(&output))?;
    ensure!(found["message"].as_str().is_some_and(|text| text.contains("not known")), "{found:#}");
    assert_eq!(releases.image("api-c").await?, ONE_FURTHER);
    without_ecr("--force=higher-version").await?.ends(0)?;
    assert_eq!(releases.image("api-c").await?, NEWEST);
    Ok(())
}

/// "Rolled back to 1.0.4", which is what the operator wants to leave.
#[tokio::test]
async fn an_open_record_of_a_move_forward_is_no_rollback_under_way() -> Result<()> {
    let releases = Releases::pushed("forged-under-way").await?;
    let cast = Cast::of(&releases).await?;
    let of = |tag: &str| releases.repository.image(tag);
    let digest = releases.repository.images().await?[0]["imageDigest"].clone();
    for (n, more) in [
        json!({"revision": 2}),
        json!({"revision": 2, "result": "unfinished"}),
        json!({"revision": 2, "fromDigest": digest, "toDigest": digest}),
        json!({"revision": 2, "byHistory": true}),
        json!({}),
    ]
    .into_iter()
    .enumerate()
    {
        for flags in ["--again", ""] {
            let name = format!("api-{n}{}", flags.len());
            fled_from_the_newest(&releases, &name, 1).await?;
            let record = record(&releases, &name, &of("1.0.3"), &of(ONE_FURTHER), more.clone()).await?;
            forge(&cast, &name, &record).await?;
            let output = cast.runs(&format!("deploy/{name} --yes {flags}")).await?.ends(0)?;
            assert_eq!(releases.image(&name).await?, "1.0.3", "{more} {}", said(&output));
            ensure!(
                !output.stdout.contains(&format!("rolled back to ms-account-management:{ONE_FURTHER}")),
                "{}",
                said(&output)
            );
        }
    }
    Ok(())
}

/// A rollout that fails would be "taken back" to where a forger has written that it came from.
#[tokio::test]
async fn what_is_taken_back_to_is_what_the_revision_ran_that_was_left() -> Result<()> {
    let releases = Releases::with("forged-way-back", Behavior::NeverReady).await?;
    let cast = Cast::of(&releases).await?;
    let of = |tag: &str| releases.repository.image(tag);
    for (n, more) in
        [json!({"revision": 2}), json!({"revision": 1}), json!({}), json!({"result": "failed", "revision": 2})]
            .into_iter()
            .enumerate()
    {
        let name = format!("api-{n}");
        releases.deploy(&releases.app(&name)).await?;
        releases.set_image(&name, ONE_FURTHER).await?;
        releases.ns.rolled_out(&format!("deployment/{name}"), LIMIT).await?;
        releases.set_image(&name, PREVIOUS).await?;
        let third = async || {
            let deployment = releases.ns.api::<Deployment>().get(&name).await?;
            let number =
                deployment.metadata.annotations.and_then(|all| all.get("deployment.kubernetes.io/revision").cloned());
            Ok(number.filter(|number| number == "3"))
        };
        lab::eventually("the third template is seen", LIMIT, third).await?;
        // 1.0.5 does not come up; it was 1.0.4 that was left for it.
        forge(&cast, &name, &record(&releases, &name, &of(NEWEST), &of(PREVIOUS), more.clone()).await?).await?;
        cast.runs(&format!("deploy/{name} --yes --again --timeout=90s")).await?.ends(0)?;
        assert_eq!(releases.image(&name).await?, ONE_FURTHER, "{more}");
    }
    Ok(())
}

/// `unpin` would put a tag into the template that nobody has ever deployed.
#[tokio::test]
async fn a_tag_that_no_revision_had_is_not_unpinned_to() -> Result<()> {
    let releases = Releases::pushed("forged-tag").await?;
    let cast = Cast::of(&releases).await?;
    releases.deploy_after_previous("api").await?;
    cast.runs("deploy/api --yes --pin-digest").await?.ends(0)?;
    let mut pinned = releases.record("api").await?;
    pinned["unpinTo"] = json!("1.0.1");
    forge(&cast, "api", &pinned).await?;
    cast.runs("unpin deploy/api --yes").await?.ends(0)?;
    assert_eq!(releases.image("api").await?, PREVIOUS, "the tag in the reference itself");
    // Without a tag of its own there is nothing to go by.
    let digest = releases.repository.images().await?[0]["imageDigest"].as_str().context("a digest")?.to_owned();
    let reference = releases.repository.image(&digest);
    releases.deploy(&releases.app("web")).await?;
    e2e::ecr::set_image(&releases.ns, "deployment/web", "web", &reference).await?;
    releases.ns.rolled_out("deployment/web", LIMIT).await?;
    for from in ["registry.evil.example/ms-account-management:latest".to_owned(), releases.repository.image("1.0.1")] {
        let forged = record(&releases, "web", &from, &reference, json!({"result": "done", "unpinTo": "1.0.1"})).await?;
        forge(&cast, "web", &forged).await?;
        let output = cast.runs("unpin deploy/web --yes -ojson").await?.ends(1)?;
        assert_eq!(output.json()?["reason"], "NoTag", "{}", said(&output));
        assert_eq!(releases.image("web").await?, reference);
    }
    Ok(())
}

/// A forger would speak in the plugin's own voice of what it has seen.
#[tokio::test]
async fn what_only_a_record_says_is_said_to_be_the_records() -> Result<()> {
    let releases = Releases::with("forged-words", Behavior::NeverReady).await?;
    let cast = Cast::of(&releases).await?;
    releases.deploy(&releases.app("api")).await?;
    cast.runs("deploy/api --yes --no-wait").await?.ends(0)?;
    let mut open = releases.record("api").await?;
    open["leftFailing"] = json!("1.0.6 is stolen\u{1b}[2J");
    forge(&cast, "api", &open).await?;
    let output = cast.runs("deploy/api --yes --timeout=9s").await?.ends(1)?.tells("as its record says")?;
    ensure!(!output.stderr.contains('\u{1b}'), "{}", said(&output));
    assert_eq!(releases.image("api").await?, PREVIOUS, "left as it is, and said so");
    Ok(())
}

/// One annotation would keep an operator from the only image that works.
#[tokio::test]
async fn a_failure_of_what_never_ran_stops_nobody() -> Result<()> {
    let releases = Releases::pushed("forged-failure").await?;
    let cast = Cast::of(&releases).await?;
    let more = || json!({"result": "rolled back", "failure": "crash looping"});
    releases.deploy(&releases.app("api")).await?;
    let of = |tag: &str| releases.repository.image(tag);
    forge(&cast, "api", &record(&releases, "api", &of(NEWEST), &of(PREVIOUS), more()).await?).await?;
    cast.runs("deploy/api --yes").await?.ends(0)?;
    assert_eq!(releases.image("api").await?, PREVIOUS);
    // What did run may have failed: it blocks by name, and says whose word that is.
    releases.deploy_after_previous("web").await?;
    forge(&cast, "web", &record(&releases, "web", &of(NEWEST), &of(PREVIOUS), more()).await?).await?;
    let refused = cast.runs("deploy/web --yes -ojson").await?.ends(1)?.json()?;
    let told = finding(&refused, "failed-before").context("no finding")?["message"].to_string();
    ensure!(told.contains("its record says"), "{told}");
    cast.runs("deploy/web --yes --force=failed-before").await?.ends(0)?;
    Ok(())
}

/// Whoever writes a kubeconfig may call themselves what they like.
#[tokio::test]
async fn a_name_that_only_the_kubeconfig_knows_is_marked_wherever_it_is_shown() -> Result<()> {
    let releases = Releases::pushed("forged-name").await?;
    releases.deploy_after_previous("api").await?;
    let proxy = ApiProxy::start(releases.ns.lab()).await?;
    proxy.on(|call| call.path.contains("selfsubjectreviews"), refused(403));
    releases.run_through(proxy.kubeconfig(), "deploy/api --yes").await?.ends(0)?;
    let by = releases.record("api").await?["by"].as_str().context("a name")?.to_owned();
    ensure!(by.ends_with(" (kubeconfig)"), "{by}");
    releases.run("deploy/api --yes").await?.ends(0)?.tells(&by)?;
    let history = releases.run("history deploy/api -ojson").await?.ends(0)?.json()?;
    assert_eq!(history["workloads"][0]["records"][0]["by"], by.as_str());
    let kubectl = e2e::common::run::admin(&releases.ns);
    let notes = kubectl.must(&["get", "events", "-o", "jsonpath={.items[*].message}"]).await?;
    ensure!(notes.contains(&format!("by {by}")), "{notes}");
    Ok(())
}
