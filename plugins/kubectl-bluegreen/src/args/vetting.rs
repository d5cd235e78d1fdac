//! What is asked of images before they are deployed.

use clap::Args;
use release_cli::flags::max_severity;
use release_core::registry::scan_gate::MaxSeverity;

use crate::vetting::known::Vetting;

/// What ECR has to know of the images.
#[derive(Debug, Clone, Default, Args)]
pub struct VettingArgs {
    /// Ask ECR for the images' scans, and refuse findings graver than this, or no finished scan
    #[arg(long, value_name = "SEVERITY", value_parser = max_severity())]
    pub max_severity: Option<MaxSeverity>,
    /// Ask ECR for a signature (cosign, Notation) of each image, and refuse one without; who signed it, and whether it is
    /// valid, is for an admission controller to judge
    #[arg(long)]
    pub require_signature: bool,
}

impl VettingArgs {
    /// As it is judged.
    #[must_use]
    pub fn asked(&self) -> Vetting {
        Vetting { gate: self.max_severity.into(), signature: self.require_signature }
    }

    /// As words to type again.
    #[must_use]
    pub fn again(&self) -> Vec<String> {
        let most = self.max_severity.map(|most| format!("--max-severity={}", most.word()));
        most.into_iter().chain(self.require_signature.then(|| "--require-signature".to_owned())).collect()
    }
}
