//! A run that was cut off is finished by words that ask for less than it did.

use release_core::checks::finding::Finding;
use release_core::checks::ids;
use release_core::command::{Command, Scope};

use crate::options::MoveOptions;
use crate::record::Record;
use crate::record::proof::{Proof, told};

/// What the run would have been judged by, and these words leave out, was asked for by somebody: without it "done"
/// means less than that.
pub fn check(service: &str, begun: &Record, options: &MoveOptions, scope: &Scope) -> Option<Finding> {
    let asked = options.of(service).proofs();
    // A deploy tests the color before it goes on, and holds it to that.
    let is_asked = |proof: &Proof| asked.contains(proof) || (options.prepares && *proof == Proof::SmokeTests);
    let left_out: Vec<Proof> = begun.proven_by.iter().filter(|proof| !is_asked(proof)).cloned().collect();
    let message = format!("the {} by {} was to be verified by {}, too", begun.verb, begun.by, told(&left_out)?);
    let back = Command::new("kubectl bluegreen rollback").arg(service).scope(scope);
    let mend = format!("the words that it was begun with, or {back}");
    Some(Finding::blocks(service, ids::LESSER_PROOF, message).mend(mend))
}
