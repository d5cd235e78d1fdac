//! A write as a value: which object, what changes, on what condition, and how it is undone.

use serde_json::{Value, json};

use crate::command::Command;

/// One operation of a JSON patch (RFC 6902).
#[derive(Debug, Clone, PartialEq)]
pub struct Op(pub Value);

impl Op {
    /// The patch is refused as a whole (HTTP 422) unless `path` holds `value` now.
    #[must_use]
    pub fn test(path: &str, value: impl Into<Value>) -> Self {
        Self(json!({"op": "test", "path": path, "value": value.into()}))
    }

    /// Sets a member, whether or not it is there.
    #[must_use]
    pub fn add(path: &str, value: impl Into<Value>) -> Self {
        Self(json!({"op": "add", "path": path, "value": value.into()}))
    }

    /// Sets a member that is there.
    #[must_use]
    pub fn replace(path: &str, value: impl Into<Value>) -> Self {
        Self(json!({"op": "replace", "path": path, "value": value.into()}))
    }

    /// Removes a member that is there.
    #[must_use]
    pub fn remove(path: &str) -> Self {
        Self(json!({"op": "remove", "path": path}))
    }

    /// What a `test` asks for and the object doesn't have: the path, the value that was there, and the one
    /// that is there now.
    #[must_use]
    pub fn unmet_in<'a>(&'a self, object: &'a Value) -> Option<(&'a str, &'a Value, &'a Value)> {
        let path = self.0["path"].as_str().filter(|_| self.0["op"] == "test")?;
        let (then, now) = (&self.0["value"], object.pointer(path).unwrap_or(&Value::Null));
        // The API server leaves out zeros.
        let same = then == now || [then, now].iter().all(|value| value.is_null() || **value == 0);
        (!same).then_some((path, then, now))
    }

    /// Whether an object is as this leaves it; a `test` leaves nothing.
    #[must_use]
    pub fn holds_in(&self, object: &Value) -> bool {
        let found = self.0["path"].as_str().and_then(|path| object.pointer(path));
        match (self.0["op"].as_str(), found) {
            // Made for what is written into it.
            (Some("add"), Some(value)) if self.0["value"] == json!({}) => value.is_object(),
            (Some("add" | "replace"), Some(value)) => *value == self.0["value"],
            // The API server leaves out zeros.
            (Some("add" | "replace"), None) => self.0["value"] == 0,
            (Some("remove"), found) => found.is_none(),
            _ => true,
        }
    }
}

/// A JSON patch as it is sent.
#[must_use]
pub fn json_patch(ops: &[Op]) -> Value {
    ops.iter().map(|op| op.0.clone()).collect()
}

/// The patch that takes another one back, where all is still there that it wrote: what it tests and then sets is
/// tested for what it was set to, and set to what was there; what it only tests stays a condition. A member that it sets without
/// a test before is left.
#[must_use]
pub fn inverse(ops: &[Op]) -> Vec<Op> {
    let is = |op: &Op, what: &str| op.0["op"] == what;
    let is_set = |path: &Value| ops.iter().any(|op| !is(op, "test") && op.0["path"] == *path);
    let before = |path: &Value| ops.iter().find(|op| is(op, "test") && op.0["path"] == *path).map(|op| &op.0["value"]);
    let back = |op: &Op| {
        let path = &op.0["path"];
        if is(op, "test") {
            return if is_set(path) { Vec::new() } else { vec![op.clone()] };
        }
        let Some(before) = before(path) else { return Vec::new() };
        let still = json!({"op": "test", "path": path, "value": op.0["value"]});
        vec![Op(still), Op(json!({"op": op.0["op"], "path": path, "value": before}))]
    };
    ops.iter().flat_map(back).collect()
}

/// The JSON pointer of an annotation (RFC 6901 escapes `/` as `~1` and `~` as `~0`).
#[must_use]
pub fn annotation_pointer(key: &str) -> String {
    format!("/metadata/annotations/{}", key.replace('~', "~0").replace('/', "~1"))
}

