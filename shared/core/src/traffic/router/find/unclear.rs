//! What keeps a router from being clear.

use std::sync::Arc;

use crate::text::printable;
use crate::traffic::router::{NamedRouter, Route, Rule};

/// Why nobody can say by what a Service is moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RouterUnclear {
    /// Several routes decide about it; each with what it does.
    Several(Vec<(NamedRouter, String)>),
    /// The one that was named doesn't share the Service's requests among colors; with those that do.
    NotThere(Box<NamedRouter>, Vec<(NamedRouter, String)>),
    /// Its subsets differ in several labels.
    SeveralKeys { route: String, keys: Vec<String> },
    /// It carries the record of another Service that it shares requests of, too.
    OfAnother { route: String, service: String },
    /// It should decide, and doesn't.
    Undecided { route: String, why: String },
    /// The records that decide can't be read.
    Unread { route: String, why: String },
    /// No color has any of its requests.
    NoWeight(Arc<Route>),
}

impl std::fmt::Display for RouterUnclear {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let listed = |all: &[(NamedRouter, String)]| {
            let each: Vec<String> = all.iter().map(|(named, what)| format!("{named} ({what})")).collect();
            printable(&each.join(", "))
        };
        match self {
            Self::Several(all) => write!(f, "several routes share its requests among colors: {}", listed(all)),
            Self::NotThere(named, _) if named.records.is_some() => {
                write!(f, "the records of {named} don't lead to load balancers of several colors of it")
            }
            Self::NotThere(named, all) if all.is_empty() => {
                write!(f, "{named} does not share its requests among colors, and no other route does")
            }
            Self::NotThere(named, all) => {
                write!(f, "{named} does not share its requests among colors; these do: {}", listed(all))
            }
            Self::SeveralKeys { route, keys } => {
                let keys = printable(&keys.join(", "));
                write!(f, "the subsets of {} differ in several labels: {keys}", printable(route))
            }
            Self::OfAnother { route, service } => write!(
                f,
                "{} was moved for service/{}, and has room for one Service's record",
                printable(route),
                printable(service)
            ),
            Self::Undecided { route, why } => {
                write!(f, "{} does not decide between its colors: {}", printable(route), printable(why))
            }
            Self::Unread { route, why } => {
                write!(f, "{} can't be read: {}", printable(route), printable(why))
            }
            Self::NoWeight(route) => {
                let shown: Vec<String> = route.rules(&route.object).iter().map(Rule::shown).collect();
                let (route, shown) = (route.reference(), shown.join("; "));
                write!(f, "{} gives no color any of its requests ({})", printable(&route), printable(&shown))
            }
        }
    }
}
