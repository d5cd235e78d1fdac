//! Numbers that tell variants of one release apart and count nothing: `java21` beside `java17`, `arm64v8` beside
//! `arm32v7`, `app2` beside `app1`.
//!
//! A tag alone doesn't say which of its numbers is the release. The repository does: at one release it has several
//! values of what is no release, and the same ones at the next.

mod cycles;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::origin::names_a_stage;
use super::{Number, Part, TagForm, UNRELEASED};

/// Words before what counts up within a release, or beside it; stages and unreleased ones do, too.
const COUNTERS: [&str; 28] = [
    "attempt",
    "bld",
    "bugfix",
    "circleci",
    "fix",
    "gha",
    "hf",
    "iteration",
    "job",
    "jenkins",
    "milestone",
    "no",
    "num",
    "number",
    "patch",
    "pipeline",
    "pl",
    "post",
    "pr",
    "rel",
    "rev",
    "revision",
    "run",
    "snap",
    "sp",
    "sprint",
    "update",
    "upd",
];
/// Words that say nothing of the number after them: what is before them does.
const NEUTRAL: [&str; 3] = ["v", "ver", "version"];
/// A counter has so many values that it can't be one of a few variants.
const FEW: usize = 64;

/// The numbers of a component, or of several, in a tag.
type Value<'t> = Vec<&'t [Number]>;

/// Which numbers of a form are variants.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Variants {
    /// Parts that stay as they are.
    fixed: Vec<usize>,
    /// Numbers of which the repository doesn't tell: each with its parts.
    unclear: Vec<Vec<usize>>,
}

/// Numbers that belong together: `arm64v8` has two.
#[derive(Debug)]
struct Component {
    parts: Vec<usize>,
    /// The word before them, in lower case.
    label: Option<String>,
    is_version: bool,
    /// Nothing that counts is before it.
    leads: bool,
}

#[derive(Debug, PartialEq, Eq)]
enum Meaning {
    Counts,
    Variant,
    Unclear,
}

/// The tags of one form in order of their push, and which of their numbers may be variants.
#[derive(Debug)]
struct Alike<'f> {
    tags: Vec<TagForm>,
    components: Vec<Component>,
    /// By their places among the components.
    suspects: Vec<usize>,
    form: &'f TagForm,
}

