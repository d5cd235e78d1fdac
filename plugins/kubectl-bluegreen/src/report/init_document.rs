//! The document of `init`.

use release_cli::report::{Members, Subject};
use release_core::release::change::Change;
use schemars::JsonSchema;
use serde::Serialize;

use super::deploy_document::Write;
use crate::plan::init::{InitPlan, Initial};

/// What `init` has of its own.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct InitMembers {
    /// The label that tells the colors apart.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub track_key: Option<String>,
    /// The color of the pods that serve once it is done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub color: Option<String>,
    /// What is written, in this order; empty where all is done already.
    pub writes: Vec<Write>,
}

impl Members for InitMembers {
    const KIND: &'static str = "Init";
    const SUBJECT: Subject = Subject::Service;
}

impl InitMembers {
    /// What is to be done.
    pub fn planned(&mut self, initial: &Initial, plan: &InitPlan) {
        self.track_key = Some(initial.tracks.key.clone());
        self.color = Some(initial.color.clone());
        self.writes = plan.writes().map(Write::of).collect();
    }

    /// One more of the writes was made.
    pub fn wrote(&mut self, change: &Change) {
        if let Some(write) = self.writes.iter_mut().find(|write| write.is_open()) {
            write.made(change);
        }
    }

    /// One of the writes was taken back.
    pub fn took_back(&mut self, change: &Change) {
        self.writes.iter_mut().filter(|write| write.is_about(change)).for_each(Write::taken_back);
    }
}
