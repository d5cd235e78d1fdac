//! What is done after each run of a program, where a test program asks for it.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use anyhow::Result;
use futures::future::BoxFuture;
use tokio::process::Command;

use crate::kubectl::Output;

/// Done after each run; its error is the run's.
pub type AfterRun = fn(Ran, Output) -> BoxFuture<'static, Result<()>>;

static AFTER: OnceLock<AfterRun> = OnceLock::new();

/// From now on, every run that is waited for ends with this. The first one asked for stays.
pub fn after_each_run(then: AfterRun) {
    AFTER.get_or_init(|| then);
}

/// What was run: the program, its words, and what it was given besides.
#[derive(Debug, Clone)]
pub struct Ran {
    program: PathBuf,
    args: Vec<String>,
    /// Variables that it was given, and those that were taken from it.
    environment: Vec<(OsString, Option<OsString>)>,
    folder: Option<PathBuf>,
}

impl Ran {
    /// As a command says it.
    #[must_use]
    pub fn of(command: &Command) -> Self {
        let command = command.as_std();
        Self {
            program: command.get_program().into(),
            args: command.get_args().map(|arg| arg.to_string_lossy().into_owned()).collect(),
            environment: command.get_envs().map(|(name, value)| (name.into(), value.map(Into::into))).collect(),
            folder: command.get_current_dir().map(Path::to_path_buf),
        }
    }

    /// The program.
    #[must_use]
    pub fn program(&self) -> &Path {
        &self.program
    }

    /// Its words.
    #[must_use]
    pub fn args(&self) -> &[String] {
        &self.args
    }

    /// A variable that it was given.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<&OsString> {
        self.environment.iter().find(|(known, _)| known == name).and_then(|(_, value)| value.as_ref())
    }

    /// Another program in the same place, with the same variables.
    pub fn beside(&self, program: &Path, args: &[String]) -> Command {
        let mut command = Command::new(program);
        command.args(args);
        for (name, value) in &self.environment {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        if let Some(folder) = &self.folder {
            command.current_dir(folder);
        }
        command
    }

    pub(crate) async fn ended(self, output: Output) -> Result<Output> {
        if let Some(then) = AFTER.get() {
            then(self, output.clone()).await?;
        }
        Ok(output)
    }
}
