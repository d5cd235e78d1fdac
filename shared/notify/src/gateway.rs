//! A Prometheus Pushgateway.
//!
//! A push is a POST, which replaces the gauges that it names: a PUT would take the time of the last success away
//! with every run that fails.

use release_core::log::Log;
use release_core::release::notice::stage::Deed;
use release_core::release::notice::{Released, gauges};

use crate::address::Address;
use crate::outlet::{ATTEMPTS, deliver};
use crate::post::{Letter, post};
use crate::trouble::Trouble;

/// The exposition format (<https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format>).
const CONTENT_TYPE: &str = "text/plain; version=0.0.4";

/// Pushes the same gauges for each Service that was read: a name that nobody has would stay there for ever.
///
/// # Errors
/// The first trouble.
pub async fn push(
    address: &Address,
    (namespace, services, verb): (&str, &[Released], Deed),
    text: &str,
    log: Log,
) -> Result<(), Trouble> {
    for service in services.iter().filter(|service| service.uid.is_some()) {
        let path = gauges::path(namespace, service, verb);
        let at = address.below(&path).ok_or(Trouble::NoRequest)?;
        let letter = Letter { content_type: CONTENT_TYPE, body: text.to_owned() };
        deliver("the Pushgateway", ATTEMPTS, log, || post(&at, &letter)).await?;
    }
    Ok(())
}
