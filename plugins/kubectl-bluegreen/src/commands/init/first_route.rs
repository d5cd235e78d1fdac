//! `init --router`: the objects by which a route decides between the colors, for people to apply and keep.

use k8s_openapi::api::core::v1::Service;
use release_cli::report::{Manifest, Report};
use release_cli::run::Run;
use release_core::command::{Command, selector_change_command};
use release_core::failure::{Failure, Next, Outcome, ROLES};
use release_core::kube::service::service_name;
use release_core::text::printable;
use release_core::traffic::router::first::{First, OtherSubset, Told};
use release_core::traffic::router::{RouterKind, Standing};
use release_core::traffic::selector::as_label_selector;
use release_core::traffic::service_ports::ports_of;
use serde_json::{Value, json};

use crate::args::InitArgs;
use crate::names::service_names;
use crate::refusal::{Asked, not_switchable};
use crate::report::init_document::InitMembers;
use crate::routed_view::seen;
use crate::snapshot::{Looking, ReadScope, Reading, Snapshot, destination_rules_in, load};

/// Prints them. Nothing is written: the objects are the mesh's, or the gateway's, and belong to a repository.
///
/// # Errors
/// Exit 1 where the Service has no colors, or a route of its own is not to be had without a Gateway.
pub async fn print(run: &Run, kind: RouterKind, args: InitArgs, report: &mut Report<InitMembers>) -> Outcome<()> {
    let services = service_names(&[args.service])?;
    let looking = Looking { key: None, router: None, extent: ReadScope::Everything, images: false };
    let snapshot = run.within(load(&run.cluster, &services, looking)).await?;
    let view = seen(&snapshot.services[0], &snapshot, None);
    let asked = Asked::about("init", view.name());
    let tracks = view.tracks.as_ref().map_err(|why| not_switchable(&view, why, &snapshot, &asked))?;
    report.members.track_key = Some(tracks.key.clone());
    report.members.color = Some(tracks.active.clone());
    report.names = vec![format!("service/{}", view.name())];
    if let Some(route) = &view.route {
        let reference = route.seen_from(&snapshot.namespace);
        let standing: Standing = route.standing(&route.object);
        report.text = format!("{reference} decides about service/{} already: {}", view.name(), standing.shown());
        return Ok(());
    }
    let idle = match tracks.others().next() {
        Some(color) => color.name.clone(),
        None if tracks.active == "green" => "blue".to_owned(),
        None => "green".to_owned(),
    };
    let first = First {
        service: view.service,
        namespace: &snapshot.namespace,
        key: &tracks.key,
        base: &tracks.base,
        active: &tracks.active,
        idle: &idle,
    };
    let told = objects(run, &first, kind, (&snapshot, args.gateway.as_deref())).await?;
    let told = lacking(told, &snapshot)?;
    report.manifests = told.into_iter().map(|Told { comment, object, .. }| Manifest { comment, object }).collect();
    let widening =
        selector_change_command(view.name(), &snapshot.scope, &tracks.selector_for(&tracks.active), &tracks.base);
    run.say(&format!("apply these; once they are in force the route decides, by: {widening}"));
    Ok(())
}

