//! At which port of a workload's pods a test asks.

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::{Container, Service};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use crate::kube::Workload;
use crate::kube::service::service_name;
use crate::release::document::Port;
use crate::text::printable;
use crate::traffic::service_ports::{destination, ports, ports_of, protocol};

/// Tests are asked by TCP alone.
const TCP: &str = "TCP";

/// The one that the Service leads to.
///
/// # Errors
/// Where it leads to several, or to none: what has to be said.
pub fn of_service(service: &Service) -> Result<Port, String> {
    let by_tcp = ports_of(service).filter(|port| protocol(port.protocol.as_deref()) == TCP);
    let targets: BTreeSet<String> = by_tcp.clone().map(|port| said(&destination(port))).collect();
    let only = by_tcp.map(destination).next().filter(|_| targets.len() == 1);
    only.and_then(|target| port_of(&target)).ok_or_else(|| {
        let targets: Vec<String> = targets.into_iter().collect();
        let leads = if targets.is_empty() { "no port".to_owned() } else { targets.join(", ") };
        let name = printable(service_name(service));
        format!("it names no port, and service/{name} leads to {leads}: name one")
    })
}

fn said(target: &IntOrString) -> String {
    match target {
        IntOrString::Int(number) => number.to_string(),
        IntOrString::String(name) => printable(name),
    }
}

/// A probe's port, or a Service's.
pub fn port_of(target: &IntOrString) -> Option<Port> {
    match target {
        IntOrString::Int(number) => u16::try_from(*number).ok().filter(|port| *port > 0).map(Port::Number),
        IntOrString::String(name) => Some(Port::Name(name.clone())),
    }
}

/// Its number in a workload's pods; nothing where none of their containers has it.
pub fn number_in(workload: &Workload, port: &Port) -> Option<u16> {
    workload.serving_containers().find_map(|container| number_in_container(container, port))
}

/// The number of a port by its name alone.
#[must_use]
pub fn named_in(workload: &Workload, name: &str) -> Option<u16> {
    number_in(workload, &Port::Name(name.to_owned()))
}

/// The same of one container alone.
pub fn number_in_container(container: &Container, port: &Port) -> Option<u16> {
    let name = match port {
        Port::Number(number) => return Some(*number),
        Port::Name(name) => name,
    };
    let own = ports(container).filter(|declared| protocol(declared.protocol.as_deref()) == TCP);
    let named = own.filter(|declared| declared.name.as_ref() == Some(name));
    named.map(|declared| declared.container_port).find_map(|number| u16::try_from(number).ok())
}
