//! What ECR knows against the images of a release, where that was asked for. Unknown is not clean, and not signed.

use release_core::checks::finding::Finding;
use release_core::checks::ids::{self, CheckId};
use release_core::registry::image::{ImageRef, short_digest};
use release_core::registry::push_history::Scan;
use release_core::registry::scan_gate::{Gate, findings, is_grave, scan_state};
use release_core::registry::signature::Signed;

use super::case::DeployCase;
use crate::vetting::known::{InEcr, Known, Vetted, Vetting};

pub fn check(case: &DeployCase<'_>) -> Vec<Finding> {
    let asked = Asked { service: case.view.name(), vetting: case.vetting };
    // Whoever asks for it by a flag is not overruled by an annotation.
    case.vetted.iter().flat_map(|one| of_image(&asked, one)).map(Finding::standing).collect()
}

/// What is asked, and of whose images.
struct Asked<'a> {
    service: &'a str,
    vetting: Vetting,
}

impl Asked<'_> {
    fn blocks(&self, id: CheckId, message: String) -> Finding {
        Finding::blocks(self.service, id, message)
    }
}

fn of_image(asked: &Asked<'_>, one: &Vetted) -> Vec<Finding> {
    let name = ImageRef::parse(&one.image).short();
    match &one.known {
        Known::NotEcr(why) => {
            let finding = asked.blocks(ids::NOT_IN_ECR, format!("{name}: {why}, and only ECR is asked"));
            vec![finding.mend("an image of ECR, or leave --max-severity and --require-signature out")]
        }
        Known::NoImage(why) => {
            vec![asked.blocks(ids::NOT_IN_ECR, format!("{name}: {why}")).mend("push it first, or name another tag")]
        }
        Known::Unread(why) => unread(asked, &name, why),
        Known::Image(image) => scanned(asked, &name, image).into_iter().chain(signed(asked, &name, image)).collect(),
    }
}

fn unread(asked: &Asked<'_>, name: &str, why: &str) -> Vec<Finding> {
    let scan = (asked.vetting.gate != Gate::Off).then(|| {
        let finding = asked.blocks(ids::NOT_SCANNED, format!("of the scan of {name} nothing is known: {why}"));
        finding.mend("give access to ECR, or leave --max-severity out")
    });
    let signature = asked.vetting.signature.then(|| {
        let finding = asked.blocks(ids::UNSIGNED, format!("of a signature of {name} nothing is known: {why}"));
        finding.mend("give access to ECR, or leave --require-signature out")
    });
    scan.into_iter().chain(signature).collect()
}

fn scanned(asked: &Asked<'_>, name: &str, image: &InEcr) -> Vec<Finding> {
    let gate = asked.vetting.gate;
    if gate == Gate::Off {
        return Vec::new();
    }
    let unknown = if let Scan::Unknown { why, .. } = &image.scan {
        let why = why.as_ref().map(|why| format!(" ({})", scan_state(Some(why)))).unwrap_or_default();
        let finding = asked.blocks(ids::NOT_SCANNED, format!("{name} has no finished scan{why}"));
        Some(finding.mend("scan it, or leave --max-severity out"))
    } else {
        None
    };
    let message = || format!("{name} has findings: {}", findings(&image.scan));
    let found = match (gate.refuses(image.scan.findings()), is_grave(image.scan.findings())) {
        (true, _) => {
            Some(asked.blocks(ids::SCAN_FINDINGS, message()).mend("another image, or a higher --max-severity"))
        }
        (false, true) => Some(Finding::warns(asked.service, ids::SCAN_FINDINGS, message())),
        (false, false) => None,
    };
    found.into_iter().chain(unknown).collect()
}

