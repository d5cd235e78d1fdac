//! What ingress-nginx makes of the canary Ingresses of a namespace.
//!
//! It merges a canary into whatever has its places (`createUpstreams`, `getBackendServers` and
//! `mergeAlternativeBackends` in `internal/ingress/controller/controller.go` of version 1.15), and much that looks like a
//! canary is none to it: a backend (a Service and a port) is one thing wherever it is named, and belongs to the oldest
//! Ingress that names it; one path that nobody else has takes the canary's backend out everywhere; of several canaries
//! of a backend the first one counts. So that is gone through here as it goes through it, for the Ingresses that one
//! controller looks after. Those of other namespaces are not seen.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use k8s_openapi::api::networking::v1::{Ingress, IngressClass};

use super::annotations::{is_by_address, is_canary, is_sticky, lets_canary_go};
use super::class::controller_of;
use super::place::{Backend, CATCH_ALL, Place, backend_by_default, name_of, places};
use crate::text::printable;

/// What the controller makes of canary Ingresses, by their names.
pub type Canaries = BTreeMap<String, Arc<Canary>>;

/// What the controller makes of one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Canary {
    /// The Services that it shares requests between: whose they are otherwise, and its own.
    pub pairs: BTreeSet<Pair>,
    /// The backends whose requests it shares, by whichever host and path they come.
    pub shared: BTreeSet<Backend>,
    /// Why the controller makes nothing of its weight.
    pub ignored: Option<String>,
    /// Users of the main Service come back to it.
    pub keeps_users: bool,
    /// Those of its own come back to that one, too.
    pub keeps_own_users: bool,
    /// The main Service is reached by its address, with endpoints or without.
    pub is_by_address: bool,
}

/// A main Service, and the one that a canary has beside it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pair {
    pub main: String,
    pub own: String,
}

/// All canaries among the Ingresses of a namespace. `classes` are those of the cluster, where they could be read.
#[must_use]
pub fn canaries(ingresses: &[Ingress], classes: Option<&[IngressClass]>) -> Canaries {
    let mut of_controller: BTreeMap<&str, Vec<&Ingress>> = BTreeMap::new();
    if ingresses.iter().any(is_canary) {
        for ingress in ingresses {
            let controller = controller_of(ingress, classes);
            controller.into_iter().for_each(|one| of_controller.entry(one).or_default().push(ingress));
        }
    }
    of_controller.into_values().flat_map(|ingresses| Controller::at_work(ingresses).canaries()).collect()
}

/// A Service's port that requests are sent to.
struct Upstream<'i> {
    /// The Ingress that it was made for: the annotations of that one count for it.
    made_for: &'i Ingress,
    /// Users come back to it.
    is_sticky: bool,
    /// The canaries that share its requests. The controller takes the first of them.
    alternatives: Vec<Backend>,
}

impl Upstream<'_> {
    /// No path leads to it but those that a canary is merged into.
    fn is_canary(&self) -> bool {
        is_canary(self.made_for)
    }
}

/// A path of a host.
struct Location {
    path: String,
    is_exact: bool,
    is_default: bool,
    /// Nothing where the controller answers by itself.
    backend: Option<Backend>,
}

impl Location {
    fn is_of(&self, path: &str, is_exact: bool) -> bool {
        self.path == path && self.is_exact == is_exact
    }
}

/// What a controller has made of its Ingresses so far.
struct Controller<'i> {
    /// Oldest first.
    ingresses: Vec<&'i Ingress>,
    upstreams: BTreeMap<Backend, Upstream<'i>>,
    /// By host.
    servers: BTreeMap<String, Vec<Location>>,
    /// Backends that were taken out, for somebody's path that nobody else has.
    removed: BTreeMap<Backend, Upstream<'i>>,
}

