//! A color that is there gets new images, and then the traffic.

use anyhow::{Context, Result, ensure};
use e2e::bluegreen::app::{active, api, blue_green, color, replicas, rolled_out, scale, taken_down};
use e2e::bluegreen::run::bluegreen;
use e2e::bluegreen::written::{record, versions};
use e2e::common::events::events;
use e2e::common::run::{Ended, finding, finding_ids, said};
use e2e::{LIMIT, namespace};
use lab::fixtures::Behavior;
use serde_json::json;

use super::{NEXT, deployed, images, written};

/// The release of every day: new image on the idle color, traffic to it, the old one kept.
#[tokio::test]
async fn the_idle_color_gets_the_image_and_then_the_traffic() -> Result<()> {
    let ns = namespace("deploy").await?;
    blue_green(&ns, 2).await?;
    let document = deployed(&ns, &format!("{NEXT} --reason=1.6.0")).await?;
    assert_eq!(active(&ns, "api").await?, "green");
    assert_eq!(images(&ns, "api-green").await?, ["registry.example.com/api:1.6.0"]);
    assert_eq!(images(&ns, "api-blue").await?, ["registry.example.com/api:1.4.0"], "the active one is left alone");
    assert_eq!(written(&document), ["deploy/api-green"], "{document:#}");
    let service = &document["services"][0];
    assert_eq!((&service["to"], &service["changed"]), (&json!("green"), &json!(true)), "{document:#}");
    let record = record(&ns, "api").await?;
    assert_eq!(
        (&record["verb"], &record["result"], &record["reason"]),
        (&json!("switch"), &json!("done"), &json!("1.6.0"))
    );
    assert!(events(&ns, "api").await?.contains(&"Switched".to_owned()));
    bluegreen(&ns, "rollback api --yes").await?.ends(0)?;
    assert_eq!(active(&ns, "api").await?, "blue");
    Ok(())
}

/// A job that is retried would put the next release on the color that had just been left, and go back there.
#[tokio::test]
async fn the_same_words_again_have_nothing_to_do() -> Result<()> {
    let ns = namespace("deploy-again").await?;
    blue_green(&ns, 1).await?;
    deployed(&ns, NEXT).await?;
    let before = versions(&ns).await?;
    for words in [NEXT.to_owned(), format!("{NEXT} --to green"), format!("{NEXT} --no-switch")] {
        let document = deployed(&ns, &words).await?;
        assert_eq!(document["services"][0]["state"], "alreadyActive", "{document:#}");
    }
    assert_eq!(versions(&ns).await?, before);
    Ok(())
}

/// The release after it goes to the other color, and says whose way back ends with that.
#[tokio::test]
async fn the_next_release_takes_the_other_color_and_says_which_way_back_ends() -> Result<()> {
    let ns = namespace("deploy-twice").await?;
    blue_green(&ns, 1).await?;
    deployed(&ns, NEXT).await?;
    let words = "deploy api --image app=registry.example.com/api:1.7.0 --yes --verify-for=0";
    let output = bluegreen(&ns, words).await?.ends(0)?;
    ensure!(output.stderr.contains("blue is no way back to api:1.4.0"), "{}", said(&output));
    assert_eq!(active(&ns, "api").await?, "blue");
    assert_eq!(images(&ns, "api-blue").await?, ["registry.example.com/api:1.7.0"]);
    bluegreen(&ns, "rollback api --yes").await?.ends(0)?;
    assert_eq!(images(&ns, "api-green").await?, ["registry.example.com/api:1.6.0"]);
    Ok(())
}

/// A color that was scaled down between releases would get one pod for the load of three.
#[tokio::test]
async fn a_cold_color_is_brought_to_size_in_the_same_write() -> Result<()> {
    let ns = namespace("deploy-cold").await?;
    blue_green(&ns, 3).await?;
    taken_down(&ns, "green").await?;
    let document = deployed(&ns, NEXT).await?;
    assert_eq!((written(&document), replicas(&ns, "api-green").await?), (vec!["deploy/api-green"], 3));
    assert_eq!(replicas(&ns, "api-blue").await?, 3, "the active color's size is nobody's to change");
    Ok(())
}

