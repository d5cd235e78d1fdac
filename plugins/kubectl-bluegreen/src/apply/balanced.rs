//! The target groups behind which a move's pods are, and what is known of each.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::Duration;

use futures::future::join_all;
use release_aws::elbv2::{LoadBalancers, NotSaid};
use release_cli::run::Run;
use release_core::text::printable;
use release_core::traffic::alb::{TargetGroupBinding, bindings_to};
use release_core::traffic::target_health::Standing;
use schemars::JsonSchema;
use serde::Serialize;
use tokio::time::timeout;

/// What one look at a target group may take, credentials included.
const LOOK: Duration = Duration::from_secs(15);

/// A target group that a load balancer sends to the target by.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Balanced {
    /// `targetgroupbinding/k8s-shop-api-0f3a`
    binding: String,
    /// Its ARN, or its name.
    group: String,
    /// The target's pods whose addresses are healthy there; absent where nobody could say.
    #[serde(skip_serializing_if = "Option::is_none")]
    healthy: Option<usize>,
    /// Of so many ready pods.
    #[serde(skip_serializing_if = "Option::is_none")]
    of: Option<usize>,
    /// Why it could not be asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    not_checked: Option<String>,
}

/// One of them while it is watched.
#[derive(Debug)]
struct Watched {
    binding: String,
    group: String,
    connection: Option<LoadBalancers>,
    standing: Option<Standing>,
    /// A word that time changes nothing of.
    refused: Option<String>,
    /// Why the last look failed.
    last: Option<String>,
}

/// All of them.
#[derive(Debug, Default)]
pub struct Balancers(RefCell<Vec<Watched>>);

impl Balancers {
    /// Those of the bindings through which pods of a Service are targets themselves.
    #[must_use]
    pub fn of(service: &str, bindings: &[TargetGroupBinding]) -> Self {
        let own = bindings_to(service, bindings).filter(|one| one.has_pods());
        let watched = own.filter_map(|one| {
            let group = one.group()?.to_owned();
            let binding = one.reference();
            Some(Watched { binding, group, connection: None, standing: None, refused: None, last: None })
        });
        Self(RefCell::new(watched.collect()))
    }

    /// True where no load balancer knows pods.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.borrow().is_empty()
    }

    /// Asks how these addresses stand in each. What can't be asked is told once.
    pub async fn look(&self, run: &Run, wanted: &BTreeSet<IpAddr>) {
        let mut watched = self.0.take();
        join_all(watched.iter_mut().filter(|one| one.refused.is_none()).map(|one| one.look(run, wanted))).await;
        *self.0.borrow_mut() = watched;
    }

    /// Nothing more to wait for: all are healthy, or nobody can say.
    #[must_use]
    pub fn are_whole(&self) -> bool {
        let is_whole = |one: &Watched| {
            one.refused.is_some() || one.standing.as_ref().is_some_and(|now| now.is_whole() || now.is_unused)
        };
        self.0.borrow().iter().all(is_whole)
    }

    /// Why those could not be asked for that could not.
    pub fn not_checked(&self) -> impl Iterator<Item = String> {
        let why = self.0.borrow().iter().filter_map(|one| one.refused.clone()).collect::<Vec<_>>();
        why.into_iter()
    }

    /// `3/3 healthy in targetgroupbinding/api`
    pub fn shown(&self) -> impl Iterator<Item = String> {
        let watched = self.0.borrow();
        let asked = watched.iter().filter(|one| one.refused.is_none());
        let shown = asked.map(|one| format!("{} in {}", one.shown(), printable(&one.binding)));
        shown.collect::<Vec<_>>().into_iter()
    }

    /// For the report.
    #[must_use]
    pub fn report(&self) -> Vec<Balanced> {
        let of = |one: &Watched| Balanced {
            binding: one.binding.clone(),
            group: one.group.clone(),
            healthy: one.standing.as_ref().map(|now| now.healthy),
            of: one.standing.as_ref().map(|now| now.of),
            not_checked: one.refused.clone(),
        };
        self.0.borrow().iter().map(of).collect()
    }
}

impl Watched {
    async fn look(&mut self, run: &Run, wanted: &BTreeSet<IpAddr>) {
        let asked = timeout(LOOK, self.states(run.cluster.request_timeout())).await;
        let late = || NotSaid { why: "no answer in time".to_owned(), is_passing: true };
        match asked.unwrap_or_else(|_| Err(late())) {
            Ok(states) => (self.standing, self.last) = (Some(Standing::of(wanted, &states)), None),
            Err(why) if why.is_passing && !run.left().is_zero() => self.last = Some(why.why),
            Err(why) => {
                self.standing = None;
                run.progress.step("? not checked", &format!("target-health  {}: {}", self.binding, why.why));
                self.refused = Some(why.why);
            }
        }
    }

    async fn states(
        &mut self,
        request_timeout: Duration,
    ) -> Result<Vec<release_core::traffic::target_health::TargetState>, NotSaid> {
        let connection = match &self.connection {
            Some(connection) => connection.clone(),
            None => LoadBalancers::of(&self.group, request_timeout).await?,
        };
        let states = connection.targets(&self.group).await;
        self.connection = Some(connection);
        states
    }

    fn shown(&self) -> String {
        match (&self.last, &self.standing) {
            (Some(why), _) => printable(why),
            (None, Some(now)) if now.is_unused => "no load balancer uses it yet".to_owned(),
            (None, Some(now)) => now.shown(),
            (None, None) => "not asked yet".to_owned(),
        }
    }
}
