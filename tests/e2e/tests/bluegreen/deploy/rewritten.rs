//! Admission policies that put other images into the pods of the color that is prepared.

use anyhow::{Result, ensure};
use e2e::bluegreen::app::{active, blue_green};
use e2e::bluegreen::run::bluegreen;
use e2e::common::mutating::{mutates, rewrites};
use e2e::common::run::Ended;
use e2e::namespace;

use super::{NEXT, deployed, images};

const PROBE: &str = "registry.example.com/probe:1";

/// An image gate that pins a release: "verified" would be said of what is not there.
#[tokio::test]
async fn what_no_pod_asks_for_is_not_switched_to() -> Result<()> {
    let ns = namespace("deploy-rewritten").await?;
    blue_green(&ns, 2).await?;
    let old = "[JSONPatch{op: 'replace', path: '/spec/containers/0/image', value: 'registry.example.com/api:1.4.0'}]";
    rewrites(&ns, old, PROBE).await?;
    for words in [NEXT.to_owned(), format!("{NEXT} --no-switch"), NEXT.to_owned()] {
        let document = bluegreen(&ns, &format!("{words} -ojson")).await?.ends(1)?.json()?;
        assert_eq!(document["reason"], "Rewritten", "{document:#}");
        let message = document["message"].as_str().unwrap_or_default();
        ensure!(message.contains("1.6.0") && message.contains("1.4.0"), "{document:#}");
        ensure!(document["fingerprint"].is_null(), "{document:#}");
        assert_eq!(active(&ns, "api").await?, "blue");
    }
    Ok(())
}

/// One pod of several, as a policy that samples does it.
#[tokio::test]
async fn one_pod_that_asks_for_another_is_enough() -> Result<()> {
    let ns = namespace("deploy-rewritten-one").await?;
    blue_green(&ns, 2).await?;
    let image = "object.spec.containers[0].image";
    let init = format!(
        "[JSONPatch{{op: 'replace', path: '/spec/containers/0/image', value: has(object.metadata.generateName) && {image}.endsWith('1.6.0') ? {image} + '-debug' : {image} + '-probe'}}]"
    );
    rewrites(&ns, &init, PROBE).await?;
    let document = bluegreen(&ns, &format!("{NEXT} -ojson")).await?.ends(1)?.json()?;
    ensure!(document["message"].as_str().is_some_and(|message| message.contains("1.6.0-debug")), "{document:#}");
    assert_eq!(active(&ns, "api").await?, "blue");
    Ok(())
}

/// A mirror and a digest are no other image: every deploy of such a cluster would fail.
#[tokio::test]
async fn a_mirror_and_a_digest_are_the_same_image() -> Result<()> {
    let ns = namespace("deploy-mirrored").await?;
    blue_green(&ns, 1).await?;
    let digest = format!("sha256:{}", "0123456789abcdef".repeat(4));
    let mirrored = format!(
        "[JSONPatch{{op: 'replace', path: '/spec/containers/0/image', value: 'mirror.example.com/' + object.spec.containers[0].image + '@{digest}'}}]"
    );
    rewrites(&ns, &mirrored, PROBE).await?;
    deployed(&ns, NEXT).await?;
    assert_eq!(active(&ns, "api").await?, "green");
    Ok(())
}

const SHOWN: [&str; 6] = [
    "set",
    "image",
    "deployment/api-green",
    "app=registry.example.com/api:1.9.9",
    "--dry-run=server",
    "-ojsonpath={.spec.template.spec.containers[0].image}",
];

/// Kyverno's and Harbor's way of mirroring: each deploy would end as somebody else's change, and a job that is retried
/// would go on with the other color.
#[tokio::test]
async fn what_admission_makes_of_an_image_is_what_is_deployed() -> Result<()> {
    let ns = namespace("deploy-admitted").await?;
    blue_green(&ns, 1).await?;
    let image = "object.spec.template.spec.containers[0].image";
    let mirrored = format!(
        "{image}.startsWith('mirror.') ? [] : [JSONPatch{{op: 'replace', path: '/spec/template/spec/containers/0/image', value: 'mirror.example.com/' + {image}}}]"
    );
    mutates(&ns, ("apps", "deployments", "UPDATE"), &mirrored, (&SHOWN, |image| image.starts_with("mirror."))).await?;
    bluegreen(&ns, &format!("{NEXT} --dry-run=server")).await?.ends(0)?.tells("mirror.example.com")?;
    deployed(&ns, NEXT).await?;
    assert_eq!(active(&ns, "api").await?, "green");
    assert_eq!(images(&ns, "api-green").await?[0], "mirror.example.com/registry.example.com/api:1.6.0");
    let again = bluegreen(&ns, &format!("{NEXT} -ojson")).await?.ends(0)?.json()?;
    ensure!(again["writes"].as_array().is_none_or(Vec::is_empty), "{again:#}");
    assert_eq!(active(&ns, "api").await?, "green");
    Ok(())
}

/// Another release than was asked for would be tested and switched to, or called somebody else's.
#[tokio::test]
async fn another_image_that_admission_makes_of_it_is_named() -> Result<()> {
    let ns = namespace("deploy-pinned").await?;
    blue_green(&ns, 1).await?;
    let pinned = "[JSONPatch{op: 'replace', path: '/spec/template/spec/containers/0/image', value: 'registry.example.com/api:1.4.0'}]";
    mutates(&ns, ("apps", "deployments", "UPDATE"), pinned, (&SHOWN, |image| image.ends_with(":1.4.0"))).await?;
    let document = bluegreen(&ns, &format!("{NEXT} -ojson")).await?.ends(1)?.json()?;
    assert_eq!(document["reason"], "Rewritten", "{document:#}");
    let message = document["message"].as_str().unwrap_or_default();
    ensure!(message.contains("1.6.0") && message.contains("1.4.0"), "{document:#}");
    assert_eq!(active(&ns, "api").await?, "blue");
    Ok(())
}
