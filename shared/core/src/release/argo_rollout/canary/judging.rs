//! What judges a canary, as a Rollout writes it down.

use serde::Deserialize;
use serde_json::Value;

use crate::release::canary::judging::{DryRun, GivenArgument, Judging, Retention, TemplateRef};

/// What judges at a step, as a Rollout writes it down.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct WrittenJudging {
    pub templates: Vec<TemplateRef>,
    pub args: Vec<GivenArgument>,
    pub dry_run: Vec<DryRun>,
    pub measurement_retention: Vec<Retention>,
    /// Of the objects that the controller makes.
    pub analysis_run_metadata: Option<Value>,
}

/// What judges in the background; flattened by hand, so that an unknown field is found.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct WrittenBackground {
    pub templates: Vec<TemplateRef>,
    pub args: Vec<GivenArgument>,
    pub dry_run: Vec<DryRun>,
    pub measurement_retention: Vec<Retention>,
    pub analysis_run_metadata: Option<Value>,
    pub starting_step: Option<u32>,
}

impl WrittenJudging {
    /// Without what only the controller needs.
    #[must_use]
    pub fn judging(&self) -> Judging {
        let Self { templates, args, dry_run, measurement_retention, .. } = self.clone();
        Judging { templates, args, dry_run, measurement_retention }
    }
}

impl WrittenBackground {
    /// Without what only the controller needs.
    #[must_use]
    pub fn judging(&self) -> Judging {
        let Self { templates, args, dry_run, measurement_retention, .. } = self.clone();
        Judging { templates, args, dry_run, measurement_retention }
    }
}
