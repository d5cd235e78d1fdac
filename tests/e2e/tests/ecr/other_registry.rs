//! A workload that moved from one registry to another: who goes back sees both.

use anyhow::{Result, ensure};
use e2e::LIMIT;
use e2e::common::run::{Ended, said};
use e2e::common::terminal::on_terminal;
use e2e::ecr::case::Case;
use e2e::ecr::{push_on, set_image};
use lab::eventually;
use lab::fixtures::Workload;
use lab::registry::{ACCOUNT, Image};

/// A Deployment that ran an image of this registry, and runs one of the lab's since.
async fn moved_from(test: &str, old: &str) -> Result<Case> {
    let case = Case::new(test).await?;
    case.push(&["1.0.5"]).await?;
    let app = Workload::new("api", old).replicas(1).without_pre_stop();
    case.ns.apply_all(&app.objects()).await?;
    // Whether its pods came up is nobody's business by now.
    let seen = || async { Ok(case.revision().await?.filter(|revision| revision == "1")) };
    eventually("the first template is seen", LIMIT, seen).await?;
    case.release("1.0.5").await?;
    Ok(case)
}

/// After a repository got another name, a job that is retried would go back two releases.
#[tokio::test]
async fn the_same_words_twice_go_one_back_across_repositories() -> Result<()> {
    let case = Case::new("renamed").await?;
    let old = case.ns.repository("before").await?;
    for (day, tag) in [(1, "1.0.0"), (2, "1.0.1")] {
        push_on(&old, day, Image::new(tag)).await?;
    }
    push_on(&case.repository, 3, Image::new("1.0.2")).await?;
    case.apply(&Workload::new("api", &old.image("1.0.0")).replicas(1).without_pre_stop()).await?;
    for image in [old.image("1.0.1"), case.repository.image("1.0.2")] {
        set_image(&case.ns, "deployment/api", "api", &image).await?;
        case.ns.rolled_out("deployment/api", LIMIT).await?;
    }
    for again in [false, true] {
        let output = case.back("--from rollout-history -ojson").await?.ends(0)?;
        let state = output.json()?["workloads"][0]["state"].clone();
        assert_eq!(state, if again { "unchanged" } else { "done" }, "{}", said(&output));
        assert_eq!(case.image_of("api").await?, old.image("1.0.1"));
    }
    case.back("--from rollout-history --again").await?.ends(0)?;
    assert_eq!(case.image_of("api").await?, old.image("1.0.0"));
    Ok(())
}

/// `api:1.0.5 -> 1.0.4` looks like a step in one registry, and pods would pull from another one.
#[tokio::test]
async fn going_back_to_another_registry_shows_both() -> Result<()> {
    let other_account = "999999999999.dkr.ecr.eu-west-1.amazonaws.com/shop/api:1.0.4";
    for old in ["images.example.com/shop/api:1.0.4", other_account] {
        let case = moved_from("other-registry", old).await?;
        let new = case.repository.image("1.0.5");
        let flags = "--from rollout-history --force=tag-moved";
        let shown = case.ecr(&format!("deploy/api --dry-run=client {flags}")).await?.ends(0)?;
        for whole in [old, new.as_str()] {
            ensure!(shown.stderr.contains(whole), "{whole}\n{}", said(&shown));
        }
        ensure!(shown.stdout.contains(old), "{}", said(&shown));
        let plan = case.plan(flags).await?;
        let container = &plan["workloads"][0]["containers"][0];
        assert_eq!((&container["from"], &container["to"]), (&new.clone().into(), &old.into()), "{plan:#}");
        let asked = format!("ecr-rollback deploy/api {flags}");
        let question = format!("to {old}");
        on_terminal(&case.ns, &asked, &[(&question, "n")], true).await?.ends(1)?;
        // What is passed over for that is named whole, too.
        let passed = case.ecr("deploy/api --yes").await?;
        ensure!(passed.stderr.contains(old), "{}", said(&passed));
        ensure!(case.image_of("api").await?.contains(ACCOUNT));
    }
    Ok(())
}
