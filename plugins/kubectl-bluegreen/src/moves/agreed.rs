//! What somebody agreed to, held against what is there by the time of the write.

use release_core::kube::Labels;

use crate::left::{LeftWorkload, differences};
use crate::plan::{SwitchPlan, tracks_of};
use crate::record::Record;
use crate::service_view::ServiceView;
use crate::snapshot::Snapshot;

/// A plan that was agreed to.
#[derive(Debug, Clone, Copy)]
pub struct AgreedPlan<'a> {
    pub plan: &'a SwitchPlan,
    /// The Services as they were then.
    views: &'a [ServiceView<'a>],
    shown: Option<(&'a Snapshot, &'a [ServiceView<'a>])>,
}

impl<'a> AgreedPlan<'a> {
    /// A plan for targets that were changed since, as was agreed to, too: what they have to be is said elsewhere.
    #[must_use]
    pub fn to(plan: &'a SwitchPlan, views: &'a [ServiceView<'a>]) -> Self {
        Self { plan, views, shown: None }
    }

    /// A plan with the targets as they were shown.
    #[must_use]
    pub fn as_shown(plan: &'a SwitchPlan, snapshot: &'a Snapshot, views: &'a [ServiceView<'a>]) -> Self {
        Self { plan, views, shown: Some((snapshot, views)) }
    }

    /// What is not so any more, if anything: a target that was deployed since it was shown is something else.
    #[must_use]
    pub fn deployed_since(&self, now: &Snapshot, views: &[ServiceView<'_>]) -> Option<String> {
        let (before, shown) = self.shown?;
        self.plan.moves().find_map(|planned| {
            let was = planned.target(tracks_of(shown, planned.service())?)?;
            let tracks = tracks_of(views, planned.service())?;
            let target = tracks.color(&planned.movement.to)?;
            let pods = tracks.pods_of(&target.name, &now.pods);
            let changed = differences(&LeftWorkload::all(was), before.at, target, &pods);
            let what = || format!("{}: {} was deployed by someone else", changed.join("; "), target.name);
            (!changed.is_empty()).then(what)
        })
    }

    /// Who else has moved a Service since, though it may stand where it did: to go on would overrule a decision that
    /// nobody here has seen.
    #[must_use]
    pub fn moved_since(&self, views: &[ServiceView<'_>]) -> Option<String> {
        self.plan.moves().find_map(|planned| {
            let service = planned.service();
            let now = last_of(views, service)?;
            let before = last_of(self.views, service);
            let is_new = before.is_none_or(|before| before.id != now.id) && now.id != planned.movement.record.id;
            is_new.then(|| format!("service/{service}: {}", now.shown()))
        })
    }

    /// Who has moved a Service to where it was to go without a record: nobody has proven that, or will.
    #[must_use]
    pub fn moved_by_hand(&self, now: &SwitchPlan, views: &[ServiceView<'_>]) -> Option<String> {
        let is_by_hand = |view: &&ServiceView<'_>| {
            now.services.iter().any(|planned| planned.stays(view.name()))
                && last_of(self.views, view.name()).map(|last| &last.id)
                    == last_of(views, view.name()).map(|last| &last.id)
                && self.plan.moves().any(|planned| planned.service() == view.name())
        };
        let view = views.iter().find(is_by_hand)?;
        let who = view.hand().map(|hand| format!(" ({hand})")).unwrap_or_default();
        Some(format!("service/{} was moved by another hand{who}", view.name()))
    }

    /// True where nothing is left to do: each Service is where it was to go.
    #[must_use]
    pub fn is_reached(&self, now: &SwitchPlan, views: &[ServiceView<'_>]) -> bool {
        let arrived = |service: &str, to: &str| tracks_of(views, service).is_some_and(|tracks| tracks.active == to);
        now.moves().next().is_none() && self.plan.moves().all(|m| arrived(m.service(), &m.movement.to))
    }

    /// True where the Services go the same ways.
    #[must_use]
    pub fn leads_as(&self, plan: &SwitchPlan) -> bool {
        ways(self.plan).eq(ways(plan))
    }
}

/// Our last record of a Service.
fn last_of<'v>(views: &'v [ServiceView<'_>], service: &str) -> Option<&'v Record> {
    views.iter().find(|view| view.name() == service)?.recorded.current.as_ref()
}

/// From which selector to which, for each Service, and by which object.
fn ways(plan: &SwitchPlan) -> impl Iterator<Item = (&str, &Labels, &Labels, String)> {
    plan.moves().map(|m| (m.service(), &m.movement.previous, &m.movement.selector, m.movement.object()))
}
