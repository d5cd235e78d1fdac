//! The images that a pod's specification names: those of all its containers, and those that are
//! mounted as volumes (<https://kubernetes.io/docs/tasks/configure-pod-container/image-volumes/>).

use serde::Deserialize;
use serde_json::Value;

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
#[serde(default)]
pub struct NamedImage {
    pub name: String,
    pub image: String,
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

    /// Every image, by its reference.
    pub fn references(&self) -> impl Iterator<Item = &str> {
        let volumes = self.of_volumes().map(|(_, reference)| reference);
        self.of_containers().map(|container| container.image.as_str()).chain(volumes).filter(|i| !i.is_empty())
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
                let items = fields.get(list).and_then(Value::as_array).into_iter().flatten();
                let named = items.filter_map(|item| item.pointer(place)?.as_str());
                found.extend(named.filter(|image| !image.is_empty()).map(str::to_owned));
            }
            fields.values().for_each(|field| collect(field, found));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
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
