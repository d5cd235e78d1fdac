//! Who uses an image, and what that needs of a repository.

use std::collections::BTreeSet;

use jiff::Timestamp;
use release_core::checks::ids::{self, CheckId};
use release_core::registry::ecr_reference::EcrRepository;
use release_core::registry::push_history::PodImage;
use release_core::workload::revisions::Revision;
use schemars::JsonSchema;
use serde::Serialize;

/// Why an image is in use; the gravest first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(tag = "reason", rename_all = "camelCase")]
pub enum Use {
    /// Pods run it, or wait to.
    Running { cluster: String, by: String, pods: usize },
    /// It is what a container of the workload goes back to.
    RollbackTarget { cluster: String, by: String },
    /// A workload's template asks for it, whether it has pods now or not.
    Template { cluster: String, by: String },
    /// A revision of the workload had it; 0 where it has no number.
    Revision { cluster: String, by: String, number: i64 },
    /// Our record of the workload's last rollback offers it, to undo or to unpin.
    Record { cluster: String, by: String },
    /// The workload asks for its tag under another host's name, which may lead to the repository.
    OtherHost { cluster: String, by: String, image: String },
    /// Somebody pulled it lately; the registry doesn't say who.
    Pulled { at: Timestamp },
}

impl Use {
    /// The finding's id.
    #[must_use]
    pub fn id(&self) -> CheckId {
        match self {
            Self::Running { .. } => ids::RUNNING,
            Self::RollbackTarget { .. } => ids::ROLLBACK_TARGET,
            Self::Template { .. } => ids::ASKED_FOR,
            Self::Revision { .. } => ids::IN_HISTORY,
            Self::Record { .. } => ids::ROLLBACK_RECORD,
            Self::OtherHost { .. } => ids::OTHER_HOST,
            Self::Pulled { .. } => ids::PULLED_LATELY,
        }
    }

    /// The workload that uses it, and its cluster; nothing for a pull.
    #[must_use]
    pub fn user(&self) -> Option<(&str, &str)> {
        match self {
            Self::Running { cluster, by, .. }
            | Self::RollbackTarget { cluster, by }
            | Self::Template { cluster, by }
            | Self::Revision { cluster, by, .. }
            | Self::Record { cluster, by }
            | Self::OtherHost { cluster, by, .. } => Some((cluster, by)),
            Self::Pulled { .. } => None,
        }
    }

    /// Who uses it: `shop/deploy/api (prod, 3 pods)`, `2026-05-01` for a pull.
    #[must_use]
    pub fn who(&self) -> String {
        match self {
            Self::Running { cluster, by, pods: 1 } => format!("{by} ({cluster}, 1 pod)"),
            Self::Running { cluster, by, pods } => format!("{by} ({cluster}, {pods} pods)"),
            Self::RollbackTarget { cluster, by } | Self::Template { cluster, by } => format!("{by} ({cluster})"),
            Self::Revision { cluster, by, number: 0 } => format!("{by} ({cluster}, a revision)"),
            Self::Revision { cluster, by, number } => format!("{by} ({cluster}, revision {number})"),
            Self::Record { cluster, by } => format!("rollback record of {by} ({cluster})"),
            Self::OtherHost { cluster, by, image } => {
                format!("{by} ({cluster}) asks for {image}, which may be this repository")
            }
            Self::Pulled { at } => at.strftime("%F").to_string(),
        }
    }

    /// The objections of those who will still need the image when its age runs out. Of a pull nothing is known.
    #[must_use]
    pub fn lasting(uses: &[Self]) -> Vec<&Self> {
        objections(uses).into_iter().filter(|used| used.user().is_some()).collect()
    }

    /// The same user, who names the image by a reference of another host.
    #[must_use]
    pub fn under(&self, image: &str) -> Option<Self> {
        let (cluster, by) = self.user()?;
        Some(Self::OtherHost { cluster: cluster.to_owned(), by: by.to_owned(), image: image.to_owned() })
    }
}

/// One objection for each user of an image, the gravest first. That it was pulled is one where no
/// user is known: else it is they who pulled it.
#[must_use]
pub fn objections(uses: &[Use]) -> Vec<&Use> {
    let mut users = BTreeSet::new();
    let by_user: Vec<&Use> = uses.iter().filter(|used| used.user().is_some_and(|user| users.insert(user))).collect();
    if by_user.is_empty() { uses.iter().collect() } else { by_user }
}

/// The checks that a person overrides by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Forced(Vec<String>);

impl Forced {
    /// These.
    #[must_use]
    pub fn new(ids: Vec<String>) -> Self {
        Self(ids)
    }