impl<'i> Controller<'i> {
    fn at_work(mut ingresses: Vec<&'i Ingress>) -> Self {
        let age = |ingress: &&Ingress| {
            let at = ingress.metadata.creation_timestamp.as_ref().map(|time| time.0);
            (at, std::cmp::Reverse(ingress.metadata.name.clone()))
        };
        ingresses.sort_by_key(age);
        let (upstreams, servers, removed) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        let mut controller = Self { ingresses: ingresses.clone(), upstreams, servers, removed };
        ingresses.iter().for_each(|ingress| controller.make_upstreams(ingress));
        controller.make_servers();
        ingresses.iter().for_each(|ingress| controller.make_locations(ingress));
        for ingress in ingresses.iter().filter(|ingress| is_canary(ingress)) {
            controller.merge(CATCH_ALL, None, backend_by_default(ingress));
            for place in places(ingress) {
                controller.merge(place.host, Some((place.path, place.is_exact)), Some(place.backend));
            }
        }
        controller
    }

    fn make_upstreams(&mut self, ingress: &'i Ingress) {
        let made = || Upstream { made_for: ingress, is_sticky: false, alternatives: Vec::new() };
        // This one takes over what there is of that name.
        if let Some(backend) = backend_by_default(ingress) {
            self.upstreams.insert(backend, made());
        }
        for place in places(ingress) {
            self.upstreams.entry(place.backend).or_insert_with(made);
        }
    }

    fn make_servers(&mut self) {
        let root = |backend: Option<Backend>| {
            vec![Location { path: "/".to_owned(), is_exact: false, is_default: true, backend }]
        };
        let mut catch_all = root(None);
        for ingress in self.ingresses.iter().filter(|ingress| !is_canary(ingress)) {
            let by_default = backend_by_default(ingress);
            let rules = || ingress.spec.iter().flat_map(|spec| spec.rules.iter().flatten());
            if let Some(first) = catch_all.first_mut().filter(|first| first.is_default && rules().next().is_none()) {
                (first.backend, first.is_default) = (by_default.clone(), by_default.is_none());
            }
            for host in rules().filter_map(|rule| rule.host.as_deref()).filter(|host| !host.is_empty()) {
                self.servers.entry(host.to_owned()).or_insert_with(|| root(by_default.clone()));
            }
        }
        self.servers.insert(CATCH_ALL.to_owned(), catch_all);
    }

    fn make_locations(&mut self, ingress: &Ingress) {
        for Place { host, path, is_exact, backend } in places(ingress) {
            let Some(upstream) = self.upstreams.get_mut(&backend).filter(|upstream| !upstream.is_canary()) else {
                continue;
            };
            upstream.is_sticky |= is_sticky(ingress);
            let host = if self.servers.contains_key(host) { host } else { CATCH_ALL };
            let Some(locations) = self.servers.get_mut(host) else { continue };
            // The first of this path decides; of another type there may be a second one.
            match locations.iter_mut().find(|location| location.path == path) {
                Some(found) if found.is_exact == is_exact => {
                    if found.is_default {
                        (found.backend, found.is_default) = (Some(backend), false);
                    }
                }
                _ => locations.push(Location {
                    path: path.to_owned(),
                    is_exact,
                    is_default: false,
                    backend: Some(backend),
                }),
            }
        }
    }

    /// Merges a canary's backend into those that have the place; a default backend into all of the catch-all host.
    fn merge(&mut self, host: &str, place: Option<(&str, bool)>, own: Option<Backend>) {
        let Some(own) = own.filter(|own| self.upstreams.contains_key(own)) else { return };
        let Some(locations) = self.servers.get(host) else { return };
        let (mut mains, mut is_its_own) = (Vec::new(), false);
        for location in locations {
            let Some(main) = &location.backend else { continue };
            let Some(upstream) = self.upstreams.get(main) else { continue };
            if *main == own {
                is_its_own = true;
                break;
            }
            let is_there = place.is_none_or(|(path, is_exact)| location.is_of(path, is_exact));
            if is_there && !upstream.is_canary() {
                mains.push(main.clone());
            }
        }
        if mains.is_empty() && !is_its_own {
            self.removed.extend(self.upstreams.remove_entry(&own));
        }
        for main in mains {
            let Some(upstream) = self.upstreams.get_mut(&main) else { continue };
            if !upstream.alternatives.contains(&own) {
                upstream.alternatives.push(own.clone());
            }
        }
    }

