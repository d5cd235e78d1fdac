//! One action annotation of an Ingress: which target groups it forwards to, with which weights.
//!
//! Its format is that of the AWS Load Balancer Controller (`Action` in `pkg/ingress/config_types.go` of version 3; <https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/guide/ingress/annotations/#actions>),
//! and so are the rules by which an action is refused.

use std::ops::Range;

use serde_json::Value;

use super::json_text::{elements, members, whole};

/// What the annotations of actions begin with.
pub const ACTIONS: &str = "alb.ingress.kubernetes.io/actions.";
/// A rule of a load balancer forwards to at most so many target groups, each with a weight up to this
/// (<https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html>,
/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetGroupTuple.html>).
const MOST_GROUPS: usize = 5;
pub const HEAVIEST: i64 = 999;
/// What a single group without a weight has: all of it.
const ALL: i64 = 100;

/// A `forward` action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Action {
    pub groups: Vec<Group>,
    /// Seconds for which clients stay with the target group that they came to, where they do.
    pub sticky_seconds: Option<i64>,
    /// Behind the last group; nothing in the short form, which has no list.
    end: Option<usize>,
}

/// What a target group is named by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    Service(String),
    /// By its ARN, or by its name.
    Group(String),
}

/// One target group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    pub target: Target,
    /// As it is written.
    pub weight: Option<i64>,
    /// Of the whole group in the text.
    range: Range<usize>,
    /// Of the weight; where none is written, where one would be.
    place: Place,
    /// Of the Service's name.
    name: Option<Range<usize>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    Written(Range<usize>),
    Missing(usize),
}

/// What is read of an annotation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Parsed {
    Forward(Action),
    /// It redirects, or answers by itself.
    Other,
}

impl Action {
    /// The port of its Service that a group names, a number or a name; `text` is what was parsed.
    #[must_use]
    pub fn port_of(&self, text: &str, index: usize) -> Option<Value> {
        Object::of(text, &self.groups.get(index)?.range).json("servicePort").ok()?
    }

    /// What a group's weight counts: alone it has everything, and the controller refuses one that is left out beside
    /// others.
    #[must_use]
    pub fn counted(&self, group: &Group) -> i64 {
        group.weight.unwrap_or(if self.groups.len() == 1 { ALL } else { 0 })
    }

    /// The text with these weights of groups, by their places in the list; all else stays as it is.
    #[must_use]
    pub fn with_weights(&self, text: &str, weights: &[(usize, i64)]) -> String {
        let placed = weights.iter().filter_map(|(index, weight)| Some((&self.groups.get(*index)?.place, *weight)));
        let edits = placed.map(|(place, weight)| match place {
            Place::Written(range) => (range.clone(), weight.to_string()),
            Place::Missing(at) => (*at..*at, format!(",\"weight\":{weight}")),
        });
        edited(text, edits.collect())
    }

    /// The text with a group like another one, of another Service and without requests. A group that was alone gets
    /// the weight that it had all the same.
    #[must_use]
    pub fn with_group_like(&self, text: &str, index: usize, service: &str) -> Option<String> {
        let (like, end) = (self.groups.get(index)?, self.end?);
        let name = like.name.clone()?;
        let alone =
            if self.groups.len() == 1 { self.with_weights(text, &[(index, self.counted(like))]) } else { text.into() };
        let own = text.get(like.range.clone())?;
        let shift = |range: Range<usize>| {
            range.start.saturating_sub(like.range.start)..range.end.saturating_sub(like.range.start)
        };
        let mut edits = vec![(shift(name), Value::from(service).to_string())];
        edits.push(match &like.place {
            Place::Written(range) => (shift(range.clone()), "0".to_owned()),
            Place::Missing(at) => (shift(*at..*at), ",\"weight\":0".to_owned()),
        });
        let added = format!(",{}", edited(own, edits));
        let grown = alone.len().saturating_sub(text.len());
        let at = end.saturating_add(grown);
        Some(edited(&alone, vec![(at..at, added)]))
    }
}

/// The text with ranges replaced.
fn edited(text: &str, mut edits: Vec<(Range<usize>, String)>) -> String {
    edits.sort_by_key(|(range, _)| range.start);
    let (mut written, mut at) = (String::with_capacity(text.len().saturating_add(64)), 0);
    for (range, new) in edits {
        written.push_str(text.get(at..range.start).unwrap_or_default());
        written.push_str(&new);
        at = range.end;
    }
    written.push_str(text.get(at..).unwrap_or_default());
    written
}

/// Reads an annotation.
///
/// # Errors
/// Why the controller would refuse it, in a few words.
pub fn parse(text: &str) -> Result<Parsed, String> {
    let document: Value = serde_json::from_str(text).map_err(|error| format!("it is no JSON ({error})"))?;
    if !document.is_object() {
        return Err("it is no JSON object".to_owned());
    }
    let object = Object::of(text, &whole(text));
    let named = object.text_of("targetGroupARN")?.or(object.text_of("targetGroupName")?);
    let (config, list) = object.part("forwardConfig", "targetGroups")?;
    // Case of names doesn't matter, that of values does.
    match object.text_of("type")?.as_deref() {
        Some("forward") => {}
        Some("redirect" | "fixed-response") => return Ok(Parsed::Other),
        _ => return Err("its type is none of forward, redirect, fixed-response".to_owned()),
    }
    match (named, config) {
        (Some(_), Some(_)) => Err("it has both forwardConfig and a target group".to_owned()),
        (Some(name), None) => Ok(Parsed::Forward(short(name, &object))),
        (None, None) => Err("it has neither forwardConfig nor a target group".to_owned()),
        (None, Some(config)) => listed(text, &config, list.as_ref()).map(Parsed::Forward),
    }
}

