//! The records of one name, and which of the colors they lead to.

use super::super::standing::{Standing, Weights};
use super::balancers::{Balancers, Leads, is_address};
use super::name::DnsName;
use super::record_set::{RecordSet, Role, Routing};

/// One record set, and where it leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// As it was read.
    pub set: RecordSet,
    pub leads: Leads,
    /// How long resolvers keep its answer.
    pub seconds: i64,
}

/// All records of one type, among which Route 53 chooses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// `A`, `AAAA`, `CNAME`, `HTTPS`, `SVCB`.
    pub record_type: String,
    pub records: Vec<Record>,
}

/// The records by which clients of one name find a load balancer. Those of all types are moved together: who asks for
/// IPv6 addresses would else stay where they were.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Records {
    pub name: DnsName,
    pub groups: Vec<Group>,
}

impl Group {
    /// What a record has of the answers as long as all are healthy. Records that all have the weight 0 have equal shares
    /// (<https://docs.aws.amazon.com/Route53/latest/APIReference/API_ResourceRecordSet.html>, under `Weight`); a
    /// primary record has all.
    #[must_use]
    pub fn counted(&self, record: &Record) -> i64 {
        match record.set.routing() {
            Routing::Weighted(_) if self.is_all_zero() => 1,
            Routing::Weighted(weight) => weight.max(0),
            Routing::Failover(Role::Secondary) if self.in_role(Role::Primary).next().is_some() => 0,
            _ => 1,
        }
    }

    /// True where no weight is more than 0.
    #[must_use]
    pub fn is_all_zero(&self) -> bool {
        !self.records.iter().any(|record| matches!(record.set.routing(), Routing::Weighted(1..)))
    }

    /// The records that have one of both roles of failover.
    pub fn in_role(&self, role: Role) -> impl Iterator<Item = &Record> {
        self.records.iter().filter(move |record| record.set.routing() == Routing::Failover(role))
    }

    /// The records that lead to a color.
    pub fn of_colors(&self) -> impl Iterator<Item = &Record> {
        self.records.iter().filter(|record| !record.leads.is_stranger())
    }

    /// The records that lead to that color and to nothing else.
    pub fn own(&self, color: &str) -> impl Iterator<Item = &Record> {
        self.records.iter().filter(move |record| record.leads.only() == Some(color))
    }

    /// What others have that are no color's.
    #[must_use]
    pub fn of_strangers(&self) -> i64 {
        let strangers = self.records.iter().filter(|record| record.leads.is_stranger());
        strangers.fold(0, |sum, record| sum.saturating_add(self.counted(record)))
    }

    /// What each color has. A record that leads to several counts for each.
    #[must_use]
    pub fn weights(&self) -> Weights {
        let mut weights = Weights::new();
        for record in self.of_colors() {
            for color in &record.leads.colors {
                let sum = weights.entry(color.clone()).or_default();
                *sum = sum.saturating_add(self.counted(record));
            }
        }
        weights
    }

    /// Where its answers lead.
    #[must_use]
    pub fn standing(&self) -> Standing {
        Standing::of(self.weights())
    }
}

impl Records {
    /// From what was read in the zone; other names, and types that lead to no load balancer, are left out.
    #[must_use]
    pub fn of(name: &DnsName, sets: &[RecordSet], balancers: &Balancers) -> Self {
        let mut groups: Vec<Group> = Vec::new();
        for set in sets.iter().filter(|set| is_address(&set.record_type) && set.dns_name() == *name) {
            let record = Record { leads: balancers.leads(set), seconds: balancers.seconds(set), set: set.clone() };
            match groups.iter_mut().find(|group| group.record_type == set.record_type) {
                Some(group) => group.records.push(record),
                None => groups.push(Group { record_type: set.record_type.clone(), records: vec![record] }),
            }
        }
        Self { name: name.clone(), groups }
    }

    /// The types that lead to colors: those that are moved.
    pub fn moved(&self) -> impl Iterator<Item = &Group> {
        self.groups.iter().filter(|group| group.of_colors().next().is_some())
    }

    /// The types of the name that lead to no color at all: whoever asks for those is not moved.
    pub fn staying(&self) -> impl Iterator<Item = &Group> {
        self.groups.iter().filter(|group| group.of_colors().next().is_none())
    }

    /// What each color has, over all types.
    #[must_use]
    pub fn weights(&self) -> Weights {
        let mut weights = Weights::new();
        for (color, weight) in self.moved().flat_map(Group::weights) {
            let sum = weights.entry(color).or_default();
            *sum = sum.saturating_add(weight);
        }
        weights
    }

    /// Where clients of the name are sent.
    #[must_use]
    pub fn standing(&self) -> Standing {
        let mut on = None;
        for group in self.moved() {
            match group.standing() {
                Standing::On(color) if on.as_ref().is_none_or(|before| *before == color) => on = Some(color),
                Standing::On(_) | Standing::Split(_) => return Standing::Split(self.weights()),
                Standing::Nowhere => return Standing::Nowhere,
            }
        }
        on.map_or(Standing::Nowhere, Standing::On)
    }

    /// The color with the largest share; the first by name of several.
    #[must_use]
    pub fn leading(&self) -> Option<String> {
        let weights = self.weights();
        let most = weights.values().copied().max().filter(|most| *most > 0)?;
        weights.into_iter().find(|(_, weight)| *weight == most).map(|(color, _)| color)
    }

    /// True where one color has all that the colors have, by every type.
    #[must_use]
    pub fn holds(&self, to: &str) -> bool {
        self.standing() == Standing::On(to.to_owned())
    }
}
