//! The document of `deploy`.

use release_cli::report::{Members, Report, Subject};
use release_core::release::change::Change;
use release_core::release::pod_tests::{ForWorkload, PodTest, Stage};
use release_core::workload::twin::{Difference, ImageEdit};
use schemars::JsonSchema;
use serde::Serialize;

use super::move_document::MoveEntry;
use super::vetted_image::VettedImage;
use crate::moves::MoveReport;
use crate::plan::deploy::DeployPlan;
use crate::prepared::Prepared;
use crate::tested::Tested;

/// What `deploy` has of its own.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeployMembers {
    /// The color that is prepared; absent where the images are live already, and where several Services are released.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub color: Option<String>,
    /// The workloads of the colors that are prepared, as they are to be.
    pub workloads: Vec<PreparedWorkload>,
    /// What is written to prepare them, in this order.
    pub writes: Vec<Write>,
    /// What ECR knows of the images, where that was asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub vetted: Vec<VettedImage>,
    /// What is asked of its pods before the traffic moves.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub asked: Vec<AskedTest>,
    /// What they answered, test by test; those of pods that went meanwhile, too.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tests: Vec<TestResult>,
    /// What the color is once it is ready, for `switch --expect`: with `--no-switch` alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<String>,
    /// The same for each of several Services.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fingerprints: Vec<ReadyColor>,
    /// The move that follows.
    pub services: Vec<MoveEntry>,
}

impl Members for DeployMembers {
    const KIND: &'static str = "Deploy";
    const SUBJECT: Subject = Subject::Service;
}

/// What the color of one of several Services is once it is ready.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReadyColor {
    pub service: String,
    pub color: String,
    /// For `switch --expect`.
    pub fingerprint: String,
}

/// A workload of the color that is prepared.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PreparedWorkload {
    /// `deploy/api-green`
    name: String,
    /// The active color's workload that does the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    like: Option<String>,
    /// It isn't there yet.
    created: bool,
    /// The rest of its pod template is copied from there, too.
    synced: bool,
    /// Containers that get an image, those that have it already among them.
    images: Vec<Image>,
    /// Pods that it asks for before.
    replicas_from: i32,
    /// Pods that it is to ask for.
    replicas_to: i32,
    /// How its pod template differs from the active color's then, besides images.
    differences: Vec<Differing>,
}

/// A container that gets an image.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Image {
    container: String,
    /// It is an init container.
    init: bool,
    from: String,
    to: String,
    /// Nobody named it: it has the repository of one that was named.
    follows: bool,
}

/// A member of the pod template in which both colors differ.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Differing {
    /// `containers[app].env[LOG_LEVEL]`
    path: String,
    /// Fit to be shown: `(set)` for what looks secret; absent where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    active: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    idle: Option<String>,
}

/// A test of a workload's pods.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AskedTest {
    stage: Stage,
    name: String,
    /// `deploy/api-green`
    workload: String,
    /// `GET /health`, without its query
    ask: String,
    port: u16,
}

/// A test of one pod that has ended.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TestResult {
    stage: Stage,
    name: String,
    pod: String,
    passed: bool,
    /// So often it was asked.
    tries: u32,
    /// Of the last answer: `200`, `SERVING`; absent where there was none.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<String>,
    /// Milliseconds of the last try, from the request to its answer.
    latency_ms: u64,
    /// Why the last try failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
}

/// A write that prepares the color.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Write {
    /// `deploy/api-green`
    object: String,
    /// The object is made, and not only changed.
    creates: bool,
    /// `app api:1.4.0 -> 1.6.0, replicas: 0 -> 6`
    change: String,
    /// This run made it.
    made: bool,
    /// The bare kubectl command that undoes it; absent where this run did not make it, somebody else has changed it
    /// since, or users are on it by now.
    #[serde(skip_serializing_if = "Option::is_none")]
    undo: Option<String>,
}

