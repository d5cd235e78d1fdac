//! What AWS's credentials are sent to.

use anyhow::{Result, ensure};
use e2e::common::run::{Ended, said};
use e2e::ecr::releases::{Releases, finished};
use lab::Running;
use lab::recorder::Recorder;

/// A session token would go through a network in the clear, to whoever answers for that name.
#[tokio::test]
async fn an_endpoint_without_tls_elsewhere_is_asked_for_nothing() -> Result<()> {
    let releases = Releases::pushed("plain-endpoint").await?;
    releases.deploy(&releases.app("api")).await?;
    let recorder = Recorder::plain().await?;
    let port = recorder.port();
    // Another address of this very machine: what is sent arrives.
    for host in ["10.0.0.1", "kubernetes.lab", "[::ffff:10.0.0.1]", "0.0.0.0"] {
        for (variable, words) in [
            ("AWS_ENDPOINT_URL", "deploy/api --yes -ojson"),
            ("AWS_ENDPOINT_URL_ECR", "history deploy/api"),
            ("AWS_ENDPOINT_URL", "lifecycle apply NAME --keep-tagged 9 --yes"),
        ] {
            let words = words.replace("NAME", releases.repository.name());
            let mut command = releases.command(&releases.admin(), &words);
            command.env_remove("AWS_ENDPOINT_URL").env_remove("AWS_ENDPOINT_URL_ECR");
            command.env(variable, format!("http://{host}:{port}"));
            let output = finished(Running::start(command)?).await?;
            let asked = recorder.take();
            ensure!(asked.is_empty(), "{variable} {host}: {asked:?}\n{}", said(&output));
            output.ends(1)?;
        }
    }
    assert_eq!(releases.image("api").await?, e2e::ecr::releases::NEWEST);
    Ok(())
}
