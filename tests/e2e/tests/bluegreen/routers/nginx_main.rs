//! The main Ingress of a canary, and the Service that it leads to: ingress-nginx finds the canary by them.

use anyhow::Result;
use e2e::LIMIT;
use e2e::bluegreen::app::{replicas, scale};
use e2e::bluegreen::routed::{WEIGHT, canary_ingresses, canary_weight, two_colors};
use e2e::bluegreen::run::{bluegreen, start};
use e2e::common::run::{Ended, finding};
use e2e::namespace;
use k8s_openapi::api::networking::v1::Ingress;
use lab::{Namespace, eventually};

const SWITCH: &str = "switch api --to green --yes --verify-for=0";

async fn routed(test: &str) -> Result<Namespace> {
    let ns = namespace(test).await?;
    two_colors(&ns, 2).await?;
    canary_ingresses(&ns, Some("0")).await?;
    Ok(ns)
}

async fn weigh(ns: &Namespace, text: &str) -> Result<()> {
    ns.annotate::<Ingress>("api-canary", WEIGHT, Some(text)).await.map(drop)
}

/// Whoever takes the main Ingress away while the move is watched takes the canary's weight away with it.
#[tokio::test]
async fn a_main_ingress_that_goes_while_it_is_watched_is_no_proof() -> Result<()> {
    let ns = routed("nginx-watched").await?;
    let running = start(&ns, "switch api --to green --yes --verify-for=6s")?;
    eventually("the weight is written", LIMIT, || async {
        Ok((canary_weight(&ns).await?.as_deref() == Some("100")).then_some(()))
    })
    .await?;
    ns.kubectl(&["delete", "ingress", "api"]).await?;
    running.wait(LIMIT).await?.ends(5)?.tells("ingress/api-canary")?;
    assert_eq!(canary_weight(&ns).await?.as_deref(), Some("0"));
    Ok(())
}

/// ingress-nginx#13086, argo-rollouts#1820: it answers 503 to all while the main Service has no endpoint, so that color
/// is neither taken down nor left for the other one while nobody of it is ready.
#[tokio::test]
async fn the_main_color_keeps_its_pods() -> Result<()> {
    let ns = routed("nginx-main").await?;
    bluegreen(&ns, &format!("{SWITCH} --retain=0s")).await?.ends(0)?;
    bluegreen(&ns, "cleanup api --yes").await?.ends(1)?.tells("ingress/api by service/api-blue")?;
    bluegreen(&ns, "cleanup --due --yes").await?;
    assert_eq!((replicas(&ns, "api-blue").await?, replicas(&ns, "api-green").await?), (2, 2));
    bluegreen(&ns, "switch api --to blue --yes --verify-for=0 --retain=0s").await?.ends(0)?;
    weigh(&ns, "5").await?;
    bluegreen(&ns, "cleanup api --yes").await?.ends(1)?;
    assert_eq!(replicas(&ns, "api-green").await?, 2, "it has weight");
    weigh(&ns, "0").await?;
    bluegreen(&ns, "cleanup --due --yes").await?.ends(0)?;
    assert_eq!((replicas(&ns, "api-blue").await?, replicas(&ns, "api-green").await?), (2, 0));
    scale(&ns, "api-green", 2).await?;
    ns.rolled_out("deploy/api-green", LIMIT).await?;
    scale(&ns, "api-blue", 0).await?;
    eventually("blue is gone", LIMIT, || async {
        let document = bluegreen(&ns, &format!("{SWITCH} --dry-run=client -ojson")).await?.json()?;
        let found = finding(&document, "route-refused");
        Ok(found.filter(|one| one["message"].to_string().contains("503")).map(drop))
    })
    .await?;
    // Whoever goes there all the same gets no proof: nobody is reached.
    let forced = "switch api --to green --yes --verify-for=2s --force=route-refused";
    bluegreen(&ns, forced).await?.ends(1)?.tells("503")?;
    bluegreen(&ns, "status api").await?.tells("503")?;
    Ok(())
}
