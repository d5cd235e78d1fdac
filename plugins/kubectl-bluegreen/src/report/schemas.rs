//! The JSON Schemas in docs/schema, which scripts rely on.

use std::path::Path;

use release_cli::report::Members;
use release_cli::schema::check;

use super::cleanup_document::CleanupMembers;
use super::deploy_document::DeployMembers;
use super::history_document::HistoryMembers;
use super::init_document::InitMembers;
use super::move_document::{PreflightMembers, RollbackMembers, SwitchMembers};
use super::preview_document::PreviewMembers;
use super::status_document::StatusMembers;

/// A script that reads a document by its schema would break.
fn holds<M: Members + 'static>() {
    let name = format!("bluegreen-{}.json", M::KIND.to_lowercase());
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/schema").join(name);
    assert_eq!(check::<M>(&kept), Ok(()));
}

#[test]
fn documents_are_as_their_schemas_say() {
    holds::<StatusMembers>();
    holds::<PreflightMembers>();
    holds::<InitMembers>();
    holds::<PreviewMembers>();
    holds::<DeployMembers>();
    holds::<SwitchMembers>();
    holds::<RollbackMembers>();
    holds::<HistoryMembers>();
    holds::<CleanupMembers>();
}

/// Editors check a release's document by it while it is written.
#[test]
fn the_release_document_is_as_its_schema_says() {
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/schema/bluegreen-document.json");
    let schema = release_core::release::document::schema();
    let schema = format!("{}\n", serde_json::to_string_pretty(&schema).unwrap());
    assert_eq!(release_cli::schema::keep(&kept, schema), Ok(()));
}

/// Whoever is told by a webhook reads it by its schema.
#[test]
fn a_notice_is_as_its_schema_says() {
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/schema/notice.json");
    let schema = format!("{}\n", serde_json::to_string_pretty(&release_core::release::notice::schema()).unwrap());
    assert_eq!(release_cli::schema::keep(&kept, schema), Ok(()));
}
