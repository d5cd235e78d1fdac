//! What is wrong with a Rollout's `spec` beside its strategy, and what is said of it.

use super::problem::Problem;
use super::rollout::{Spec, Template, WorkloadRef};

impl Spec {
    /// As Argo validates it (`ValidateRolloutSpec`), but for what a release doesn't need: a selector, and a template.
    pub(super) fn invalid(&self) -> Vec<Problem> {
        let at = |field: &str, why: &str| Problem::new(format!("spec.{field}"), why);
        let has_labels = self.template.as_ref().is_some_and(Template::says_anything);
        let deadline = self.progress_deadline_seconds.unwrap_or(600);
        let all = [
            (self.workload_ref.is_some() && has_labels)
                .then(|| at("template", "with a workloadRef the pods are those of the workload")),
            self.workload_ref.as_ref().and_then(|reference| {
                reference.name.is_empty().then(|| at("workloadRef.name", "it names no workload"))
            }),
            (deadline <= self.min_ready_seconds.unwrap_or_default())
                .then(|| at("progressDeadlineSeconds", "it is longer than minReadySeconds")),
        ];
        all.into_iter().flatten().collect()
    }

    /// What has no meaning for a canary without the controller.
    pub(super) fn canary_notes(&self) -> Vec<String> {
        let said = |is_there: bool, note: &str| is_there.then(|| note.to_owned());
        let scaled = self.workload_ref.as_ref().is_some_and(|r| r.scale_down.as_deref().is_some_and(|s| s != "never"));
        let notes = [
            said(self.workload_ref.is_some(), "workloadRef: its images have to be typed (--image)"),
            said(scaled, "workloadRef.scaleDown: the workload itself is the stable version, and stays"),
            said(self.restart_at.is_some(), "restartAt: nothing is restarted"),
            said(self.revision_history_limit.is_some(), "revisionHistoryLimit: the workload has its own"),
            said(self.analysis.is_some(), "analysis: no AnalysisRun is made, and none is kept"),
            said(self.selector.is_some(), "selector: the workload has its own"),
        ];
        notes.into_iter().flatten().collect()
    }
}

impl Template {
    /// To Argo a template without labels and annotations is empty.
    fn says_anything(&self) -> bool {
        !self.metadata.labels.is_empty() || self.metadata.rest.contains_key("annotations")
    }
}

impl WorkloadRef {
    /// Argo makes ReplicaSets of a ReplicaSet's or PodTemplate's pods, too; here a workload is what is released.
    pub(super) fn not_honoured(&self) -> Option<Problem> {
        let is_deployment = self.kind == "Deployment" && self.api_version == "apps/v1";
        let why = "a Deployment (apps/v1) is released";
        (!is_deployment).then(|| Problem::new("spec.workloadRef", why))
    }
}