impl TagForm {
    /// What the tags of a repository, with the times of their push, say about the numbers in this one.
    #[must_use]
    pub fn variants<'t>(&self, pushed: impl IntoIterator<Item = (&'t str, Timestamp)>) -> Variants {
        let components = self.components();
        let suspects = suspects(&components);
        let is_told = components.len() > 1 || self.parts.iter().any(Part::is_hash);
        if !is_told {
            return Variants::default();
        }
        let mut tags: Vec<(Timestamp, &str)> = pushed.into_iter().map(|(tag, at)| (at, tag)).collect();
        tags.sort_unstable();
        let forms = tags.into_iter().map(|(_, tag)| Self::of(tag)).filter(|form| self.has_same_places(form));
        Alike { tags: forms.collect(), components, suspects, form: self }.variants()
    }

    /// The same with the numbers of its variant taken as they are: only that variant is like it.
    #[must_use]
    pub fn of_variant(mut self, variants: &Variants) -> Self {
        for at in &variants.fixed {
            if let Some(part) = self.parts.get_mut(*at)
                && let Part::Numbers(numbers) = part
            {
                *part = Part::Fixed(numbers.clone());
            }
        }
        self
    }

    fn components(&self) -> Vec<Component> {
        let (mut found, mut label): (Vec<Component>, Option<String>) = (Vec::new(), None);
        for (at, part) in self.parts.iter().enumerate() {
            match part {
                Part::Word(word) if NEUTRAL.contains(&word.to_lowercase().as_str()) => {}
                Part::Word(word) => label = Some(word.to_lowercase()),
                Part::Numbers(numbers) => match found.last_mut().filter(|last| self.goes_on(last, at)) {
                    Some(last) => last.parts.push(at),
                    None => found.push(Component {
                        parts: vec![at],
                        label: label.take(),
                        is_version: numbers.len() > 1,
                        leads: !self.parts.iter().take(at).any(Part::counts),
                    }),
                },
                Part::Separator(_) | Part::Fixed(_) => {}
                Part::Commit(_) | Part::Uuid(_) | Part::Ulid(_) => label = None,
            }
        }
        found
    }

    /// The `8` of `arm64v8`: directly after a number and a `v`.
    fn goes_on(&self, last: &Component, at: usize) -> bool {
        let is_next = last.parts.last().is_some_and(|last| last.saturating_add(2) == at);
        is_next && matches!(self.parts.get(at.saturating_sub(1)), Some(Part::Word(_))) && last.label.is_some()
    }

    /// Alike, and with numbers in the very places.
    fn has_same_places(&self, other: &Self) -> bool {
        let is_number = |part: &Part| matches!(part, Part::Numbers(_));
        self.is_like(other) && self.parts.iter().zip(&other.parts).all(|(a, b)| is_number(a) == is_number(b))
    }

    /// What tells releases apart in the tag: hashes, and the numbers at places that are meant.
    fn counted(&self, is_meant: impl Fn(usize) -> bool) -> Vec<String> {
        let of_place = |(at, part): (usize, &Part)| match part {
            Part::Commit(hash) | Part::Uuid(hash) | Part::Ulid(hash) => Some(hash.clone()),
            Part::Numbers(numbers) if is_meant(at) => {
                Some(numbers.iter().map(|number| number.worth().1).collect::<Vec<_>>().join("."))
            }
            _ => None,
        };
        self.parts.iter().enumerate().filter_map(of_place).collect()
    }

    fn numbers_at<'f>(&'f self, places: impl IntoIterator<Item = &'f usize>) -> Value<'f> {
        let at = |at: &usize| match self.parts.get(*at) {
            Some(Part::Numbers(numbers)) => numbers.as_slice(),
            _ => &[],
        };
        places.into_iter().map(at).collect()
    }
}

/// What has a word before it that says nothing of counting. A version that leads is the release, unless there is another.
fn suspects(components: &[Component]) -> Vec<usize> {
    let versions = components.iter().filter(|component| component.is_version).count();
    let is_release = |c: &Component| c.leads && c.is_version && versions == 1;
    let may_be = |c: &&Component| c.label.as_deref().is_some_and(|label| !counts(label)) && !is_release(c);
    components.iter().enumerate().filter(|(_, c)| may_be(c)).map(|(at, _)| at).collect()
}

fn counts(label: &str) -> bool {
    label.len() == 1 || COUNTERS.contains(&label) || UNRELEASED.contains(&label) || names_a_stage(label)
}

