//! What a release does first: colors whose retention has passed, and that it neither leaves nor goes to.

use std::collections::BTreeSet;

use release_cli::run::Run;
use release_core::failure::{Failure, Outcome};

use super::asked::Asked;
use super::budgets;
use super::decision::Decision;
use super::judge::judge;
use super::removal::Removal;
use super::writing::write;
use crate::news;
use crate::plan::SwitchPlan;
use crate::routed_view::seen;
use crate::service_view::ServiceView;
use crate::snapshot::{Looking, Snapshot, load, routes_from_beyond};

/// What is due, as it was shown. Nothing of the release depends on it.
#[derive(Debug)]
pub struct Overdue {
    removals: Vec<Removal>,
    /// What is due and stays, in a sentence each.
    kept: Vec<String>,
    /// Which Service goes to which color.
    targets: Vec<(String, String)>,
}

impl Overdue {
    /// What `cleanup --due` would take down of the Services that move, but for where they go. More is read only
    /// where there is something.
    pub async fn of(run: &Run, snapshot: &Snapshot, views: &[ServiceView<'_>], plan: &SwitchPlan) -> Self {
        let targets = plan.moves().map(|plan| (plan.service().to_owned(), plan.movement.to.clone())).collect();
        Self::at(run, snapshot, views, targets).await
    }

    async fn at(run: &Run, snapshot: &Snapshot, views: &[ServiceView<'_>], targets: Vec<(String, String)>) -> Self {
        let (mut removals, mut kept) = judged(run, snapshot, views, &targets);
        if !removals.is_empty() {
            let whole = routes_from_beyond(&run.cluster, snapshot.clone()).await;
            (removals, kept) = judged(run, &whole, views, &targets);
        }
        Self { removals, kept, targets }
    }

    /// A line for each, with its end; nothing where nothing is due.
    #[must_use]
    pub fn text(&self) -> String {
        let goes = |r: &Removal| format!("  first: {} of service/{} is due: {}\n", r.color, r.service, r.summary);
        let stays = self.kept.iter().map(|kept| format!("  due: {kept}\n"));
        self.removals.iter().map(goes).chain(stays).collect()
    }

    /// Takes down what was shown and is due still, without waiting for pods to end. What can't go is said, and stays.
    /// True where anything may have been written: what was read before is not so any more.
    pub async fn take_down(&self, run: &Run, looking: Looking<'_>) -> bool {
        if self.removals.is_empty() {
            return false;
        }
        run.stands("interrupted while what is due was taken down; no Service was switched");
        let now = match self.look_again(run, looking).await {
            Ok(now) => now,
            Err(failure) => {
                self.removals.iter().for_each(|removal| stays(run, removal, &failure));
                return true;
            }
        };
        let mut written = BTreeSet::new();
        for removal in &self.removals {
            let same = |one: &&Removal| one.service == removal.service && one.uids() == removal.uids();
            let taken = match now.removals.iter().find(same) {
                Some(removal) => take_down(run, removal, &mut written).await,
                None => Err(Failure::changed("that has changed meanwhile")),
            };
            match taken {
                Ok(()) => news::cleaned_up(run, &removal.service, &removal.color),
                Err(failure) => stays(run, removal, &failure),
            }
        }
        true
    }

    /// A person took their time to answer.
    async fn look_again(&self, run: &Run, looking: Looking<'_>) -> Outcome<Self> {
        let services: Vec<String> = self.targets.iter().map(|(service, _)| service.clone()).collect();
        let snapshot = run.within(load(&run.cluster, &services, looking)).await?;
        let views: Vec<ServiceView<'_>> =
            snapshot.services.iter().map(|service| seen(service, &snapshot, looking.key)).collect();
        Ok(Self::at(run, &snapshot, &views, self.targets.clone()).await)
    }
}

fn judged(
    run: &Run,
    snapshot: &Snapshot,
    views: &[ServiceView<'_>],
    targets: &[(String, String)],
) -> (Vec<Removal>, Vec<String>) {
    let user = run.cluster.user.as_str();
    let asked = Asked {
        services: &[],
        delete: false,
        before_due: false,
        color: None,
        contract: None,
        force: &[],
        reason: "",
        user,
    };
    let target_of = |view: &ServiceView<'_>| {
        targets.iter().find_map(|(service, to)| (service == view.name()).then_some(to.as_str()))
    };
    let needed: BTreeSet<&str> = views
        .iter()
        .filter_map(|view| view.tracks.as_ref().ok()?.color(target_of(view)?))
        .flat_map(|color| color.workloads.iter().map(|workload| workload.uid()))
        .collect();
    let (mut taken, mut removals, mut kept) = (BTreeSet::new(), Vec::new(), Vec::new());
    for view in views {
        let Some(target) = target_of(view) else { continue };
        let decisions = judge(asked, snapshot, view).unwrap_or_default();
        for decision in decisions.into_iter().filter(|one| one.color().map(String::as_str) != Some(target)) {
            match decision {
                Decision::Kept(one) if one.due => kept.push(one.in_full()),
                // Services that share a color take it down once.
                Decision::Remove(removal) if is_free(&removal, &needed, &mut taken) => removals.push(*removal),
                Decision::Kept(_) | Decision::Remove(_) | Decision::Down { .. } | Decision::Unexpose(_) => {}
            }
        }
    }
    (removals, kept)
}

fn is_free(removal: &Removal, needed: &BTreeSet<&str>, taken: &mut BTreeSet<String>) -> bool {
    removal.uids().is_disjoint(needed) && removal.uids().into_iter().all(|uid| taken.insert(uid.to_owned()))
}

async fn take_down(run: &Run, removal: &Removal, written: &mut BTreeSet<String>) -> Outcome<()> {
    if let Some(obstacle) = budgets::hindrance(run, removal).await? {
        return Err(Failure::failed("Budget", obstacle));
    }
    write(run, removal, written).await
}

fn stays(run: &Run, removal: &Removal, failure: &Failure) {
    let Removal { color, service, .. } = removal;
    run.say(&format!("note: {color} of service/{service} is due, and was not taken down: {}", failure.message));
}
