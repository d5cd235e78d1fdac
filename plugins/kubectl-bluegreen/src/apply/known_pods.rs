//! Which pods are of which color.

use std::collections::{BTreeMap, BTreeSet};

use release_core::kube::Pod;
use release_core::traffic::selector::Tracks;

/// Pods whose color is known, by name.
#[derive(Debug, Clone, Default)]
pub struct KnownPods {
    /// Ready pods of each color that are waited for.
    pub ready: BTreeMap<String, BTreeSet<String>>,
    /// Every pod's color.
    pub colors: BTreeMap<String, String>,
}

impl KnownPods {
    /// Sorts pods into colors.
    #[must_use]
    pub fn of(tracks: &Tracks, pods: &[Pod]) -> Self {
        let mut known = Self::default();
        for pod in pods {
            if let Some(color) = tracks.color_of(&pod.metadata.labels) {
                known.colors.insert(pod.metadata.name.clone(), color.to_owned());
            }
        }
        for color in &tracks.colors {
            let names = tracks.expected(&color.name, pods).into_iter().map(|pod| pod.metadata.name.clone()).collect();
            known.ready.insert(color.name.clone(), names);
        }
        known
    }

    /// The ready pods of a color.
    #[must_use]
    pub fn ready_of(&self, color: &str) -> BTreeSet<String> {
        self.ready.get(color).cloned().unwrap_or_default()
    }

    /// All pods of a color.
    #[must_use]
    pub fn all_of(&self, color: &str) -> BTreeSet<String> {
        self.colors.iter().filter(|(_, of)| *of == color).map(|(pod, _)| pod.clone()).collect()
    }

    /// True for a pod that is known to be of another color.
    #[must_use]
    pub fn is_foreign(&self, pod: &str, target: &str) -> bool {
        self.colors.get(pod).is_some_and(|color| color != target)
    }
}
