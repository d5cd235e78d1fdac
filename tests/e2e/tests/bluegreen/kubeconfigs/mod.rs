//! The same kubeconfig, given to the lab's kubectl and to the plugin: both must reach the same
//! server as the same user, or neither may reach any.
//!
//! A case is a file in `cases`: a kubeconfig with comments on top that say how it is used, and
//! further files after lines like `# --- NAME`. `{{…}}` stands for what the lab has.

mod case;
mod world;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use e2e::LIMIT;
use e2e::common::faults::all_as_they_should;
use e2e::common::run::said;
use futures::{StreamExt, stream};
use lab::recorder::Asked;
use lab::{Lab, Output};
use serde_json::Value;
use tokio::process::Command;
use tokio::time::timeout;

use case::{Case, Ends};
use world::World;

/// The tests would prove nothing if somebody thinned them out.
const AT_LEAST: usize = 40;
/// Of these are about who is logged in, and by what.
const ABOUT_CREDENTIALS: usize = 90;

/// How many cases run at a time.
const AT_ONCE: usize = 4;

/// What became of one program with one kubeconfig.
#[derive(Debug, PartialEq, Eq)]
struct Outcome {
    /// The Service that was asked for, by server: `server`, `other` or `plain`.
    asked: Vec<(&'static str, Asked)>,
    /// Where the proxy was asked to go.
    tunnels: Vec<String>,
    /// What each run of the credential plugin was told, if it ran; kubectl runs it once a process.
    plugin: Option<Value>,
}

/// With one of these a plugin would fail where kubectl works, or go out as somebody else.
#[tokio::test]
async fn the_plugin_reaches_the_same_server_as_the_same_user_as_kubectl() -> Result<()> {
    let lab = Lab::from_env().await?;
    let cases = case::all(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bluegreen/kubeconfigs/cases"))?;
    ensure!(cases.len() >= AT_LEAST, "only {} kubeconfigs", cases.len());
    let about = cases.iter().filter(|case| case.is_about_credentials()).count();
    ensure!(about >= ABOUT_CREDENTIALS, "only {about} kubeconfigs with credentials");
    let compared = cases.iter().map(async |case| compare(&lab, case).await.with_context(|| case.name.clone()));
    all_as_they_should(stream::iter(compared).buffer_unordered(AT_ONCE).collect().await)
}

async fn compare(lab: &Lab, case: &Case) -> Result<()> {
    let world = &World::start(lab).await?;
    let kubectl = run(lab, world, case, &lab.bin().join("kubectl"), &["get", "services", "api"]).await?;
    let plugin = run(lab, world, case, &lab.plugins().join("kubectl-bluegreen"), &["status", "api"]).await?;
    let both = format!("kubectl: {:#?}\n{}\nplugin: {:#?}\n{}", kubectl.1, said(&kubectl.0), plugin.1, said(&plugin.0));
    let reached = !kubectl.1.asked.is_empty();
    ensure!(reached == (case.ends == Ends::Reached), "kubectl itself does not end as the case says\n{both}");
    ensure!(kubectl.1 == plugin.1, "they differ\n{both}");
    ensure!(plugin.0.code == 1, "exit code {}\n{both}", plugin.0.code);
    let told = said(&plugin.0);
    ensure!(!told.contains("hunter2"), "a secret is printed\n{both}");
    ensure!(reached == told.contains("there is nothing here"), "it does not say what the server said\n{both}");
    Ok(())
}

async fn run(lab: &Lab, world: &World, case: &Case, program: &Path, words: &[&str]) -> Result<(Output, Outcome)> {
    world.forget();
    let folder = tempfile(lab)?;
    world.write(case, &folder)?;
    let mut command = world.command(case, &folder, program);
    command.args(words).args(case.flags.iter().map(|flag| world.fill(flag, &folder)).collect::<Vec<_>>());
    let output = ended(command).await?;
    let asked = world.asked().into_iter().filter(|(_, asked)| asked.path.ends_with("/services/api")).collect();
    let plugin = plugin_was_told(&folder)?;
    std::fs::remove_dir_all(&folder)?;
    Ok((output, Outcome { asked, tunnels: world.tunnels(), plugin }))
}

/// By itself: a command that it prints never holds a typed token, and would run the plugin instead.
async fn ended(mut command: Command) -> Result<Output> {
    let began = Instant::now();
    let ended = timeout(LIMIT, command.kill_on_drop(true).output()).await.context("it hangs")??;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let code = ended.status.code().and_then(|code| u8::try_from(code).ok()).context("it crashed")?;
    Ok(Output { code, stdout: text(&ended.stdout), stderr: text(&ended.stderr), elapsed: began.elapsed() })
}

fn tempfile(lab: &Lab) -> Result<PathBuf> {
    let file = lab.write_kubeconfig("")?;
    let folder = file.with_extension("d");
    std::fs::remove_file(file)?;
    std::fs::create_dir(&folder)?;
    Ok(folder)
}

/// What stands in KUBERNETES_EXEC_INFO, and that it is the same each time.
fn plugin_was_told(folder: &Path) -> Result<Option<Value>> {
    let Ok(told) = std::fs::read_to_string(folder.join("told")) else { return Ok(None) };
    let mut runs = told.lines().map(serde_json::from_str::<Value>).collect::<Result<Vec<_>, _>>()?;
    runs.dedup();
    ensure!(runs.len() == 1, "it was told different things: {runs:?}");
    let mut told = runs.remove(0);
    // Go writes what is not there as null or as false.
    if let Some(cluster) = told.pointer_mut("/spec/cluster").and_then(Value::as_object_mut) {
        cluster.retain(|_, value| !value.is_null() && *value != false);
    }
    Ok(Some(told))
}

/// Pairs of `NAME=VALUE`.
fn variables(pairs: &[String]) -> BTreeMap<&str, &str> {
    pairs.iter().filter_map(|pair| pair.split_once('=')).collect()
}