/// The short form: one target group, and no weights.
fn short(name: String, object: &Object<'_>) -> Action {
    let range = object.range.clone();
    let place = Place::Missing(range.end);
    let group = Group { target: Target::Group(name), weight: None, range, place, name: None };
    Action { groups: vec![group], sticky_seconds: None, end: None }
}

fn listed(text: &str, config: &Object<'_>, list: Option<&Range<usize>>) -> Result<Action, String> {
    let list = list.ok_or("it has no targetGroups")?;
    let groups: Vec<Group> = elements(text, list).iter().map(|range| group(text, range)).collect::<Result<_, _>>()?;
    if groups.len() > MOST_GROUPS {
        return Err(format!("it has {} target groups, a rule may have {MOST_GROUPS}", groups.len()));
    }
    if groups.len() > 1 && groups.iter().any(|group| group.weight.is_none()) {
        return Err("weight must be set where there are several target groups".to_owned());
    }
    let end = groups.last().map(|group| group.range.end);
    Ok(Action { groups, sticky_seconds: stickiness(config)?, end })
}

fn stickiness(config: &Object<'_>) -> Result<Option<i64>, String> {
    let Some(range) = config.value("targetGroupStickinessConfig")? else { return Ok(None) };
    let stickiness = Object::of(config.text, &range);
    let enabled = stickiness.json("enabled")?.is_some_and(|value| value == Value::Bool(true));
    let seconds = stickiness.json("durationSeconds")?.and_then(|value| value.as_i64());
    Ok(enabled.then(|| seconds.unwrap_or(0)))
}

fn group(text: &str, range: &Range<usize>) -> Result<Group, String> {
    let object = Object::of(text, range);
    let service = object.text_of("serviceName")?;
    let other = object.text_of("targetGroupARN")?.or(object.text_of("targetGroupName")?);
    let target = match (service, other) {
        (Some(_), Some(_)) => return Err("a target group is named by a Service and by itself".to_owned()),
        (Some(_), None) if object.json("servicePort")?.is_none() => return Err("a servicePort is missing".to_owned()),
        (Some(service), None) => Target::Service(service),
        (None, Some(group)) => Target::Group(group),
        (None, None) => return Err("a target group has no name".to_owned()),
    };
    let weight = match object.json("weight")? {
        None => None,
        Some(value) => Some(
            value
                .as_i64()
                .filter(|weight| (0..=HEAVIEST).contains(weight))
                .ok_or_else(|| format!("{value} is no weight (0 to {HEAVIEST})"))?,
        ),
    };
    let last = object.members.last().map_or(range.start.saturating_add(1), |(_, value)| value.end);
    let place = object.value("weight")?.map_or(Place::Missing(last), Place::Written);
    Ok(Group { target, weight, range: range.clone(), place, name: object.value("serviceName")? })
}

/// An object in the text.
struct Object<'t> {
    text: &'t str,
    range: Range<usize>,
    members: Vec<(String, Range<usize>)>,
}

impl<'t> Object<'t> {
    fn of(text: &'t str, range: &Range<usize>) -> Self {
        Self { text, range: range.clone(), members: members(text, range) }
    }

    /// Go takes the last of several, and we would write another one.
    fn value(&self, name: &str) -> Result<Option<Range<usize>>, String> {
        let mut found = self.members.iter().filter(|(key, _)| key.eq_ignore_ascii_case(name));
        match (found.next(), found.next()) {
            (Some(_), Some(_)) => Err(format!("{name} is there twice")),
            (found, _) => Ok(found.map(|(_, range)| range.clone())),
        }
    }

    /// A `null` is nothing, as to Go.
    fn json(&self, name: &str) -> Result<Option<Value>, String> {
        let text = self.value(name)?.and_then(|range| self.text.get(range));
        Ok(text.and_then(|text| serde_json::from_str(text).ok()).filter(|value: &Value| !value.is_null()))
    }

    fn text_of(&self, name: &str) -> Result<Option<String>, String> {
        match self.json(name)? {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(format!("{name} is no text")),
        }
    }

    /// An object of this name, and the list in it.
    fn part(&self, name: &str, list: &str) -> Result<(Option<Object<'t>>, Option<Range<usize>>), String> {
        let is = |range: &Range<usize>, open: &str| self.text.get(range.clone()).is_some_and(|t| t.starts_with(open));
        let Some(range) = self.value(name)?.filter(|range| is(range, "{")) else { return Ok((None, None)) };
        let object = Object::of(self.text, &range);
        let list = object.value(list)?.filter(|range| is(range, "["));
        Ok((Some(object), list))
    }
}

#[cfg(test)]
mod tests;
