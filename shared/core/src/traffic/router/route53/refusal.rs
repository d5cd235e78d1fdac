//! Why records of a name can't be moved.

use std::fmt;

use super::name::DnsName;
use crate::text::printable;

/// Why nothing is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// No record of the name leads to a load balancer of a color.
    NoColors { name: DnsName, records: usize },
    /// Records are chosen in another way than by weight or failover.
    Routing { record: String, routing: String },
    /// A record leads to several colors, or to a color and elsewhere.
    Mixed { record: String, colors: Vec<String>, elsewhere: bool },
    /// A type has no record of the color.
    LacksColor { record_type: String, color: String },
    /// What the colors have is nothing: others have it all.
    NoShare { record_type: String },
    /// All weights are 0, which is equal shares: of the others, too.
    AllZero { record_type: String },
    /// A share that would need a larger weight than there is.
    TooMuch { record_type: String, needed: i64, most: i64 },
    /// Not one primary and one secondary record.
    OddFailover { record_type: String, primary: usize, secondary: usize },
    /// A record that would become primary needs a health check.
    NoHealthCheck { record: String },
    /// More records than one request may hold.
    TooLarge,
}

impl Refusal {
    /// A stable CamelCase word for scripts.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self {
            Self::NoColors { .. } => "RecordsLeadElsewhere",
            Self::Routing { .. } => "OtherRoutingPolicy",
            Self::Mixed { .. } => "MixedRecord",
            Self::LacksColor { .. } => "RecordsLackColor",
            Self::NoShare { .. } | Self::AllZero { .. } | Self::TooMuch { .. } => "NoShareToMove",
            Self::OddFailover { .. } => "OddFailover",
            Self::NoHealthCheck { .. } => "NoHealthCheck",
            Self::TooLarge => "TooManyRecords",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoColors { name, records: 0 } => write!(f, "{name} has no records in the zone"),
            Self::NoColors { name, .. } => write!(f, "no record of {name} leads to a load balancer of a color"),
            Self::Routing { record, routing } => {
                write!(f, "record {record} has the routing policy {routing}; only weighted and failover are moved")
            }
            Self::Mixed { record, colors, elsewhere } => {
                let named = colors.iter().map(|color| printable(color));
                let all: Vec<String> = named.chain(elsewhere.then(|| "elsewhere".to_owned())).collect();
                write!(f, "record {record} leads to {} at once", all.join(" and "))
            }
            Self::LacksColor { record_type, color } => {
                write!(f, "no {} record leads to {}", printable(record_type), printable(color))
            }
            Self::NoShare { record_type } => {
                write!(f, "the colors' {} records get no answers: others have them all", printable(record_type))
            }
            Self::AllZero { record_type } => write!(
                f,
                "all weights of the {} records are 0, which is equal shares: a move would take those of other records",
                printable(record_type)
            ),
            Self::TooMuch { record_type, needed, most } => write!(
                f,
                "the {} record would need the weight {needed} to keep what others have, and {most} is the most",
                printable(record_type)
            ),
            Self::OddFailover { record_type, primary, secondary } => write!(
                f,
                "failover needs one primary and one secondary {} record: {primary} and {secondary} are there",
                printable(record_type)
            ),
            Self::NoHealthCheck { record } => {
                write!(f, "record {record} can't become primary: it is no alias and has no health check")
            }
            Self::TooLarge => f.write_str("these are more records than Route 53 changes at once"),
        }
    }
}
