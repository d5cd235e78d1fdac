//! Images that ECR is asked about before they are deployed: their scans and their signatures, and that pods run those
//! very images.

use anyhow::{Context, Result, ensure};
use e2e::bluegreen::app::{active, blue_green};
use e2e::bluegreen::run::bluegreen;
use e2e::bluegreen::written::versions;
use e2e::common::run::{Ended, finding_ids, said};
use e2e::namespace;
use lab::Namespace;
use lab::registry::{Fault, Image, Repository, When};
use serde_json::{Value, json};

const BUNDLE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";
const PREDICATE: &str = "dev.sigstore.bundle.predicateType";
const SIGNED: &str = "https://sigstore.dev/cosign/sign/v1";
const NOTATION: &str = "application/vnd.cncf.notary.signature";

/// Blue and green of two pods, and an empty repository.
async fn world(test: &str) -> Result<(Namespace, Repository)> {
    let ns = namespace(test).await?;
    blue_green(&ns, 2).await?;
    let repository = ns.repository("api").await?;
    Ok((ns, repository))
}

fn deploy(repository: &Repository, tag: &str, flags: &str) -> String {
    format!("deploy api --image app={} --yes --verify-for=0 {flags}", repository.image(tag))
}

/// What stopped it; nothing was written.
async fn stopped(ns: &Namespace, words: &str) -> Result<Vec<String>> {
    let before = versions(ns).await?;
    let document = bluegreen(ns, &format!("{words} -ojson")).await?.ends(1)?.json()?;
    assert_eq!(versions(ns).await?, before, "{document:#}");
    let blocking = document["findings"].as_array().into_iter().flatten().filter(|f| f["severity"] == "block");
    Ok(blocking.filter_map(|finding| finding["id"].as_str().map(str::to_owned)).collect())
}

/// What nobody has looked at, and what is known to be broken, would go live under a gate.
#[tokio::test]
async fn a_gate_stops_what_is_not_known_to_be_within_it_before_anything_is_written() -> Result<()> {
    let (ns, repository) = world("vetted-scans").await?;
    let pending = Image::new("pending").scan_status("PENDING", "waits");
    let failed = Image::new("failed").scan_status("FAILED", "timed out");
    let expired = Image::new("expired").findings(&[]).scan_status("SCAN_ELIGIBILITY_EXPIRED", "too old");
    let uncounted = Image::new("uncounted").scan_status("COMPLETE", "done");
    let half = Image::index("half", &["amd64", "arm64"]);
    let (low, grave) = (Image::new("low").findings(&[("LOW", 3)]), Image::new("grave").findings(&[("CRITICAL", 1)]));
    let index = Image::index("index", &["amd64", "arm64"]).findings_in_children(&[("HIGH", 1)]);
    for image in [Image::new("never"), pending, failed, expired, uncounted, half, low, grave, index] {
        repository.push(image).await?;
    }
    for tag in ["never", "pending", "failed", "expired", "uncounted", "half"] {
        let stopped = stopped(&ns, &deploy(&repository, tag, "--max-severity=critical")).await?;
        assert_eq!(stopped, ["not-scanned"], "{tag}");
    }
    assert_eq!(stopped(&ns, &deploy(&repository, "grave", "--max-severity=high")).await?, ["scan-findings"]);
    assert_eq!(stopped(&ns, &deploy(&repository, "index", "--max-severity=medium")).await?, ["scan-findings"]);
    assert_eq!(stopped(&ns, &deploy(&repository, "missing", "--max-severity=high")).await?, ["not-in-ecr"]);
    // By name, and by no annotation.
    ns.kubectl(&["annotate", "service/api", "kubectl-release.dev/accept=scan-findings"]).await?;
    assert_eq!(stopped(&ns, &deploy(&repository, "grave", "--max-severity=high")).await?, ["scan-findings"]);
    bluegreen(&ns, &deploy(&repository, "grave", "--max-severity=high --force=scan-findings --no-switch"))
        .await?
        .ends(0)?;
    let document =
        bluegreen(&ns, &deploy(&repository, "index", "--max-severity=high -ojson")).await?.ends(0)?.json()?;
    let vetted = &document["vetted"][0];
    assert_eq!(vetted["scan"], json!({"result": "found", "findings": {"HIGH": 1}}), "{document:#}");
    ensure!(finding_ids(&document).contains(&"scan-findings".to_owned()), "{document:#}");
    assert_eq!(active(&ns, "api").await?, "green");
    Ok(())
}

/// A gate that lets through what it can't ask about is none; one that names nothing of why is turned off.
#[tokio::test]
async fn what_can_not_be_asked_is_refused_with_why() -> Result<()> {
    let (ns, repository) = world("vetted-unread").await?;
    repository.push(Image::new("1.6.0").findings(&[])).await?;
    let both = "--max-severity=high --require-signature";
    let elsewhere = format!("deploy api --image app=registry.example.com/api:1.6.0 --yes {both}");
    assert_eq!(stopped(&ns, &elsewhere).await?, ["not-in-ecr"]);
    for (operation, flags, id) in [
        ("DescribeImages", "--max-severity=high", "not-scanned"),
        ("DescribeImages", "--require-signature", "unsigned"),
        ("ListImageReferrers", "--require-signature", "unsigned"),
    ] {
        repository.interceptor().fail(operation, 1, Fault::access_denied(operation)).await?;
        let words = deploy(&repository, "1.6.0", flags);
        let output = bluegreen(&ns, &words).await?.ends(1)?;
        let why = format!("user on-call may not call ecr:{operation}");
        ensure!(said(&output).contains(&format!("x {id}")) && said(&output).contains(&why), "{}", said(&output));
    }
    assert_eq!(active(&ns, "api").await?, "blue");
    Ok(())
}