impl DeployMembers {
    /// What is to be done; the color is that of a Service alone.
    pub fn planned(&mut self, color: Option<&str>, plan: &DeployPlan) {
        self.color = color.map(str::to_owned);
        self.workloads = Vec::new();
        for one in plan.prepared().map(PreparedWorkload::of) {
            // Services that are released as one may share workloads.
            if !self.workloads.iter().any(|known| known.name == one.name) {
                self.workloads.push(one);
            }
        }
        self.writes = plan.writes().map(Write::of).collect();
        self.vetted = plan.parts.iter().flat_map(|part| &part.vetted).map(VettedImage::of).collect();
        self.asked(plan.parts.iter().flat_map(|part| &part.tests));
    }

    fn asked<'t>(&mut self, tests: impl Iterator<Item = &'t ForWorkload>) {
        let of = |one: &ForWorkload, test: &PodTest| AskedTest {
            stage: test.stage,
            name: test.name.clone(),
            workload: one.workload.clone(),
            ask: test.ask.to_string(),
            port: test.port,
        };
        self.asked = tests.flat_map(|one| one.tests.iter().map(move |test| of(one, test))).collect();
    }

    /// What was answered.
    pub fn tested<'t>(&mut self, results: impl Iterator<Item = &'t Tested>) {
        self.tests = results.map(TestResult::of).collect();
    }

    /// One more of the writes was made.
    pub fn wrote(&mut self, change: &Change) {
        if let Some(write) = self.writes.iter_mut().find(|write| write.is_open()) {
            write.made(change);
        }
    }

    /// Somebody else has changed since what one of them left, or users are on it.
    pub fn has_no_undo(&mut self, change: &Change) {
        let left = self.writes.iter_mut().find(|write| write.is_about(change));
        left.into_iter().for_each(|write| write.undo = None);
    }
}

/// The part of the report that the move fills.
pub fn of_move(report: &mut Report<DeployMembers>) -> MoveReport<'_> {
    let Report { members, findings, text, names, .. } = report;
    MoveReport { services: &mut members.services, findings, text, names }
}

impl PreparedWorkload {
    fn of(one: &Prepared) -> Self {
        Self {
            name: one.reference(),
            like: one.like_reference(),
            created: one.idle.is_none(),
            synced: one.is_synced,
            images: one.edits.iter().map(Image::of).collect(),
            replicas_from: one.replicas(),
            replicas_to: one.size(),
            differences: one.differences.iter().map(Differing::of).collect(),
        }
    }
}

impl Image {
    fn of(edit: &ImageEdit) -> Self {
        let ImageEdit { container, to, follows } = edit.clone();
        Self { container: container.name, init: container.init, from: container.image, to, follows }
    }
}

impl Differing {
    fn of(difference: &Difference) -> Self {
        let Difference { path, active, idle } = difference.clone();
        Self { path, active, idle }
    }
}

impl TestResult {
    fn of(tested: &Tested) -> Self {
        let Tested { stage, test, pod, tries, status, why, .. } = tested.clone();
        let latency_ms = u64::try_from(tested.took.as_millis()).unwrap_or(u64::MAX);
        Self { stage, name: test, pod, passed: why.is_none(), tries, status, latency_ms, why }
    }
}

impl Write {
    /// One that is to be made.
    #[must_use]
    pub fn of(change: &Change) -> Self {
        let (object, creates) = (change.object.clone(), change.creates());
        Self { object, creates, change: change.summary.clone(), made: false, undo: None }
    }

    /// It was not made yet.
    #[must_use]
    pub fn is_open(&self) -> bool {
        !self.made
    }

    /// True where it is that change.
    #[must_use]
    pub fn is_about(&self, change: &Change) -> bool {
        self.object == change.object && self.change == change.summary
    }

    /// This run made it.
    pub fn made(&mut self, change: &Change) {
        (self.made, self.undo) = (true, change.undo.as_ref().map(ToString::to_string));
    }

    /// This run has undone it.
    pub fn taken_back(&mut self) {
        (self.made, self.undo) = (false, None);
    }
}
