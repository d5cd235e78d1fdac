//! Refusals: what was found, and what to do next.

use anyhow::Result;
use e2e::ecr::case::{Case, RELEASES};
use e2e::namespace;
use lab::fixtures::Workload;
use lab::registry::{Image, Status};

use super::{LOOKS, ci_bot, shop};

/// A refusal without a next step leaves a person searching.
#[tokio::test]
async fn words_and_targets_that_are_wrong() -> Result<()> {
    let case = shop().await?;
    case.push_on(1, Image::new("latest-release-0.9.9").status(Status::Archived)).await?;
    let user = ci_bot(&case)?;
    let workload = "deployment/ms-account-management";
    for (name, words) in [
        ("error_not_confirmed", workload.to_owned()),
        ("error_no_such_tag", format!("{workload} --yes --to-tag latest-release-1.0.9")),
        ("error_no_such_digest", format!("{workload} --yes --to-digest 0123456")),
        ("error_archived", format!("{workload} --yes --to-tag latest-release-0.9.9")),
        ("error_nothing_older", format!("{workload} --yes --steps 9")),
        ("error_not_running", format!("{workload} --yes --if-running latest-release-1.0.3")),
        ("error_findings", format!("{workload} --yes --max-severity medium")),
        ("error_not_scanned", format!("{workload} --yes --max-severity medium --to-tag {}", RELEASES[2])),
        ("error_no_such_workload", "deploy/web --yes".to_owned()),
        ("error_not_a_workload", "svc/api --yes".to_owned()),
    ] {
        LOOKS.see(&user, name, &words).await?;
    }
    Ok(())
}

/// Where a person has to decide, both ways stand ready to paste.
#[tokio::test]
async fn what_a_person_has_to_decide() -> Result<()> {
    let case = Case::of("deployment", "api", namespace("shop").await?).await?;
    let user = ci_bot(&case)?;
    let digests = case.push(&["1.4.0", "1.5.0", "1.4.1", "1.5.1"]).await?;
    case.deploy(&["1.5.0", "1.5.1"]).await?;
    LOOKS.see(&user, "error_disagree", "deploy/api --yes").await?;
    case.repository.delete(&digests[3]).await?;
    LOOKS.see(&user, "error_deleted", "deploy/api --yes").await?;
    case.apply(&case.app("1.5.0").container("worker", &case.repository.image("1.5.0"))).await?;
    LOOKS.see(&user, "error_several_containers", "deploy/api --yes").await?;
    let public = Workload::new("web", "public.ecr.aws/nginx/nginx:1.27").replicas(1);
    case.ns.apply_all(&public.objects()).await?;
    LOOKS.see(&user, "error_not_ecr", "deploy/web --yes").await
}
