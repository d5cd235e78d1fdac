//! Help of every verb.

use anyhow::Result;
use lab::Lab;

use super::LOOKS;

/// A flag that the help doesn't explain is a flag that nobody has.
#[tokio::test]
async fn help_of_every_verb() -> Result<()> {
    let lab = Lab::from_env().await?;
    let user = lab.kubectl(lab.kubeconfig());
    for verb in
        ["status", "preflight", "init", "deploy", "switch", "rollback", "history", "cleanup", "schema", "completion"]
    {
        LOOKS.see(&user, &format!("help_{verb}"), &format!("{verb} --help")).await?;
    }
    LOOKS.see(&user, "help", "--help").await?;
    LOOKS.see(&user, "help_short", "switch -h").await
}
