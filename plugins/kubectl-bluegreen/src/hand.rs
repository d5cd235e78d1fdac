//! Somebody else's move of a Service after ours.

use k8s_openapi::api::core::v1::Service;
use release_core::release::hand::{Hand, hand_beside};
use release_core::release::record::Record as _;

use crate::record::Record;

/// Who moved the selector after our last record of it, as far as the API server keeps it.
#[must_use]
pub fn hand_on(service: &Service) -> Option<Hand> {
    hand_beside(&service.metadata, "/f:spec/f:selector", Record::CURRENT)
}
