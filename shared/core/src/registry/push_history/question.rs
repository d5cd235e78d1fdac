//! What is asked: the image that is left, and what is known about it.

use serde::Serialize;

use super::leaving::{LeftBehind, PodImage};
use super::repository::Repository;
use crate::workload::revisions::Revision;

/// Everything the choice depends on.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// The image that the template asks for.
    pub spec: &'a str,
    /// The container (or init container) it is asked for in.
    pub container: &'a str,
    /// What the workload's pods run in that container, ready or not.
    pub pods: &'a [PodImage],
    /// Nothing where the registry isn't asked.
    pub repository: Option<Repository<'a>>,
    /// From [`crate::workload::revisions::of_workload`].
    pub revisions: &'a [Revision],
    /// What rollbacks left since something new was deployed: going back never comes back to it.
    pub left_behind: &'a [LeftBehind],
    pub options: &'a Options,
}

/// Who says what came before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Source {
    /// The order of pushes.
    Registry,
    /// The revisions of the workload.
    RolloutHistory,
}

/// What was asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options {
    pub to_tag: Option<String>,
    /// Whole, or its first seven characters and more, `sha256:` or not.
    pub to_digest: Option<String>,
    /// How many candidates back; 0 is 1.
    pub steps: usize,
    /// Nothing: both have to agree.
    pub from: Option<Source>,
    /// `*` any characters, `?` one.
    pub tag_filter: Option<String>,
    pub pin_digest: bool,
}
