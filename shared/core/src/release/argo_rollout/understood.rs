//! What a Rollout means to a release without a controller: done, said, or refused by name.

use std::time::Duration;

use super::rollout::{BlueGreen, Rollout};
use crate::release::document::{ApiVersion, BlueGreenDeployment, Kind, Metadata, Spec, Time};

/// A Rollout as a release of ours.
#[derive(Debug, Clone, PartialEq)]
pub struct Understood {
    pub document: BlueGreenDeployment,
    /// Somebody promotes it by hand.
    pub no_switch: bool,
    /// What is not as it would be with the controller, a line each.
    pub notes: Vec<String>,
}

/// Fields that decide whether a release goes on, and that nobody would decide here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotHonoured(pub Vec<&'static str>);

impl Understood {
    /// The Service that is released.
    #[must_use]
    pub fn service(&self) -> &str {
        self.document.service()
    }
}

impl Rollout {
    /// Reads it.
    ///
    /// # Errors
    /// Where it is no blue-green release, or asks for what would have to decide about it.
    pub fn understood(&self) -> Result<Understood, NotHonoured> {
        let refused: Vec<&'static str> = self.refused().collect();
        let (Some(blue_green), true) = (&self.spec.strategy.blue_green, refused.is_empty()) else {
            return Err(NotHonoured(refused));
        };
        let name = blue_green.active_service.clone().unwrap_or_default();
        let by_hand = blue_green.auto_promotion_enabled == Some(false);
        let pause = blue_green.auto_promotion_seconds.filter(|seconds| *seconds > 0 && !by_hand);
        let spec = Spec {
            replicas: self.spec.replicas,
            images: self.images(),
            switch_after: pause.map(time),
            retain_previous_version: blue_green.scale_down_delay_seconds.map(time),
            ..Spec::default()
        };
        Ok(Understood {
            document: BlueGreenDeployment {
                api_version: ApiVersion::Own,
                kind: Kind::BlueGreenDeployment,
                metadata: Metadata { name, namespace: self.metadata.namespace.clone() },
                spec,
            },
            no_switch: by_hand,
            notes: blue_green.notes().into_iter().chain(self.notes()).collect(),
        })
    }

    fn refused(&self) -> impl Iterator<Item = &'static str> {
        let strategy = &self.spec.strategy;
        let own = strategy.blue_green.as_ref();
        let has = |field: fn(&BlueGreen) -> bool| own.is_some_and(field);
        [
            ("spec.strategy.canary", strategy.canary.is_some()),
            ("no spec.strategy.blueGreen", strategy.canary.is_none() && own.is_none()),
            ("no spec.strategy.blueGreen.activeService", has(|own| own.active_service.is_none())),
            ("spec.strategy.blueGreen.prePromotionAnalysis", has(|own| own.pre_promotion_analysis.is_some())),
            ("spec.strategy.blueGreen.postPromotionAnalysis", has(|own| own.post_promotion_analysis.is_some())),
            ("spec.paused", self.spec.paused),
        ]
        .into_iter()
        .filter_map(|(field, is_so)| is_so.then_some(field))
    }

    pub(super) fn images(&self) -> std::collections::BTreeMap<String, String> {
        let spec = self.spec.template.as_ref().map(|template| &template.spec);
        let containers = spec.into_iter().flat_map(|spec| spec.containers.iter().chain(&spec.init_containers));
        containers.map(|container| (container.name.clone(), container.image.clone())).collect()
    }

    fn notes(&self) -> Vec<String> {
        let spec = &self.spec;
        let own = [
            ("minReadySeconds", spec.min_ready_seconds.is_some()),
            ("progressDeadlineSeconds", spec.progress_deadline_seconds.is_some()),
            ("progressDeadlineAbort", spec.progress_deadline_abort.is_some()),
            ("restartAt", spec.restart_at.is_some()),
            ("revisionHistoryLimit", spec.revision_history_limit.is_some()),
            ("rollbackWindow", spec.rollback_window.is_some()),
            ("analysis", spec.analysis.is_some()),
        ];
        let own: Vec<&str> = own.iter().filter(|(_, is_said)| *is_said).map(|(field, _)| *field).collect();
        let template = "template: its images are deployed; the rest of a pod is its color's own";
        let reference = "workloadRef: its images have to be typed (--image)";
        let own = (!own.is_empty()).then(|| format!("{}: the colors' workloads have their own", own.join(", ")));
        let notes = [
            spec.template.is_some().then(|| template.to_owned()),
            spec.workload_ref.is_some().then(|| reference.to_owned()),
            own,
        ];
        notes.into_iter().flatten().collect()
    }
}

impl BlueGreen {
    /// What a controller would do and nobody does here.
    fn notes(&self) -> Vec<String> {
        let by_hand = self.auto_promotion_enabled == Some(false);
        let said = |is_there: bool, note: &str| is_there.then(|| note.to_owned());
        let notes = [
            self.preview_service
                .as_ref()
                .map(|name| format!("previewService: {name} stays as it is and is not pointed at the idle color")),
            said(
                self.preview_replica_count.is_some(),
                "previewReplicaCount: the color has its whole size before the traffic moves",
            ),
            said(
                by_hand && self.auto_promotion_seconds.is_some(),
                "autoPromotionSeconds: with autoPromotionEnabled: false a person promotes, as with Argo Rollouts",
            ),
            said(
                self.scale_down_delay_seconds.is_some(),
                "scaleDownDelaySeconds: the color that is left may go then; cleanup takes it down",
            ),
            said(
                self.scale_down_delay_revision_limit.is_some(),
                "scaleDownDelayRevisionLimit: no more than the color that is left is kept",
            ),
            said(
                self.abort_scale_down_delay_seconds.is_some(),
                "abortScaleDownDelaySeconds: a color that failed stays at size, for a look",
            ),
            said(self.anti_affinity.is_some(), "antiAffinity: the colors' pods have their own"),
            said(self.active_metadata.is_some(), "activeMetadata: pods get no labels or annotations by being active"),
            said(self.preview_metadata.is_some(), "previewMetadata: pods get no labels or annotations by being idle"),
            said(self.max_unavailable.is_some(), "maxUnavailable: the colors' workloads have their own"),
        ];
        notes.into_iter().flatten().collect()
    }
}

fn time(seconds: u32) -> Time {
    Time(Duration::from_secs(seconds.into()))
}
