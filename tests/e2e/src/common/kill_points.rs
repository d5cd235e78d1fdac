//! Killing a run at one of its calls.

use std::time::Duration;

use anyhow::{Result, ensure};
use lab::api_proxy::{self, ApiProxy, Call};
use lab::{Output, Running, registry};

use super::run::said;

/// Points that are tried at the same time.
pub const AT_ONCE: usize = 6;
/// How often a point is tried where the run ended before it got there.
pub const TRIES: usize = 6;
/// Between two looks at whether the call is there.
const GLANCE: Duration = Duration::from_millis(100);

/// What holds a call, to the API server or to ECR.
#[derive(Debug)]
pub enum Hold {
    Cluster(api_proxy::Hold),
    Registry(Box<registry::Hold>),
}

impl Hold {
    async fn is_there(&self) -> bool {
        match self {
            Self::Cluster(hold) => hold.arrived(GLANCE).await.is_ok(),
            Self::Registry(hold) => hold.arrived(GLANCE).await.is_ok(),
        }
    }
}

/// A run one of whose calls will be held, and what it talks through.
#[derive(Debug)]
pub struct HeldRun {
    pub proxy: ApiProxy,
    pub hold: Hold,
    pub running: Running,
}

/// Kills a run at the call at which it is held, and gives the calls that it had made to the API
/// server, that one among them; nothing where no run gets that far. Each try starts a run of its
/// own.
///
/// # Errors
/// Where it can't be started or killed.
pub async fn kill_at(mut start: impl AsyncFnMut(usize) -> Result<HeldRun>) -> Result<Option<Vec<Call>>> {
    for attempt in 0..TRIES {
        let HeldRun { proxy, hold, running } = start(attempt).await?;
        let (is_there, output) = kill_once(running, &hold).await?;
        if is_there {
            // Never let go on: nobody is there who would make the call.
            std::mem::forget(hold);
            ensure!(output.code == 128 + 9, "it ended before it was killed\n{}", said(&output));
            return Ok(Some(proxy.calls()));
        }
    }
    Ok(None)
}

/// Kills a run as soon as its call is there, or lets it end where that never comes.
async fn kill_once(mut running: Running, hold: &Hold) -> Result<(bool, Output)> {
    let is_there = loop {
        if hold.is_there().await {
            break true;
        }
        if running.has_ended()? {
            break false;
        }
    };
    Ok((is_there, running.kill().await?))
}
