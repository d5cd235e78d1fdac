//! A route that is the records of a name of DNS.

use serde_json::Value;

use super::Route;
use super::route53::by_dns::sets_in;
use super::route53::{Batch, Records, Refusal};
use crate::command::{Command, Scope, patch_command};
use crate::release::change::json_patch;

impl Route {
    /// The records that decide, by the colors that they lead to.
    #[must_use]
    pub fn records(&self, seen: &Value) -> Option<Records> {
        let dns = self.dns.as_ref()?;
        let color = |service: &str| {
            let mut own = self.colors.iter().filter(|(to, _)| to.service == service);
            own.next().map(|(_, color)| color.as_str())
        };
        Some(Records::of(&dns.place.name, &sets_in(seen), &dns.balancers.renamed(color)))
    }

    /// The batch of record sets that gives all that the colors have to one of them; nothing where no records decide.
    #[must_use]
    pub fn batch(&self, seen: &Value, to: &str) -> Option<Result<Batch, Refusal>> {
        self.records(seen).map(|records| records.plan(to))
    }

    /// Why a color can't get all of the records as they were read; nothing where it can, or where no records decide.
    #[must_use]
    pub fn refusal_to(&self, to: &str) -> Option<Refusal> {
        self.batch(&self.object, to)?.err()
    }

    /// The bare command that gives one color all that the colors have, if what decides is still as it was seen; of
    /// records that can't be moved, the one that lists them.
    #[must_use]
    pub fn command(&self, scope: &Scope, seen: &Value, to: &str) -> Command {
        let (Some(dns), Some(batch)) = (&self.dns, self.batch(seen, to)) else {
            return patch_command(&self.reference(), &self.scope(scope), &json_patch(&self.plan(seen, to)));
        };
        match batch {
            Ok(batch) => Command::new("aws route53 change-resource-record-sets")
                .flag("--hosted-zone-id", &dns.place.zone)
                .flag("--change-batch", batch.document().to_string()),
            Err(_) => dns.list(),
        }
    }
}
