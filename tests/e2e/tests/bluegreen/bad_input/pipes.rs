//! Files that are pipes, and that nobody ends.

use anyhow::{Result, ensure};
use e2e::bluegreen::blue_green;
use e2e::namespace;
use tokio::process::Command;

use super::refused;

/// A step before that failed leaves a pipe behind: a pipeline would stand until somebody looks.
#[tokio::test]
async fn a_pipe_is_not_waited_for_without_end() -> Result<()> {
    let ns = namespace("pipe").await?;
    blue_green(&ns, 1).await?;
    let pipe = std::env::temp_dir().join(format!("pipe-{}", ns.name()));
    ensure!(Command::new("mkfifo").arg(&pipe).status().await?.success(), "no pipe");
    let pipe = pipe.display().to_string();
    for words in [format!("deploy -f {pipe}"), format!("deploy api --images-from {pipe}")] {
        refused(&ns, &format!("{words} --yes --timeout=1s"), 2, "BadUsage", "not at its end after 1s").await?;
    }
    std::fs::remove_file(&pipe)?;
    Ok(())
}
