//! What is no one release, and what only looks: nothing is written.

use anyhow::{Result, ensure};
use e2e::bluegreen::run::bluegreen;
use e2e::bluegreen::written::versions;
use e2e::common::run::{Ended, said};
use serde_json::Value;

use super::super::document::File;
use super::{API, AT_ONCE, WEB, both, document, ready, two};

/// One document's word would be dropped for the other's, or done to both.
#[tokio::test]
async fn documents_that_contradict_each_other_are_refused_by_name() -> Result<()> {
    let ns = two("several-contradict", ready()).await?;
    let before = versions(&ns).await?;
    for (name, api, field) in [
        ("back", "rollbackOnFailure: false", "spec.rollbackOnFailure"),
        ("key", "trackKey: color", "spec.trackKey"),
        ("router", "router: service", "spec.router"),
        ("told", "notify: [{slack: secret/a/b}]", "spec.notify"),
    ] {
        let file = both(name, api, AT_ONCE)?;
        let output = bluegreen(&ns, &file.words("--yes")).await?.ends(2)?;
        output.tells(field)?.tells("line 9")?.tells("(line 2)")?;
    }
    let text = document("api", API, AT_ONCE)
        + &document("web", WEB, AT_ONCE).replace("name: web", "name: web, namespace: other");
    let file = File::new("several-namespaces", text)?;
    bluegreen(&ns, &file.words("--yes")).await?.ends(2)?.tells("metadata.namespace is other for service/web")?;
    let file = both("typed", AT_ONCE, AT_ONCE)?;
    bluegreen(&ns, &file.words("--image app=r.io/x:1 --yes")).await?.ends(2)?.tells("--image is for one Service")?;
    bluegreen(&ns, &file.words("worker --yes")).await?.ends(2)?.tells("service/worker")?;
    assert_eq!(versions(&ns).await?, before);
    Ok(())
}

/// What blocks one of them would be found once the others have moved.
#[tokio::test]
async fn what_blocks_one_refuses_all_before_any_write() -> Result<()> {
    let ns = two("several-blocked", ready()).await?;
    let freeze = "kubectl-release.dev/freeze=2099-01-01T00:00Z quarter";
    e2e::common::run::admin(&ns).run(&["annotate", "service", "web", freeze]).await?.ends(0)?;
    let before = versions(&ns).await?;
    let file = both("blocked", AT_ONCE, AT_ONCE)?;
    let report = bluegreen(&ns, &file.words("--yes -ojson")).await?.ends(1)?.json()?;
    let about = report["findings"].as_array().into_iter().flatten().find(|one| one["id"] == "frozen");
    ensure!(about.is_some_and(|one| one.to_string().contains("web")), "{report:#}");
    assert_eq!(versions(&ns).await?, before);
    Ok(())
}

/// Whoever only looks would have released, or seen half of it.
#[tokio::test]
async fn dry_runs_show_all_and_write_nothing() -> Result<()> {
    let ns = two("several-dry", ready()).await?;
    let before = versions(&ns).await?;
    let file = both("dry", AT_ONCE, AT_ONCE)?;
    for mode in ["client", "server"] {
        let output = bluegreen(&ns, &file.words(&format!("--dry-run={mode}"))).await?.ends(0)?;
        for part in
            ["deploy/api-green", "deploy/web-green", "service/api switched to green", "service/web switched to green"]
        {
            ensure!(output.stdout.contains(part), "{mode} {part}\n{}", said(&output));
        }
        let report = bluegreen(&ns, &file.words(&format!("--dry-run={mode} -ojson"))).await?.ends(0)?.json()?;
        assert_eq!(report["services"].as_array().map(Vec::len), Some(2), "{report:#}");
    }
    let manifests = bluegreen(&ns, &file.words("--dry-run=client -oyaml")).await?.ends(0)?.stdout;
    let kinds: Vec<&str> = manifests.lines().filter_map(|line| line.strip_prefix("kind: ")).collect();
    assert_eq!(kinds, ["Deployment", "Deployment", "Service", "Service"], "{manifests}");
    assert_eq!(versions(&ns).await?, before);
    Ok(())
}

/// A build's one file of images would be given to whoever has a container of that name, or be refused.
#[tokio::test]
async fn images_of_a_file_go_to_those_whose_they_are() -> Result<()> {
    let ns = two("several-images", ready()).await?;
    let plain = |service: &str| {
        document(service, API, AT_ONCE)
            .lines()
            .filter(|line| !line.contains("images"))
            .fold(String::new(), |text, line| text + line + "\n")
    };
    let file = File::new("images", plain("api") + &plain("web"))?;
    let images = File::new("definitions", format!(r#"[{{"name":"app","imageUri":"{API}"}}]"#))?;
    let path = images.words("").split_whitespace().nth(2).unwrap_or_default().to_owned();
    // Both have a container `app`, of different repositories: the image is api's alone.
    let none = bluegreen(&ns, &file.words(&format!("--images-from {path} --yes -ojson"))).await?.ends(1)?.json()?;
    assert_eq!(none["reason"], Value::from("NothingToDeploy"), "{none:#}");
    let output = bluegreen(&ns, &file.words(&format!("api --images-from {path} --yes"))).await?.ends(0)?;
    ensure!(said(&output).contains("1.6.0"), "{}", said(&output));
    Ok(())
}