    fn canaries(&self) -> Canaries {
        let canaries = self.ingresses.iter().filter(|ingress| is_canary(ingress));
        canaries.map(|ingress| (name_of(ingress).to_owned(), Arc::new(self.canary(ingress)))).collect()
    }

    fn canary(&self, ingress: &Ingress) -> Canary {
        let (mut pairs, mut shared) = (BTreeSet::new(), BTreeSet::new());
        let (mut lacks, mut passed_over) = (None, None);
        let by_default = backend_by_default(ingress).map(|own| (CATCH_ALL, None, own));
        let by_path = places(ingress).into_iter().map(|one| (one.host, Some((one.path, one.is_exact)), one.backend));
        for (host, place, own) in by_default.into_iter().chain(by_path) {
            let mains = self.mains(host, place, &own);
            match &mains {
                None => lacks = lacks.or_else(|| Some(lacking_host(host))),
                Some(mains) if mains.is_empty() => lacks = lacks.or_else(|| Some(lacking(host, place))),
                // Those requests go there in any case.
                Some(mains) if place.is_some() && mains.contains(&own) => {}
                Some(mains) => passed_over = passed_over.or_else(|| self.passed_over(ingress, mains, &own)),
            }
            for main in mains.into_iter().flatten().filter(|main| *main != own) {
                pairs.insert(Pair { main: main.service.clone(), own: own.service.clone() });
                shared.insert(main);
            }
        }
        // A place too many is why the rest is passed over, too.
        let ignored = lacks.or(passed_over);
        let mains = || shared.iter().filter_map(|main| self.upstreams.get(main));
        let keeps_users = mains().any(|main| main.is_sticky);
        let is_by_address = mains().all(|main| is_by_address(main.made_for));
        let keeps_own_users = keeps_users && !lets_canary_go(ingress);
        Canary { pairs, shared, ignored, keeps_users, keeps_own_users, is_by_address }
    }

    /// What has a place beside the canary; nothing where nobody has the host.
    fn mains(&self, host: &str, place: Option<(&str, bool)>, own: &Backend) -> Option<BTreeSet<Backend>> {
        let is_there = |location: &&Location| place.is_none_or(|(path, is_exact)| location.is_of(path, is_exact));
        let found = self.servers.get(host)?.iter().filter(is_there).filter_map(|location| location.backend.clone());
        let is_main =
            |main: &Backend| main == own || self.upstreams.get(main).is_some_and(|upstream| !upstream.is_canary());
        Some(found.filter(is_main).collect())
    }

    /// Why the controller takes something else for what the canary's backend is merged into.
    fn passed_over(&self, ingress: &Ingress, mains: &BTreeSet<Backend>, own: &Backend) -> Option<String> {
        let upstream = self.upstreams.get(own).or_else(|| self.removed.get(own))?;
        if name_of(upstream.made_for) != name_of(ingress) {
            let first = printable(name_of(upstream.made_for));
            return Some(format!("ingress/{first} named {own} first, and its annotations count for that"));
        }
        if self.removed.contains_key(own) {
            return Some(format!("{own} is taken out, because of a place that no other Ingress has"));
        }
        let first = |main: &Backend| self.upstreams.get(main).and_then(|upstream| upstream.alternatives.first());
        let main = mains.iter().find(|main| *main != own && first(main) != Some(own))?;
        Some(match first(main) {
            Some(other) => format!("{other} is the canary of {main}, which takes one alone"),
            None => format!("{own} is a main backend of the same host"),
        })
    }
}

fn lacking_host(host: &str) -> String {
    format!("no other Ingress of its class here has host {}", printable(host))
}

fn lacking(host: &str, place: Option<(&str, bool)>) -> String {
    let host = if host == CATCH_ALL { "all hosts" } else { host };
    let what = place.map_or_else(
        || "a backend".to_owned(),
        |(path, is_exact)| format!("path {path} ({})", if is_exact { "Exact" } else { "Prefix" }),
    );
    printable(&format!("no other Ingress of its class here has {what} of {host}"))
}

#[cfg(test)]
mod tests;
