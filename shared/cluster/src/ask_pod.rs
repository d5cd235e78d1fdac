//! Asking a pod through the API server, as a test of it says.

mod broken;
mod grpc;
mod host;
mod http;
mod tls;

use std::time::Duration;

use release_core::kube::Pod;
use release_core::release::pod_tests::{Answer, Ask, PodTest};
use release_core::text::one_line;
use tokio::time::{Instant, timeout};

use crate::Cluster;
use crate::port_forward::Forward;

/// What became of one try.
#[derive(Debug)]
pub struct Asked {
    /// Or why there is none.
    pub answer: Result<Answer, String>,
    /// From the request to its answer; the time that it took to get a way to the pod isn't in it.
    pub took: Duration,
}

impl Cluster {
    /// Asks once. What a pod answers is bounded in bytes, and by the test's timeout.
    pub async fn ask_pod(&self, pod: &Pod, test: &PodTest) -> Asked {
        let forward = match self.forward(&pod.metadata.name, test.port).await {
            Ok(forward) => forward,
            Err(error) => return Asked { answer: Err(one_line(&error.to_string())), took: Duration::ZERO },
        };
        let began = Instant::now();
        let answer = timeout(test.timeout, ask(forward, pod, test)).await;
        let late = || Err(format!("no answer within {} s", test.timeout.as_secs_f32()));
        Asked { answer: answer.unwrap_or_else(|_| late()), took: began.elapsed() }
    }
}

async fn ask(forward: Forward, pod: &Pod, test: &PodTest) -> Result<Answer, String> {
    let Forward { stream, refused, .. } = forward;
    let address = pod.status.pod_ip.as_deref().unwrap_or_default();
    let asking = async {
        match &test.ask {
            Ask::Grpc { service } => grpc::check(stream, &host::of(address, test.port), service).await,
            ask => http::ask(stream, (address, test.port), ask, test.expected.reads_body()).await,
        }
    };
    tokio::select! {
        biased;
        why = refused => Err(one_line(&why)),
        answer = asking => answer,
    }
}
