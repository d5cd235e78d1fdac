use super::*;
use crate::release::annotations::ALL_BYTES;

#[test]
fn results_of_other_versions_are_kept_as_they_are() {
    for (text, result) in [
        ("done", RunResult::Done),
        ("failed", RunResult::Failed),
        ("rolled back", RunResult::RolledBack),
        ("unfinished", RunResult::Unfinished),
        ("paused", RunResult::Other("paused".into())),
    ] {
        let json = format!("\"{text}\"");
        assert_eq!(serde_json::from_str::<RunResult>(&json).unwrap(), result);
        assert_eq!(serde_json::to_string(&result).unwrap(), json);
        assert_eq!(result.to_string(), text);
    }
}

#[derive(Serialize, Deserialize, Clone, PartialEq, Debug)]
struct Noted {
    id: String,
    text: String,
}

impl Record for Noted {
    const CURRENT: &'static str = "example.com/last";
    const HISTORY: &'static str = "example.com/before";

    fn checked(self) -> Result<Self, String> {
        Ok(self)
    }

    fn id(&self) -> &str {
        &self.id
    }

    fn ended(&self, result: RunResult, _: u64) -> Self {
        Self { text: format!("{}{result}", self.text), ..self.clone() }
    }
}

fn noted(id: usize) -> Noted {
    Noted { id: id.to_string(), text: "x".repeat(300) }
}

/// An object's annotations after the patch, without the API server.
fn patched(before: &BTreeMap<String, String>, ops: &[Op]) -> BTreeMap<String, String> {
    let mut after = before.clone();
    for Op(op) in ops.iter().filter(|op| op.0["op"] != "test") {
        let path = op["path"].as_str().unwrap();
        let key = path.strip_prefix("/metadata/annotations/").unwrap().replace("~1", "/");
        match op["value"].as_str() {
            Some(value) => after.insert(key, value.to_owned()),
            None => Some(after.remove(&key).expect("only what is there can be removed")),
        };
    }
    after
}

/// Whoever may annotate the object could keep it from being rolled back.
#[test]
fn however_full_the_annotations_are_a_write_leaves_them_within_what_is_allowed() {
    let size = |all: &BTreeMap<String, String>| all.iter().map(|(k, v)| k.len() + v.len()).sum::<usize>();
    let history = serde_json::to_string(&(1..20).map(noted).collect::<Vec<_>>()).unwrap();
    let ours = [(Noted::CURRENT, json!(noted(0)).to_string()), (Noted::HISTORY, history)];
    let mut kept = std::collections::BTreeSet::new();
    for left in (0..9000).step_by(37).chain([ALL_BYTES - 5]) {
        for ours in [&ours[..], &ours[..1], &[]] {
            let others = ("f".to_owned(), "x".repeat((ALL_BYTES - 1).saturating_sub(left)));
            let mut before = BTreeMap::from([others]);
            before.extend(ours.iter().map(|(key, value)| ((*key).to_owned(), value.clone())));
            let recorded = Recorded::<Noted>::read(Some(&before));
            let after = patched(&before, &recorded.followed_by(&noted(99)));
            assert!(size(&after) <= ALL_BYTES, "{left} left: {}", size(&after));
            let again = Recorded::<Noted>::read(Some(&after));
            assert_eq!(again.current.is_some(), recorded.has_room_for(&noted(99)));
            assert!(again.current.is_some() || (again.raw_current.is_none() && again.raw_history.is_none()));
            kept.insert((again.current.map(|r| r.id), again.history.len()));
        }
    }
    // None at all; without a history; with a part of it; with the whole.
    for seen in [(None, 0), (Some("99".to_owned()), 0), (Some("99".to_owned()), 7), (Some("99".to_owned()), 20)] {
        assert!(kept.contains(&seen), "{seen:?} in {kept:?}");
    }
}

#[test]
fn an_object_without_annotations_gets_them() {
    let ops = Recorded::<Noted>::read(None).followed_by(&noted(1));
    assert_eq!(ops[0], Op::test("/metadata/annotations", Value::Null));
    assert_eq!(ops[1].0["value"][Noted::HISTORY], "[]");
}
