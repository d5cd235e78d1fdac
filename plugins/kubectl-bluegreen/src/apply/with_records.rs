//! The records that decide about a Service, as they are now: read beside it.

use release_aws::route53::{NotDone, Zone};
use release_cluster::exchange::ApiError;
use release_core::traffic::router::Route;
use release_core::traffic::router::route53::RecordSet;
use release_core::traffic::router::route53::by_dns::with_sets;
use serde_json::Value;

use crate::plan::Move;

/// The object that a move writes, with the records that decide, where they do.
///
/// # Errors
/// Where Route 53 can't be asked.
pub async fn with_records(movement: &Move, object: Value) -> Result<Value, ApiError> {
    let Some((zone, route)) = movement.records() else { return Ok(object) };
    let unread = |not_done: NotDone| ApiError::Unclear(format!("{}: {}", route.reference(), not_done.why));
    Ok(with_sets(object, &sets(zone, route).await.map_err(unread)?))
}

/// All record sets of the name.
///
/// # Errors
/// Where Route 53 can't be asked.
pub async fn sets(zone: &Zone, route: &Route) -> Result<Vec<RecordSet>, NotDone> {
    match &route.dns {
        Some(dns) => zone.records(&dns.place.name).await,
        None => Ok(Vec::new()),
    }
}
