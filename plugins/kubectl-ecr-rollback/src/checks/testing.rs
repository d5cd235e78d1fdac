//! A workload that is as it should be, for tests to spoil.

use release_cluster::read::Reading;
use release_core::checks::finding::{Finding, Severity};
use release_core::checks::weighing::Weighing;
use release_core::command::Scope;
use release_core::kube::Workload;
use release_core::registry::image::ImageRef;
use release_core::registry::index_manifest::IndexChildren;
use release_core::registry::push_history::{Pinned, PushedImage, Scan};
use release_core::registry::scan_gate::Gate;
use serde_json::{Value, json};

use super::case::{Case, HowChosen, Pushed};
use crate::built_for::BuiltForFew;
use crate::plan::image_change::{Author, ImageChange, unpinned};
use crate::record::{ImageRecord, RecordVerb, recorded_on};
use crate::selection::{Asked, Selection, select};
use crate::snapshot::Snapshot;
use crate::snapshot::owner::Owner;
use crate::tag_now::TagNow;

/// The repository of everything here.
pub const REPOSITORY: &str = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/api";

/// Three pods of `api:2` about to go to `api:1`.
pub struct World {
    /// The Deployment.
    pub object: Value,
    pub budgets: Reading<Vec<Value>>,
    pub autoscalers: Reading<Vec<Value>>,
    pub may_patch: Reading<bool>,
    pub images: Vec<PushedImage>,
    pub policy: Reading<Option<String>>,
    pub gate: Gate,
    pub pinned: Option<Pinned>,
    pub chosen: HowChosen,
    pub owners: Vec<Owner>,
    pub tag_now: Option<TagNow>,
    pub built_for: Option<BuiltForFew>,
}

impl World {
    pub fn healthy() -> Self {
        let container = json!({"name": "app", "image": format!("{REPOSITORY}:2"),
            "readinessProbe": {"tcpSocket": {"port": 8080}}, "lifecycle": {"preStop": {"sleep": {"seconds": 5}}}});
        let object = json!({
            "metadata": {"name": "api", "namespace": "shop", "uid": "u", "generation": 3},
            "spec": {"replicas": 3, "selector": {"matchLabels": {"app": "api"}},
                "template": {"metadata": {"labels": {"app": "api"}}, "spec": {"containers": [container]}}},
            "status": {"observedGeneration": 3, "replicas": 3, "updatedReplicas": 3, "readyReplicas": 3, "availableReplicas": 3},
        });
        let budget = json!({"metadata": {"name": "api", "generation": 1},
            "spec": {"minAvailable": 2, "selector": {"matchLabels": {"app": "api"}}},
            "status": {"observedGeneration": 1, "expectedPods": 3, "currentHealthy": 3, "desiredHealthy": 2, "disruptionsAllowed": 1}});
        Self {
            object,
            budgets: Ok(vec![budget]),
            autoscalers: Ok(Vec::new()),
            may_patch: Ok(true),
            images: vec![image("2", 2), image("1", 1)],
            policy: Ok(None),
            gate: Gate::Off,
            pinned: None,
            chosen: HowChosen::default(),
            owners: Vec::new(),
            tag_now: None,
            built_for: None,
        }
    }

    pub fn template(&mut self) -> &mut Value {
        &mut self.object["spec"]["template"]["spec"]
    }

    pub fn container(&mut self) -> &mut Value {
        &mut self.template()["containers"][0]
    }

    fn snapshot(&self) -> Snapshot {
        let deployment: k8s_openapi::api::apps::v1::Deployment = serde_json::from_value(self.object.clone()).unwrap();
        let workload = Workload::from(deployment);
        Snapshot {
            namespace: "shop".into(),
            scope: Scope::default().in_namespace("shop"),
            at: "2026-01-10T00:00:00Z".parse().unwrap(),
            who: Ok("lee".into()),
            believed: recorded_on(&workload),
            recorded: recorded_on(&workload),
            workload,
            pods: Vec::new(),
            revisions: Vec::new(),
            budgets: self.budgets.clone().map(parsed),
            autoscalers: self.autoscalers.clone().map(parsed),
            owners: self.owners.clone(),
            may_patch: self.may_patch.clone(),
        }
    }

    /// What the checks find.
    pub fn findings(&self) -> Vec<Finding> {
        let snapshot = self.snapshot();
        let asked =
            Asked { containers: &[], include_init: false, names_target: false, offline: false, scope: &snapshot.scope };
        let Selection::Clear(selected) = select(&snapshot.workload, &asked).unwrap() else {
            panic!("several containers")
        };
        let author = Author { run_id: "1", user: "lee", reason: "" };
        let to = format!("{REPOSITORY}:1");
        let tag = ImageRef::parse(&to).tag.unwrap().to_owned();
        let children = IndexChildren::new();
        let target = self.images.iter().find(|i| i.tags.contains(&tag));
        let unpinned = unpinned(&snapshot, &selected, &to, target.map(|image| image.digest.as_str()), &author);
        let from_digest = self.images.first().map(|image| image.digest.clone());
        let record = ImageRecord { verb: RecordVerb::Rollback, from_digest, ..unpinned.record.clone() };
        let change = ImageChange { pinned: self.pinned, record, ..unpinned };
        let case = Case {
            snapshot: &snapshot,
            selected: &selected,
            change: &change,
            pushed: Some(Pushed { images: &self.images, children: &children, target, policy: &self.policy }),
            built_for: self.built_for.as_ref(),
            tag_now: self.tag_now.as_ref(),
            gate: self.gate,
            chosen: self.chosen.clone(),
            now: snapshot.at,
        };
        super::run(&case, &Weighing::default())
    }

    /// Ids with their severity: `x paused`, `! recreate`, `? hpa-at-limit`, `~` for quiet ones.
    pub fn told(&self) -> Vec<String> {
        let told = |f: &Finding| {
            let symbol = match f.severity {
                _ if f.quiet => '~',
                Severity::Blocks => 'x',
                Severity::Warns => '!',
                Severity::NotChecked => '?',
            };
            format!("{symbol} {}", f.id)
        };
        self.findings().iter().map(told).collect()
    }
}

fn parsed<T: for<'de> serde::Deserialize<'de>>(values: Vec<Value>) -> Vec<T> {
    values.into_iter().map(|v| serde_json::from_value(v).unwrap()).collect()
}

/// An image of one tag, pushed on that day of January and scanned clean.
pub fn image(tag: &str, day: u32) -> PushedImage {
    let pushed_at = format!("2026-01-{day:02}T00:00:00Z").parse().unwrap();
    PushedImage {
        tags: vec![tag.to_owned()],
        scan: Scan::Clean,
        ..PushedImage::untagged(format!("sha256:{tag:0>64}"), pushed_at)
    }
}
