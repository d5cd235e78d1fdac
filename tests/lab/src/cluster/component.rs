//! One process of the cluster: started with a log of its own, and watched.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};

use anyhow::{Context, Result};
use tokio::process::{Child, Command};

const LAST_LINES: usize = 15;

/// A running process of the cluster.
#[derive(Debug)]
pub struct Component {
    name: String,
    child: Child,
    log: PathBuf,
}

impl Component {
    /// Starts `program`, its output going to `logs/NAME.log`.
    ///
    /// # Errors
    /// When the program or the log file is not to be had.
    pub fn start(name: &str, program: &Path, args: Vec<String>, logs: &Path) -> Result<Self> {
        let mut command = Command::new(program);
        command.args(args);
        Self::run(name, command, logs)
    }

    /// The same with a command of which more than its arguments is set.
    ///
    /// # Errors
    /// When the program or the log file is not to be had.
    pub fn run(name: &str, mut command: Command, logs: &Path) -> Result<Self> {
        let log = logs.join(format!("{name}.log"));
        let file = File::create(&log).with_context(|| format!("cannot make {}", log.display()))?;
        let program = command.as_std().get_program().to_owned();
        let child = command
            .env("PATH", crate::sandbox::path_with_sbin())
            // Proxies of the machine are of no use inside.
            .env("NO_PROXY", "*")
            .stdin(Stdio::null())
            .stdout(file.try_clone()?)
            .stderr(file)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("cannot start {}", program.display()))?;
        Ok(Self { name: name.to_owned(), child, log })
    }

    /// Ends when the process does, which it never should: returns what to tell people.
    pub async fn ended(&mut self) -> String {
        let status = self.child.wait().await;
        self.how_it_ended(status.ok())
    }

    /// The same without waiting; `None` while the process runs.
    pub fn has_ended(&mut self) -> Option<String> {
        match self.child.try_wait() {
            Ok(None) => None,
            Ok(status) => Some(self.how_it_ended(status)),
            Err(_) => Some(self.how_it_ended(None)),
        }
    }

    fn how_it_ended(&self, status: Option<ExitStatus>) -> String {
        let how = status.map_or_else(|| "unknown".to_owned(), |status| status.to_string());
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        let last = lines[lines.len().saturating_sub(LAST_LINES)..].join("\n  ");
        format!("{} ended ({how}); the end of {}:\n  {last}", self.name, self.log.display())
    }
}
