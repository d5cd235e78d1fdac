//! How many pods the color gets, and who would take them away again.

use anyhow::{Result, ensure};
use e2e::bluegreen::app::{active, api, blue_green, color, replicas, rolled_out, scale};
use e2e::bluegreen::run::bluegreen;
use e2e::common::run::{Ended, finding_ids};
use e2e::{LIMIT, namespace};
use lab::fixtures::{Behavior, autoscaler, budget};
use lab::{Namespace, eventually};
use serde_json::{Value, json};

use super::{NEXT, deployed, refused_untouched, written};

async fn hpa(ns: &Namespace, name: &str) -> Result<Value> {
    ns.kubectl(&["get", "hpa", name, "-ojson"]).await?.ends(0)?.json()
}

/// Under load the active color has grown: the new one would meet it with the number in the manifest.
#[tokio::test]
async fn the_active_colors_size_of_now_counts_and_its_autoscaler_is_made_alike() -> Result<()> {
    let ns = namespace("deploy-hpa").await?;
    rolled_out(&ns, &api().color(color("blue", 2, Behavior::Ready))).await?;
    ns.apply(&autoscaler("api-blue", 1, 5)).await?;
    scale(&ns, "api-blue", 4).await?;
    ns.rolled_out("deployment/api-blue", LIMIT).await?;
    let document = deployed(&ns, NEXT).await?;
    assert_eq!(written(&document), ["deploy/api-green", "hpa/api-green", "hpa/api-green"], "{document:#}");
    assert_eq!(replicas(&ns, "api-green").await?, 4);
    let made = hpa(&ns, "api-green").await?;
    let spec = &made["spec"];
    assert_eq!(
        (&spec["minReplicas"], &spec["maxReplicas"], &spec["scaleTargetRef"]["name"]),
        (&json!(4), &json!(5), &json!("api-green"))
    );
    assert_eq!(hpa(&ns, "api-blue").await?["spec"]["minReplicas"], 1, "the active one's is left alone");
    // The clean-up that ends it lowers the floor again, as after any move.
    bluegreen(&ns, "cleanup api --before-due --yes").await?.ends(0)?;
    eventually("the floor is down", LIMIT, || async {
        Ok((hpa(&ns, "api-green").await?["spec"]["minReplicas"] == 1).then_some(()))
    })
    .await
}

/// By `kubectl apply --server-side`, which makes each field of the manifest the applier's.
async fn applied(ns: &Namespace, object: &Value) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("object.json");
    std::fs::write(&file, object.to_string())?;
    let file = file.to_string_lossy();
    ns.kubectl(&["apply", "--server-side", "--force-conflicts", "-f", &file]).await?.ends(0).map(drop)
}

/// The image would be written, and the deploy end at an autoscaler that isn't the color's, each time again.
#[tokio::test]
async fn an_autoscaler_of_somebody_elses_by_that_name_is_told_first() -> Result<()> {
    let ns = namespace("deploy-hpa-taken").await?;
    blue_green(&ns, 1).await?;
    ns.apply(&autoscaler("api-blue", 1, 5)).await?;
    let mut other = autoscaler("api-green", 1, 5);
    other["spec"]["scaleTargetRef"]["name"] = json!("worker");
    ns.apply(&other).await?;
    let document = refused_untouched(&ns).await?;
    assert_eq!(document["reason"], "NameTaken", "{document:#}");
    Ok(())
}

/// What a deploy made for the color goes with it; what somebody made his own, or made himself, stays.
#[tokio::test]
async fn an_autoscaler_that_a_deploy_made_is_deleted_with_its_color() -> Result<()> {
    for (test, adopted) in [("deploy-hpa-gone", false), ("deploy-hpa-kept", true)] {
        let ns = namespace(test).await?;
        rolled_out(&ns, &api().color(color("blue", 2, Behavior::Ready))).await?;
        ns.apply(&autoscaler("api-blue", 1, 5)).await?;
        deployed(&ns, NEXT).await?;
        bluegreen(&ns, "rollback api --yes").await?.ends(0)?;
        if adopted {
            applied(&ns, &autoscaler("api-green", 1, 5)).await?;
        }
        bluegreen(&ns, "cleanup api --before-due --delete --yes").await?.ends(0)?;
        let left = ns.kubectl(&["get", "hpa", "-oname"]).await?.ends(0)?.stdout;
        assert_eq!((left.contains("/api-green"), left.contains("/api-blue")), (adopted, true), "{left}");
    }
    Ok(())
}

