//! Where a name is left (`prod`): whether what was pushed before it ever had that name. ECR keeps no history of tags.

use std::collections::BTreeSet;

use super::answer::{Choice, Chosen, Why};
use super::listing::Candidate;
use super::tag::{TagForm, TagKind};
use crate::workload::revisions::Revision;

/// Why it isn't known that the image to go to ever had the name that is left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NeverNamed {
    /// Other names move in the repository, too, and it has no tag, or builds are promoted from one to the other: any of
    /// them may have been on it.
    OneOfSeveral { names: Vec<String> },
    /// Builds are promoted to the name, and an older revision asked for it: which image that was is not known.
    Promoted { revision: i64 },
}

impl Choice<'_> {
    /// Why it isn't known that a chosen image ever had the name that is left, where the order of pushes alone chose it.
    #[must_use]
    pub fn never_named(&self, chosen: &Chosen, revisions: &[Revision], container: &str) -> Option<NeverNamed> {
        let name = self.left.tag.as_deref().filter(|tag| TagForm::of(tag).kind() == TagKind::Name);
        let target = self.candidates.iter().find(|c| Some(&c.image.digest) == chosen.digest.as_ref())?;
        if chosen.why != Why::PushedBefore || target.deployed.is_some() {
            return None;
        }
        if target.image.tags.is_empty() {
            let names = self.other_names(name);
            return (!names.is_empty()).then_some(NeverNamed::OneOfSeveral { names });
        }
        let is_promoted = name.is_some_and(|name| TagForm::of(name).is_of_environment());
        // Where builds get another environment's name first, the one before may have got no further.
        let names = self.other_environments(name);
        if is_promoted && !names.is_empty() {
            return Some(NeverNamed::OneOfSeveral { names });
        }
        let had_name = |r: &&Revision| !r.current && r.image_of(container) == Some(self.left.image.as_str());
        let is_known =
            |r: &Revision| self.candidates.iter().any(|c| c.deployed.as_ref().map(|d| d.revision) == Some(r.number));
        let unknown = revisions.iter().filter(had_name).find(|revision| !is_known(revision))?;
        is_promoted.then_some(NeverNamed::Promoted { revision: unknown.number })
    }

    /// Names of other environments, whichever image they are on.
    fn other_environments(&self, own: Option<&str>) -> Vec<String> {
        let tags = self.candidates.iter().flat_map(|candidate| &candidate.image.tags);
        let is_other = |tag: &&String| Some(tag.as_str()) != own && TagForm::of(tag).is_of_any_environment();
        let names: BTreeSet<&String> = tags.filter(is_other).collect();
        names.into_iter().cloned().collect()
    }

    /// Names that are on other images than the one that is left: one of them is its own where it was left by digest.
    fn other_names(&self, own: Option<&str>) -> Vec<String> {
        let is_other = |c: &&Candidate<'_>| !c.running && c.left_out.is_none() && c.goes_by_another_name(own);
        let names: Vec<String> =
            self.candidates.iter().filter(is_other).filter_map(|c| c.tag).map(str::to_owned).collect();
        if own.is_none() && names.len() < 2 { Vec::new() } else { names }
    }
}
