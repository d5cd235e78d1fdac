//! Inside the namespaces: start the cluster, then run the command.

use std::ffi::OsString;
use std::path::Path;
use std::process::Stdio;

use anyhow::{Context, Result, bail};
use tokio::process::Command;
use tokio::signal::unix::{SignalKind, signal};

use lab::cluster::{Cluster, Start};
use lab::init::exit_code;
use lab::layout::Layout;
use lab::toolchain::Toolchain;
use lab::{bridge, ecr, environment, sandbox};

pub async fn run(layout: &Layout, port: u16, command: Vec<OsString>) -> Result<u8> {
    // Ctrl-C reaches everything on the terminal; it is the process outside that acts on it.
    let _ignored = signal(SignalKind::interrupt())?;
    sandbox::set_up_network()?;
    sandbox::mount_tmpfs(&layout.etcd())?;
    let toolchain = Toolchain::locate()?;
    let mut cluster = Cluster::start(&Start { layout, toolchain: &toolchain, port }).await?;
    tokio::spawn(bridge::from_unix(layout.api_socket(), port));
    tokio::spawn(bridge::from_unix(layout.registry_socket(), ecr::PORT));
    std::fs::write(layout.ready_mark(), "").context("cannot write the ready mark")?;
    let bin = toolchain.bin();
    tokio::select! {
        code = run_command(layout, port, &bin, command) => code,
        ending = cluster.ended() => bail!("{ending}"),
    }
}

async fn run_command(layout: &Layout, port: u16, bin: &Path, command: Vec<OsString>) -> Result<u8> {
    let Some((program, args)) = command.split_first() else {
        return std::future::pending().await;
    };
    let status = Command::new(program)
        .args(args)
        .envs(environment::variables(layout, port, bin))
        .stdin(Stdio::inherit())
        .kill_on_drop(true)
        .status()
        .await
        .with_context(|| format!("cannot run {}", program.display()))?;
    Ok(exit_code(status))
}
