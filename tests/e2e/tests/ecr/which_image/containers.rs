//! Which container goes back, where there are several.

use anyhow::{Context as _, Result, ensure};
use e2e::common::run::{Ended, finding_ids, said};
use e2e::ecr::case::Case;
use lab::fixtures::Workload;

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
        assert_eq!(printed.len(), 2, "{next}");
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
