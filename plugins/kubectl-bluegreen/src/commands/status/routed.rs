//! Services of a list of which a route decides: their selector tells no colors apart.

use std::collections::BTreeMap;
use std::sync::Arc;

use k8s_openapi::api::core::v1::Service;
use k8s_openapi::api::networking::v1::{Ingress, IngressClass};
use release_cli::run::Run;
use release_core::kube::Workload;
use release_core::kube::service::service_name;
use release_core::traffic::router::find::{FoundRouter, RouterUnclear};
use release_core::traffic::selector::{NotSwitchable, Tracks};

use crate::routed_view::seen;
use crate::service_view::{ServiceView, is_of_its_own};
use crate::snapshot::{
    Looking, ReadScope, Reading, Routes, Snapshot, decide, place_of, routes_in, with_records, with_whose_ingresses,
};

/// The routes that may decide, read once and where a Service needs them.
#[derive(Debug)]
pub struct ByRoute<'a> {
    run: &'a Run,
    /// All Services that are listed, which colors may have of their own.
    services: &'a [Service],
    everywhere: bool,
    routes: Option<Routes>,
    /// Those of the cluster, once an Ingress needed them.
    classes: Reading<Vec<IngressClass>>,
    /// What of them could not be read.
    unread: Vec<String>,
}

impl<'a> ByRoute<'a> {
    /// Nothing is read yet.
    #[must_use]
    pub fn new(run: &'a Run, services: &'a [Service], everywhere: bool) -> Self {
        Self { run, services, everywhere, routes: None, classes: Ok(Vec::new()), unread: Vec::new() }
    }

    /// The Service, as its route has it where one decides.
    pub async fn view<'v>(
        &mut self,
        service: &'v Service,
        workloads: &[Arc<Workload>],
        key: Option<&str>,
    ) -> ServiceView<'v> {
        let plain = ServiceView::of(service, workloads, &[], key);
        if self.is_by_records(service) {
            return self.routed(service, workloads, key).await.unwrap_or(plain);
        }
        match &plain.tracks {
            Err(NotSwitchable::SelectsEveryColor { .. } | NotSwitchable::NoOtherColor { .. }) => {
                self.routed(service, workloads, key).await.unwrap_or(plain)
            }
            // A rule may share requests between this one and the other color's.
            Ok(tracks) if self.has_other_of_a_color(service, tracks) => {
                self.routed(service, workloads, key).await.unwrap_or(plain)
            }
            _ => plain,
        }
    }

    /// Our record says that records of DNS decide.
    fn is_by_records(&self, service: &Service) -> bool {
        place_of(service, service.metadata.namespace.as_deref().unwrap_or_default(), None).is_some()
    }

    fn has_other_of_a_color(&self, service: &Service, tracks: &Tracks) -> bool {
        let home = &service.metadata.namespace;
        let others = self.services.iter().filter(|other| other.metadata.namespace == *home);
        let mut selectors = others
            .filter(|other| service_name(other) != service_name(service))
            .filter_map(|other| other.spec.as_ref()?.selector.as_ref());
        is_of_its_own(service_name(service), &tracks.active)
            || selectors.any(|selector| tracks.color_selected_by(selector).is_some_and(|color| color != tracks.active))
    }

    async fn routed<'v>(
        &mut self,
        service: &'v Service,
        workloads: &[Arc<Workload>],
        key: Option<&str>,
    ) -> Option<ServiceView<'v>> {
        if self.routes.is_none() {
            let own = self.run.cluster.namespace.as_str();
            let (routes, unread) = routes_in(&self.run.cluster, (!self.everywhere).then_some(own)).await;
            unread.iter().for_each(|what| self.run.say(&format!("? routes  {what}")));
            (self.routes, self.unread) = (Some(routes), unread);
        }
        let routes = self.routes.as_ref()?;
        let home = service.metadata.namespace.clone().unwrap_or_default();
        let of_home = |one: &&Service| one.metadata.namespace.as_deref() == Some(&home);
        // Ingresses reach Services of their own namespace alone.
        let is_at_home = |ingress: &&Ingress| ingress.metadata.namespace.as_deref() == Some(&home);
        let empty = Snapshot::empty(&home, &self.run.scope().in_namespace(&home), self.run.cluster.now());
        let mut snapshot = Snapshot {
            services: vec![service.clone()],
            neighbours: Ok(self.services.iter().filter(of_home).cloned().collect()),
            workloads: workloads.to_vec(),
            virtual_services: Ok(routes.virtual_services.clone()),
            destination_rules: Ok(routes.destination_rules.clone()),
            http_routes: Ok(routes.http_routes.clone()),
            grpc_routes: Ok(routes.grpc_routes.clone()),
            ingresses: Ok(routes.ingresses.iter().filter(is_at_home).cloned().collect()),
            ingress_classes: self.classes.clone(),
            routers: BTreeMap::new(),
            routers_unread: self.unread.clone(),
            ..empty
        };
        snapshot = with_whose_ingresses(&self.run.cluster, snapshot).await;
        self.classes.clone_from(&snapshot.ingress_classes);
        let looking = Looking { key, router: None, extent: ReadScope::Colors, images: false };
        snapshot = with_records(&self.run.cluster, snapshot, looking).await;
        decide(&mut snapshot, looking);
        let decides = snapshot.routers.values().any(is_told);
        decides.then(|| seen(service, &snapshot, key))
    }
}

/// True where what decides is worth a line of its own.
fn is_told(router: &FoundRouter) -> bool {
    match router {
        FoundRouter::Route(_) => true,
        FoundRouter::Unclear(RouterUnclear::NotThere(named, _)) => named.records.is_some(),
        FoundRouter::Unclear(why) => matches!(
            why,
            RouterUnclear::Several(_)
                | RouterUnclear::NoWeight(_)
                | RouterUnclear::OfAnother { .. }
                | RouterUnclear::Undecided { .. }
                | RouterUnclear::Unread { .. }
        ),
        FoundRouter::Selector => false,
    }
}