/// Without traffic the color's own autoscaler would take the pods away before the switch.
#[tokio::test]
async fn the_floor_of_an_autoscaler_that_is_there_is_raised_first() -> Result<()> {
    let ns = namespace("deploy-floor").await?;
    blue_green(&ns, 3).await?;
    ns.apply(&autoscaler("api-green", 1, 5)).await?;
    scale(&ns, "api-green", 1).await?;
    let document = deployed(&ns, NEXT).await?;
    assert_eq!(written(&document), ["hpa/api-green", "deploy/api-green"], "{document:#}");
    assert_eq!((replicas(&ns, "api-green").await?, active(&ns, "api").await?.as_str()), (3, "green"));
    Ok(())
}

/// A color that can't become as large as the load needs is found out before anything is written.
#[tokio::test]
async fn a_ceiling_below_the_load_is_refused_before_the_first_write() -> Result<()> {
    let ns = namespace("deploy-ceiling").await?;
    blue_green(&ns, 3).await?;
    ns.apply(&autoscaler("api-green", 1, 2)).await?;
    let document = bluegreen(&ns, &format!("{NEXT} -ojson")).await?.ends(1)?.json()?;
    assert_eq!(finding_ids(&document)[0], "hpa-below-active", "{document:#}");
    assert_eq!(written(&document), [""; 0]);
    Ok(())
}

/// More than the active color has, where somebody expects more.
#[tokio::test]
async fn a_size_that_is_typed_counts_where_it_is_larger() -> Result<()> {
    let ns = namespace("deploy-replicas").await?;
    blue_green(&ns, 2).await?;
    deployed(&ns, &format!("{NEXT} --replicas 3")).await?;
    assert_eq!(replicas(&ns, "api-green").await?, 3);
    deployed(&ns, "deploy api --image app=registry.example.com/api:1.7.0 --replicas 1 --yes --verify-for=0").await?;
    assert_eq!((active(&ns, "api").await?.as_str(), replicas(&ns, "api-blue").await?), ("blue", 3));
    Ok(())
}

/// A budget over both colors is no obstacle to a release, and neither is one for each.
#[tokio::test]
async fn disruption_budgets_stop_no_release() -> Result<()> {
    let ns = namespace("deploy-pdb").await?;
    blue_green(&ns, 2).await?;
    ns.apply(&budget("api-all", &json!({"app": "api"}), 3)).await?;
    for name in ["blue", "green"] {
        ns.apply(&budget(&format!("api-{name}"), &json!({"app": "api", "version": name}), 2)).await?;
    }
    let document = deployed(&ns, NEXT).await?;
    ensure!(finding_ids(&document).iter().any(|id| id == "pdb-spans-colors"), "{document:#}");
    assert_eq!(active(&ns, "api").await?, "green");
    Ok(())
}

/// "Nothing to do" would be said of one pod where three were asked for.
#[tokio::test]
async fn what_is_live_and_smaller_than_was_asked_for_is_said() -> Result<()> {
    let ns = namespace("live-smaller").await?;
    blue_green(&ns, 1).await?;
    let document = bluegreen(&ns, "deploy api --image app=registry.example.com/api:1.4.0 --replicas=3 --yes -ojson")
        .await?
        .ends(1)?
        .json()?;
    assert_eq!(document["reason"], "LiveAndSmaller", "{document:#}");
    ensure!(document["next"].to_string().contains("kubectl scale deploy/api-blue --replicas=3"), "{document:#}");
    assert_eq!((active(&ns, "api").await?.as_str(), replicas(&ns, "api-blue").await?), ("blue", 1));
    Ok(())
}