async fn objects(
    run: &Run,
    first: &First<'_>,
    kind: RouterKind,
    (snapshot, gateway): (&Snapshot, Option<&str>),
) -> Outcome<Vec<Told>> {
    if kind == RouterKind::VirtualService {
        let rules = run.within(async { Ok(destination_rules_in(&run.cluster, first.namespace).await) }).await?;
        let (routes, rules) =
            (known("virtualservices", &snapshot.virtual_services)?, known("destinationrules", &rules)?);
        let told = first.by_subsets(routes, rules).map_err(|other| other_subset(first, &other))?;
        let told = none_taken(told, ("VirtualService", routes.iter().map(|route| &route.object)))?;
        return none_taken(told, ("DestinationRule", rules.iter().map(|rule| &rule.object)));
    }
    let routes = known("httproutes", &snapshot.http_routes)?;
    let is_new = first.sending(routes).is_empty();
    if is_new && gateway.is_none() {
        let text = format!("no HTTPRoute sends to service/{}: a new one needs its Gateway", first.service_name());
        let look = Command::new("kubectl get gateways").scope(&snapshot.scope);
        return Err(Failure::failed("NoGateway", text).next(Next::Look(look, Some("name one with --gateway".into()))));
    }
    let ports: Vec<String> = ports_of(first.service).map(|port| port.port.to_string()).collect();
    if let (true, [one, _, ..]) = (is_new, ports.as_slice()) {
        let (name, all) = (first.service_name(), ports.join(", "));
        run.say(&format!("! ports  the HTTPRoute sends to port {one} alone, of {all}: add a rule for each other that users of service/{name} come by"));
    }
    let gateway = gateway.map(|named| named.split_once('/').map_or((None, named), |(home, name)| (Some(home), name)));
    none_taken(first.by_backends(routes, gateway), ("HTTPRoute", routes.iter().map(|route| &route.object)))
}

/// Without the Services that are there as they are to be.
///
/// # Errors
/// `NameTaken`, exit 1, where one of that name selects something else.
fn lacking(told: Vec<Told>, snapshot: &Snapshot) -> Outcome<Vec<Told>> {
    let services = known("services", &snapshot.neighbours)?;
    let is_lacking = |one: &Told| {
        let wanted = &one.object;
        let is_it = |there: &&Service| wanted["kind"] == "Service" && wanted["metadata"]["name"] == service_name(there);
        let Some(there) = services.iter().find(is_it) else { return Ok(true) };
        let selector = there.spec.as_ref().map(|spec| json!(spec.selector));
        if selector.as_ref() == Some(&wanted["spec"]["selector"]) { Ok(false) } else { Err(taken(wanted)) }
    };
    told.into_iter().filter_map(|one| is_lacking(&one).map(|lacks| lacks.then_some(one)).transpose()).collect()
}

/// What is new, if nothing of its kind has its name.
///
/// # Errors
/// `NameTaken`, exit 1: applied, it would overwrite what somebody else has there.
fn none_taken<'o>(
    told: Vec<Told>,
    (kind, there): (&str, impl Iterator<Item = &'o Value> + Clone),
) -> Outcome<Vec<Told>> {
    let is_there = |one: &&Told| {
        let same = |object: &Value| {
            ["name", "namespace"].iter().all(|member| object["metadata"][member] == one.object["metadata"][member])
        };
        one.is_new && one.object["kind"] == kind && there.clone().any(same)
    };
    match told.iter().find(is_there) {
        Some(one) => Err(taken(&one.object)),
        None => Ok(told),
    }
}

fn taken(object: &Value) -> Failure {
    let of = |value: &Value| printable(value.as_str().unwrap_or_default());
    let name = format!("{}/{}", of(&object["kind"]).to_lowercase(), of(&object["metadata"]["name"]));
    Failure::failed("NameTaken", format!("{name} is there, and is something else: it would be overwritten"))
        .next("give the route's objects other names by hand, or that one")
}

fn other_subset(first: &First<'_>, other: &OtherSubset) -> Failure {
    let OtherSubset { rule, subset, labels } = other;
    let (rule, subset) = (printable(rule), printable(subset));
    let labels = printable(&as_label_selector(labels));
    let text =
        format!("subset {subset} of destinationrule/{rule} selects {labels}, which is not {subset} by {}", first.key);
    Failure::failed("OtherSubset", text).next("rename that subset: what leads to it would meet nobody")
}

/// What is there and can't be seen would be overwritten by what is printed.
fn known<'r, T>(what: &str, reading: &'r Reading<Vec<T>>) -> Outcome<&'r [T]> {
    reading.as_deref().map_err(|why| {
        let text = format!("{what} can't be read ({why}): what is printed might overwrite one that is there");
        Failure::failed("NotKnown", text).next(ROLES)
    })
}
