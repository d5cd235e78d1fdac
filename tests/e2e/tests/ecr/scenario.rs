//! What the team does every week: the newest release is bad, the one before comes back.

use anyhow::{Result, ensure};
use e2e::common::events::events;
use e2e::common::run::Ended;
use e2e::ecr::CHANGE_CAUSE;
use e2e::ecr::case::{Case, RELEASES};
use e2e::namespace;
use serde_json::{Value, json};

/// A retried job would go back two releases, or a person who means it could not.
#[tokio::test]
async fn the_release_before_comes_back_once_and_further_only_when_asked() -> Result<()> {
    let case = Case::new("week").await?;
    let digests = case.push(&RELEASES).await?;
    case.deploy(&[RELEASES[5]]).await?;
    let to = format!("deployment.apps/api rolled back to api:{}", RELEASES[4]);
    case.back("--reason PROD-4711").await?.ends(0)?.tells(&to)?;
    case.asks_for(RELEASES[4]).await?;
    case.runs(&digests[4]).await?;

    let before = case.written().await?;
    case.back("").await?.ends(0)?.tells("nothing to do")?.tells("--again")?;
    assert_eq!(case.written().await?, before);

    case.back("--again").await?.ends(0)?;
    case.runs(&digests[3]).await?;
    case.release(RELEASES[5]).await?;
    case.back("").await?.ends(0)?;
    case.asks_for(RELEASES[4]).await?;
    case.runs(&digests[4]).await
}

/// Nobody could say who went back, when, to what and why.
#[tokio::test]
async fn who_went_back_and_why_is_kept_with_the_workload() -> Result<()> {
    let case = Case::new("why").await?;
    let digests = case.push(&RELEASES).await?;
    case.deploy(&[RELEASES[5]]).await?;
    case.back("--reason PROD-4711 --as lee --as-group system:masters").await?.ends(0)?;

    let record = case.record().await?;
    let kept = ["verb", "by", "reason", "result", "fromDigest", "toDigest"].map(|key| record[key].as_str());
    let wanted = ["rollback", "lee", "PROD-4711", "done", &digests[5], &digests[4]];
    assert_eq!(kept, wanted.map(Some));
    let cause = case.annotation(CHANGE_CAUSE).await?.unwrap_or_default();
    ensure!(cause.contains(RELEASES[4]) && cause.contains("PROD-4711"), "{cause}");
    let history = case.kubectl(&["rollout", "history", "deployment/api"]).await?;
    ensure!(history.contains("PROD-4711"), "{history}");
    let told = events(&case.ns, "api").await?;
    assert_eq!(told.iter().filter(|reason| *reason == "RolledBack").count(), 1, "{told:?}");
    Ok(())
}

/// Goes back from the second of two deployed releases, and then further.
async fn goes_back(kind: &'static str, update: Value) -> Result<()> {
    let case = Case::of(kind, "agent", namespace(kind).await?).await?;
    let digests = case.push(&RELEASES[..4]).await?;
    case.apply(&case.app(RELEASES[2]).spec("updateStrategy", update)).await?;
    case.release(RELEASES[3]).await?;
    case.back("").await?.ends(0)?.tells(&format!("{kind}.apps/agent rolled back"))?.tells("revision 1")?;
    case.runs(&digests[2]).await?;
    assert_eq!(case.record().await?["result"], "done");
    let before = case.written().await?;
    case.back("").await?.ends(0)?.tells("nothing to do")?;
    assert_eq!(case.written().await?, before);
    case.back("--again").await?.ends(0)?;
    case.runs(&digests[1]).await
}

/// Databases would have to be rolled back by hand.
#[tokio::test]
async fn stateful_sets_go_back_too() -> Result<()> {
    goes_back("statefulset", json!({"type": "RollingUpdate"})).await
}

/// Agents would have to be rolled back by hand, on every node.
#[tokio::test]
async fn daemon_sets_go_back_too() -> Result<()> {
    goes_back("daemonset", json!({"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 2}})).await
}
