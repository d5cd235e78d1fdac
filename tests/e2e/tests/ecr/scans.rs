//! Scans: what is unknown is not clean.

use anyhow::{Result, ensure};
use e2e::common::run::{Ended, finding_ids};
use e2e::ecr::case::Case;
use lab::registry::Image;
use serde_json::{Value, json};

/// What ECR says about an image, and what a gate makes of it.
fn scans() -> [(&'static str, Image, bool); 8] {
    let image = |n: u32| Image::new(&format!("1.0.{n}"));
    let counted = |counts: Value| json!({"findingSeverityCounts": counts});
    let expired = |n: u32, counts: Value| {
        image(n).scan_status("SCAN_ELIGIBILITY_EXPIRED", "too old").detail("imageScanFindingsSummary", counted(counts))
    };
    [
        ("clean", image(0).findings(&[]), true),
        ("low", image(1).findings(&[("LOW", 3)]), true),
        ("never scanned", image(2), false),
        ("pending", image(3).scan_status("PENDING", "waits"), false),
        ("failed", image(4).scan_status("FAILED", "timed out"), false),
        ("no counts", image(5).scan_status("COMPLETE", "done").detail("imageScanFindingsSummary", json!({})), false),
        ("expired, clean", expired(6, json!({})), false),
        ("expired, low", expired(7, json!({"LOW": 1})), false),
    ]
}

/// A gate would let pass what nobody has looked at.
#[tokio::test]
async fn a_gate_passes_only_what_is_known() -> Result<()> {
    let case = Case::new("scans").await?;
    let scans = scans();
    for (day, (_, image, _)) in (1..).zip(&scans) {
        case.push_on(day, image.clone()).await?;
    }
    case.push_on(20, Image::new("1.1.0")).await?;
    case.deploy(&["1.1.0"]).await?;
    for (n, (name, _, passes)) in scans.iter().enumerate() {
        let plan =
            async |flags: &str| case.ecr(&format!("deploy/api --dry-run=client -ojson --to-tag 1.0.{n} {flags}")).await;
        let code = u8::from(!passes);
        let gated = plan("--max-severity high").await?.ends(code)?.json()?;
        assert_eq!(finding_ids(&gated).contains(&"not-scanned".to_owned()), !passes, "{name}: {gated}");
        plan("--strict").await?.ends(code)?;
        // Without a gate it is only shown.
        let shown = plan("").await?.ends(0)?.json()?;
        ensure!(finding_ids(&shown).contains(&"not-scanned".to_owned()) != *passes, "{name}: {shown}");
    }
    Ok(())
}
