//! Argo Rollouts in the lab: its controller, and a Rollout that waits to be promoted.
//!
//! The settings are those of its own getting-started guide for blue-green: an active and a preview
//! Service, and `autoPromotionEnabled: false`, as otherwise there is nothing to promote.

use std::ffi::OsString;
use std::fs::File;
use std::net::SocketAddr;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use e2e::common::load::answering;
use lab::fixtures::{App, Workload};
use lab::toolchain::Peers;
use lab::{Crd, Lab, Namespace, eventually};
use serde_json::{Value, json};
use tokio::process::{Child, Command};

use crate::departure::{Departures, quiet};
use crate::looking::timed;

const LIMIT: Duration = Duration::from_secs(90);

/// A Rollout and the controller that carries it out.
pub struct Argo {
    ns: Namespace,
    peers: Peers,
    target: SocketAddr,
    controller: Child,
    revision: u32,
}

/// When a promotion is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// As soon as the new version is ready, as a pipeline does.
    AtOnce,
    /// Two seconds after the last change.
    Quiet,
}

impl Argo {
    /// Starts the controller and the first version.
    pub async fn start(lab: &Lab, pods: u32) -> Result<Self> {
        let peers = Peers::locate()?;
        ensure!(peers.is_complete(), "Argo Rollouts has not been built: run `lab build --peers` outside the lab first");
        lab.install(Crd::ArgoRollouts).await?;
        let ns = lab.namespace("argo").await?;
        let controller = controller(lab, &peers)?;
        ns.apply_all(&objects(pods)).await?;
        let mut argo = Self { target: SocketAddr::from(([0, 0, 0, 0], 0)), ns, peers, controller, revision: 1 };
        argo.until("the first version is rolled out", |rollout| rollout["status"]["phase"] == "Healthy").await?;
        argo.target = answering(&argo.ns, "web").await?;
        Ok(argo)
    }

    /// Brings a new version up behind the preview Service, and measures its promotion.
    pub async fn promote(&mut self, times: &mut Departures, when: When) -> Result<()> {
        let (old, new) = (version(self.revision), version(self.revision + 1));
        let image = format!("app=registry.example.com/web:{new}");
        timed(self.kubectl(&["argo", "rollouts", "set", "image", "web", &image])).await?;
        self.until("the new version waits for promotion", waits).await?;
        if when == When::Quiet {
            quiet().await;
        }
        times.measure(self.target, &old, self.kubectl(&["argo", "rollouts", "promote", "web"])).await?;
        self.revision += 1;
        self.until("promoted", |rollout| rollout["status"]["phase"] == "Healthy").await
    }

    /// The lab's kubectl with their plugin on PATH. Flags come after the plugin's name.
    fn kubectl(&self, args: &[&str]) -> Command {
        let lab = self.ns.lab();
        let mut command = lab.kubectl(lab.kubeconfig()).command(args);
        let mut path = OsString::from(self.peers.bin());
        path.push(":");
        path.push(std::env::var_os("PATH").unwrap_or_default());
        command.args(["-n", self.ns.name()]).env("PATH", path);
        command
    }

    async fn until(&mut self, what: &str, condition: impl Fn(&Value) -> bool) -> Result<()> {
        if let Some(status) = self.controller.try_wait()? {
            bail!("Argo Rollouts' controller ended ({status}); see logs/rollouts-controller.log");
        }
        let kubectl = &self.ns.kubectl_as(self.ns.lab().kubeconfig());
        eventually(what, LIMIT, || {
            let condition = &condition;
            async move {
                let rollout: Value = serde_json::from_str(&kubectl.must(&["get", "rollout", "web", "-ojson"]).await?)?;
                let observed = rollout["status"]["observedGeneration"].as_str()
                    == Some(&rollout["metadata"]["generation"].to_string());
                Ok((observed && condition(&rollout)).then_some(()))
            }
        })
        .await
    }
}

/// Paused because a person has to promote it, with the new version's pods available.
fn waits(rollout: &Value) -> bool {
    let status = &rollout["status"];
    let new = &status["currentPodHash"];
    let blue_green = &status["blueGreen"];
    status["phase"] == "Paused" && blue_green["previewSelector"] == *new && blue_green["activeSelector"] != *new
}

fn controller(lab: &Lab, peers: &Peers) -> Result<Child> {
    let log =
        File::create(lab.dir().join("logs/rollouts-controller.log")).context("cannot make the controller's log")?;
    Command::new(peers.controller())
        .arg("--kubeconfig")
        .arg(lab.kubeconfig())
        // 8080 is the pods'; one controller needs no election.
        .args(["--leader-elect=false", "--healthzPort=18080", "--metricsPort=18090"])
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .kill_on_drop(true)
        .spawn()
        .context("cannot start Argo Rollouts' controller")
}

fn version(revision: u32) -> String {
    format!("1.{revision}.0")
}

/// The active and the preview Service, and the Rollout; its pods are those of the other tables.
fn objects(pods: u32) -> Vec<Value> {
    let app = App::new("web").key("part");
    let color = Workload::color("web", &format!("registry.example.com/web:{}", version(1))).replicas(pods).pre_stop(2);
    let active = app.service("web");
    let mut preview = active.clone();
    preview["metadata"]["name"] = json!("web-preview");
    let mut rollout = app.workload(&color);
    rollout["apiVersion"] = json!("argoproj.io/v1alpha1");
    rollout["kind"] = json!("Rollout");
    rollout["metadata"]["name"] = json!("web");
    rollout["spec"]["strategy"] = json!({"blueGreen": {
        "activeService": "web", "previewService": "web-preview", "autoPromotionEnabled": false,
    }});
    vec![active, preview, rollout]
}
