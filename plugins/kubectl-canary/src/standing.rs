//! What a record is worth. It is a hint: anybody who may annotate the Deployment can write one, and `kubectl rollout
//! undo` puts back those that its ReplicaSets were given once.

use release_core::kube::Workload;
use release_core::release::canary::run::Phase;
use release_core::workload::revisions::deployed_number;

use crate::marker::Marker;
use crate::record::{CanaryRecord, RecordedReleases};

/// How a release stands.
#[derive(Debug, Clone, PartialEq)]
pub enum Standing {
    /// There is none.
    None,
    UnderWay(Box<CanaryRecord>),
    Over(Box<CanaryRecord>),
    /// The record is of no release that is under way here; why.
    Risen(Box<CanaryRecord>, String),
    /// A canary of this Deployment is there, and no record of its release.
    Orphaned(Marker),
    /// The record makes no sense; why.
    Unreadable(String),
}

/// How it stands, by the record, the Deployment that it lies on, and the canary beside it.
#[must_use]
pub fn standing(recorded: &RecordedReleases, stable: &Workload, marker: Option<&Marker>) -> Standing {
    let own = marker.filter(|marker| marker.uid == stable.uid());
    let orphaned = || own.map_or(Standing::None, |marker| Standing::Orphaned(marker.clone()));
    if let Some(why) = recorded.unreadable.as_ref().filter(|_| recorded.current.is_none()) {
        return own.map_or_else(|| Standing::Unreadable(why.clone()), |marker| Standing::Orphaned(marker.clone()));
    }
    let Some(record) = recorded.current.clone().map(Box::new) else { return orphaned() };
    let has_canary = own.is_some_and(|marker| marker.id == record.id);
    let risen = not_of_here(&record, stable);
    match risen {
        // Whatever became of the Deployment, its canary is there.
        Some(_) if has_canary && record.uid == stable.uid() => Standing::UnderWay(record),
        Some(_) if own.is_some() => orphaned(),
        Some(why) => {
            let why = why + &left_smaller(&record, stable);
            Standing::Risen(record, why)
        }
        None if record.state.phase != Phase::Over => Standing::UnderWay(record),
        None if own.is_some() => orphaned(),
        None => Standing::Over(record),
    }
}

/// Whoever ends a release by hand leaves the size that it had in the middle, and nobody would know of the one before.
fn left_smaller(record: &CanaryRecord, stable: &Workload) -> String {
    let (now, before) = (i64::from(stable.replicas), i64::from(record.state.replicas));
    if record.uid != stable.uid() || record.state.phase == Phase::Over || now >= before {
        return String::new();
    }
    format!("; it asks for {now} pods, and had {before} when that release began (kubectl scale)")
}

/// Why the record can't be of a release that is under way on this Deployment.
fn not_of_here(record: &CanaryRecord, stable: &Workload) -> Option<String> {
    if record.uid != stable.uid() {
        return Some("it came with a copy of another Deployment's manifest".to_owned());
    }
    let there = deployed_number(stable)?;
    // Its own template, and the one that it puts back, count as new ones.
    let own = match record.state.phase {
        Phase::Running | Phase::Paused(_) => 0,
        Phase::Promoting => 1,
        Phase::Aborting(_) => 2,
        Phase::Over => return None,
    };
    let last = record.revision.saturating_add(own);
    let is_own = (record.revision..=last).contains(&there);
    (!is_own).then(|| {
        format!(
            "it is of revision {}, and the Deployment is at {there}: an undo of a rollout puts old ones back",
            record.revision
        )
    })
}

#[cfg(test)]
mod tests {
    use k8s_openapi::api::apps::v1::Deployment;
    use release_core::release::canary::run::State;
    use release_core::release::canary::steps::Steps;
    use release_core::release::record::Record;
    use serde_json::{Value, json};

    use super::*;

    fn record(phase: Phase) -> CanaryRecord {
        let state = State { phase, ..State::new(Steps::default(), 3, 1) };
        let text = json!({"id": "r1", "uid": "u", "revision": 4, "canary": "api-canary", "router": "replicas",
            "containers": [{"name": "api", "from": "api:1", "to": "api:2"}], "services": ["api"], "by": "me",
            "at": "2026-01-01T00:00:00Z", "state": state});
        serde_json::from_value(text).unwrap()
    }

    fn deployment(uid: &str, revision: &str, record: Option<&str>) -> (Value, Workload) {
        let mut annotations = json!({"deployment.kubernetes.io/revision": revision});
        if let Some(record) = record {
            annotations[CanaryRecord::CURRENT] = record.into();
        }
        let object = json!({"metadata": {"name": "api", "uid": uid, "annotations": annotations},
            "spec": {"selector": {}, "template": {}}});
        let parsed: Deployment = serde_json::from_value(object.clone()).unwrap();
        (object, parsed.into())
    }

    fn stands(phase: Phase, (uid, revision): (&str, &str), marker: Option<(&str, &str)>) -> Standing {
        let text = json!(record(phase)).to_string();
        let (object, workload) = deployment(uid, revision, Some(&text));
        let marker = marker.map(|(id, uid)| Marker { id: id.into(), uid: uid.into(), replicas: 3, size: 1 });
        standing(&RecordedReleases::in_object(&object), &workload, marker.as_ref())
    }

    /// A release that ended months ago would be taken up in the middle, with its image.
    #[test]
    fn a_record_that_an_undo_put_back_is_of_no_release() {
        assert!(matches!(stands(Phase::Running, ("u", "4"), None), Standing::UnderWay(_)));
        assert!(matches!(stands(Phase::Running, ("u", "7"), None), Standing::Risen(..)));
        assert!(matches!(stands(Phase::Promoting, ("u", "5"), None), Standing::UnderWay(_)));
        assert!(matches!(stands(Phase::Promoting, ("u", "6"), None), Standing::Risen(..)));
        assert!(matches!(stands(Phase::Over, ("u", "9"), None), Standing::Over(_)));
    }

    #[test]
    fn a_record_that_came_with_a_manifest_is_of_no_release() {
        assert!(matches!(stands(Phase::Running, ("other", "4"), None), Standing::Risen(..)));
        assert!(matches!(stands(Phase::Running, ("other", "4"), Some(("r1", "u"))), Standing::Risen(..)));
    }

    /// Its pods take requests, whatever became of the record.
    #[test]
    fn a_canary_of_ours_is_never_forgotten() {
        assert!(matches!(stands(Phase::Running, ("u", "5"), Some(("r1", "u"))), Standing::UnderWay(_)));
        assert!(matches!(stands(Phase::Running, ("u", "9"), Some(("r2", "u"))), Standing::Orphaned(_)));
        assert!(matches!(stands(Phase::Over, ("u", "4"), Some(("r2", "u"))), Standing::Orphaned(_)));
        let (object, workload) = deployment("u", "4", Some("{torn"));
        let marker = Marker { id: "r1".into(), uid: "u".into(), replicas: 3, size: 1 };
        let recorded = RecordedReleases::in_object(&object);
        assert_eq!(standing(&recorded, &workload, Some(&marker)), Standing::Orphaned(marker));
        assert!(matches!(standing(&recorded, &workload, None), Standing::Unreadable(_)));
    }
}
