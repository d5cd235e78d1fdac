//! The object that a move writes, and that its record lies on, as it is now.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use release_cli::run::Run;
use release_cluster::exchange::ApiError;
use release_core::release::hand::Hand;
use release_core::release::record::Recorded;
use serde::Deserialize;
use serde_json::Value;

use super::with_records::with_records;
use crate::cleanup_note::CleanupNote;
use crate::hand::hand_on;
use crate::plan::{Move, Place};
use crate::record::Record;

/// What was read of it.
#[derive(Debug)]
pub struct Home {
    pub object: Value,
    pub metadata: ObjectMeta,
    pub recorded: Recorded<Record>,
    pub cleanup: CleanupNote,
    pub place: Place,
}

impl Home {
    /// Reads it.
    ///
    /// # Errors
    /// Where it can't be read.
    pub async fn read(run: &Run, movement: &Move) -> Result<Self, ApiError> {
        let object: Value = run.cluster.get(&movement.path()).await?;
        let object = with_records(movement, object).await?;
        Ok(Self::of(object, movement))
    }

    /// From what was read.
    #[must_use]
    pub fn of(object: Value, movement: &Move) -> Self {
        let metadata = ObjectMeta::deserialize(&object["metadata"]).unwrap_or_default();
        let annotations = metadata.annotations.as_ref();
        let (recorded, cleanup) = (Recorded::<Record>::read(annotations), CleanupNote::read(annotations));
        let place = movement.place(&object);
        Self { object, metadata, recorded, cleanup, place }
    }

    /// Who else moved it last.
    #[must_use]
    pub fn hand(&self, movement: &Move) -> Option<Hand> {
        hand_on(&self.metadata, movement.kind())
    }
}
