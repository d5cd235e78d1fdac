//! Topics of SNS: what is published to them, and what becomes of a release whose topic can't be published to.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use e2e::LIMIT;
use e2e::bluegreen::setup::Setup;
use e2e::common::run::{Ended, said};
use lab::mailbox::{Mailbox, Reply};
use lab::registry::SECRET_KEY;
use lab::{Output, Running};
use serde_json::{Value, json};

use super::secret;

/// Not the region of the environment, which is another one.
const REGION: &str = "eu-west-1";
/// What the end of a run waits at most, and a margin for a busy machine.
const BOUND: Duration = Duration::from_secs(5 + 15);

/// A switch with these receivers and variables; an empty value takes a variable away.
async fn switch(setup: &Setup, to: &str, more: &[&str], variables: &[(&str, &str)]) -> Result<Output> {
    let words: Vec<&str> =
        ["switch", "api", "--to", to, "--yes", "--verify-for=0", "-v=9"].iter().chain(more).copied().collect();
    let plugin = setup.ns.lab().plugins().join("kubectl-bluegreen");
    let mut command = setup.ns.kubectl_as(setup.ns.lab().kubeconfig()).plugin(&plugin, &words);
    for (name, value) in variables {
        if value.is_empty() {
            command.env_remove(name)
        } else {
            command.env(name, value)
        };
    }
    let output = Running::start(command)?.wait(LIMIT).await?;
    ensure!(!said(&output).contains(SECRET_KEY), "{}", said(&output));
    Ok(output)
}

fn notes(output: &Output) -> Vec<&str> {
    output.stderr.lines().filter(|line| line.starts_with("note:")).collect()
}

/// The notices in what SNS posts to a subscriber.
fn notices(mailbox: &Mailbox) -> Result<Vec<Value>> {
    let texts = mailbox.posted().into_iter().map(|letter| letter.body["Message"].as_str().map(str::to_owned));
    texts.map(|text| Ok(serde_json::from_str(&text.context("no message")?)?)).collect()
}

fn stages(notices: &[Value]) -> Vec<&str> {
    notices.iter().filter_map(|notice| notice["stage"].as_str()).collect()
}

/// A team whose pager hangs on SNS would hear nothing of a release, or of each stage what it never asked for.
#[tokio::test]
async fn subscribers_hear_what_a_webhook_hears_and_can_choose() -> Result<()> {
    let (all, some) = (Mailbox::open().await?, Mailbox::open().await?);
    let setup = Setup::new("topic", &["api"]).await?;
    let topic = setup.ns.topic(REGION, "releases").await?;
    topic.subscribe(&all, None).await?;
    topic.subscribe(&some, Some(&json!({"stage": ["switched"], "namespace": [setup.ns.name()]}))).await?;
    let notify = format!("--notify=sns={}", topic.arn());
    let output = switch(&setup, "green", &[&notify], &[]).await?.ends(0)?;
    ensure!(notes(&output).is_empty(), "{}", said(&output));
    let told = notices(&all)?;
    assert_eq!(stages(&told), ["started", "checked", "switched", "verified"]);
    assert_eq!(stages(&notices(&some)?), ["switched"]);
    let verified = &told[3];
    assert_eq!((&verified["kind"], &verified["services"][0]["to"]), (&json!("Notice"), &json!("green")));
    let subject = all.posted()[3].body["Subject"].as_str().unwrap_or_default().to_owned();
    ensure!(subject.starts_with("verified: switch of service/api: blue -> green ("), "{subject}");
    Ok(())
}

/// moto, as SNS does, refuses what has no group, and what has nothing that a repeated message is known by.
#[tokio::test]
async fn a_fifo_topic_takes_it_and_so_does_the_namespaces_own_secret() -> Result<()> {
    let hook = Mailbox::open().await?;
    let setup = Setup::new("topic-fifo", &["api"]).await?;
    let topic = setup.ns.topic(REGION, "releases.fifo").await?;
    topic.subscribe(&hook, None).await?;
    let values = json!({"sns": format!("{}\n", topic.arn()), "stages": "switched,verified"});
    secret(&setup.ns, "kubectl-release-notify", &values).await?;
    let output = switch(&setup, "green", &[], &[]).await?.ends(0)?;
    ensure!(notes(&output).is_empty(), "{}", said(&output));
    assert_eq!(stages(&notices(&hook)?), ["switched", "verified"]);
    secret(&setup.ns, "kubectl-release-notify", &json!({"sns": "arn:aws:sqs:eu-west-1:123456789012:q"})).await?;
    let output = switch(&setup, "blue", &[], &[]).await?.ends(0)?;
    let wrong = "note: sns=secret/kubectl-release-notify/sns was not told of";
    ensure!(notes(&output).len() == 1 && notes(&output)[0].starts_with(wrong), "{}", said(&output));
    Ok(())
}

/// An error as SNS words it (<https://docs.aws.amazon.com/sns/latest/api/CommonErrors.html>).
fn refusal(status: u16, code: &str, message: &str) -> Reply {
    let body = format!(
        "<ErrorResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><Error><Type>Sender</Type>\
         <Code>{code}</Code><Message>{message}</Message></Error>\
         <RequestId>3d74811c-76e1-541c-bf98-dbe73bf8df4f</RequestId></ErrorResponse>"
    );
    Reply::With(status, vec![("content-type", "text/xml".to_owned())], body)
}

