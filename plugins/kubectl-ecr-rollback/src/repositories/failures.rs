//! How a run over several repositories ends.

use release_core::failure::{Exit, Failure, Outcome};

/// One failure as it is; several as a count, each named before: exit 4 where all of them ran out of
/// time, exit 3 where all were overtaken, else exit 1.
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
            let all = |exit: Exit| failures.iter().all(|(_, failure)| failure.exit == exit);
            let exit = [Exit::OutOfTime, Exit::Changed].into_iter().find(|exit| all(*exit)).unwrap_or(Exit::Failed);
            let failure = Failure::new(exit, "SeveralFailed", message);
            Err(match failures.into_iter().find_map(|(_, failure)| failure.next) {
                Some(next) => failure.next(next),
                None => failure,
            })
        }
    }
}
