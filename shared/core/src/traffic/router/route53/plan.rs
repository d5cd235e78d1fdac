//! What has to be written so that one color has all that the colors have.

use super::super::standing::Standing;
use super::batch::Batch;
use super::record_set::{RecordSet, Role, Routing};
use super::records::{Group, Records};
use super::refusal::Refusal;

/// The largest weight (`ResourceRecordSetWeight` of the API's model).
const MOST_WEIGHT: i64 = 255;

/// A record set as it was read, and as it is wanted.
type Replaced = (RecordSet, RecordSet);

impl Records {
    /// The batch that gives one color all that the colors have, by every type: the condition is that the records that
    /// change are exactly as they were read. Records of others keep what they have.
    ///
    /// # Errors
    /// Where that can't be: see [`Refusal`].
    pub fn plan(&self, to: &str) -> Result<Batch, Refusal> {
        if self.moved().next().is_none() {
            let records = self.groups.iter().map(|group| group.records.len()).sum();
            return Err(Refusal::NoColors { name: self.name.clone(), records });
        }
        let mut replaced = Vec::new();
        for group in self.moved() {
            replaced.extend(group.given_to(to)?);
        }
        let batch = Batch::of(replaced);
        if batch.is_too_large() { Err(Refusal::TooLarge) } else { Ok(batch) }
    }
}

impl Group {
    fn given_to(&self, to: &str) -> Result<Vec<Replaced>, Refusal> {
        let is_failover = self.refuse_other_routing()?;
        let mixed = self.of_colors().find(|record| record.leads.only().is_none());
        if let Some(record) = mixed {
            let colors = record.leads.colors.iter().cloned().collect();
            return Err(Refusal::Mixed { record: record.set.called(), colors, elsewhere: record.leads.elsewhere });
        }
        if self.own(to).next().is_none() {
            return Err(Refusal::LacksColor { record_type: self.record_type.clone(), color: to.to_owned() });
        }
        if self.standing() == Standing::On(to.to_owned()) {
            return Ok(Vec::new());
        }
        if is_failover { self.swapped() } else { self.weighed(to) }
    }

    /// True for failover, false for weights.
    fn refuse_other_routing(&self) -> Result<bool, Refusal> {
        let mut is_failover = false;
        for record in &self.records {
            match record.set.routing() {
                Routing::Weighted(_) => {}
                Routing::Failover(_) => is_failover = true,
                other => {
                    let (record, routing) = (record.set.called(), other.called().to_owned());
                    return Err(Refusal::Routing { record, routing });
                }
            }
        }
        Ok(is_failover)
    }

    /// The sum of what the colors have goes to the records of one, as evenly as whole numbers allow: several are load
    /// balancers that share its requests, and none of them shall get all.
    fn weighed(&self, to: &str) -> Result<Vec<Replaced>, Refusal> {
        let record_type = || self.record_type.clone();
        let strangers = self.records.iter().any(|record| record.leads.is_stranger());
        if strangers && self.is_all_zero() {
            return Err(Refusal::AllZero { record_type: record_type() });
        }
        let all = self.of_colors().fold(0_i64, |sum, record| sum.saturating_add(self.counted(record)));
        if all == 0 {
            return Err(Refusal::NoShare { record_type: record_type() });
        }
        let count = i64::try_from(self.own(to).count()).unwrap_or(i64::MAX);
        let (most, others) = (MOST_WEIGHT.saturating_mul(count), self.of_strangers());
        if others > 0 && all > most {
            return Err(Refusal::TooMuch { record_type: record_type(), needed: all, most });
        }
        // Where nobody else has any, only the ratio among them counts, and none may be without.
        let all = if others > 0 { all } else { all.clamp(count, most) };
        let mut shares = even(all, count).into_iter();
        let wanted = self.of_colors().map(|record| {
            let is_own = record.leads.only() == Some(to);
            let weight = if is_own { shares.next().unwrap_or(0) } else { 0 };
            (record.set.clone(), RecordSet { weight: Some(weight), ..record.set.clone() })
        });
        Ok(wanted.collect())
    }

    /// Primary and secondary change places.
    fn swapped(&self) -> Result<Vec<Replaced>, Refusal> {
        let (primary, secondary): (Vec<_>, Vec<_>) =
            (self.in_role(Role::Primary).collect(), self.in_role(Role::Secondary).collect());
        let ([primary], [secondary], 2) = (primary.as_slice(), secondary.as_slice(), self.records.len()) else {
            let (record_type, primary, secondary) = (self.record_type.clone(), primary.len(), secondary.len());
            return Err(Refusal::OddFailover { record_type, primary, secondary });
        };
        if primary.leads.is_stranger() {
            return Err(Refusal::NoShare { record_type: self.record_type.clone() });
        }
        // Route 53 refuses such a primary, and the batch with it.
        if secondary.set.alias_target.is_none() && secondary.set.health_check_id.is_none() {
            return Err(Refusal::NoHealthCheck { record: secondary.set.called() });
        }
        let with = |set: &RecordSet, role: Role| {
            (set.clone(), RecordSet { failover: Some(role.word().to_owned()), ..set.clone() })
        };
        Ok(vec![with(&primary.set, Role::Secondary), with(&secondary.set, Role::Primary)])
    }
}

/// A sum in that many parts that differ by one at most, the larger ones first.
fn even(sum: i64, parts: i64) -> Vec<i64> {
    let each = sum.checked_div(parts).unwrap_or(0);
    let over = sum.saturating_sub(each.saturating_mul(parts));
    (0..parts).map(|part| if part < over { each.saturating_add(1) } else { each }).collect()
}

#[cfg(test)]
mod tests {
    use super::even;

    #[test]
    fn a_sum_is_shared_to_the_last() {
        for (sum, parts, shares) in
            [(100, 1, vec![100]), (100, 3, vec![34, 33, 33]), (1, 2, vec![1, 0]), (0, 2, vec![0, 0]), (5, 0, vec![])]
        {
            assert_eq!(even(sum, parts), shares, "{sum} in {parts}");
        }
    }
}
