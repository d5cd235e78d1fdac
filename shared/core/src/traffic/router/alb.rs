//! Ingresses of the AWS Load Balancer Controller: a path whose backend is `port.name: use-annotation` takes its action
//! from an annotation, and a `forward` action shares requests among target groups
//! (<https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/guide/ingress/annotations/#actions>). Listener
//! rules are never written: the controller puts them back.

pub mod action;
mod json_text;

use std::collections::BTreeMap;

use k8s_openapi::api::networking::v1::{Ingress, IngressBackend, IngressClass};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde::Deserialize;
use serde_json::Value;

use super::rule::{Destination, Form, Rule, Share};
use crate::release::change::annotation_pointer;
use crate::text::printable;
use crate::traffic::alb::TargetGroupBinding;
use action::{ACTIONS, Parsed, Target, parse};

const GROUP: &str = "alb.ingress.kubernetes.io/group.name";
const CONDITIONS: &str = "alb.ingress.kubernetes.io/conditions.";
/// The port that says so (`magicServicePortUseAnnotation` of the controller).
const USE_ANNOTATION: &str = "use-annotation";
/// The class that the controller's chart installs, and the annotation that is looked at first.
const CLASS: &str = "alb";
const CLASS_ANNOTATION: &str = "kubernetes.io/ingress.class";
/// What an IngressClass of it says: the controller's own, and that of EKS Auto Mode
/// (<https://docs.aws.amazon.com/eks/latest/userguide/auto-configure-alb.html>).
const CONTROLLERS: [&str; 2] = ["ingress.k8s.aws/alb", "eks.amazonaws.com/alb"];

/// The Services of target groups that are named by themselves, by ARN or name.
pub type Bound = BTreeMap<String, String>;

/// Which Service's pods each target group has that a binding names; one that several Services share is nobody's.
#[must_use]
pub fn bound(bindings: &[TargetGroupBinding]) -> Bound {
    let mut found: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for binding in bindings {
        let spec = &binding.spec;
        for name in [&spec.target_group_arn, &spec.target_group_name].into_iter().flatten() {
            found.entry(name).or_default().push(&spec.service_ref.name);
        }
    }
    let one = |services: Vec<&str>| {
        let first = *services.first()?;
        services.iter().all(|service| *service == first).then(|| first.to_owned())
    };
    found.into_iter().filter_map(|(name, services)| Some((name.to_owned(), one(services)?))).collect()
}

/// The class of an Ingress that takes actions from annotations, where its name alone doesn't tell whose it is.
#[must_use]
pub fn unknown_class(ingress: &Ingress) -> Option<&str> {
    class_of(ingress).filter(|class| *class != CLASS && used(ingress).next().is_some())
}

/// True for one that takes actions from annotations, and that the controller looks after.
#[must_use]
pub fn is_alb(ingress: &Ingress, classes: &[IngressClass]) -> bool {
    let controller = |class: &str| {
        let found = classes.iter().find(|one| one.metadata.name.as_deref() == Some(class))?;
        found.spec.as_ref()?.controller.as_deref()
    };
    let is_its = |class: &str| match controller(class) {
        Some(controller) => CONTROLLERS.contains(&controller),
        None => class == CLASS,
    };
    class_of(ingress).is_some_and(is_its) && used(ingress).next().is_some()
}

fn class_of(ingress: &Ingress) -> Option<&str> {
    let annotated = ingress.metadata.annotations.as_ref().and_then(|annotations| annotations.get(CLASS_ANNOTATION));
    annotated.or(ingress.spec.as_ref()?.ingress_class_name.as_ref()).map(String::as_str)
}

/// The actions that its paths name, in their order, with whether each has conditions.
fn used(ingress: &Ingress) -> impl Iterator<Item = (&str, bool)> {
    let spec = ingress.spec.iter();
    let by_default = spec.clone().filter_map(|spec| Some((spec.default_backend.as_ref()?, false)));
    let paths = spec.flat_map(|spec| spec.rules.iter().flatten()).flat_map(|rule| {
        let paths = rule.http.iter().flat_map(|http| &http.paths);
        paths.map(|path| (&path.backend, !matches!(path.path.as_deref(), None | Some("" | "/" | "/*"))))
    });
    let named = |backend: &'_ IngressBackend| -> bool {
        let port = backend.service.as_ref().and_then(|service| service.port.as_ref());
        port.and_then(|port| port.name.as_deref()) == Some(USE_ANNOTATION)
    };
    let of = by_default.chain(paths).filter(move |(backend, _)| named(backend));
    of.filter_map(|(backend, is_path)| Some((backend.service.as_ref()?.name.as_str(), is_path)))
}

