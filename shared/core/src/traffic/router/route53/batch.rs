//! A change of record sets that Route 53 makes as a whole, or not at all.

use serde_json::{Value, json};

use super::record_set::RecordSet;
use crate::text::printable;

/// What one request may hold: changes and values
/// (<https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DNSLimitations.html#limits-api-requests>).
const MOST_RECORDS: usize = 1000;
const MOST_CHARS: usize = 32_000;

/// One record set that goes, or comes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Refused, and all with it, unless the record set is exactly this.
    Delete(RecordSet),
    /// Refused, and all with it, where there is one of this name, type and identifier.
    Create(RecordSet),
}

impl Change {
    /// The record set that goes or comes.
    #[must_use]
    pub fn set(&self) -> &RecordSet {
        match self {
            Self::Delete(set) | Self::Create(set) => set,
        }
    }
}

/// What became of a batch, by what there is now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// All that it creates is there.
    Made,
    /// All that it deletes is there still.
    NotMade,
    /// Neither: somebody else has changed the records.
    Overtaken,
}

/// Changes that are made together: deletes first, so that no two records claim one place
/// (<https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html>, "Change Batches").
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Batch {
    pub changes: Vec<Change>,
}

impl Batch {
    /// From what was read and what is wanted in its place; what stays as it is is left out.
    #[must_use]
    pub fn of(replaced: Vec<(RecordSet, RecordSet)>) -> Self {
        let changed = replaced.into_iter().filter(|(old, new)| old != new);
        let (deleted, created): (Vec<_>, Vec<_>) =
            changed.map(|(old, new)| (Change::Delete(old), Change::Create(new))).unzip();
        Self { changes: deleted.into_iter().chain(created).collect() }
    }

    /// True where nothing has to be changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// What takes it back, where all is still there as it left it.
    #[must_use]
    pub fn undo(&self) -> Self {
        let created = self.created().map(|set| Change::Delete(set.clone()));
        let deleted = self.deleted().map(|set| Change::Create(set.clone()));
        Self { changes: created.chain(deleted).collect() }
    }

    /// What it deletes.
    pub fn deleted(&self) -> impl Iterator<Item = &RecordSet> {
        self.changes.iter().filter(|change| matches!(change, Change::Delete(_))).map(Change::set)
    }

    /// What it creates.
    pub fn created(&self) -> impl Iterator<Item = &RecordSet> {
        self.changes.iter().filter(|change| matches!(change, Change::Create(_))).map(Change::set)
    }

    /// Record sets as it leaves them.
    #[must_use]
    pub fn left(&self, sets: &[RecordSet]) -> Vec<RecordSet> {
        let goes = |set: &&RecordSet| self.deleted().any(|deleted| deleted.is_as(set));
        sets.iter().filter(|set| !goes(set)).chain(self.created()).cloned().collect()
    }

    /// What became of it, where no answer came, by all record sets of the name as they are now.
    #[must_use]
    pub fn fate(&self, now: &[RecordSet]) -> Fate {
        let is_there = |set: &RecordSet| now.iter().any(|found| found.is_as(set));
        if self.created().all(is_there) {
            Fate::Made
        } else if self.deleted().all(is_there) {
            Fate::NotMade
        } else {
            Fate::Overtaken
        }
    }

    /// As `aws route53 change-resource-record-sets --change-batch` takes it
    /// (<https://docs.aws.amazon.com/cli/latest/reference/route53/change-resource-record-sets.html>).
    #[must_use]
    pub fn document(&self) -> Value {
        let changes = self.changes.iter().map(|change| {
            let action = if matches!(change, Change::Delete(_)) { "DELETE" } else { "CREATE" };
            json!({"Action": action, "ResourceRecordSet": change.set()})
        });
        json!({"Changes": changes.collect::<Value>()})
    }

    /// `A "blue": 100 -> 0`, a line for each record set.
    #[must_use]
    pub fn shown(&self) -> Vec<String> {
        let share = |set: &RecordSet| {
            let weight = set.weight.map(|weight| weight.to_string());
            weight.or_else(|| set.failover.as_deref().map(printable)).unwrap_or_default()
        };
        let line = |(old, new): (&RecordSet, &RecordSet)| format!("{}: {} -> {}", old.called(), share(old), share(new));
        self.deleted().zip(self.created()).map(line).collect()
    }

    /// True where it is more than one request may hold.
    #[must_use]
    pub fn is_too_large(&self) -> bool {
        let values = || self.changes.iter().flat_map(|change| &change.set().resource_records);
        let chars = values().fold(0_usize, |sum, record| sum.saturating_add(record.value.chars().count()));
        self.changes.len().max(values().count()) > MOST_RECORDS || chars > MOST_CHARS
    }
}
