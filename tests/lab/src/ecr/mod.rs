//! The lab's test double of ECR: one process that speaks ECR's JSON 1.1 protocol, in front of moto's server.
//!
//! moto keeps repositories, images and lifecycle policies. This double adds what moto lacks:
//!
//! - paging of DescribeImages, ListImages and DescribeRepositories, and the image status filter;
//! - what tests say about an image: times, status, scan findings, the subject of a referrer;
//! - a moved tag leaves the image it was on untagged, as ECR does; moto drops that image;
//! - what refers to an image (ListImageReferrers);
//! - lifecycle policy previews: answers that a test recorded, never computed;
//! - whole recorded repositories that moto never sees;
//! - faults, held calls, and a log of calls, per repository or per access key.
//!
//! Tests ask for these by `POST /lab/instructions`, a path that ECR does not have; see [`instructions`].
//! The operations' shapes are those of
//! <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_Operations.html>.

pub(crate) mod calls;
mod flood;
mod images;
pub mod instructions;
mod limit;
mod moto;
mod paging;
mod preview;
mod pull;
mod push;
pub mod reference;
mod referrers;
mod server;
mod state;

use std::sync::Arc;

use anyhow::Result;

use crate::toolchain;
use moto::Moto;
use state::State;

/// TCP port of the double on loopback, inside the lab's network.
pub const PORT: u16 = 5100;
const MOTO_PORT: u16 = 5101;

/// The AWS account that repositories are in.
pub const ACCOUNT: &str = "123456789012";
/// The AWS region that commands in the lab are set to.
pub const REGION: &str = "ap-southeast-2";
/// The access key that commands in the lab get.
pub const ACCESS_KEY: &str = "AKIALABKEYOFNOBODY00";
/// The access key of the lab's own calls, which are not logged and never go wrong.
const OWN_KEY: &str = "AKIALABKEYOFTHELAB00";
/// The secret that goes with it; no output may ever have it.
pub const SECRET_KEY: &str = "lab-secret-that-no-output-may-have";

/// Where the double is, inside the lab's network.
pub fn endpoint() -> String {
    format!("http://127.0.0.1:{PORT}")
}

/// Serves until moto ends or the port is taken.
///
/// # Errors
/// When the port cannot be listened on, or moto's server ends.
pub async fn run(moto: &toolchain::Moto) -> Result<()> {
    let (moto, mut process) = Moto::start(moto, MOTO_PORT)?;
    let state = Arc::new(State::new(moto));
    tokio::spawn({
        let state = Arc::clone(&state);
        // moto loads its ECR at the first call; that shall not be a test's.
        async move { state.moto.ask(REGION, "DescribeRepositories", &serde_json::json!({})).await }
    });
    tokio::try_join!(server::listen(PORT, state), async { moto::ended(&mut process).await })?;
    Ok(())
}
