//! All images of a repository in the order of their push, each with the tag it goes by.

use std::cmp::Ordering;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use wildmatch::WildMatch;

use super::catalog::Catalog;
use super::deployable::{LeftOut, is_outside};
use super::pushed_image::PushedImage;
use super::tag::{TagForm, TagKind};

/// One image as a table or a picker shows it. As JSON: the members of [`PushedImage`] and those
/// here, on one level.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Candidate<'a> {
    #[serde(flatten)]
    pub image: &'a PushedImage,
    /// The tag to go by, chosen by the stated rule; nothing for an untagged image.
    pub tag: Option<&'a str>,
    /// That tag is a name, or stands for a longer version beside it: it will move.
    pub tag_moves: bool,
    /// Of the same form as the tag that is being left: what `--steps` counts, where it isn't
    /// left out.
    pub same_form: bool,
    /// What is being left.
    pub running: bool,
    /// Ready pods run it; in a stuck rollout that is another than the one being left.
    pub ready: bool,
    /// The newest of the same form pushed before the one being left.
    pub previous: bool,
    /// When this workload had it, as far as its revisions tell; the newest of them.
    pub deployed: Option<Deployed>,
    /// Why it is no candidate, if it isn't one.
    pub left_out: Option<LeftOut>,
    /// It goes by a name that moves, and by another than what is left: no step, unless the workload had it.
    #[serde(skip)]
    pub(super) other_name: bool,
    #[serde(skip)]
    form: TagForm,
}

impl Candidate<'_> {
    /// The image can be deployed, and is of the form that is kept.
    #[must_use]
    pub fn is_eligible(&self) -> bool {
        self.same_form && self.left_out.is_none()
    }

    /// Going by names alone, and by none of those.
    pub(super) fn goes_by_another_name(&self, own: Option<&str>) -> bool {
        let is_name = self.tag.is_some() && self.form.kind() == TagKind::Name && !self.form.is_of_pull_request();
        is_name && !own.is_some_and(|own| self.has_tag(own))
    }

    pub(super) fn has_tag(&self, tag: &str) -> bool {
        self.image.tags.iter().any(|other| other == tag)
    }
}

/// A revision of the workload that had an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Deployed {
    pub revision: i64,
    /// When that template was new.
    pub created: Option<Timestamp>,
    /// The workload asks for it now.
    pub current: bool,
    /// No pod of it is ready, and ready pods still run what was deployed before it: it never came up.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[schemars(default)]
    pub never_ready: bool,
}

/// Which tags are of the class that is being left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Keep {
    Form(TagForm),
    /// A name was left, and its image has no other tag. What counts builds or says that it isn't
    /// released is no candidate; everything else, untagged images above all, may once have had
    /// the name.
    Names,
    /// A filter names the class, and what is being left is not in it.
    Anything,
}

impl Keep {
    pub fn form(&self) -> Option<&TagForm> {
        if let Self::Form(form) = self { Some(form) } else { None }
    }

    /// The same, of the variant that the tag is of where the repository has several.
    pub fn of_variant(self, catalog: &Catalog<'_>) -> Self {
        let Self::Form(form) = self else { return self };
        let variants = form.variants(catalog.pushes());
        Self::Form(form.of_variant(&variants))
    }

    fn keeps(&self, chosen: Option<&ChosenTag<'_>>) -> bool {
        match self {
            Self::Form(form) => chosen.is_some_and(|c| form.is_like(&c.form)),
            Self::Names => chosen.is_none_or(|c| !matches!(c.form.kind(), TagKind::Build | TagKind::PreRelease)),
            Self::Anything => true,
        }
    }

    /// The tag is one that is asked for by its form, and not only one of many names.
    fn asks_for(&self, chosen: Option<&ChosenTag<'_>>) -> bool {
        *self != Self::Names && chosen.is_some() && self.keeps(chosen)
    }
}