/// Each action that is used, once: its name, its text, and whether all that leads to it has conditions.
fn actions(ingress: &Ingress) -> Vec<(&str, &str, bool)> {
    let annotation = |key: String| ingress.metadata.annotations.as_ref()?.get(&key);
    let mut found: Vec<(&str, &str, bool)> = Vec::new();
    for (name, is_path) in used(ingress) {
        let matches = is_path || annotation(format!("{CONDITIONS}{name}")).is_some();
        if let Some(known) = found.iter_mut().find(|(known, ..)| *known == name) {
            known.2 &= matches;
        } else if let Some(text) = annotation(format!("{ACTIONS}{name}")) {
            found.push((name, text, matches));
        }
    }
    found
}

/// The actions that forward to target groups. One that can't be read is none: [`refusal`] tells it.
#[must_use]
pub fn rules(object: &Value, namespace: &str, bound: &Bound) -> Vec<Rule> {
    let Ok(ingress) = Ingress::deserialize(object) else { return Vec::new() };
    let forwards = actions(&ingress).into_iter().enumerate().filter_map(|(index, (name, text, matches))| {
        let Ok(Parsed::Forward(action)) = parse(text) else { return None };
        let shares = action.groups.iter().enumerate().map(|(at, group)| Share {
            index: at,
            to: destination(&group.target, namespace, bound),
            weight: action.counted(group),
            color: None,
        });
        Some(Rule {
            pointer: annotation_pointer(&format!("{ACTIONS}{name}")),
            index,
            name: Some(name.to_owned()),
            matches,
            shares: shares.collect(),
            list: Value::from(text),
            form: Form::Action(action),
        })
    });
    forwards.collect()
}

/// A target group that is named by itself is a Service's where a binding says so.
fn destination(target: &Target, namespace: &str, bound: &Bound) -> Destination {
    let (service, namespace) = match target {
        Target::Service(name) => (name, namespace),
        Target::Group(name) => match bound.get(name) {
            Some(service) => (service, namespace),
            None => (name, ""),
        },
    };
    Destination { service: service.clone(), namespace: namespace.to_owned(), subset: None }
}

/// True where a target group is named by itself: a binding tells whose it is.
#[must_use]
pub fn needs_bindings(ingress: &Ingress) -> bool {
    named_by_itself(ingress).next().is_some()
}

/// Target groups that actions name by themselves, with what each gets.
fn named_by_itself(ingress: &Ingress) -> impl Iterator<Item = (String, i64)> {
    let forwards = actions(ingress).into_iter().filter_map(|(_, text, _)| match parse(text) {
        Ok(Parsed::Forward(action)) => Some(action),
        _ => None,
    });
    forwards.flat_map(|action| {
        let named = |group: &action::Group| match &group.target {
            Target::Group(name) => Some((name.clone(), action.counted(group))),
            Target::Service(_) => None,
        };
        action.groups.iter().filter_map(named).collect::<Vec<_>>()
    })
}

/// True for a binding through which an Ingress sends no requests by its target group's own name: none of its actions
/// gives that any, or the controller made the binding for a Service of its actions, whose weights tell.
#[must_use]
pub fn gives_nothing(ingress: &Ingress, binding: &TargetGroupBinding) -> bool {
    let names = [&binding.spec.target_group_arn, &binding.spec.target_group_name];
    let is_it = |name: &str| names.iter().any(|own| own.as_deref() == Some(name));
    let mut named = named_by_itself(ingress).filter(|(name, _)| is_it(name)).peekable();
    if named.peek().is_some() {
        return named.all(|(_, weight)| weight == 0);
    }
    let ObjectMeta { name, namespace, annotations, .. } = &ingress.metadata;
    let group = annotations.as_ref().and_then(|annotations| annotations.get(GROUP)).map(String::as_str);
    binding.is_made_for(namespace.as_deref().unwrap_or_default(), name.as_deref().unwrap_or_default(), group)
}

/// Why the controller takes nothing of an Ingress: one action that it can't read stops all of it.
#[must_use]
pub fn refusal(object: &Value) -> Option<String> {
    let ingress = Ingress::deserialize(object).ok()?;
    let mut all = actions(&ingress).into_iter();
    all.find_map(|(name, text, _)| Some(format!("action {}: {}", printable(name), printable(&parse(text).err()?))))
}

/// Seconds for which clients stay with the target group that they came to, by a rule.
#[must_use]
pub fn sticky_seconds(rule: &Rule) -> Option<i64> {
    match &rule.form {
        Form::Action(action) => action.sticky_seconds,
        Form::List | Form::Canary(_) | Form::Records => None,
    }
}

#[cfg(test)]
mod tests;
