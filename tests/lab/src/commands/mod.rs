//! The verbs of `lab`, one concept a file.

mod background;
mod inside;
mod outside;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};
use tokio::runtime::{Builder, Runtime};

use lab::cluster::client_for;
use lab::identity::Authority;
use lab::layout::Layout;
use lab::toolchain::{Addon, Moto, Peers, Toolchain};
use lab::{ecr, host, init as first_process};

pub use background::{down, serve, shell, status, up};

/// Without `--port` of anyone's wish, as the namespace is the lab's own.
const API_PORT: u16 = 6443;

pub fn build(peers: bool, addons: bool) -> Result<u8> {
    let toolchain = Toolchain::ensure()?;
    Moto::ensure()?;
    if peers {
        println!("{}", Peers::ensure()?.bin().display());
    }
    if addons {
        build_addons()?;
    }
    println!("{}", toolchain.bin().display());
    Ok(0)
}

/// Tests that need one that is missing say so and are skipped; not in CI.
fn build_addons() -> Result<()> {
    for addon in Addon::ALL {
        match addon.ensure() {
            Err(error) if !host::is_ci() => eprintln!("lab: without {}: {error:#}", addon.what()),
            result => result?,
        }
    }
    Ok(())
}

pub fn run(command: Vec<OsString>) -> Result<u8> {
    prepare()?;
    let layout = Layout::create()?;
    let lab = outside::Outside { layout, port: API_PORT, listeners: None, command };
    current_thread()?.block_on(lab.run())
}

pub fn init(command: Vec<OsString>) -> Result<u8> {
    let (program, args) = command.split_first().context("nothing to run")?;
    let mut command = Command::new(program);
    command.args(args);
    first_process::run(command)
}

pub fn inside(dir: PathBuf, port: u16, command: Vec<OsString>) -> Result<u8> {
    let layout = Layout::at(dir);
    Builder::new_multi_thread().worker_threads(2).enable_all().build()?.block_on(inside::run(&layout, port, command))
}

pub fn pods(dir: PathBuf) -> Result<u8> {
    let layout = Layout::at(dir);
    Builder::new_multi_thread().worker_threads(2).enable_all().build()?.block_on(async {
        let client = client_for(&layout.kubeconfig()).await?;
        lab::pods::run(client, &Authority::load(&layout)?).await
    })?;
    Ok(0)
}

pub fn registry() -> Result<u8> {
    Builder::new_multi_thread().worker_threads(2).enable_all().build()?.block_on(ecr::run(&Moto::locate()?))?;
    Ok(0)
}

/// Everything that a lab needs before it can be started.
fn prepare() -> Result<Toolchain> {
    let toolchain = Toolchain::ensure()?;
    host::prepare()?;
    Moto::ensure()?;
    Ok(toolchain)
}

fn current_thread() -> Result<Runtime> {
    Ok(Builder::new_current_thread().enable_all().build()?)
}
