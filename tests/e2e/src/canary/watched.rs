//! How many pods served while something happened, as the EndpointSlices had it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Result;

use super::stage::Stage;

/// What was seen at one moment: pods behind the Service, and the canary's among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    pub all: usize,
    pub canary: usize,
}

const GLANCE: Duration = Duration::from_millis(20);

/// Watches until `work` is over; every moment's numbers, each only where they changed.
///
/// # Errors
/// Those of the work and of reading.
pub async fn watched<T>(stage: &Stage, work: impl Future<Output = Result<T>>) -> Result<(T, Vec<Seen>)> {
    let is_over = Arc::new(AtomicBool::new(false));
    let looking = async {
        let mut seen: Vec<Seen> = Vec::new();
        while !is_over.load(Ordering::Relaxed) {
            let pods = stage.serving().await?;
            let canary = pods.iter().filter(|pod| pod.starts_with("api-canary-")).count();
            let now = Seen { all: pods.len(), canary };
            if seen.last() != Some(&now) {
                seen.push(now);
            }
            tokio::time::sleep(GLANCE).await;
        }
        Ok::<_, anyhow::Error>(seen)
    };
    let working = async {
        let result = work.await;
        is_over.store(true, Ordering::Relaxed);
        result
    };
    let (result, seen) = futures::future::join(working, looking).await;
    Ok((result?, seen?))
}
