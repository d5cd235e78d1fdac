//! Records for unit tests.

use release_core::release::record::RunResult;

use super::{ImageRecord, Moved, RecordVerb};

/// A rollback of the container `app` that is done.
pub fn record(from: &str, to: &str) -> ImageRecord {
    ImageRecord {
        id: "1".into(),
        verb: RecordVerb::Rollback,
        containers: vec![Moved { name: "app".into(), init: false, from: from.into(), to: to.into() }],
        by_history: false,
        steps: None,
        uid: Some("u".into()),
        revision: None,
        from_digest: None,
        to_digest: None,
        unpin_to: None,
        left_failing: None,
        left_unrolled: false,
        failure: None,
        by: "ci".into(),
        at: "2026-01-01T00:00:00Z".parse().unwrap(),
        reason: String::new(),
        result: Some(RunResult::Done),
        millis: None,
    }
}
