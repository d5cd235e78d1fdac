//! Asking one pod until a test has passed or failed.

use std::time::Duration;

use release_cluster::Cluster;
use release_core::kube::Pod;
use release_core::release::pod_tests::{PodTest, Streak, Turn, judge};
use tokio::time::{Instant, sleep, timeout_at};

use crate::tested::Tested;

/// When all tests have to be over, and how long that was from their begin.
#[derive(Debug, Clone, Copy)]
pub struct Limit {
    pub at: Instant,
    pub within: Duration,
}

/// All tests of a pod's turn, one after the other: a failed one keeps no other from being told.
pub async fn take(cluster: &Cluster, turn: Turn, limit: Limit) -> Vec<Tested> {
    let mut all = Vec::new();
    for test in &turn.tests {
        all.push(one(cluster, &turn.pod, test, limit).await);
    }
    all
}

async fn one(cluster: &Cluster, pod: &Pod, test: &PodTest, limit: Limit) -> Tested {
    let (mut streak, mut last) = (Streak::default(), Last::default());
    let trying = async {
        loop {
            let began = Instant::now();
            let asked = cluster.ask_pod(pod, test).await;
            last.took = asked.took;
            last.status = asked.answer.as_ref().ok().map(release_core::release::pod_tests::Answer::status);
            last.why = asked.answer.and_then(|answer| judge(test, &answer)).err();
            if let Some(passed) = streak.count(last.why.is_none(), test) {
                return passed;
            }
            sleep(test.every.saturating_sub(began.elapsed())).await;
        }
    };
    let ended = timeout_at(limit.at, trying).await;
    if ended.is_err() {
        last.why = Some(late(last.why.as_deref(), limit.within));
    }
    Tested {
        stage: test.stage,
        test: test.name.clone(),
        pod: pod.metadata.name.clone(),
        pod_uid: pod.metadata.uid.clone(),
        tries: streak.tries(),
        failed: streak.failed(),
        status: last.status,
        took: last.took,
        why: last.why,
    }
}

/// What the last try showed.
#[derive(Debug, Default)]
struct Last {
    status: Option<String>,
    took: Duration,
    why: Option<String>,
}

fn late(last: Option<&str>, within: Duration) -> String {
    let last = last.map(|why| format!(": {why}")).unwrap_or_default();
    format!("not passed within {} s of all tests{last}", within.as_secs())
}