/// What is done to the object.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// A conditional patch: its `test` operations are its precondition.
    JsonPatch(Vec<Op>),
    /// The same of our own annotations alone: what is told about a change, and no change itself. It is made
    /// under a name of its own ([`notes_manager`](super::hand::notes_manager)), so that the API server's
    /// time of the change stays what it is.
    Note(Vec<Op>),
    /// A new object in the collection that the path names.
    Create(Value),
    /// Deletes exactly the object that was read: by uid and resourceVersion. Where only its status
    /// moved on meanwhile (the generation, which counts changes of the spec, is the one that was
    /// read), it is still that object.
    Delete { uid: String, resource_version: String, generation: i64 },
}

/// One write to the cluster, before it is made.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// As people name it: `service/api`, `deploy/api-green`.
    pub object: String,
    /// The API path of the object (of the collection for `Create`).
    pub path: String,
    pub action: Action,
    /// What it does, for the plan: `version: blue -> green`.
    pub summary: String,
    /// The bare kubectl command that takes it back, where one can.
    pub undo: Option<Command>,
}

impl Change {
    /// True for a write that makes an object.
    #[must_use]
    pub fn creates(&self) -> bool {
        matches!(self.action, Action::Create(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_tells_whether_a_patch_took_place() {
        let scaled = json!({"metadata": {"annotations": {"a/b": "new"}}, "spec": {}});
        let holds = |ops: &[Op]| ops.iter().all(|op| op.holds_in(&scaled));
        assert!(holds(&[Op::test("/spec/replicas", 2), Op::add("/spec/replicas", 0)]));
        assert!(holds(&[Op::add(&annotation_pointer("a/b"), "new"), Op::remove("/metadata/labels")]));
        let made = Op::add("/metadata/annotations", json!({}));
        assert!(holds(std::slice::from_ref(&made)), "what is written into it comes in the same patch");
        assert!(!made.holds_in(&json!({"metadata": {}})));
        assert!(!holds(&[Op::add("/spec/replicas", 2)]));
        assert!(!holds(&[Op::replace(&annotation_pointer("a/b"), "old")]));
        assert!(!holds(&[Op::remove(&annotation_pointer("a/b"))]));
    }

    #[test]
    fn a_condition_that_does_not_hold_any_more_is_told_with_what_is_there() {
        let now = json!({"spec": {"replicas": 5}});
        let scaled = Op::test("/spec/replicas", 2);
        assert_eq!(scaled.unmet_in(&now), Some(("/spec/replicas", &json!(2), &json!(5))));
        assert_eq!(Op::test("/spec/replicas", 5).unmet_in(&now), None);
        assert_eq!(Op::add("/spec/replicas", 0).unmet_in(&now), None, "that is no condition");
        assert_eq!(Op::test("/spec/replicas", Value::Null).unmet_in(&json!({"spec": {"replicas": 0}})), None);
        let gone = Op::test("/metadata/annotations/a", "x");
        assert_eq!(gone.unmet_in(&now).map(|(_, _, now)| now), Some(&Value::Null));
    }

    #[test]
    fn what_takes_a_patch_back_asks_for_what_that_wrote() {
        let image = "/spec/template/spec/containers/0/image";
        let name = Op::test("/spec/template/spec/containers/0/name", "app");
        let forward = [
            name.clone(),
            Op::test(image, "api:1"),
            Op::replace(image, "api:2"),
            Op::test("/spec/replicas", 0),
            Op::add("/spec/replicas", 3),
            Op::add("/metadata/labels/new", "x"),
        ];
        let back = [
            name,
            Op::test(image, "api:2"),
            Op::replace(image, "api:1"),
            Op::test("/spec/replicas", 3),
            Op::add("/spec/replicas", 0),
        ];
        assert_eq!(inverse(&forward), back);
        assert_eq!(inverse(&back), forward[..5]);
    }

    #[test]
    fn annotation_keys_are_escaped_as_json_pointers() {
        assert_eq!(annotation_pointer("a.b/c~d"), "/metadata/annotations/a.b~1c~0d");
    }
}
