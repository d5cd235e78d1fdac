//! Which container goes back, where there are several.

use anyhow::{Context as _, Result, ensure};
use e2e::common::run::{Ended, finding_ids, said};
use e2e::ecr::case::Case;
use lab::fixtures::Workload;
use serde_json::{Value, json};

/// Two releases in the repository; gives what runs the newer one.
async fn releases(case: &Case) -> Result<Workload> {
    case.push(&["1.0.0", "1.0.1"]).await?;
    Ok(case.app("1.0.1"))
}

/// The wrong one of two containers would go back, or both.
#[tokio::test]
async fn of_several_containers_one_is_named() -> Result<()> {
    let case = Case::new("several").await?;
    let image = case.repository.image("1.0.1");
    case.apply(&releases(&case).await?.container("worker", &image)).await?;
    let before = case.written().await?;
    let refused = case.back("").await?.ends(1)?.tells("api (api:1.0.1), worker (api:1.0.1)")?;
    for name in ["api", "worker"] {
        ensure!(refused.stderr.contains(&format!("deploy/api -c {name} -n ")), "{}", said(&refused));
    }
    ensure!(refused.stderr.contains("deploy/api -c api,worker -n "), "{}", said(&refused));
    case.back("-c web").await?.ends(1)?.tells("found api, worker")?;
    assert_eq!(case.written().await?, before);

    let plan = case.plan("-c worker").await?;
    ensure!(finding_ids(&plan).contains(&"container-stays".to_owned()), "{plan}");
    case.back("-c worker").await?.ends(0)?;
    assert_eq!(case.image_of("worker").await?, case.repository.image("1.0.0"));
    case.asks_for("1.0.1").await?;
    case.back("-c worker").await?.ends(0)?.tells("nothing to do")?;
    case.back("-c api").await?.ends(0)?;
    case.asks_for("1.0.0").await
}

/// Whoever asks what there is would be handed a command that changes it.
#[tokio::test]
async fn a_question_is_answered_with_the_same_question() -> Result<()> {
    let case = Case::new("asked").await?;
    let image = case.repository.image("1.0.1");
    case.apply(&releases(&case).await?.container("worker", &image)).await?;
    let before = case.written().await?;
    for typed in ["history deploy/api --limit 1", "unpin deploy/api --reason x"] {
        let refused = case.ecr(&format!("{typed} -ojson")).await?.ends(1)?.json()?;
        let next = refused["next"].as_str().context("no next step")?;
        let printed: Vec<&str> =
            next.lines().filter_map(|line| line.trim().strip_prefix("kubectl ecr-rollback ")).collect();
        assert_eq!(printed.len(), 3, "both together, and each: {next}");
        for words in printed {
            ensure!(typed.split(' ').all(|word| words.contains(word)), "{typed} became {words}");
            case.ecr(words).await?.ends(0)?;
        }
    }
    assert_eq!(case.written().await?, before);
    Ok(())
}

/// Two containers of one release would run two releases.
#[tokio::test]
async fn several_containers_of_one_image_go_back_in_one_write() -> Result<()> {
    let case = Case::new("together").await?;
    let image = case.repository.image("1.0.1");
    case.apply(&releases(&case).await?.container("worker", &image)).await?;
    case.back("-c api,worker").await?.ends(0)?;
    case.asks_for("1.0.0").await?;
    assert_eq!(case.image_of("worker").await?, case.repository.image("1.0.0"));
    assert_eq!(case.revision().await?.as_deref(), Some("2"), "one rollout, not two");
    Ok(())
}

/// An old migration would run against a newer database.
#[tokio::test]
async fn a_migration_stays_unless_it_is_included() -> Result<()> {
    let case = Case::new("migration").await?;
    let image = case.repository.image("1.0.1");
    case.apply(&releases(&case).await?.init_container("migrate", &image)).await?;
    case.back("").await?.ends(0)?.tells("init container migrate stays at api:1.0.1")?;
    assert_eq!(case.image_of("migrate").await?, image);
    case.release("1.0.1").await?;
    case.back("--include-init-containers").await?.ends(0)?;
    assert_eq!(case.image_of("migrate").await?, case.repository.image("1.0.0"));
    case.asks_for("1.0.0").await
}

/// A person would search for the reason in AWS.
#[tokio::test]
async fn other_registries_are_refused_with_the_reason() -> Result<()> {
    let case = Case::new("elsewhere").await?;
    for (image, why) in [
        ("nginx:1.27", "Docker Hub"),
        ("public.ecr.aws/nginx/nginx:1.27", "ECR Public"),
        ("registry.example.com/api:1.0.1", "registry.example.com"),
    ] {
        case.apply(&Workload::new("api", image).replicas(1).without_pre_stop()).await?;
        let before = case.written().await?;
        let refused = case.back("").await?.ends(1)?.tells(why)?;
        // The first has nothing before it, in no registry and not in the cluster.
        ensure!(refused.stderr.contains("--from rollout-history") != (image == "nginx:1.27"), "{}", said(&refused));
        assert_eq!(case.written().await?, before, "{image}");
    }
    // What ran before is in the cluster, whatever registry it is in.
    case.back("--from rollout-history").await?.ends(0)?;
    assert_eq!(case.image_of("api").await?, "public.ecr.aws/nginx/nginx:1.27");
    Ok(())
}

