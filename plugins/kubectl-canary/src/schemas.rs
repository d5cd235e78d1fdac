//! The JSON Schemas in `docs/schema/` are those of the documents that are printed.

use std::path::Path;

use release_cli::report::Members;
use release_cli::schema::check;

use crate::report::{
    AbortMembers, HistoryMembers, PauseMembers, PlanMembers, PromoteMembers, ResumeMembers, RunMembers,
    SetWeightMembers, StartMembers, StatusMembers,
};

fn kept<M: Members + 'static>(verb: &str) -> Result<(), String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/schema");
    check::<M>(&folder.join(format!("canary-{verb}.json")))
}

/// A script that reads a document by its schema would break.
#[test]
fn documents_are_as_their_schemas_say() {
    let checked = [
        kept::<PlanMembers>("plan"),
        kept::<RunMembers>("run"),
        kept::<StartMembers>("start"),
        kept::<SetWeightMembers>("set-weight"),
        kept::<StatusMembers>("status"),
        kept::<PauseMembers>("pause"),
        kept::<ResumeMembers>("resume"),
        kept::<PromoteMembers>("promote"),
        kept::<AbortMembers>("abort"),
        kept::<HistoryMembers>("history"),
    ];
    for result in checked {
        assert_eq!(result, Ok(()));
    }
}
