//! Which color is meant.

use release_core::command::Scope;
use release_core::failure::Outcome;
use release_core::kube::Labels;
use release_core::registry::image::ImageRef;
use release_core::traffic::selector::Tracks;

use crate::refusal;
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
pub fn by_name(view: &ServiceView<'_>, tracks: &Tracks, color: &str, snapshot: &Snapshot) -> Outcome<Chosen> {
    match tracks.color(color) {
        Some(found) => Ok(Chosen::of(tracks, &found.name, None)),
        None => Err(refusal::no_such_color(view, tracks, color, snapshot)),
    }
}

/// `--to-image TAG`
///
/// # Errors
/// Exit 1 where no color runs it, or several do.
pub fn by_image(view: &ServiceView<'_>, tracks: &Tracks, tag: &str, scope: &Scope) -> Outcome<Chosen> {
    let runs = |image: &str| image == tag || ImageRef::parse(image).tag == Some(tag);
    let mut colors = tracks.colors.iter().filter(|c| c.workloads.iter().any(|w| w.images().any(runs)));
    match (colors.next(), colors.next()) {
        (Some(color), None) => Ok(Chosen::of(tracks, &color.name, Some(format!("{} runs {tag}", color.name)))),
        (None, _) => Err(refusal::no_such_image(view, tracks, tag, scope)),
        (Some(_), Some(_)) => Err(refusal::several_run_image(view, tracks, tag, scope)),
    }
}

/// Nothing was said: the one other color.
///
/// # Errors
/// Exit 1 where there is none, or more than one.
pub fn only_other(view: &ServiceView<'_>, tracks: &Tracks, snapshot: &Snapshot) -> Outcome<Chosen> {
    let mut others = tracks.others().filter(|c| !c.workloads.is_empty());
    match (others.next(), others.next()) {
        (Some(color), None) => Ok(Chosen::of(tracks, &color.name, None)),
        (None, _) => Err(refusal::only_one_color(view, tracks, snapshot)),
        (Some(_), Some(_)) => Err(refusal::several_colors(view, tracks, &snapshot.scope)),
    }
}
