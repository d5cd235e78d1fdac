//! The images that a pod's specification names: those of all its containers, and those that are
//! mounted as volumes (<https://kubernetes.io/docs/tasks/configure-pod-container/image-volumes/>), and
//! those that its containers are told of, as operators are of the images of what they make
//! (`RELATED_IMAGE_…`).

use std::collections::BTreeMap;

use release_core::registry::ecr_reference::EcrRepository;
use release_core::registry::image::{ImageRef, is_digest, is_tag};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::expansion::expanded;

/// A PodSpec, cut down to its images while it is parsed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodSpecImages {
    pub containers: Vec<NamedImage>,
    pub init_containers: Vec<NamedImage>,
    pub ephemeral_containers: Vec<NamedImage>,
    volumes: Vec<Volume>,
}

/// A container, or a volume, and its image.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "StoredContainer")]
pub struct NamedImage {
    pub name: String,
    pub image: String,
    /// References in its environment, command, arguments, hooks and probes.
    mentioned: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct StoredContainer {
    name: String,
    image: String,
    env: Vec<Variable>,
    command: Vec<String>,
    args: Vec<String>,
    lifecycle: Value,
    liveness_probe: Value,
    readiness_probe: Value,
    startup_probe: Value,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Variable {
    name: String,
    value: Option<String>,
}

impl StoredContainer {
    /// What the container is told, as it is told: with the variables that stand before.
    fn words(&self) -> Vec<String> {
        let (mut known, mut words) = (BTreeMap::new(), Vec::new());
        for variable in &self.env {
            let Some(value) = &variable.value else { continue };
            let value = expanded(value, &known);
            words.push(value.clone());
            known.insert(variable.name.clone(), value);
        }
        words.extend(self.command.iter().chain(&self.args).map(|word| expanded(word, &known)));
        // Their commands are run as they stand.
        let run = [&self.lifecycle, &self.liveness_probe, &self.readiness_probe, &self.startup_probe];
        let exec = |handler: &Value| handler["exec"]["command"].as_array().cloned().unwrap_or_default();
        let commands = run.into_iter().flat_map(|one| [one, &one["postStart"], &one["preStop"]]).flat_map(exec);
        words.extend(commands.filter_map(|word| word.as_str().map(str::to_owned)));
        words
    }
}

impl From<StoredContainer> for NamedImage {
    fn from(stored: StoredContainer) -> Self {
        let words = stored.words();
        let mentioned = words.iter().flat_map(|word| references_in(word)).map(str::to_owned).collect();
        Self { name: stored.name, image: stored.image, mentioned }
    }
}

/// The references in a text that say for themselves which image they are of: those of ECR with a tag or a
/// digest, and any with a digest.
fn references_in(text: &str) -> impl Iterator<Item = &str> {
    let between = |c: char| c.is_whitespace() || ",;='\"`{}[]()<>|".contains(c);
    text.split(between).filter(|word| {
        let ImageRef { tag, digest, .. } = ImageRef::parse(word);
        let by_tag = || tag.is_some_and(is_tag) && EcrRepository::of(word).is_ok();
        digest.map_or_else(by_tag, is_digest)
    })
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
struct Volume {
    name: String,
    image: Option<ImageVolume>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
struct ImageVolume {
    reference: String,
}

impl PodSpecImages {
    /// Containers of all sorts.
    pub fn of_containers(&self) -> impl Iterator<Item = &NamedImage> {
        self.containers.iter().chain(&self.init_containers).chain(&self.ephemeral_containers)
    }

    /// Volumes that are images; a volume's name says nothing about a container of that name.
    pub fn of_volumes(&self) -> impl Iterator<Item = (&str, &str)> {
        self.volumes.iter().filter_map(|v| Some((v.name.as_str(), v.image.as_ref()?.reference.as_str())))
    }

    /// What containers are told of.
    pub fn mentioned(&self) -> impl Iterator<Item = &str> {
        self.of_containers().flat_map(|container| &container.mentioned).map(String::as_str)
    }

    /// Every image, by its reference.
    pub fn references(&self) -> impl Iterator<Item = &str> {
        let volumes = self.of_volumes().map(|(_, reference)| reference);
        let images = self.of_containers().map(|container| container.image.as_str());
        images.chain(volumes).chain(self.mentioned()).filter(|image| !image.is_empty())
    }
}

/// The images of every PodSpec in an object of whatever form: anybody may keep revisions as
/// ControllerRevisions, and each has a form of its own.
#[must_use]
pub fn references_anywhere(object: &Value) -> Vec<String> {
    let mut found = Vec::new();
    collect(object, &mut found);
    found.sort_unstable();
    found.dedup();
    found
}

fn collect(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        Value::Object(fields) => {
            for (list, place) in [
                ("containers", "/image"),
                ("initContainers", "/image"),
                ("ephemeralContainers", "/image"),
                ("volumes", "/image/reference"),
            ] {
                let named = items_of(fields, list).filter_map(|item| item.pointer(place)?.as_str());
                found.extend(named.filter(|image| !image.is_empty()).map(str::to_owned));
                let read = items_of(fields, list).filter_map(|item| NamedImage::deserialize(item).ok());
                found.extend(read.flat_map(|container| container.mentioned));
            }
            fields.values().for_each(|field| collect(field, found));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn items_of<'v>(fields: &'v Map<String, Value>, list: &str) -> impl Iterator<Item = &'v Value> {
    fields.get(list).and_then(Value::as_array).into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn spec() -> Value {
        json!({
            "containers": [{"name": "api", "image": "a"}],
            "initContainers": [{"name": "migrate", "image": "b"}],
            "ephemeralContainers": [{"name": "debug", "image": "c"}],
            "volumes": [{"name": "model", "image": {"reference": "d", "pullPolicy": "IfNotPresent"}},
                {"name": "api", "emptyDir": {}}, {"name": "config", "configMap": {"name": "x"}}],
        })
    }

    /// A model or a plugin that is mounted as a volume is pulled as any image is.
    #[test]
    fn containers_of_all_sorts_and_volumes_name_images() {
        let read: PodSpecImages = serde_json::from_value(spec()).unwrap();
        assert_eq!(read.references().collect::<Vec<_>>(), ["a", "b", "c", "d"]);
    }

    /// An operator would make pods of an image that is gone.
    #[test]
    fn what_containers_are_told_of_is_named_too() {
        let host = "123456789012.dkr.ecr.eu-west-1.amazonaws.com";
        let digest = format!("sha256:{}", "a".repeat(64));
        let container = json!({"name": "manager", "image": "op:1",
            "env": [{"name": "RELATED_IMAGE_WEB", "value": format!("{host}/web:1.2")},
                {"name": "IMAGES", "value": format!("{{\"a\":\"{host}/aa:1\",\"b\":\"mirror.local/b@{digest}\"}}")},
                {"name": "REGISTRY", "value": format!("{host}/web")}, {"name": "POD", "valueFrom": {"fieldRef": {}}},
                {"name": "HUB", "value": "docker.io/library/nginx:1"}, {"name": "URL", "value": "https://x/y?a=b:c"}],
            "command": ["/manager", format!("--sidecar={host}/side:2")],
            "args": [format!("--init {host}/init:3,{host}/init:4"), format!("me@{digest}x")]});
        let expected = [
            "op:1".to_owned(),
            format!("{host}/web:1.2"),
            format!("{host}/aa:1"),
            format!("mirror.local/b@{digest}"),
            format!("{host}/side:2"),
            format!("{host}/init:3"),
            format!("{host}/init:4"),
        ];
        let read: PodSpecImages = serde_json::from_value(json!({"containers": [container.clone()]})).unwrap();
        assert_eq!(read.references().collect::<Vec<_>>(), expected);
        let mut sorted = expected.to_vec();
        sorted.sort();
        assert_eq!(references_anywhere(&json!({"data": {"spec": {"containers": [container]}}})), sorted);
    }

    /// Charts write the registry once, and hooks run other images.
    #[test]
    fn variables_hooks_and_probes_name_images_too() {
        let host = "123456789012.dkr.ecr.eu-west-1.amazonaws.com";
        let container = json!({"name": "op", "image": "op:1",
            "env": [{"name": "REG", "value": host}, {"name": "WEB", "value": "$(REG)/web:1"},
                {"name": "OFF", "value": "$$(REG)/off:1"}, {"name": "EARLY", "value": "$(LATE)/early:1"},
                {"name": "LATE", "value": host}],
            "args": ["--side=$(WEB)", "$(LATE)/late:2"],
            "lifecycle": {"postStart": {"exec": {"command": ["pull", format!("{host}/start:1")]}},
                "preStop": {"sleep": {"seconds": 5}}},
            "startupProbe": {"exec": {"command": [format!("crane digest {host}/probe:1")]}},
            "livenessProbe": null, "readinessProbe": {"httpGet": {"port": 80}}});
        let read: PodSpecImages = serde_json::from_value(json!({"containers": [container]})).unwrap();
        let found: Vec<&str> = read.mentioned().map(|image| image.rsplit('/').next().unwrap()).collect();
        assert_eq!(found, ["web:1", "web:1", "late:2", "start:1", "probe:1"]);
    }

    #[test]
    fn a_pod_spec_is_found_wherever_it_is_and_nothing_else_is() {
        let wrapped = [
            json!({"spec": {"template": {"$patch": "replace", "spec": spec()}}}),
            json!({"apiVersion": "apps.kruise.io/v1", "spec": {"subsets": [{"template": {"spec": spec()}}]}}),
            spec(),
        ];
        for object in wrapped {
            assert_eq!(references_anywhere(&object), ["a", "b", "c", "d"], "{object}");
        }
        let odd = json!({"image": "x", "containers": {"image": "y"}, "volumes": [null, 1, {"image": "z"}],
            "initContainers": null, "metadata": {"annotations": {"containers": "[{\"image\": \"w\"}]"}}});
        assert_eq!(references_anywhere(&odd), Vec::<String>::new());
    }
}
