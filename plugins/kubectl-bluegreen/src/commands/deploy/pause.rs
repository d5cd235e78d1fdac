//! Between a color that is ready and the move to it: time for somebody to look.

use release_cli::run::Run;
use release_cli::talk::Stand;
use release_core::duration::typed_duration;
use release_core::failure::{Failure, Outcome};
use tokio::time::sleep;

use super::next_step::again;
use crate::options::release::ReleaseOptions;

/// Waits as long as was asked for. What is ready afterwards is looked at anew by the move.
///
/// # Errors
/// Exit 4 where the run's time would be over before.
pub async fn pause(run: &Run, options: &ReleaseOptions, colors: &str) -> Outcome<()> {
    let Some(pause) = options.switch_after else { return Ok(()) };
    let time = typed_duration(pause);
    if run.left() <= pause {
        let text = format!("out of time: {colors} is ready, and is to wait for {time} yet\nno Service was switched");
        return Err(Failure::out_of_time(text).next("give it longer with --timeout"));
    }
    let text = format!("interrupted while {colors} waited for {time}; no Service was switched");
    run.stands(Stand { text, next: Some(again(options, "goes on", run.scope())) });
    run.waiting(&format!("{colors} is ready, and switched to in {time}"));
    sleep(pause).await;
    Ok(())
}