/// A topic that is gone, denied, encrypted with a key of others, throttled or silent would keep a version in service
/// that breaks.
#[tokio::test]
async fn a_topic_that_does_not_take_it_is_named_in_one_line_and_changes_nothing() -> Result<()> {
    let denied = "User: arn:aws:sts::123456789012:assumed-role/ci/lee is not authorized to perform: SNS:Publish on \
                  resource: arn:aws:sns:eu-west-1:123456789012:releases because no identity-based policy allows the \
                  SNS:Publish action";
    let garbage = Reply::With(200, Vec::new(), format!("<html>{SECRET_KEY}</html>"));
    let replies: [(&str, usize, Reply); 7] = [
        (
            "role ci may not call sns:Publish: no identity-based policy allows it",
            1,
            refusal(403, "AuthorizationError", denied),
        ),
        ("there is no such topic in eu-west-1", 1, refusal(404, "NotFound", "Topic does not exist")),
        ("the topic's KMS key can't be used (KMSAccessDenied)", 1, refusal(400, "KMSAccessDenied", "null")),
        ("SNS throttles it", 3, refusal(400, "Throttled", "Rate exceeded")),
        ("SNS refused it (HTTP 500)", 3, Reply::status(500)),
        ("an answer that is none of SNS", 1, garbage),
        ("no answer in time", 1, Reply::Hang),
    ];
    let setup = Setup::new("topic-trouble", &["api"]).await?;
    for (index, (why, tries, reply)) in replies.into_iter().enumerate() {
        let sns = Mailbox::answering(move |_| reply.clone()).await?;
        let endpoint = format!("http://127.0.0.1:{}", sns.port());
        let to = if index % 2 == 0 { "green" } else { "blue" };
        let notify = "--notify=sns=arn:aws:sns:eu-west-1:123456789012:releases";
        let variables = [("AWS_ENDPOINT_URL_SNS", endpoint.as_str())];
        let output = switch(&setup, to, &[notify, "--notify-on=switched"], &variables).await?.ends(0)?.tells(why)?;
        let named = "sns=arn:aws:sns:eu-west-1:123456789012:releases was not told of switched";
        ensure!(notes(&output).len() == 1 && notes(&output)[0].contains(named), "{}", said(&output));
        ensure!(output.elapsed < BOUND, "{:?}", output.elapsed);
        assert_eq!(sns.posted().len(), tries, "{why}");
        assert_eq!(setup.colors().await?, [to]);
    }
    Ok(())
}

/// SNS throttles by account and region, and jobs end together.
#[tokio::test]
async fn a_topic_that_is_throttled_once_is_told_a_little_later() -> Result<()> {
    let taken = "<PublishResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><PublishResult><MessageId>\
                 567910cd-659e-55d4-8ccb-5aaf14679dc0</MessageId></PublishResult></PublishResponse>";
    let reply = move |before| match before {
        0 => refusal(400, "Throttled", "Rate exceeded"),
        _ => Reply::With(200, vec![("content-type", "text/xml".to_owned())], taken.to_owned()),
    };
    let sns = Mailbox::answering(reply).await?;
    let setup = Setup::new("topic-later", &["api"]).await?;
    let endpoint = format!("http://127.0.0.1:{}", sns.port());
    let words = ["--notify=sns=arn:aws:sns:eu-west-1:123456789012:releases.fifo", "--notify-on=switched"];
    let output = switch(&setup, "green", &words, &[("AWS_ENDPOINT_URL_SNS", &endpoint)]).await?.ends(0)?;
    ensure!(notes(&output).is_empty(), "{}", said(&output));
    let bodies: Vec<Value> = sns.posted().into_iter().map(|letter| letter.body).collect();
    assert_eq!(bodies.len(), 2);
    // The SDK counts attributes in whatever order.
    let words = |body: &Value| -> Vec<String> {
        let words = body.as_str().unwrap_or_default().split('&').filter(|word| !word.starts_with("MessageAttributes"));
        words.map(str::to_owned).collect()
    };
    assert_eq!(words(&bodies[0]), words(&bodies[1]), "who gets it twice can't know");
    ensure!(words(&bodies[0]).iter().any(|word| word.starts_with("MessageDeduplicationId=")), "{bodies:?}");
    Ok(())
}

/// A job without credentials, or with an endpoint that would have them in clear, would stop in the middle of a release.
#[tokio::test]
async fn without_usable_credentials_that_is_said_and_the_release_goes_on() -> Result<()> {
    let setup = Setup::new("topic-nobody", &["api"]).await?;
    let none = [("AWS_ACCESS_KEY_ID", ""), ("AWS_SECRET_ACCESS_KEY", ""), ("HOME", "/nonexistent")];
    let notify = "--notify=sns=arn:aws:sns:eu-west-1:123456789012:releases";
    let output = switch(&setup, "green", &[notify], &none).await?.ends(0)?.tells("no AWS credentials found")?;
    ensure!(notes(&output).len() == 1 && output.elapsed < BOUND, "{}", said(&output));
    let open = [("AWS_ENDPOINT_URL_SNS", "http://sns.example.test")];
    let output =
        switch(&setup, "blue", &[notify], &open).await?.ends(0)?.tells("would get the session token in clear")?;
    ensure!(notes(&output).len() == 1, "{}", said(&output));
    assert_eq!(setup.colors().await?, ["blue"]);
    Ok(())
}
