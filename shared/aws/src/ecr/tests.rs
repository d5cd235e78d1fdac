//! The whole client against a server on loopback that answers as ECR's API reference has it.

mod failures;
mod previews;
mod reads;
mod signatures;
mod stub;
mod writes;

use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::{Region, SdkConfig};
use aws_sdk_ecr::config::{Credentials, ProvideCredentials};

use release_core::log::Log;

use super::registry::{ImageId, Pace, PreviewAction, PreviewedImage, Registry, TagMutability};
use crate::connect::{self, Address};
use crate::error::RegistryError;
use crate::trouble::Trouble;

const ACCOUNT: &str = "123456789012";
/// What must never be printed.
const SECRETS: [&str; 3] = ["AKIAEXAMPLEKEY", "verySecretAccessKey", "theSessionToken"];

async fn config(url: &str, credentials: impl ProvideCredentials + 'static) -> SdkConfig {
    let http = connect::http_client().unwrap();
    connect::loader(http, Region::from_static("eu-west-1"), credentials, Duration::from_secs(10))
        .endpoint_url(url)
        .use_fips(false)
        .use_dual_stack(false)
        .retry_config(RetryConfig::standard().with_max_attempts(5).with_initial_backoff(Duration::from_millis(1)))
        .load()
        .await
}

fn address() -> Address {
    Address { account: Some(ACCOUNT.into()), ..Address::default() }
}

const PACE: Pace = Pace { preview: Duration::from_millis(1), again: Duration::from_millis(1) };

async fn registry_with(url: &str, credentials: impl ProvideCredentials + 'static) -> Registry {
    Registry::over(&config(url, credentials).await, &address(), PACE, Log::default())
}

async fn registry(url: &str) -> Registry {
    let [key, secret, token] = SECRETS;
    registry_with(url, Credentials::new(key, secret, Some(token.into()), None, "test")).await
}

fn digest(n: usize) -> String {
    format!("sha256:{n:064x}")
}
