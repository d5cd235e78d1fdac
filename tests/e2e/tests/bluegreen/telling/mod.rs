//! Telling people about releases: they are told, nothing waits for them, and nothing of a Secret is shown.

mod gateway;
mod receivers;
mod secrets;
mod topics;
mod trouble;

use anyhow::{Result, ensure};
use e2e::bluegreen::setup::Setup;
use e2e::common::run::said;
use k8s_openapi::api::core::v1::Secret;
use lab::mailbox::Mailbox;
use lab::{Namespace, Output};
use serde_json::{Value, json};

/// What no output may have in it.
const SECRET: &str = "T0SECRETB0SECRET";
/// A move that is over at once, and tells one webhook.
const HOOKED: [&str; 3] = ["--yes", "--verify-for=0", "--notify=webhook=secret/ops/hook"];

/// A Secret `ops` with these values.
async fn secret(ns: &Namespace, name: &str, values: &Value) -> Result<()> {
    let object = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "stringData": values});
    if ns.api::<Secret>().get_opt(name).await?.is_some() {
        ns.patch::<Secret>(name, object).await?;
        return Ok(());
    }
    ns.apply(&object).await.map(drop)
}

/// Where a mailbox is, as a secret of its own.
fn url(mailbox: &Mailbox) -> String {
    format!("http://127.0.0.1:{}/services/{SECRET}", mailbox.port())
}

/// A namespace whose Secret leads to this mailbox.
async fn hooked(test: &str, mailbox: &Mailbox) -> Result<Setup> {
    let setup = Setup::new(test, &["api"]).await?;
    secret(&setup.ns, "ops", &json!({"hook": url(mailbox)})).await?;
    Ok(setup)
}

/// A switch with more words.
async fn switch(setup: &Setup, to: &str, more: &[&str]) -> Result<Output> {
    let words: Vec<&str> = ["switch", "api", "--to", to].iter().chain(more).copied().collect();
    let output = setup.run(&words).await?;
    ensure!(!said(&output).contains(SECRET), "{}", said(&output));
    Ok(output)
}

fn stages(mailbox: &Mailbox) -> Vec<String> {
    let posted = mailbox.posted();
    posted.iter().filter_map(|letter| letter.body["stage"].as_str().map(str::to_owned)).collect()
}
