//! One connection to AWS, with the AWS SDK's own chain of credentials.
//!
//! Profiles, SSO, web identity (IRSA), assumed roles, credential processes, ECS and EC2 metadata
//! and `AWS_ENDPOINT_URL` work as the SDK has them
//! (<https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html>). What differs
//! is time: EC2 metadata is asked once and for a second, so that a laptop without credentials
//! learns so at once.

use std::net::IpAddr;
use std::time::Duration;

use anyhow::{Context, anyhow};
use aws_config::default_provider::credentials::DefaultCredentialsChain;
use aws_config::environment::EnvironmentVariableRegionProvider;
use aws_config::identity::IdentityCache;
use aws_config::imds::{self, region::ImdsRegionProvider};
use aws_config::meta::region::RegionProviderChain;
use aws_config::profile::ProfileFileRegionProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{AppName, BehaviorVersion, ConfigLoader, Region, SdkConfig};
use aws_credential_types::provider::ProvideCredentials;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode};
use aws_smithy_http_client::{Builder, Connector};
use aws_smithy_runtime_api::client::http::SharedHttpClient;

use crate::bounded::bounded;
use release_core::failure::{Failure, Outcome};
use release_core::registry::ecr_reference::EcrRepository;

/// How long making a connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// EC2 metadata is one hop away or isn't there.
const METADATA_TIMEOUT: Duration = Duration::from_secs(1);
/// A credential process may ask a person for a second factor.
const CREDENTIALS_TIMEOUT: Duration = Duration::from_secs(60);
/// How often a read is sent in all: ECR throttles DescribeImages by account and region.
pub(crate) const READ_ATTEMPTS: u32 = 5;
pub(crate) const FIRST_PAUSE: Duration = Duration::from_millis(300);
pub(crate) const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// Where a proxy never stands in between: this machine, and the metadata of EC2, ECS and EKS.
const NEVER_PROXIED: &str =
    "localhost,127.0.0.0/8,::1,169.254.169.254,169.254.170.2,169.254.170.23,fd00:ec2::254,fd00:ec2::23";

/// Which account and region to talk to, and how.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Address {
    /// 12 digits; none means the credentials' own account.
    pub account: Option<String>,
    /// None means the environment's or the profile's.
    pub region: Option<String>,
    /// Ask for a FIPS endpoint. Where it is false the environment or the profile may still ask.
    pub fips: bool,
    /// Ask for an endpoint with IPv6; as with `fips`.
    pub dual_stack: bool,
}

impl From<&EcrRepository> for Address {
    fn from(repository: &EcrRepository) -> Self {
        Self {
            account: Some(repository.account.clone()),
            region: Some(repository.region.clone()),
            fips: repository.fips,
            dual_stack: repository.dual_stack,
        }
    }
}

/// Reads profiles and environment; opens nothing yet, but for EC2 metadata where no region is
/// named anywhere else. `request_timeout` is for one request, retries not counted.
///
/// # Errors
/// Exit 1 where no region is known, where `HTTPS_PROXY` or `AWS_CA_BUNDLE` can't be used, and where an
/// endpoint would get credentials in clear.
pub async fn sdk_config(address: &Address, request_timeout: Duration) -> Outcome<SdkConfig> {
    let http = http_client()?;
    let config = ProviderConfig::without_region().with_http_client(http.clone());
    let Some(region) = region(address, &config).await else {
        return Err(Failure::failed("NoRegion", "no AWS region is known").next("add --region, or set AWS_REGION"));
    };
    let config = config
        .with_region(Some(region.clone()))
        .with_use_fips(address.fips.then_some(true))
        .with_use_dual_stack(address.dual_stack.then_some(true));
    let credentials = DefaultCredentialsChain::builder()
        .region(region.clone())
        .imds_client(metadata(&config))
        .configure(config)
        .build()
        .await;
    let mut loader = loader(http, region, credentials, request_timeout);
    if address.fips {
        loader = loader.use_fips(true);
    }
    if address.dual_stack {
        loader = loader.use_dual_stack(true);
    }
    let sdk = loader.load().await;
    refuse_open(&sdk, &["AWS_ENDPOINT_URL_ECR", "AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL_SSO"])?;
    Ok(sdk)
}

/// Refuses endpoints of these variables that would get credentials in clear.
pub(crate) fn refuse_open(sdk: &SdkConfig, variables: &[&str]) -> Outcome<()> {
    let is_refused = |variable: &&&str| custom_endpoint(sdk, variable).is_some_and(|endpoint| is_open(&endpoint));
    let Some(variable) = variables.iter().find(is_refused) else { return Ok(()) };
    let text = format!(
        "{variable} or AWS_ENDPOINT_URL is http:// to another machine, which would get the session token in clear"
    );
    let failure = Failure::failed("OpenEndpoint", text);
    Err(failure.next("name it with https://, or forward a port of this machine to it"))
}

/// True where what is sent can be read on its way: without TLS, and not to this machine.
fn is_open(endpoint: &str) -> bool {
    let Some((scheme, rest)) = endpoint.split_once("://") else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let host = match host.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    let here = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    scheme.eq_ignore_ascii_case("http") && !here
}

