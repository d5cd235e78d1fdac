//! Pulling images of ECR: what each container's image is at the moment its pod was placed.
//!
//! A pod with such an image starts only once this has written down what was found; kwok's stages
//! wait for that. A missing image is looked for again, as a kubelet does.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Result;
use k8s_openapi::api::core::v1::Pod;
use kube::api::{Api, Patch, PatchParams};
use kube::{Client, ResourceExt};
use serde_json::{Map, Value, json};

use crate::annotations as names;
use crate::ecr::instructions::{Instruction, Pull};
use crate::ecr::reference::EcrImage;
use crate::registry::EcrClient;

/// Between two tries to pull a missing image.
const BACK_OFF: Duration = Duration::from_secs(3);

/// Looks up images of pods, each pod's once at a time.
pub(super) struct Puller {
    ecr: EcrClient,
    client: Client,
    underway: Mutex<HashSet<String>>,
}

/// A container and its image.
type Container = (String, String);

/// A pod that waits for its images.
struct Wanted {
    pods: Api<Pod>,
    pod: String,
    uid: String,
    containers: Vec<Container>,
}

impl Puller {
    pub fn new(client: Client) -> Arc<Self> {
        Arc::new(Self { ecr: EcrClient::inside(), client, underway: Mutex::default() })
    }

    /// Starts to pull if this pod was placed and waits for it.
    pub fn notice(self: &Arc<Self>, pod: &Pod) {
        let Some(wanted) = self.wanted(pod) else { return };
        if !self.underway().insert(wanted.uid.clone()) {
            return;
        }
        let puller = Arc::clone(self);
        tokio::spawn(async move {
            if let Err(error) = puller.pull(&wanted).await {
                eprintln!("pulling images of {}: {error:#}", wanted.pod);
            }
            puller.underway().remove(&wanted.uid);
        });
    }

    fn underway(&self) -> std::sync::MutexGuard<'_, HashSet<String>> {
        self.underway.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wanted(&self, pod: &Pod) -> Option<Wanted> {
        let spec = pod.spec.as_ref().filter(|spec| spec.node_name.is_some())?;
        if pod.metadata.deletion_timestamp.is_some() || pod.annotations().contains_key(names::IMAGES) {
            return None;
        }
        let all = spec.init_containers.iter().flatten().chain(&spec.containers);
        let containers: Vec<Container> = all
            .filter_map(|container| Some((container.name.clone(), container.image.clone()?)))
            .filter(|(_, image)| EcrImage::parse(image).is_some())
            .collect();
        let pods = Api::namespaced(self.client.clone(), &pod.namespace()?);
        (!containers.is_empty()).then(|| Wanted {
            pods,
            pod: pod.name_any(),
            uid: pod.uid().unwrap_or_default(),
            containers,
        })
    }

    async fn pull(&self, wanted: &Wanted) -> Result<()> {
        let mut written = Value::Null;
        loop {
            let pulls = self.look_up(&wanted.containers).await?;
            let complete = pulls.iter().all(|(_, _, pull)| matches!(pull, Pull::Found { .. }));
            let annotations = annotations(&pulls);
            if annotations != written {
                let patch = json!({"metadata": {"uid": wanted.uid, "annotations": annotations}});
                match wanted.pods.patch_metadata(&wanted.pod, &PatchParams::default(), &Patch::Merge(patch)).await {
                    // Deleted meanwhile, and perhaps another of its name is there.
                    Err(kube::Error::Api(status)) if [404, 409, 422].contains(&status.code) => return Ok(()),
                    other => drop(other?),
                }
                written = annotations;
            }
            if complete {
                return Ok(());
            }
            tokio::time::sleep(BACK_OFF).await;
            let still_there = wanted.pods.get_metadata_opt(&wanted.pod).await?;
            if still_there.is_none_or(|pod| pod.uid().as_ref() != Some(&wanted.uid)) {
                return Ok(());
            }
        }
    }

    async fn look_up(&self, containers: &[Container]) -> Result<Vec<(String, String, Pull)>> {
        let mut pulls = Vec::new();
        for (name, image) in containers {
            let answer = self.ecr.instruct(&Instruction::Pull { image: image.clone() }).await?;
            pulls.push((name.clone(), image.clone(), serde_json::from_value(answer)?));
        }
        Ok(pulls)
    }
}

/// What the status and the stages need to know. The first bad image decides the behavior.
fn annotations(pulls: &[(String, String, Pull)]) -> Value {
    let (mut images, mut annotations) = (Map::new(), BTreeMap::new());
    let mut missing = false;
    for (container, image, pull) in pulls {
        let found = match pull {
            Pull::Missing { why } => {
                missing = true;
                let name = EcrImage::parse(image).map_or("", |image| image.name);
                json!({"missing": format!("{image}: {why} in the repository {name}")})
            }
            Pull::Found { digest, behavior } => {
                if annotations.is_empty() {
                    annotations.extend(behavior.clone());
                }
                json!({"imageID": image_id(image, digest)})
            }
        };
        images.insert(container.clone(), found);
    }
    let behavior = if missing { Some("image-pull-error".to_owned()) } else { annotations.remove(names::BEHAVIOR) };
    let mut all = json!(annotations);
    all[names::IMAGE_BEHAVIOR] = json!(behavior);
    all[names::IMAGES] = Value::Object(images).to_string().into();
    all
}

/// As containerd reports it: the repository and the digest that was pulled.
fn image_id(image: &str, digest: &str) -> String {
    EcrImage::parse(image).map_or_else(String::new, |image| format!("{}/{}@{digest}", image.host, image.name))
}

#[cfg(test)]
mod tests {
    use super::*;

    const IMAGE: &str = "123456789012.dkr.ecr.ap-southeast-2.amazonaws.com/team/api:v1";

    fn found(behavior: &[(&str, &str)]) -> Pull {
        let behavior = behavior.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Pull::Found { digest: "sha256:ab".into(), behavior }
    }

    #[test]
    fn each_container_is_told_its_own_image_and_the_bad_one_decides() {
        let good = ("app".to_owned(), IMAGE.to_owned(), found(&[]));
        let bad = ("side".to_owned(), IMAGE.to_owned(), found(&[(names::BEHAVIOR, "crash-loop")]));
        let said = annotations(&[good.clone(), bad]);
        assert_eq!(said[names::IMAGE_BEHAVIOR], "crash-loop");
        let images: Value = serde_json::from_str(said[names::IMAGES].as_str().unwrap()).unwrap();
        let id = "123456789012.dkr.ecr.ap-southeast-2.amazonaws.com/team/api@sha256:ab";
        assert_eq!(images, json!({"app": {"imageID": id}, "side": {"imageID": id}}));
        assert_eq!(annotations(&[good])[names::IMAGE_BEHAVIOR], Value::Null);
    }

    #[test]
    fn a_missing_image_wins_over_every_behavior() {
        let bad = ("side".to_owned(), IMAGE.to_owned(), found(&[(names::BEHAVIOR, "crash-loop")]));
        let missing = ("app".to_owned(), IMAGE.to_owned(), Pull::Missing { why: "not found".into() });
        assert_eq!(annotations(&[bad, missing])[names::IMAGE_BEHAVIOR], "image-pull-error");
    }
}
