//! What a verb found and did, as text and values.

pub mod cleanup_document;
pub mod deploy_document;
pub mod history_document;
pub mod init_document;
pub mod move_document;
pub mod preview_document;
pub mod status;
pub mod status_document;
pub mod status_notes;
pub mod status_text;
pub mod tests_table;
mod vetted_image;

#[cfg(test)]
mod schemas;
