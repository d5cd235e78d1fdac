//! Running the lab's real kubectl, and our plugins through it.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;

use crate::ended_run::Ran;
use crate::init::exit_code;
use crate::session::Lab;

/// Longest time [`Kubectl::run`] waits.
pub const RUN_LIMIT: Duration = Duration::from_secs(120);

/// kubectl as a certain user, in a certain namespace.
#[derive(Debug, Clone)]
pub struct Kubectl {
    program: PathBuf,
    kubeconfig: PathBuf,
    cache: PathBuf,
    path: OsString,
    namespace: Option<String>,
}

/// How a command ended and what it printed.
#[derive(Debug, Clone)]
pub struct Output {
    /// Exit code, or 128 and the signal.
    pub code: u8,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
    /// Wall time from start to end.
    pub elapsed: Duration,
}

impl Kubectl {
    pub(crate) fn new(lab: &Lab, kubeconfig: PathBuf, namespace: Option<String>) -> Self {
        let mut path = lab.plugins().as_os_str().to_owned();
        path.push(":");
        path.push(lab.bin());
        path.push(":");
        path.push(crate::sandbox::path_with_sbin());
        Self { program: lab.bin().join("kubectl"), cache: lab.dir().join("kubectl-cache"), kubeconfig, path, namespace }
    }

    /// The command, not yet started, for a test that wants to change more of it. Standard input
    /// is empty; `-n NAMESPACE` comes after the first word, as plugins want it.
    pub fn command(&self, args: &[&str]) -> Command {
        self.prepare(&self.program, args)
    }

    /// The same for a plugin's own program, called without kubectl.
    pub fn plugin(&self, program: &Path, args: &[&str]) -> Command {
        self.prepare(program, args)
    }

    fn prepare(&self, program: &Path, args: &[&str]) -> Command {
        let mut command = Command::new(program);
        let (first, rest) = args.split_at(args.len().min(1));
        command.args(first);
        if let Some(namespace) = &self.namespace {
            command.args(["-n", namespace]);
        }
        command
            .args(rest)
            .env("KUBECONFIG", &self.kubeconfig)
            .env("KUBECACHEDIR", &self.cache)
            .env("PATH", &self.path)
            .stdin(Stdio::null());
        command
    }

    /// Runs it to its end, for at most two minutes.
    ///
    /// # Errors
    /// When it cannot be started or takes longer; a bad exit code is none.
    pub async fn run(&self, args: &[&str]) -> Result<Output> {
        self.start(args)?.wait(RUN_LIMIT).await
    }

    /// Runs it and wants exit code 0; gives its standard output.
    ///
    /// # Errors
    /// When it cannot be run, or its exit code is another.
    pub async fn must(&self, args: &[&str]) -> Result<String> {
        let output = self.run(args).await?;
        if output.code != 0 {
            bail!("kubectl {}: exit code {}: {}", args.join(" "), output.code, output.stderr.trim());
        }
        Ok(output.stdout)
    }

    /// Starts it without waiting.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start(&self, args: &[&str]) -> Result<Running> {
        Running::start(self.command(args))
    }
}

/// A command that runs; dropping it kills it.
#[derive(Debug)]
pub struct Running {
    ran: Ran,
    child: Child,
    started: Instant,
    stdout: JoinHandle<String>,
    stderr: JoinHandle<String>,
}

impl Running {
    /// Starts a command with its output captured.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start(mut command: Command) -> Result<Self> {
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let ran = Ran::of(&command);
        let started = Instant::now();
        let mut child =
            command.spawn().with_context(|| format!("cannot start {:?}", command.as_std().get_program()))?;
        let stdout = tokio::spawn(read_all(child.stdout.take()));
        let stderr = tokio::spawn(read_all(child.stderr.take()));
        Ok(Self { ran, child, started, stdout, stderr })
    }

    /// Its process id. kubectl becomes the plugin (exec), so that this is the plugin's.
    pub fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// Whether it has ended by itself.
    ///
    /// # Errors
    /// When that cannot be found out.
    pub fn has_ended(&mut self) -> Result<bool> {
        Ok(self.child.try_wait().context("cannot look after it")?.is_some())
    }

    /// Sends SIGKILL, if it still runs, and waits for the end.
    ///
    /// # Errors
    /// When the signal cannot be sent.
    pub async fn kill(mut self) -> Result<Output> {
        if !self.has_ended()? {
            self.child.start_kill().context("cannot kill")?;
        }
        self.wait(Duration::from_secs(10)).await
    }

    /// Sends another signal, such as SIGINT.
    ///
    /// # Errors
    /// When it has ended already, or the signal cannot be sent.
    pub fn signal(&self, signal: rustix::process::Signal) -> Result<()> {
        let pid = self.id().context("it has ended already")?;
        let pid = rustix::process::Pid::from_raw(i32::try_from(pid)?).context("not an id")?;
        rustix::process::kill_process(pid, signal).context("cannot signal")
    }

    /// Waits for the end, and does what [`after_each_run`](crate::ended_run::after_each_run) says.
    ///
    /// # Errors
    /// When it runs longer than `limit`; it is then killed. Also where what is done then fails.
    pub async fn wait(mut self, limit: Duration) -> Result<Output> {
        let Ok(status) = tokio::time::timeout(limit, self.child.wait()).await else {
            self.child.start_kill()?;
            let (stdout, stderr) = (self.stdout.await?, self.stderr.await?);
            bail!("still running after {limit:?}; stdout:\n{stdout}\nstderr:\n{stderr}");
        };
        let elapsed = self.started.elapsed();
        let code = exit_code(status?);
        let output = Output { code, stdout: self.stdout.await?, stderr: self.stderr.await?, elapsed };
        self.ran.ended(output).await
    }
}

async fn read_all(from: Option<impl AsyncRead + Unpin>) -> String {
    let mut bytes = Vec::new();
    if let Some(mut from) = from {
        // What was read before an error is still worth showing.
        let _ = from.read_to_end(&mut bytes).await;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
