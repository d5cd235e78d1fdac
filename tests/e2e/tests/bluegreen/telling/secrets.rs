//! Secrets that lead to nobody, and words that make no sense.

use anyhow::{Result, ensure};
use e2e::LIMIT;
use e2e::bluegreen::run::{bluegreen, bluegreen_as};
use e2e::common::permissions::{bound_to, documented};
use e2e::common::run::{Ended, said};
use lab::eventually;
use lab::mailbox::Mailbox;
use serde_json::json;

use super::{HOOKED, SECRET, hooked, secret, stages, switch, url};

/// A typo in a Secret would keep a release from going out, or its value would stand in the log.
#[tokio::test]
async fn a_secret_that_leads_to_nobody_is_said_in_one_line_and_blocks_nothing() -> Result<()> {
    let hook = Mailbox::open().await?;
    let setup = hooked("no-secret", &hook).await?;
    let values = json!({"plain": format!("http://hooks.example.test/{SECRET}"), "none": SECRET, "empty": "",
        "user": format!("https://lee:{SECRET}@hooks.example.test/")});
    secret(&setup.ns, "bad", &values).await?;
    for (index, (place, why)) in [
        ("nothing/here", "there is no secret/nothing"),
        ("bad/other", "secret/bad has no key other"),
        ("bad/plain", "it holds no https URL"),
        ("bad/none", "it holds no https URL"),
        ("bad/empty", "it is empty"),
        ("bad/user", "it has a user or password, which is not sent"),
    ]
    .into_iter()
    .enumerate()
    {
        let to = if index % 2 == 0 { "green" } else { "blue" };
        let notify = format!("--notify=slack=secret/{place}");
        let output = switch(&setup, to, &["--yes", "--verify-for=0", &notify, "-v=9"]).await?.ends(0)?.tells(why)?;
        let notes = output.stderr.lines().filter(|line| line.starts_with("note:")).count();
        ensure!(notes == 1, "{}", said(&output));
    }
    assert!(hook.posted().is_empty());
    Ok(())
}

/// The URL would be in the process list, and in what is printed about it.
#[tokio::test]
async fn words_that_make_no_sense_are_refused_before_anything_is_asked() -> Result<()> {
    let hook = Mailbox::open().await?;
    let setup = hooked("no-sense", &hook).await?;
    let typed = format!("--notify=slack=https://hooks.slack.com/services/{SECRET}");
    let gateway = format!("--pushgateway=http://lee:{SECRET}@gateway:9091");
    let topic = format!("--notify=sns=arn:aws:sqs:eu-west-1:123456789012:{SECRET}");
    let words = [&typed, &gateway, &topic, "--notify=teams=secret/a/b", "--notify-on=sometimes", "--audit-file="];
    for word in words {
        switch(&setup, "green", &["--yes", word]).await?.ends(2)?;
        switch(&setup, "green", &["--yes", "-ojson", word]).await?.ends(2)?;
    }
    assert_eq!(setup.colors().await?, ["blue"]);
    Ok(())
}

/// A team that has said once who is to be told would have to say it in every job.
#[tokio::test]
async fn the_namespaces_own_secret_is_told_where_nobody_was_named() -> Result<()> {
    let (own, named) = (Mailbox::open().await?, Mailbox::open().await?);
    let setup = hooked("own-secret", &named).await?;
    let on = "switched, verified\n";
    secret(&setup.ns, "kubectl-release-notify", &json!({"webhook": url(&own), "stages": on})).await?;
    switch(&setup, "green", &["--yes", "--verify-for=0"]).await?.ends(0)?;
    switch(&setup, "blue", &HOOKED).await?.ends(0)?;
    assert_eq!(stages(&own), ["switched", "verified"]);
    assert_eq!(stages(&named).len(), 4);
    bluegreen(&setup.ns, "status api").await?.ends(0)?;
    assert_eq!(own.posted().len(), 2);
    Ok(())
}

/// Whoever has only the documented rights would be told of a Secret that they never asked for.
#[tokio::test]
async fn without_the_right_to_read_it_the_namespaces_secret_is_passed_over() -> Result<()> {
    let own = Mailbox::open().await?;
    let setup = hooked("own-forbidden", &own).await?;
    secret(&setup.ns, "kubectl-release-notify", &json!({"webhook": url(&own)})).await?;
    let user = bound_to(&setup.ns, "bluegreen").await?;
    let kubectl = setup.ns.kubectl_as(user.kubeconfig.clone());
    let output = bluegreen_as(&kubectl, "switch api --to green --yes --verify-for=0").await?.ends(0)?;
    ensure!(own.posted().is_empty() && !output.stderr.contains("notify"), "{}", said(&output));
    // With the documented right it is read.
    setup.ns.apply_yaml(&documented("bluegreen-notify")?).await?;
    let group = "rbac.authorization.k8s.io";
    setup
        .ns
        .apply(
            &json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": "told"},
            "roleRef": {"apiGroup": group, "kind": "Role", "name": "bluegreen-notify"},
            "subjects": [{"apiGroup": group, "kind": "User", "name": user.user}]}),
        )
        .await?;
    eventually("the right is there", LIMIT, || async {
        Ok((kubectl.run(&["get", "secret", "kubectl-release-notify"]).await?.code == 0).then_some(()))
    })
    .await?;
    bluegreen_as(&kubectl, "switch api --to blue --yes --verify-for=0").await?.ends(0)?;
    assert_eq!(stages(&own).len(), 4);
    Ok(())
}
