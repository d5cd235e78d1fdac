//! What a failed health check does to answers: Route 53 doesn't answer with what is unhealthy as long as there is
//! something else, whatever its weight or role
//! (<https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/health-checks-how-route-53-chooses-records.html>).

use std::collections::BTreeSet;

use super::record_set::{Role, Routing};
use super::records::{Group, Record, Records};
use crate::text::printable;

/// What happens to one type's answers where a color has all of them, and its load balancers are unhealthy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unhealthy {
    pub record_type: String,
    pub color: String,
    pub then: Then,
}

/// See [`Unhealthy`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Then {
    /// Its health is not looked at: clients are sent there all the same.
    NotSeen,
    /// Nothing else could be answered with: clients are sent there all the same.
    NothingElse,
    /// Answers lead to these colors, or to what is no color's.
    Instead { colors: BTreeSet<String>, elsewhere: bool },
}

impl Unhealthy {
    /// `A: while the health checks of green fail, Route 53 answers with blue`
    #[must_use]
    pub fn shown(&self) -> String {
        let (record_type, color) = (printable(&self.record_type), printable(&self.color));
        match &self.then {
            Then::NotSeen => {
                format!("{record_type}: no health check: clients are sent to {color} also while it is unhealthy")
            }
            Then::NothingElse => format!(
                "{record_type}: while the health checks of {color} fail, Route 53 answers with it all the same: there is nothing else"
            ),
            Then::Instead { colors, elsewhere } => {
                let named = colors.iter().map(|color| printable(color));
                let all: Vec<String> = named.chain(elsewhere.then(|| "records of no color".to_owned())).collect();
                let instead = all.join(" and ");
                format!("{record_type}: while the health checks of {color} fail, Route 53 answers with {instead}")
            }
        }
    }
}

impl Group {
    /// The records that Route 53 answers with, where the health checks of these fail. One without a health check is
    /// healthy; where none is healthy, all are.
    #[must_use]
    pub fn answering(&self, fails: impl Fn(&Record) -> bool) -> Vec<&Record> {
        let is_healthy = |record: &&Record| !record.set.is_checked() || !fails(record);
        // Of weighted records those with a weight come first, of failover records the primary one.
        let comes_first = |record: &&Record| match record.set.routing() {
            Routing::Weighted(weight) => weight > 0,
            Routing::Failover(role) => role == Role::Primary,
            Routing::Simple | Routing::Other(_) => true,
        };
        let of = |first: bool| self.records.iter().filter(move |record| comes_first(record) == first);
        let healthy = |first: bool| of(first).filter(is_healthy).collect::<Vec<_>>();
        let all = |first: bool| of(first).collect::<Vec<_>>();
        let tried = [healthy(true), healthy(false), all(true), all(false)];
        tried.into_iter().find(|found| !found.is_empty()).unwrap_or_default()
    }

    /// What follows where all health checks of a color's records fail, and all others are healthy.
    #[must_use]
    pub fn while_unhealthy(&self, color: &str) -> Then {
        let is_its = |record: &Record| record.leads.colors.contains(color);
        let usual = self.answering(|_| false);
        let instead = self.answering(is_its);
        if !instead.iter().any(|record| is_its(record)) {
            let colors = instead.iter().flat_map(|record| record.leads.colors.iter().cloned()).collect();
            return Then::Instead { colors, elsewhere: instead.iter().any(|record| record.leads.elsewhere) };
        }
        let is_seen = usual.iter().any(|record| is_its(record) && record.set.is_checked());
        if is_seen && instead == usual { Then::NothingElse } else { Then::NotSeen }
    }
}

impl Records {
    /// What follows, by type, where a color has all answers and is unhealthy. Of the records as a move leaves them:
    /// `Records::of(name, &batch.left(sets), balancers)`.
    #[must_use]
    pub fn unhealthy(&self, color: &str) -> Vec<Unhealthy> {
        let said = |group: &Group| Unhealthy {
            record_type: group.record_type.clone(),
            color: color.to_owned(),
            then: group.while_unhealthy(color),
        };
        self.moved().filter(|group| group.own(color).next().is_some()).map(said).collect()
    }
}