/// The new version would start on the old one's schema; and a sidecar of somebody else's be exchanged.
#[tokio::test]
async fn init_containers_of_the_same_repository_go_along_and_migrations_are_told() -> Result<()> {
    let ns = namespace("deploy-init").await?;
    let with_init = |name: &str| {
        let image = if name == "blue" { "registry.example.com/api:1.4.0" } else { "registry.example.com/api:1.5.0" };
        color(name, 1, Behavior::Ready)
            .init_container("migrate", image)
            .init_container("wait", "busybox:1.36")
            .container("proxy", "envoy:3")
    };
    rolled_out(&ns, &api().color(with_init("blue")).color(with_init("green"))).await?;
    let document = deployed(&ns, NEXT).await?;
    let next = "registry.example.com/api:1.6.0";
    assert_eq!(images(&ns, "api-green").await?, [next, "envoy:3", next, "busybox:1.36"]);
    ensure!(finding(&document, "init-migrates").is_some(), "{document:#}");
    Ok(())
}

/// A name with a slip in it would deploy nothing and move the traffic.
#[tokio::test]
async fn a_container_that_is_not_there_is_refused_with_those_that_are() -> Result<()> {
    let ns = namespace("deploy-container").await?;
    blue_green(&ns, 1).await?;
    let before = versions(&ns).await?;
    let document =
        bluegreen(&ns, "deploy api --image ap=registry.example.com/api:1.6.0 --yes -ojson").await?.ends(1)?.json()?;
    assert_eq!(document["reason"], "NoSuchContainer");
    let message = document["message"].as_str().unwrap_or_default();
    ensure!(message.contains("found app"), "{document:#}");
    ensure!(document["hint"].as_str().is_some_and(|hint| hint.contains("app")), "{document:#}");
    for words in [
        "--image app=registry.example.com/api:",
        "--image app=a:1 --image app=a:2",
        "",
        "--sync",
        "--images-from /nowhere.json",
    ] {
        bluegreen(&ns, &format!("deploy api --yes {words}")).await?.ends(2)?;
    }
    assert_eq!(versions(&ns).await?, before);
    Ok(())
}