/// cosign 3 and Notation sign without a tag: what they signed would be refused, or provenance taken for a signature.
#[tokio::test]
async fn a_signature_is_found_wherever_it_is_and_nothing_else_is_one() -> Result<()> {
    let (ns, repository) = world("vetted-signed").await?;
    let push = async |tag: &str| repository.push(Image::new(tag)).await;
    let digest = push("unsigned").await?;
    repository
        .push(Image::referrer_of(&digest, BUNDLE).annotation(PREDICATE, "https://slsa.dev/provenance/v1"))
        .await?;
    repository.push(Image::referrer_of(&digest, "application/spdx+json")).await?;
    repository.push(Image::attestation_of(&digest)).await?;
    let digest = push("unclear").await?;
    repository.push(Image::referrer_of(&digest, BUNDLE)).await?;
    for tag in ["unsigned", "unclear"] {
        assert_eq!(stopped(&ns, &deploy(&repository, tag, "--require-signature")).await?, ["unsigned"], "{tag}");
    }
    let digest = push("by-tag").await?;
    repository.push(Image::signature_of(&digest)).await?;
    let digest = push("by-notation").await?;
    repository.push(Image::referrer_of(&digest, NOTATION)).await?;
    let digest = push("by-bundle").await?;
    repository.push(Image::referrer_of(&digest, BUNDLE).annotation(PREDICATE, SIGNED)).await?;
    let digest = push("by-list").await?;
    let bundle = Image::referrer_of(&digest, BUNDLE).annotation(PREDICATE, SIGNED).without_subject();
    repository.push(bundle.clone()).await?;
    repository.push(Image::list_of_referrers(&digest, &[&bundle])).await?;
    for (tag, signer) in
        [("by-tag", "cosign"), ("by-notation", "notation"), ("by-bundle", "cosign"), ("by-list", "cosign")]
    {
        let words = deploy(&repository, tag, "--require-signature --dry-run=client -ojson");
        let document = bluegreen(&ns, &words).await?.ends(0)?.json()?;
        assert_eq!(document["vetted"][0]["signedBy"], signer, "{tag}: {document:#}");
    }
    bluegreen(&ns, &deploy(&repository, "by-notation", "--require-signature"))
        .await?
        .ends(0)?
        .tells("signed by notation; whether that is valid is for an admission controller to judge")?;
    assert_eq!(active(&ns, "api").await?, "green");
    Ok(())
}

/// A push between the look and the pull: what nobody has looked at would get the traffic.
#[tokio::test]
async fn a_tag_that_moves_before_its_pods_pull_it_gets_no_traffic() -> Result<()> {
    let (ns, repository) = world("vetted-moved").await?;
    let first = repository.push(Image::new("1.6.0").findings(&[])).await?;
    // The last question about it is answered, and only then somebody pushes.
    let held = repository.interceptor().hold("DescribeImages", When::After).await?;
    let words = deploy(&repository, "1.6.0", "--max-severity=high");
    let running = e2e::bluegreen::run::start(&ns, &words)?;
    held.arrived(e2e::LIMIT).await?;
    let second = repository.push(Image::new("1.6.0").findings(&[("CRITICAL", 9)])).await?;
    held.release().await?;
    let output = running.wait(e2e::LIMIT).await?.ends(3)?;
    let text = said(&output);
    let short = |digest: &str| digest.chars().take(19).collect::<String>();
    ensure!(text.contains(&short(&first)) && text.contains(&short(&second)), "{text}");
    ensure!(text.contains("no Service was switched") && text.contains(&repository.image(&first)), "{text}");
    assert_eq!(active(&ns, "api").await?, "blue");
    // As it was told: by digest it is the one that was looked at.
    bluegreen(&ns, &deploy(&repository, &first, "--max-severity=high")).await?.ends(0)?;
    assert_eq!(active(&ns, "api").await?, "green");
    Ok(())
}

/// A job would have to say it in each pipeline; and one that says more is told so.
#[tokio::test]
async fn a_document_asks_for_it_as_flags_do() -> Result<()> {
    let (ns, repository) = world("vetted-document").await?;
    repository.push(Image::new("1.6.0").findings(&[("HIGH", 1)])).await?;
    let file = ns.lab().dir().join(format!("{}.yaml", ns.name()));
    let document = json!({
        "apiVersion": "kubectl-release.dev/v1", "kind": "BlueGreenDeployment", "metadata": {"name": "api"},
        "spec": {"images": {"app": repository.image("1.6.0")}, "maxSeverity": "medium", "requireSignature": true},
    });
    std::fs::write(&file, serde_json::to_string(&document)?)?;
    let words = format!("deploy -f {} --yes --verify-for=0", file.display());
    let mut blocking = stopped(&ns, &words).await?;
    blocking.sort_unstable();
    assert_eq!(blocking, ["scan-findings", "unsigned"]);
    let output = bluegreen(&ns, &format!("{words} --max-severity=high --force=unsigned")).await?.ends(0)?;
    ensure!(said(&output).contains("--max-severity=high wins over spec.maxSeverity: medium"), "{}", said(&output));
    let calls = repository.calls().await?;
    let subject = calls.iter().find(|call| call.operation == "ListImageReferrers").context("nobody asked")?;
    ensure!(subject.request["subjectId"]["imageDigest"] != Value::Null, "{subject:?}");
    Ok(())
}
