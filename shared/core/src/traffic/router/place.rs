//! Rules that have no name are named by their place, and places change: what a rule matches says whether it is still the
//! one that was meant.

use serde_json::Value;

use super::{Route, RouterKind, Rule};

/// So much of what a rule matches is kept.
const MOST: usize = 1000;

impl Route {
    /// What the rule that is named by its place matches, as JSON; nothing where it has a name, or none was named.
    #[must_use]
    pub fn matched(&self) -> Option<String> {
        let named = self.rule.as_deref()?;
        let rule = self.all_rules(&self.object).into_iter().find(|rule| rule.is_named(named))?;
        (rule.name.is_none()).then(|| self.matches_of(&rule)).flatten()
    }

    fn matches_of(&self, rule: &Rule) -> Option<String> {
        let member = match self.kind {
            RouterKind::VirtualService => "match",
            RouterKind::HttpRoute | RouterKind::GrpcRoute => "matches",
            RouterKind::Service | RouterKind::Alb | RouterKind::Nginx | RouterKind::Route53 => return None,
        };
        let (whole, _) = rule.pointer.rsplit_once('/')?;
        let matches = self.object.pointer(whole)?.get(member).unwrap_or(&Value::Null).to_string();
        (matches.len() <= MOST).then_some(matches)
    }

    /// The same of which the rule is moved that was named then. Where it is at another place now it is found by what it
    /// matched; nothing where that is not one rule alone.
    #[must_use]
    pub fn with_rule(&self, named: Option<&str>, matched: Option<&str>) -> Option<Self> {
        let with = |rule: Option<String>| Self { rule, ..self.clone() };
        let (Some(named), Some(matched)) = (named, matched) else { return Some(with(named.map(str::to_owned))) };
        let all = self.all_rules(&self.object);
        let is_it = |rule: &&Rule| rule.name.is_none() && self.matches_of(rule).as_deref() == Some(matched);
        let alike: Vec<&Rule> = all.iter().filter(is_it).collect();
        match alike.as_slice() {
            [only] => Some(with(Some(only.index.to_string()))),
            several => several.iter().any(|rule| rule.is_named(named)).then(|| with(Some(named.to_owned()))),
        }
    }
}