/// What images are held against.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted<'k> {
    pub keep: &'k Keep,
    pub filter: Option<&'k WildMatch>,
    /// The image that is left, where it is known.
    pub running: Option<&'k PushedImage>,
}

/// All images, newest push first.
pub(super) fn candidates<'a>(catalog: &Catalog<'a>, wanted: Wanted<'_>) -> Vec<Candidate<'a>> {
    let mut candidates: Vec<Candidate<'a>> =
        catalog.images.iter().map(|image| candidate(image, catalog, wanted)).collect();
    candidates.sort_by(newest_first);
    candidates
}

fn candidate<'a>(image: &'a PushedImage, catalog: &Catalog<'a>, wanted: Wanted<'_>) -> Candidate<'a> {
    let Wanted { keep, filter, running } = wanted;
    let outside = is_outside(&image.tags, filter);
    // The tag to go by is one of those that were asked for.
    let tags = image.tags.iter().filter(|tag| outside || filter.is_none_or(|f| f.matches(tag)));
    let chosen = choose_tag(tags, &image.tags, keep.form());
    Candidate {
        image,
        tag: chosen.as_ref().map(|c| c.tag),
        tag_moves: chosen.as_ref().is_some_and(|c| c.moves),
        same_form: keep.keeps(chosen.as_ref()),
        running: false,
        ready: false,
        previous: false,
        deployed: None,
        other_name: false,
        left_out: catalog
            .not_deployable(image, running)
            .or_else(|| catalog.part(image).filter(|_| !keep.asks_for(chosen.as_ref())))
            .or_else(|| {
                // A release is another one than that before it, even if nothing in it has changed.
                let twin = running.filter(|running| keep.form().is_none() && catalog.have_same_parts(image, running));
                twin.map(|_| LeftOut::SameParts)
            })
            .or_else(|| outside.then_some(LeftOut::OutsideTagFilter)),
        form: chosen.map_or_else(|| TagForm::of(""), |c| c.form),
    }
}

/// Where two images have one time: the pattern of their tags, then what the tags count, then the
/// digest. One is asked after the other and of all images alike, so that this is one order and
/// not a ring.
fn newest_first(a: &Candidate<'_>, b: &Candidate<'_>) -> Ordering {
    (b.image.pushed_at.cmp(&a.image.pushed_at))
        .then_with(|| a.form.pattern().cmp(&b.form.pattern()))
        .then_with(|| b.form.cmp_version(&a.form))
        .then_with(|| a.image.digest.cmp(&b.image.digest))
}

/// The tag that an image goes by.
#[derive(Debug, Clone)]
pub(super) struct ChosenTag<'a> {
    pub tag: &'a str,
    pub form: TagForm,
    /// A name, or an alias of a longer version.
    pub moves: bool,
}

/// Chooses among `tags`: the form to keep first; then what does not move before what does; then
/// what says more (a release, a pre-release, a stamp, a build, a commit, a name); then the
/// longer version, the higher one, and the alphabet. `all` are the image's tags, of which one
/// may be the longer form of another.
pub(super) fn choose_tag<'a>(
    tags: impl Iterator<Item = &'a String>,
    all: &[String],
    like: Option<&TagForm>,
) -> Option<ChosenTag<'a>> {
    let all: Vec<TagForm> = all.iter().map(|tag| TagForm::of(tag)).collect();
    let is_like = |form: &TagForm| like.is_some_and(|l| l.is_like(form));
    let chosen = tags.map(|tag| {
        let form = TagForm::of(tag);
        let is_name = form.kind() == TagKind::Name && !is_like(&form);
        let moves = is_name || all.iter().any(|longer| form.is_alias_of(longer));
        ChosenTag { tag, form, moves }
    });
    let rank = |c: &ChosenTag<'_>| (is_like(&c.form), !c.moves, c.form.kind(), c.form.precision());
    chosen.max_by(|a, b| rank(a).cmp(&rank(b)).then_with(|| a.form.cmp_version(&b.form)).then_with(|| b.tag.cmp(a.tag)))
}
