//! Which color is meant.

use k8s_openapi::api::core::v1::Container;
use release_core::failure::Outcome;
use release_core::kube::{Labels, Pod};
use release_core::registry::image::{ImageRef, TypedImage};
use release_core::traffic::selector::{Color, Tracks};

use crate::refusal::{self, Ways};
use crate::service_view::ServiceView;
use crate::snapshot::Snapshot;

/// A color to move to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chosen {
    pub color: String,
    pub selector: Labels,
    /// How it was chosen, where the user didn't say.
    pub note: Option<String>,
}

impl Chosen {
    /// A color by its name, with the selector that makes it active.
    #[must_use]
    pub fn of(tracks: &Tracks, color: &str, note: Option<String>) -> Self {
        Self { color: color.to_owned(), selector: tracks.selector_for(color), note }
    }
}

/// `--to COLOR`
///
/// # Errors
/// Exit 1 where there is none.
pub fn by_name(ways: Ways<'_>, color: &str, snapshot: &Snapshot) -> Outcome<Chosen> {
    let tracks = ways.tracks;
    match tracks.color(color) {
        Some(found) => Ok(Chosen::of(tracks, &found.name, None)),
        None => Err(refusal::no_such_color(ways, color, snapshot)),
    }
}

/// `--to-image TAG`: what runs decides, not what a template asks for: a StatefulSet's partition or a
/// rollout that goes on keep another image. A color without ready pods has only its template.
///
/// # Errors
/// Exit 1 where no color runs it in all its ready pods, or several do.
pub fn by_image(ways: Ways<'_>, tag: &str, snapshot: &Snapshot) -> Outcome<Chosen> {
    let Ways { view, tracks, scope, .. } = ways;
    let colors: Vec<&Color> =
        tracks.colors.iter().filter(|color| runs(view, tracks, color, tag, &snapshot.pods)).collect();
    match colors.as_slice() {
        [color] => Ok(Chosen::of(tracks, &color.name, Some(format!("{} runs {tag}", color.name)))),
        [] => Err(refusal::no_such_image(view, tracks, tag, scope)),
        several => Err(refusal::several_run_image(ways, tag, several)),
    }
}

/// True where all ready pods of a color run an image of that tag.
#[must_use]
pub fn runs(view: &ServiceView<'_>, tracks: &Tracks, color: &Color, tag: &str, pods: &[Pod]) -> bool {
    let is_it = |image: &str| image == tag || TypedImage::parse(tag).is_tag_of(&ImageRef::parse(image));
    let serving: Vec<&Container> = color.workloads.iter().flat_map(|w| view.serving(w)).collect();
    let ready: Vec<&Pod> = tracks.pods_of(&color.name, pods).into_iter().filter(|pod| pod.is_ready()).collect();
    if ready.is_empty() {
        return serving.iter().filter_map(|c| c.image.as_deref()).any(is_it);
    }
    let of_pod = |pod: &Pod| {
        let named = |name: &str| serving.is_empty() || serving.iter().any(|c| c.name == name);
        pod.spec.containers.iter().chain(&pod.spec.init_containers).any(|c| named(&c.name) && is_it(&c.image))
    };
    ready.into_iter().all(of_pod)
}

/// Nothing was said: the one other color.
///
/// # Errors
/// Exit 1 where there is none, or more than one.
pub fn only_other(ways: Ways<'_>, snapshot: &Snapshot) -> Outcome<Chosen> {
    let Ways { view, tracks, .. } = ways;
    let kept: Vec<&Color> = tracks.others().filter(|c| c.is_run()).collect();
    // Pods that nothing keeps are a color only where there is no other.
    let mut others = if kept.is_empty() { tracks.others().collect() } else { kept }.into_iter();
    match (others.next(), others.next()) {
        (Some(color), None) => Ok(Chosen::of(tracks, &color.name, None)),
        (None, _) => Err(refusal::only_one_color(view, tracks, snapshot)),
        (Some(_), Some(_)) => Err(refusal::several_colors(ways)),
    }
}
