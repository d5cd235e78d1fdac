//! What a document asks of images before they are deployed.

use release_core::release::document::Spec;

use super::preferred::prefer;
use crate::args::DeployArgs;

/// Takes over what was not typed; what was wins, and that is told.
pub fn fill(args: &mut DeployArgs, spec: &Spec, overrule: &mut impl FnMut(&str, String, String)) {
    let typed = &mut args.vetting;
    prefer(&mut typed.max_severity, spec.max_severity, |said, typed| {
        overrule("spec.maxSeverity", said.word().to_owned(), format!("--max-severity={}", typed.word()));
    });
    match (typed.require_signature, spec.require_signature) {
        (true, Some(false)) => overrule("spec.requireSignature", "false".into(), "--require-signature".into()),
        (false, said) => typed.require_signature = said == Some(true),
        _ => {}
    }
}