/// What every connection has in common.
pub(crate) fn loader(
    http: SharedHttpClient,
    region: Region,
    credentials: impl ProvideCredentials + 'static,
    request_timeout: Duration,
) -> ConfigLoader {
    let retries = RetryConfig::standard()
        .with_max_attempts(READ_ATTEMPTS)
        .with_initial_backoff(FIRST_PAUSE)
        .with_max_backoff(LONGEST_PAUSE);
    let timeouts =
        TimeoutConfig::builder().connect_timeout(CONNECT_TIMEOUT).operation_attempt_timeout(request_timeout).build();
    let loader = aws_config::defaults(BehaviorVersion::latest())
        .http_client(http)
        .region(region)
        .credentials_provider(credentials)
        .identity_cache(IdentityCache::lazy().load_timeout(CREDENTIALS_TIMEOUT).build())
        .retry_config(retries)
        .timeout_config(timeouts);
    match AppName::new("kubectl-release") {
        Ok(name) => loader.app_name(name),
        Err(_) => loader,
    }
}

async fn region(address: &Address, config: &ProviderConfig) -> Option<Region> {
    if let Some(region) = &address.region {
        return Some(Region::new(region.clone()));
    }
    RegionProviderChain::first_try(EnvironmentVariableRegionProvider::new())
        .or_else(ProfileFileRegionProvider::builder().configure(config).build())
        .or_else(ImdsRegionProvider::builder().configure(config).imds_client(metadata(config)).build())
        .region()
        .await
}

fn metadata(config: &ProviderConfig) -> imds::Client {
    imds::Client::builder()
        .configure(config)
        .max_attempts(1)
        .connect_timeout(METADATA_TIMEOUT)
        .read_timeout(METADATA_TIMEOUT)
        .build()
}

/// The endpoint that the environment or the profile puts in the place of the service's own;
/// `variable` is the service's, such as `AWS_ENDPOINT_URL_ECR`.
pub(crate) fn custom_endpoint(sdk: &SdkConfig, variable: &str) -> Option<String> {
    let ignored = environment("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS")
        .is_some_and(|v| v.eq_ignore_ascii_case("true"));
    let of_service = environment(variable, variable).filter(|_| !ignored);
    of_service.or_else(|| sdk.endpoint_url().map(str::to_owned))
}

/// HTTP/2 or HTTP/1.1 with keep-alive, as the server offers, without Nagle's algorithm; one pool
/// for the service, STS and SSO.
pub(crate) fn http_client() -> Outcome<SharedHttpClient> {
    let proxy = proxy()?;
    let trust = trust()?;
    Ok(bounded(Builder::new().build_with_connector_fn(move |settings, components| {
        let mut connector = Connector::builder()
            .tls_provider(Provider::Rustls(CryptoMode::Ring))
            .tls_context(trust.clone())
            .proxy_config(proxy.clone());
        connector.set_connector_settings(settings.cloned());
        if let Some(sleep) = components.and_then(|c| c.sleep_impl()) {
            connector = connector.sleep_impl(sleep);
        }
        connector.build()
    })))
}

/// `HTTPS_PROXY` and `NO_PROXY`, as for the API server.
fn proxy() -> Outcome<ProxyConfig> {
    let Some(url) = environment("HTTPS_PROXY", "https_proxy") else { return Ok(ProxyConfig::disabled()) };
    let url = if url.contains("://") { url } else { format!("http://{url}") };
    let exempt = environment("NO_PROXY", "no_proxy").unwrap_or_default();
    // The URL may hold a password: it is not repeated.
    let proxy = ProxyConfig::https(url).map_err(|_| {
        Failure::failed("BadProxy", "HTTPS_PROXY is no address of an HTTP proxy").next("check HTTPS_PROXY")
    })?;
    Ok(proxy.no_proxy(format!("{NEVER_PROXIED},{exempt}")))
}

/// The system's certificates, and those of `AWS_CA_BUNDLE`
/// (<https://docs.aws.amazon.com/sdkref/latest/guide/feature-gen-config.html>).
fn trust() -> Outcome<TlsContext> {
    certificates().map_err(|cause| Failure::caused_by("BadCaBundle", &cause).next("check AWS_CA_BUNDLE"))
}

fn certificates() -> anyhow::Result<TlsContext> {
    let mut store = TrustStore::default();
    if let Some(path) = environment("AWS_CA_BUNDLE", "AWS_CA_BUNDLE") {
        let pem = std::fs::read(&path).with_context(|| format!("can't read AWS_CA_BUNDLE {path}"))?;
        store = store.with_pem_certificate(pem);
    }
    // The SDK's own error quotes what it was given.
    TlsContext::builder().with_trust_store(store).build().map_err(|_| anyhow!("AWS_CA_BUNDLE holds no certificates"))
}

/// A variable that is set and not empty; proxies have upper and lower case names.
pub(crate) fn environment(name: &str, other_name: &str) -> Option<String> {
    std::env::var(name).or_else(|_| std::env::var(other_name)).ok().filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whoever is on the way would read them.
    #[test]
    fn only_this_machine_is_spoken_to_in_clear() {
        for open in [
            "http://localstack:4566",
            "HTTP://10.0.0.7/",
            "http://127.0.0.1.evil.example",
            "http://127.0.0.1@evil.example",
        ] {
            assert!(is_open(open), "{open}");
        }
        for closed in [
            "https://ecr.example",
            "http://localhost:4566",
            "http://127.9.9.9:1/x",
            "http://[::1]:4566",
            "http://a:b@127.0.0.1",
        ] {
            assert!(!is_open(closed), "{closed}");
        }
    }
}
