//! Names of checks, as `--force` takes them.

use clap::builder::PossibleValuesParser;
use release_core::checks::ids::Suite;

/// Takes the ids of a plugin's own checks. A name that is none would override nothing, and whoever
/// typed it would find out in the middle of a release.
#[must_use]
pub fn check_of(suite: Suite) -> PossibleValuesParser {
    suite.ids().map(|id| id.as_str()).collect::<Vec<_>>().into()
}