fn with_sidecar(mut object: Value, image: &str) -> Value {
    let side = json!({"name": "side", "image": image, "restartPolicy": "Always"});
    let inits = &mut object["spec"]["template"]["spec"]["initContainers"];
    match inits.as_array_mut() {
        Some(inits) => inits.push(side),
        None => *inits = json!([side]),
    }
    object
}

/// The proxy of a release would stay at what is bad, or the migration would be gone back to with it.
#[tokio::test]
async fn a_native_sidecar_goes_back_with_its_application_and_a_migration_stays() -> Result<()> {
    let case = Case::new("sidecar").await?;
    let app = releases(&case).await?;
    let (old, new) = (case.repository.image("1.0.0"), case.repository.image("1.0.1"));
    let deploy = async || {
        case.ns.apply(&with_sidecar(app.clone().init_container("mig", &new).object(), &new)).await?;
        case.ns.rolled_out("deployment/api", e2e::LIMIT).await
    };
    // Flags, and what is at the old image afterwards.
    for (flags, back) in [
        ("", &["api", "side"][..]),
        ("-c api", &["api"]),
        ("-c side", &["side"]),
        ("-c api,side", &["api", "side"]),
        ("-c mig --include-init-containers", &["mig"]),
        ("--include-init-containers", &["api", "side", "mig"]),
    ] {
        deploy().await?;
        case.back(flags).await?.ends(0)?;
        for name in ["api", "side", "mig"] {
            let expected = if back.contains(&name) { &old } else { &new };
            assert_eq!(case.image_of(name).await?, *expected, "{name} after {flags:?}");
        }
        // By hand, or the next round would be the same rollback again.
        case.kubectl(&["delete", "deployment", "api", "--wait"]).await?;
    }
    deploy().await?;
    case.back("-c mig").await?.ends(1)?.tells("--include-init-containers")?;
    let told = case.back("-c side --dry-run=client").await?.ends(0)?;
    ensure!(
        !told.stderr.contains("sidecar side stays") && told.stderr.contains("-c side,api moves both"),
        "{}",
        said(&told)
    );
    let migration = case.back("-c mig --include-init-containers --dry-run=client").await?.ends(0)?;
    migration.tells("-c mig,api --include-init-containers moves both")?.tells("sidecar side stays")?;
    Ok(())
}

/// What is printed would be refused: two images don't go back together.
#[tokio::test]
async fn a_container_at_another_release_is_not_offered_to_go_along() -> Result<()> {
    let case = Case::new("apart").await?;
    case.push(&["0.9.0", "1.0.0", "1.0.1"]).await?;
    let other = case.repository.image("1.0.0");
    let object = case.app("1.0.1").container("old", &other).object();
    case.ns.apply(&with_sidecar(object, &other)).await?;
    case.ns.rolled_out("deployment/api", e2e::LIMIT).await?;
    let told = case.back("-c api --dry-run=client").await?.ends(0)?.tells("old stays")?.tells("sidecar side stays")?;
    ensure!(!told.stderr.contains("moves both") && !told.stderr.contains("-c api,old"), "{}", said(&told));
    told.tells("-c old rolls it back by itself")?;
    case.back("-c old").await?.ends(0)?;
    assert_eq!(case.image_of("old").await?, case.repository.image("0.9.0"));
    Ok(())
}

/// A migration that has the digest by itself would be moved by a command that never named it.
#[tokio::test]
async fn unpin_takes_an_init_container_along_only_where_it_was_pinned_along() -> Result<()> {
    let case = Case::new("unpin-init").await?;
    let digests = case.push(&["1.0.0", "latest"]).await?;
    let pinned = case.repository.image(&format!("latest@{}", digests[1]));
    let app = |init: &str| Workload::new("api", &pinned).replicas(1).without_pre_stop().init_container(init, &pinned);
    case.apply(&app("migrate")).await?;
    case.ecr("unpin deploy/api --yes").await?.ends(0)?;
    assert_eq!(
        (case.image_of("api").await?, case.image_of("migrate").await?),
        (case.repository.image("latest"), pinned.clone())
    );
    // One that is named goes.
    case.ecr("unpin deploy/api -c migrate --yes").await?.ends(0)?;
    assert_eq!(case.image_of("migrate").await?, case.repository.image("latest"));
    // And one that a rollback pinned with the others.
    case.back("--pin-digest --include-init-containers --to-tag 1.0.0").await?.ends(0)?;
    case.ecr("unpin deploy/api --yes --force=nothing-pushed").await?.ends(0)?;
    assert_eq!(case.image_of("migrate").await?, case.image_of("api").await?);
    Ok(())
}