impl Alike<'_> {
    fn variants(&self) -> Variants {
        let mut variants = Variants::default();
        let cycling: Vec<usize> = (0..self.components.len()).filter(|at| self.cycles(*at)).collect();
        variants.fixed.extend(cycling.iter().flat_map(|at| self.components[*at].parts.clone()));
        for suspect in self.suspects.iter().filter(|suspect| !cycling.contains(suspect)) {
            // Beside a variant that is plain what only rises is the release, whatever word is before it.
            if !cycling.is_empty() && !self.falls(*suspect) {
                continue;
            }
            let parts = self.components[*suspect].parts.clone();
            match self.judge(*suspect) {
                Meaning::Counts => {}
                Meaning::Variant => variants.fixed.extend(parts),
                Meaning::Unclear => variants.unclear.push(parts),
            }
        }
        variants
    }

    fn judge(&self, suspect: usize) -> Meaning {
        let component = &self.components[suspect];
        let mut releases: BTreeMap<Vec<String>, BTreeSet<Value<'_>>> = BTreeMap::new();
        let mut seen: BTreeMap<Value<'_>, BTreeSet<Vec<String>>> = BTreeMap::new();
        for tag in &self.tags {
            let (release, value) = (self.release_of(tag, suspect), tag.numbers_at(&component.parts));
            releases.entry(release.clone()).or_default().insert(value.clone());
            seen.entry(value).or_default().insert(release);
        }
        if !releases.values().any(|values| values.len() > 1) {
            // Builds of several variants may share one counter.
            return if self.falls_as_pushes_go_on(suspect) { Meaning::Unclear } else { Meaning::Counts };
        }
        let repeats = seen.values().any(|releases| releases.len() > 1);
        // A counter that begins anew with each release begins with 0 or 1.
        let is_small = |value: &Value<'_>| value.iter().all(|numbers| numbers.iter().all(Number::is_first));
        let begins_anew = seen.keys().any(is_small);
        let by_commits = !self.others(suspect).any(|_| true);
        let is_variant = if by_commits { repeats } else { repeats && !component.leads && !begins_anew };
        if is_variant || (seen.len() < FEW && self.falls_while_the_release_rises(suspect)) {
            Meaning::Variant
        } else if repeats || releases.len() == 1 {
            Meaning::Unclear
        } else {
            Meaning::Counts
        }
    }

    /// Components that say which release it is, where there are any besides the suspects.
    fn others(&self, suspect: usize) -> impl Iterator<Item = usize> {
        let is_clear = |at: &usize| !self.suspects.contains(at);
        let any_clear = (0..self.components.len()).any(|at| is_clear(&at));
        let has_hash = self.form.parts.iter().any(Part::is_hash);
        (0..self.components.len()).filter(move |at| *at != suspect && (is_clear(at) || (!any_clear && !has_hash)))
    }

    /// The tag without what may be variants.
    fn release_of(&self, tag: &TagForm, suspect: usize) -> Vec<String> {
        let places: Vec<usize> = self.others(suspect).flat_map(|at| self.components[at].parts.clone()).collect();
        tag.counted(|at| places.contains(&at))
    }

    /// A number that is lower at the next push, though the release is not.
    fn falls_as_pushes_go_on(&self, suspect: usize) -> bool {
        let own = &self.components[suspect].parts;
        let others: Vec<usize> = self.others(suspect).flat_map(|at| self.components[at].parts.clone()).collect();
        let both = |tag: &TagForm| (tag.numbers_at(own).concat(), tag.numbers_at(&others).concat());
        let pushed: Vec<_> = self.tags.iter().map(both).collect();
        pushed.windows(2).any(|pair| pair[1].0 < pair[0].0 && pair[1].1 >= pair[0].1)
    }

    /// A number before the release that goes down where the release goes up: it isn't a greater unit of it.
    fn falls_while_the_release_rises(&self, suspect: usize) -> bool {
        let side = |is_left: bool| {
            let others = self.others(suspect).filter(move |at| (*at < suspect) == is_left);
            others.flat_map(|at| self.components[at].parts.clone()).collect::<Vec<usize>>()
        };
        let (left, right, own) = (side(true), side(false), &self.components[suspect].parts);
        if right.is_empty() {
            return false;
        }
        let mut lowest: BTreeMap<Value<'_>, BTreeMap<Value<'_>, Value<'_>>> = BTreeMap::new();
        for tag in &self.tags {
            let (value, release) = (tag.numbers_at(own), tag.numbers_at(&right));
            let before = lowest.entry(tag.numbers_at(&left)).or_default();
            if before.iter().rev().take_while(|(higher, _)| **higher > value).any(|(_, lowest)| *lowest < release) {
                return true;
            }
            let lowest = before.entry(value).or_insert_with(|| release.clone());
            if release < *lowest {
                *lowest = release;
            }
        }
        false
    }
}

impl Variants {
    /// True where two tags of the form differ in numbers that may be variants, as far as the repository tells.
    #[must_use]
    pub fn may_differ(&self, one: &TagForm, other: &TagForm) -> bool {
        one.is_like(other) && self.unclear.iter().any(|parts| one.numbers_at(parts) != other.numbers_at(parts))
    }
}

impl Number {
    fn is_first(&self) -> bool {
        matches!(self.worth().1, "" | "1")
    }
}

impl Part {
    fn is_hash(&self) -> bool {
        matches!(self, Self::Commit(_) | Self::Uuid(_) | Self::Ulid(_))
    }

    fn counts(&self) -> bool {
        self.is_hash() || matches!(self, Self::Numbers(_) | Self::Fixed(_))
    }
}
