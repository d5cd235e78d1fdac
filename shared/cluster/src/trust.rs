//! Whom we trust beyond the API server: the machine's own authorities.

use std::sync::{Arc, OnceLock};

/// No authority is known here, or none that can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NobodyToTrust;

/// The machine's own authorities, or those that `SSL_CERT_FILE` and `SSL_CERT_DIR` name: read once, for they are many.
///
/// # Errors
/// Where there are none.
pub fn by_the_machine() -> Result<rustls::ClientConfig, NobodyToTrust> {
    static TRUSTING: OnceLock<Result<rustls::ClientConfig, NobodyToTrust>> = OnceLock::new();
    TRUSTING.get_or_init(with_native_roots).clone()
}

/// Nobody: for connections without TLS.
///
/// # Errors
/// Where the protocol's versions are not to be had.
pub fn nobody() -> Result<rustls::ClientConfig, NobodyToTrust> {
    Ok(with_provider()?.with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth())
}

fn with_native_roots() -> Result<rustls::ClientConfig, NobodyToTrust> {
    let roots = hyper_rustls::ConfigBuilderExt::with_native_roots(with_provider()?);
    Ok(roots.map_err(|_| NobodyToTrust)?.with_no_client_auth())
}

fn with_provider() -> Result<rustls::ConfigBuilder<rustls::ClientConfig, rustls::WantsVerifier>, NobodyToTrust> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let versions = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    versions.map_err(|_| NobodyToTrust)
}