/// The file that CodePipeline's build leaves names the container and its image.
#[tokio::test]
async fn images_come_from_the_file_of_a_build() -> Result<()> {
    let ns = namespace("deploy-file").await?;
    blue_green(&ns, 1).await?;
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("imagedefinitions.json");
    std::fs::write(&file, r#"[{"name":"app","imageUri":"registry.example.com/api:1.6.0"}]"#)?;
    deployed(&ns, &format!("deploy api --images-from {} --yes --verify-for=0", file.display())).await?;
    assert_eq!(images(&ns, "api-green").await?, ["registry.example.com/api:1.6.0"]);
    // What other actions want is another file.
    std::fs::write(&file, r#"{"ImageURI":"registry.example.com/api:1.7.0"}"#)?;
    bluegreen(&ns, &format!("deploy api --images-from {} --yes", file.display())).await?.ends(2)?.tells("imageUri")?;
    Ok(())
}

/// A pod's only container needs no name, and an untagged image is told.
#[tokio::test]
async fn the_only_container_needs_no_name() -> Result<()> {
    let ns = namespace("deploy-only").await?;
    blue_green(&ns, 1).await?;
    let document = deployed(&ns, "deploy api --image registry.example.com/web --yes --verify-for=0").await?;
    let ids = finding_ids(&document);
    for id in ["image-untagged", "other-repository"] {
        ensure!(ids.iter().any(|known| known == id), "{id}: {document:#}");
    }
    assert_eq!(images(&ns, "api-green").await?, ["registry.example.com/web"]);
    Ok(())
}

/// A color that somebody changed by hand would go live with that, and nobody would know; its own settings
/// would be lost where it is brought in line.
#[tokio::test]
async fn what_was_edited_by_hand_is_told_and_synced_where_asked_for() -> Result<()> {
    let ns = namespace("deploy-edited").await?;
    blue_green(&ns, 1).await?;
    let app = json!({"name": "app", "env": [{"name": "NEW_BASKET", "value": "on"}, {"name": "DB_PASSWORD", "value": "hunter2"}], "resources": {"limits": {"memory": "256Mi"}}});
    let patch = json!({"spec": {"template": {"spec": {"containers": [app]}}}}).to_string();
    ns.kubectl(&["patch", "deployment", "api-green", "-p", &patch]).await?.ends(0)?;
    ns.rolled_out("deployment/api-green", e2e::LIMIT).await?;
    let shown = bluegreen(&ns, &format!("{NEXT} --dry-run -ojson")).await?.ends(0)?;
    ensure!(!shown.stdout.contains("hunter2"), "a secret is shown\n{}", said(&shown));
    let differences = shown.json()?["workloads"][0]["differences"].clone();
    let paths: Vec<&str> = differences.as_array().into_iter().flatten().filter_map(|d| d["path"].as_str()).collect();
    assert_eq!(
        paths,
        [
            "containers[app].env[DB_PASSWORD]",
            "containers[app].env[NEW_BASKET]",
            "containers[app].resources.limits.memory"
        ]
    );
    deployed(&ns, &format!("{NEXT} --sync")).await?;
    let green = ns.kubectl(&["get", "deploy", "api-green", "-ojson"]).await?.json()?;
    let container = &green["spec"]["template"]["spec"]["containers"][0];
    assert_eq!(container["resources"]["limits"]["memory"], "512Mi");
    ensure!(container["env"].to_string().contains("NEW_BASKET"), "its own environment is lost: {container:#}");
    assert_eq!(container["image"], "registry.example.com/api:1.6.0");
    Ok(())
}

/// One of two workloads of the color would stay on the old version, or a worker get the server's image.
#[tokio::test]
async fn each_workload_of_a_color_gets_the_images_of_its_own() -> Result<()> {
    let ns = namespace("deploy-worker").await?;
    blue_green(&ns, 1).await?;
    for name in ["blue", "green"] {
        let mut worker = color(name, 1, Behavior::Ready);
        worker = worker.container("side", "registry.example.com/side:1");
        let mut object = api().workload(&worker);
        object["metadata"]["name"] = json!(format!("api-worker-{name}"));
        for labels in ["/spec/selector/matchLabels", "/spec/template/metadata/labels"] {
            object.pointer_mut(labels).expect("labels")["part"] = json!("worker");
        }
        object["spec"]["template"]["spec"]["containers"][0]["image"] = json!("registry.example.com/worker:1");
        ns.apply(&object).await?;
        ns.rolled_out(&format!("deployment/api-worker-{name}"), e2e::LIMIT).await?;
    }
    deployed(&ns, NEXT).await?;
    assert_eq!(images(&ns, "api-green").await?, ["registry.example.com/api:1.6.0"]);
    assert_eq!(images(&ns, "api-worker-green").await?[0], "registry.example.com/worker:1");
    scale(&ns, "api-blue", 1).await?;
    let refused =
        bluegreen(&ns, "deploy api --image app=registry.example.com/third:1 --yes -ojson").await?.ends(1)?.json()?;
    assert_eq!(refused["reason"], "AmbiguousContainer", "{refused:#}");
    Ok(())
}

/// Whoever releases the proxy would put an older application live with it.
#[tokio::test]
async fn a_container_that_was_not_named_and_is_another_than_the_live_one_is_told() -> Result<()> {
    let ns = namespace("deploy-two-parts").await?;
    let two = |name: &str, app: &str| {
        let workload = color(name, 1, Behavior::Ready).container("proxy", "registry.example.com/proxy:7");
        let mut workload = api().workload(&workload);
        workload["spec"]["template"]["spec"]["containers"][0]["image"] =
            json!(format!("registry.example.com/api:{app}"));
        workload
    };
    ns.apply_all(&[two("blue", "1.5.0"), two("green", "1.4.0"), api().service("blue")]).await?;
    for deployment in ["deployment/api-blue", "deployment/api-green"] {
        ns.rolled_out(deployment, LIMIT).await?;
    }
    let words = "deploy api --image proxy=registry.example.com/proxy:8 --yes --verify-for=0";
    let document = bluegreen(&ns, &format!("{words} -ojson")).await?.ends(1)?.json()?;
    let found = finding(&document, "image-differs").with_context(|| format!("{document:#}"))?;
    let message = found["message"].as_str().unwrap_or_default();
    ensure!(message.contains("1.4.0") && message.contains("1.5.0"), "{document:#}");
    assert_eq!(active(&ns, "api").await?, "blue");
    bluegreen(&ns, &format!("{words} --sync")).await?.ends(0)?;
    let live = images(&ns, "api-green").await?;
    ensure!(live.contains(&"registry.example.com/api:1.5.0".to_owned()), "{live:?}");
    ensure!(live.contains(&"registry.example.com/proxy:8".to_owned()), "{live:?}");
    Ok(())
}
