//! The process outside the namespaces: makes them, waits, and takes everything down.

use std::ffi::OsString;
use std::fs;

use anyhow::{Context, Result};
use rustix::process::Signal;
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::signal::unix::{SignalKind, signal};

use lab::init::exit_code;
use lab::layout::{Layout, Record};
use lab::process_id::{self, ProcessId};
use lab::{bridge, sandbox};

const INTERRUPTED: u8 = 130;

/// A lab about to be started.
pub struct Outside {
    pub layout: Layout,
    pub port: u16,
    /// For `lab up`.
    pub listeners: Option<Listeners>,
    /// What to run inside; nothing means to stay until told to end.
    pub command: Vec<OsString>,
}

/// Where connections from outside come in.
pub struct Listeners {
    pub api: TcpListener,
    pub registry: TcpListener,
}

impl Listeners {
    /// On free ports of loopback.
    pub async fn open() -> Result<Self> {
        let listener = async || TcpListener::bind(("127.0.0.1", 0)).await.context("no free port");
        Ok(Self { api: listener().await?, registry: listener().await? })
    }

    async fn forward(self, layout: &Layout) -> Result<()> {
        let api = bridge::from_tcp(self.api, layout.api_socket());
        let registry = bridge::from_tcp(self.registry, layout.registry_socket());
        tokio::try_join!(api, registry).map(drop)
    }
}

impl Outside {
    /// Runs until the command inside ends or a signal comes; then nothing is left.
    pub async fn run(self) -> Result<u8> {
        let _folder = RemovedAtTheEnd(self.layout.clone());
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        let mut hang_up = signal(SignalKind::hangup())?;
        let mut record = Record::of_this_process(self.port, self.listeners.is_some())?;
        if let Some(listeners) = &self.listeners {
            record.registry_port = listeners.registry.local_addr()?.port();
        }
        self.layout.write_record(&record)?;
        let mut sandbox = self.spawn()?;
        let pid = sandbox.id().context("the lab ended at once")?;
        record.sandbox = Some(process_id::identify(pid)?);
        self.layout.write_record(&record)?;
        let bridge = async {
            match self.listeners {
                Some(listeners) => listeners.forward(&self.layout).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            status = sandbox.wait() => return Ok(exit_code(status?)),
            broken = bridge => broken?,
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hang_up.recv() => {}
        }
        end(&mut sandbox, pid).await?;
        Ok(INTERRUPTED)
    }

    fn spawn(&self) -> Result<Child> {
        let this = std::env::current_exe().context("cannot find the lab's own program")?;
        let mut command = Command::from(sandbox::command());
        command.arg(&this).arg("init").arg(&this).arg("inside");
        command.arg("--dir").arg(self.layout.root());
        command.arg("--port").arg(self.port.to_string());
        command.arg("--").args(&self.command);
        command.kill_on_drop(true).spawn().context("cannot start setpriv and unshare")
    }
}

/// Ending the first process makes the kernel end all others in its namespace, and only after
/// that does `unshare` see it end.
async fn end(sandbox: &mut Child, pid: u32) -> Result<()> {
    match first_inside(pid) {
        Some(first) => first.signal(Signal::KILL)?,
        None => sandbox.start_kill()?,
    }
    sandbox.wait().await?;
    Ok(())
}

fn first_inside(sandbox: u32) -> Option<ProcessId> {
    let children = fs::read_to_string(format!("/proc/{sandbox}/task/{sandbox}/children")).ok()?;
    process_id::identify(children.split_whitespace().next()?.parse().ok()?).ok()
}

struct RemovedAtTheEnd(Layout);

impl Drop for RemovedAtTheEnd {
    fn drop(&mut self) {
        self.0.remove();
    }
}
