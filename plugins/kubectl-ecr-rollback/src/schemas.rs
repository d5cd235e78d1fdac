//! The JSON Schemas in `docs/schema/` are those of the documents that are printed.

use std::path::Path;

use release_cli::report::Members;
use release_cli::schema::check;

use crate::document::{HistoryMembers, RollbackMembers, UnpinMembers};
use crate::lifecycle::document::{ApplyMembers, PreviewMembers, ShowMembers};

fn kept<M: Members + 'static>(verb: &str) -> Result<(), String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/schema");
    check::<M>(&folder.join(format!("ecr-rollback-{verb}.json")))
}

/// Whoever reads our JSON by its schema would be told a member that isn't there.
#[test]
fn schemas_are_as_the_documents_are() {
    let checked = [
        kept::<RollbackMembers>("rollback"),
        kept::<UnpinMembers>("unpin"),
        kept::<HistoryMembers>("history"),
        kept::<ShowMembers>("lifecycle-show"),
        kept::<PreviewMembers>("lifecycle-preview"),
        kept::<ApplyMembers>("lifecycle-apply"),
    ];
    for result in checked {
        assert_eq!(result, Ok(()));
    }
}
