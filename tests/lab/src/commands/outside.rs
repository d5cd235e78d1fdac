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
use lab::living::{self, Identified};
use lab::{bridge, enclosure};

const INTERRUPTED: u8 = 130;

/// A lab about to be started.
pub struct Outside {
    pub layout: Layout,
    pub port: u16,
    /// Connections from outside, for `lab up`.
    pub listener: Option<TcpListener>,
    /// What to run inside; nothing means to stay until told to end.
    pub command: Vec<OsString>,
}

impl Outside {
    /// Runs until the command inside ends or a signal comes; then nothing is left.
    pub async fn run(self) -> Result<u8> {
        let _folder = RemovedAtTheEnd(self.layout.clone());
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        let mut hang_up = signal(SignalKind::hangup())?;
        let mut record = Record::of_this_process(self.port, self.listener.is_some())?;
        self.layout.write_record(&record)?;
        let mut enclosure = self.spawn()?;
        let pid = enclosure.id().context("the lab ended at once")?;
        record.enclosure = Some(living::identify(pid)?);
        self.layout.write_record(&record)?;
        let bridge = async {
            match self.listener {
                Some(listener) => bridge::from_tcp(listener, self.layout.api_socket()).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            status = enclosure.wait() => return Ok(exit_code(status?)),
            broken = bridge => broken?,
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hang_up.recv() => {}
        }
        end(&mut enclosure, pid).await?;
        Ok(INTERRUPTED)
    }

    fn spawn(&self) -> Result<Child> {
        let this = std::env::current_exe().context("cannot find the lab's own program")?;
        let mut command = Command::from(enclosure::command());
        command.arg(&this).arg("init").arg(&this).arg("inside");
        command.arg("--dir").arg(self.layout.root());
        command.arg("--port").arg(self.port.to_string());
        command.arg("--").args(&self.command);
        command.kill_on_drop(true).spawn().context("cannot start setpriv and unshare")
    }
}

/// Ending the first process makes the kernel end all others in its namespace, and only after
/// that does `unshare` see it end.
async fn end(enclosure: &mut Child, pid: u32) -> Result<()> {
    match first_inside(pid) {
        Some(first) => first.signal(Signal::KILL)?,
        None => enclosure.start_kill()?,
    }
    enclosure.wait().await?;
    Ok(())
}

fn first_inside(enclosure: u32) -> Option<Identified> {
    let children = fs::read_to_string(format!("/proc/{enclosure}/task/{enclosure}/children")).ok()?;
    living::identify(children.split_whitespace().next()?.parse().ok()?).ok()
}

struct RemovedAtTheEnd(Layout);

impl Drop for RemovedAtTheEnd {
    fn drop(&mut self) {
        self.0.remove();
    }
}
