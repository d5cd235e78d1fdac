//! How a run over several repositories ends.

use release_core::failure::{Failure, Outcome};

/// One failure as it is; several as a count, each named before.
///
/// # Errors
/// Where there is any.
pub fn ended(mut failures: Vec<(String, Failure)>) -> Outcome<()> {
    match failures.len() {
        0 => Ok(()),
        1 => Err(failures.remove(0).1),
        several => {
            let lines: Vec<String> = failures.iter().map(|(name, why)| format!("  {name}: {why}")).collect();
            let message = format!("{several} repositories failed\n{}", lines.join("\n"));
            let failure = Failure::failed("SeveralFailed", message);
            Err(match failures.into_iter().find_map(|(_, failure)| failure.next) {
                Some(next) => failure.next(next),
                None => failure,
            })
        }
    }
}