    /// None.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// These, and those.
    #[must_use]
    pub fn and(&self, ids: &[CheckId]) -> Self {
        let more = ids.iter().filter(|id| !self.has(**id)).map(ToString::to_string);
        Self(self.0.iter().cloned().chain(more).collect())
    }

    /// As they were typed.
    #[must_use]
    pub fn ids(&self) -> &[String] {
        &self.0
    }

    /// The ids as they are typed: `pulled-lately,in-history`.
    #[must_use]
    pub fn typed(&self) -> String {
        self.0.join(",")
    }

    /// That check is overridden.
    #[must_use]
    pub fn has(&self, id: CheckId) -> bool {
        self.0.iter().any(|forced| id == forced.as_str())
    }

    /// The gravest objection of those that aren't overridden: one override does not stand for
    /// another.
    #[must_use]
    pub fn objection<'u>(&self, uses: &'u [Use]) -> Option<&'u Use> {
        objections(uses).into_iter().find(|used| !self.has(used.id()))
    }

    /// The same for what goes later: whoever gives up what goes now has given up that, too.
    #[must_use]
    pub fn later_objection<'u>(&self, uses: &'u [Use]) -> Option<&'u Use> {
        let stands = |used: &&Use| !self.has(ids::GOES_LATER) && !self.has(used.id());
        Use::lasting(uses).into_iter().find(stands)
    }
}

/// An image that something in a cluster needs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Need {
    /// That of the reference; nothing for a host that isn't ECR's: a domain of one's own, a mirror.
    pub repository: Option<EcrRepository>,
    /// The digest that runs, else the reference's own; it counts in every repository that has it.
    pub digest: Option<String>,
    pub tag: Option<String>,
    /// The whole reference, where it names a tag under a host that isn't ECR's.
    pub elsewhere: Option<String>,
    /// What runs, where the runtime names no repository beside it.
    pub unnamed: Option<Unnamed>,
    pub used: Use,
}

/// An image that runs, and that its runtime doesn't name as a registry does.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unnamed {
    /// Of the image or of its configuration.
    pub digest: Option<String>,
    /// Since when it runs at the earliest; nothing where nobody says so.
    pub since: Option<Timestamp>,
}

/// A container that can be rolled back, with what decides where to.
#[derive(Debug, Clone)]
pub struct RollbackContainer {
    pub repository: EcrRepository,
    pub cluster: String,
    /// `shop/deploy/api`
    pub by: String,
    pub container: String,
    /// The image that the template asks for.
    pub asked: String,
    pub pods: Vec<PodImage>,
    pub revisions: Vec<Revision>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uses() -> Vec<Use> {
        let (cluster, by) = ("prod".to_owned(), "shop/deploy/api".to_owned());
        vec![
            Use::Running { cluster: cluster.clone(), by: by.clone(), pods: 1 },
            Use::RollbackTarget { cluster: cluster.clone(), by: "shop/deploy/web".into() },
            Use::Template { cluster: cluster.clone(), by: by.clone() },
            Use::Revision { cluster: "test".into(), by, number: 1 },
            Use::Pulled { at: Timestamp::UNIX_EPOCH },
        ]
    }

    fn stands(forced: &[&str], uses: &[Use]) -> Option<CheckId> {
        Forced::new(forced.iter().map(ToString::to_string).collect()).objection(uses).map(Use::id)
    }

    /// Whoever gives up what runs in one place has said nothing of what another one would go back to.
    #[test]
    fn each_user_of_an_image_has_an_objection_of_its_own() {
        assert_eq!(stands(&[], &uses()), Some(ids::RUNNING));
        assert_eq!(stands(&["running"], &uses()), Some(ids::ROLLBACK_TARGET));
        assert_eq!(stands(&["running", "rollback-target"], &uses()), Some(ids::IN_HISTORY));
        assert_eq!(stands(&["running", "rollback-target", "in-history"], &uses()), None);
        assert_eq!(stands(&["asked-for", "pulled-lately"], &uses()), Some(ids::RUNNING));
    }

    /// A scanner pulls everything: only then is its pull all that speaks for an image.
    #[test]
    fn a_pull_counts_where_no_user_is_known() {
        let pulled = [Use::Pulled { at: Timestamp::UNIX_EPOCH }];
        assert_eq!((stands(&[], &pulled), stands(&["pulled-lately"], &pulled)), (Some(ids::PULLED_LATELY), None));
        assert_eq!(stands(&["running"], &uses()[..1]), None);
    }
}
