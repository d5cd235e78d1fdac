//! A hook as a program of this machine: a list of words, which no shell reads.

use std::process::Stdio;
use std::time::Duration;

use release_cli::run::Run;
use release_cli::talk::Stand;
use release_core::failure::{Failure, Outcome};
use release_core::release::hooks::Moment;
use release_core::text::{one_line, printable};
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::{timeout, timeout_at};

use super::about::About;
use super::job::HOOK_FAILED;

/// Bytes of a line that are shown.
const LINE_BYTES: u64 = 16 << 10;
/// What is left of its output is read for so long once it has ended.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Runs it to its end; what it prints is shown. It is stopped with the run.
///
/// # Errors
/// Exit 1 where it can't be started or ends with another code than 0, 4 where it takes longer than the run may.
pub async fn run(run: &Run, (moment, words): (Moment, &[String]), about: &About) -> Outcome<()> {
    let Some((program, args)) = words.split_first() else { return Ok(()) };
    let program_said = printable(program);
    run.stands(Stand {
        text: format!("interrupted while {moment} ran {program_said}; {}", about.so_far),
        next: about.again.clone(),
    });
    let failed =
        |why: String| Failure::failed(HOOK_FAILED, format!("{moment} failed: {program_said}: {why}\n{}", about.so_far));
    run.progress.step(moment.word(), &program_said);
    let spawned = spawn((program, args), told(run, moment, about));
    let mut child = spawned.map_err(|error| failed(one_line(&error.to_string())))?;
    let group = Group::of(&child);
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let ended = async {
        // Its own end is what counts: what it has started may hold its output open.
        let shown = async { tokio::join!(show(run, moment, stdout), show(run, moment, stderr)) };
        let mut shown = std::pin::pin!(shown);
        let status = tokio::select! {
            status = child.wait() => status,
            _ = shown.as_mut() => return child.wait().await,
        };
        let _ = timeout(LAST_WORDS, shown).await;
        status
    };
    let ended = timeout_at(run.deadline(), ended).await;
    if matches!(ended, Ok(Ok(_))) {
        group.let_go();
    }
    match ended {
        Ok(Ok(status)) if status.success() => Ok(()),
        Ok(Ok(status)) => Err(failed(status.to_string())),
        Ok(Err(error)) => Err(failed(one_line(&error.to_string()))),
        Err(_) => {
            let text =
                format!("out of time: {moment} by {program_said} was not done, and was stopped\n{}", about.so_far);
            Err(Failure::out_of_time(text).next("give it longer with --timeout"))
        }
    }
}

fn spawn((program, args): (&String, &[String]), told: [(&'static str, String); 5]) -> std::io::Result<Child> {
    let mut command = Command::new(program);
    command.args(args).envs(told).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    // What it starts is ended with it.
    command.process_group(0).kill_on_drop(true).spawn()
}

/// The processes that a command has started, as far as they stayed together: ended with it, unless it has ended itself.
struct Group(Option<Pid>);

impl Group {
    fn of(child: &Child) -> Self {
        Self(child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?)))
    }

    /// It has ended by itself.
    fn let_go(mut self) {
        self.0 = None;
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(leader) = self.0 {
            // Those that are gone already can't be ended.
            let _ = kill_process_group(leader, Signal::KILL);
        }
    }
}

/// What it is run for.
fn told(run: &Run, moment: Moment, about: &About) -> [(&'static str, String); 5] {
    [
        ("KUBECTL_RELEASE_HOOK", moment.word().to_owned()),
        ("KUBECTL_RELEASE_SERVICE", about.services.clone()),
        ("KUBECTL_RELEASE_COLOR", about.color.clone()),
        ("KUBECTL_RELEASE_NAMESPACE", run.cluster.namespace.clone()),
        ("KUBECTL_RELEASE_CONTEXT", run.cluster.context.clone()),
    ]
}

async fn show(run: &Run, moment: Moment, stream: Option<impl AsyncRead + Unpin>) {
    let Some(stream) = stream else { return };
    let mut reader = BufReader::new(stream);
    let mut line = Vec::new();
    loop {
        line.clear();
        let mut bounded = (&mut reader).take(LINE_BYTES);
        match bounded.read_until(b'\n', &mut line).await {
            Ok(0) | Err(_) => return,
            Ok(_) => {
                let text = String::from_utf8_lossy(&line);
                run.say(&format!("  {moment} | {}", one_line(text.trim_end_matches(['\n', '\r']))));
            }
        }
    }
}
