//! Labs that stay: `up`, `down`, `status`, `shell`.

use std::ffi::OsString;
use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail};
use rustix::process::Signal;

use lab::layout::{self, Layout, Record};
use lab::toolchain::Toolchain;
use lab::{environment, sandbox};

use super::outside::{Listeners, Outside};

const UNTIL_GONE: Duration = Duration::from_secs(20);

pub fn up(another: bool) -> Result<u8> {
    let toolchain = super::prepare()?;
    if !another && let Some((layout, _)) = newest_in_background()? {
        eprintln!("lab: one is up already (start another with --another)");
        print_usage(&layout, &toolchain)?;
        return Ok(0);
    }
    let layout = Layout::create()?;
    let log = layout.logs().join("lab.log");
    let output = File::create(&log).with_context(|| format!("cannot make {}", log.display()))?;
    // A session of its own, so that closing the terminal does not end the lab.
    let mut child = Command::new("setsid")
        .arg(std::env::current_exe()?)
        .args(["serve", "--dir"])
        .arg(layout.root())
        .stdin(Stdio::null())
        .stdout(output.try_clone()?)
        .stderr(output)
        .spawn()
        .context("cannot start setsid")?;
    let mut shown = 0;
    while !layout.ready_mark().exists() {
        show_new(&log, &mut shown);
        if let Some(status) = child.try_wait()? {
            layout.remove();
            bail!("the lab did not start ({status})");
        }
        thread::sleep(Duration::from_millis(100));
    }
    show_new(&log, &mut shown);
    print_usage(&layout, &toolchain)?;
    Ok(0)
}

pub fn serve(dir: PathBuf) -> Result<u8> {
    super::current_thread()?.block_on(async {
        let listeners = Listeners::open().await?;
        let port = listeners.api.local_addr()?.port();
        let layout = Layout::at(dir);
        Outside { layout, port, listeners: Some(listeners), command: Vec::new() }.run().await
    })
}

pub fn down(dir: Option<PathBuf>, all: bool) -> Result<u8> {
    let mut labs = background()?;
    if let Some(dir) = dir {
        labs.retain(|(layout, _)| layout.root() == dir);
        if labs.is_empty() {
            bail!("no lab with the folder {} runs", dir.display());
        }
    } else if !all {
        labs = labs.pop().into_iter().collect();
    }
    if labs.is_empty() {
        eprintln!("lab: none is up");
    }
    for (layout, record) in labs {
        record.outer.signal(Signal::TERM)?;
        if !record.outer.wait_gone(UNTIL_GONE) {
            bail!("the lab in {} does not end; its process is {}", layout.root().display(), record.outer.pid);
        }
        eprintln!("lab: {} is down", layout.root().display());
    }
    Ok(0)
}

pub fn status() -> Result<u8> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    for (layout, record) in layout::running()? {
        let state = if layout.ready_mark().exists() { "ready" } else { "starting" };
        let kind = if record.background { "up" } else { "run" };
        let minutes = now.saturating_sub(record.since) / 60;
        println!("{}\t{kind}\t{state}\t{minutes}m\tpid {}", layout.root().display(), record.outer.pid);
    }
    Ok(0)
}

pub fn shell(dir: Option<PathBuf>, mut command: Vec<OsString>) -> Result<u8> {
    let (layout, record) = match dir {
        Some(dir) => {
            let layout = Layout::at(dir);
            let record = layout.read_record()?;
            (layout, record)
        }
        None => layout::running()?.pop().context("no lab runs; start one with `lab up`")?,
    };
    let sandbox = record.sandbox.filter(|sandbox| sandbox.is_alive());
    let sandbox = sandbox.context("that lab does not run")?;
    if command.is_empty() {
        command.push(std::env::var_os("SHELL").unwrap_or_else(|| "/bin/sh".into()));
    }
    let bin = Toolchain::locate()?.bin();
    let error = sandbox::enter(sandbox).args(command).envs(environment::variables(&layout, record.port, &bin)).exec();
    Err(error).context("cannot run nsenter")
}

fn background() -> Result<Vec<(Layout, Record)>> {
    let mut labs = layout::running()?;
    labs.retain(|(_, record)| record.background);
    Ok(labs)
}

fn newest_in_background() -> Result<Option<(Layout, Record)>> {
    Ok(background()?.pop())
}

fn show_new(log: &Path, shown: &mut usize) {
    let text = fs::read_to_string(log).unwrap_or_default();
    if let Some(new) = text.get(*shown..) {
        eprint!("{new}");
        *shown = text.len();
    }
}

fn print_usage(layout: &Layout, toolchain: &Toolchain) -> Result<()> {
    let this = std::env::current_exe()?;
    println!("export KUBECONFIG={}", layout.kubeconfig().display());
    println!("export PATH={}:$PATH", toolchain.bin().display());
    let registry = format!("http://127.0.0.1:{}", layout.read_record()?.registry_port);
    for (name, value) in environment::aws(&registry) {
        println!("export {name}={value}");
    }
    println!("# kubectl works with these from here, and what reads ECR. Cluster IPs and pod IPs answer inside only:");
    println!("#   {} shell", this.display());
    println!("#   {} shell -- curl -s http://CLUSTER-IP", this.display());
    println!("# end it with:");
    println!("#   {} down", this.display());
    Ok(())
}