fn signed(asked: &Asked<'_>, name: &str, image: &InEcr) -> Option<Finding> {
    let digest = short_digest(&image.digest);
    let message = match image.signed.as_ref()? {
        Ok(Signed::By(_)) => return None,
        Ok(Signed::Not) => {
            format!("the repository of {name} has no signature of {digest} by cosign or Notation")
        }
        Ok(Signed::Maybe) => {
            format!(
                "the repository of {name} has Sigstore bundles about {digest}, of which nothing says that one is a signature"
            )
        }
        Err(why) => format!("of a signature of {name} nothing is known: {why}"),
    };
    Some(asked.blocks(ids::UNSIGNED, message).mend("sign it, or leave --require-signature out"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use release_core::checks::weighing::{Urgency, Weighing, blocking, weigh};
    use release_core::registry::ecr_reference::NotEcr;
    use release_core::registry::push_history::{Findings, ScanSeverity};
    use release_core::registry::signature::Signer;

    use super::*;

    const HIGH: Gate = Gate::UpTo(ScanSeverity::High);

    fn told(vetting: Vetting, known: Known) -> Vec<String> {
        let image = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop/api:1.6.0".to_owned();
        let one = Vetted { image, containers: BTreeSet::from(["app".into()]), known };
        let findings = of_image(&Asked { service: "api", vetting }, &one);
        assert!(findings.iter().all(|f| f.message.contains("api:1.6.0")), "{findings:?}");
        findings.iter().map(|f| format!("{:?} {}", f.severity, f.id.as_str())).collect()
    }

    fn image(scan: Scan, signed: Option<Result<Signed, String>>) -> Known {
        Known::Image(InEcr { digest: format!("sha256:{}", "0".repeat(64)), parts: Vec::new(), scan, signed })
    }

    fn found(severity: ScanSeverity) -> Scan {
        Scan::Found { findings: Findings::from([(severity, 1)]) }
    }

    /// aws/aws-sdk issue 289 (`COMPLETE`, and the findings seconds later), cartography pull request 3183 (no scan taken
    /// for no findings): what nobody has looked at would go live.
    #[test]
    fn a_gate_passes_what_is_known_and_within_it() {
        let gated = |scan| told(Vetting { gate: HIGH, signature: false }, image(scan, None));
        assert!(gated(Scan::Clean).is_empty() && gated(found(ScanSeverity::Low)).is_empty());
        assert_eq!(gated(found(ScanSeverity::High)), ["Warns scan-findings"]);
        assert_eq!(gated(found(ScanSeverity::Critical)), ["Blocks scan-findings"]);
        for why in [None, Some("PENDING"), Some("FAILED"), Some("COMPLETE"), Some("AccessDenied")] {
            assert_eq!(gated(Scan::unknown(why)), ["Blocks not-scanned"], "{why:?}");
        }
        let none = Vetting { gate: Gate::NoFindings, signature: false };
        assert_eq!(told(none, image(found(ScanSeverity::Informational), None)), ["Blocks scan-findings"]);
    }

    #[test]
    fn only_what_is_known_to_be_signed_passes() {
        let asked = Vetting { gate: Gate::Off, signature: true };
        let signed = |signed| told(asked, image(found(ScanSeverity::Critical), Some(signed)));
        assert!(signed(Ok(Signed::By(Signer::Notation))).is_empty());
        for none in [Ok(Signed::Not), Ok(Signed::Maybe), Err("ECR throttles".to_owned())] {
            assert_eq!(signed(none), ["Blocks unsigned"]);
        }
    }

    #[test]
    fn an_image_that_ecr_does_not_have_or_show_is_refused_by_name() {
        let both = Vetting { gate: HIGH, signature: true };
        assert_eq!(told(both, Known::NotEcr(NotEcr::DockerHub)), ["Blocks not-in-ecr"]);
        assert_eq!(told(both, Known::NoImage("it isn't there".into())), ["Blocks not-in-ecr"]);
        let unread = || Known::Unread("no AWS credentials found".into());
        assert_eq!(told(both, unread()), ["Blocks not-scanned", "Blocks unsigned"]);
        assert_eq!(told(Vetting { gate: HIGH, signature: false }, unread()), ["Blocks not-scanned"]);
    }

    /// An annotation on the Service would take a pipeline's gate away.
    #[test]
    fn only_a_flag_overrides_it() {
        let one = Finding::blocks("api", ids::NOT_SCANNED, "api:1.6.0").standing();
        let stops = |force: &[&str], accepted: &[&str]| {
            let weighing = Weighing { force: force.iter().map(ToString::to_string).collect(), strict: false };
            let accepted: Vec<String> = accepted.iter().map(ToString::to_string).collect();
            let mut findings = vec![one.clone()];
            weigh(&mut findings, &weighing, Urgency::Ordinary, &accepted, None);
            blocking(&findings).next().is_some()
        };
        assert!(stops(&[], &["not-scanned"]) && stops(&["unsigned"], &[]) && !stops(&["not-scanned"], &[]));
    }
}
