//! Records of Route 53 that decide about Services. Nothing is asked of AWS where nobody named them, and no record of ours
//! does.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use k8s_openapi::api::core::v1::Service;
use release_aws::route53::{NotDone, Zone};
use release_cluster::Cluster;
use release_cluster::read::Reading;
use release_core::kube::service::service_name;
use release_core::release::record::Recorded;
use release_core::traffic::router::find::{FoundRouter, RouterUnclear, SeenRoute, Sought, find};
use release_core::traffic::router::route53::by_dns::{balancers_in, with_sets};
use release_core::traffic::router::route53::external_dns::{Keeper, keepers, registry_names};
use release_core::traffic::router::route53::{Balancers, ByDns, DnsName, Place, RecordSet};
use release_core::traffic::router::{NamedRouter, RouterKind};
use serde_json::json;
use tokio::time::timeout;

use super::ingresses::with_ingresses;
use super::looking::Looking;
use super::moment::Snapshot;
use super::optional::ReadScope;
use super::zone_seen::ZoneSeen;
use crate::record::Record;

/// What all reads of a zone may take, credentials included.
const LOOK: Duration = Duration::from_secs(20);
/// Records that stand between a name and its load balancer are followed so often, so many at a time: five requests a
/// second are an account's share
/// (<https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DNSLimitations.html#limits-api-requests>).
const ROUNDS: usize = 3;
const AT_ONCE: usize = 4;
/// So many health checks are asked about.
const CHECKS: usize = 8;
/// Names of load balancers end like this, and are in no zone of ours.
const OF_AWS: &str = ".amazonaws.";

/// Reads the records that decide about the Services.
pub async fn with_records(cluster: &Cluster, read: Snapshot, looking: Looking<'_>) -> Snapshot {
    let places = read.services.iter().filter_map(|service| place_of(service, &read.namespace, looking.router));
    let places: BTreeSet<Place> = places.collect();
    if places.is_empty() {
        return read;
    }
    let mut read = with_ingresses(cluster, read).await;
    let balancers = balancers(&read);
    let reads = places.iter().map(|place| seen(place, &balancers, (cluster.request_timeout(), looking.extent)));
    let all = join_all(reads).await;
    read.records = places.into_iter().zip(all).collect();
    read
}

/// The records that somebody named, else those that our record on a Service says it was moved by.
pub fn place_of(service: &Service, namespace: &str, named: Option<&NamedRouter>) -> Option<Place> {
    if let Some(named) = named {
        return named.records.clone();
    }
    let last = Recorded::<Record>::read(service.metadata.annotations.as_ref()).current?;
    // A copy of a Service has its annotations.
    let is_its = !last.is_of_another(service_name(service), namespace);
    last.router.parse::<NamedRouter>().ok().filter(|_| is_its)?.records
}

fn balancers(read: &Snapshot) -> Balancers {
    balancers_in(read.neighbours.as_deref().unwrap_or_default(), read.ingresses.as_deref().unwrap_or_default())
}

async fn seen(place: &Place, balancers: &Balancers, limits: (Duration, ReadScope)) -> Reading<ZoneSeen> {
    match timeout(LOOK, asked(place, balancers, limits)).await {
        Ok(read) => read.map_err(|not_done| not_done.why),
        Err(_) => Err("Route 53 doesn't answer in time".to_owned()),
    }
}

async fn asked(
    place: &Place,
    balancers: &Balancers,
    (request_timeout, extent): (Duration, ReadScope),
) -> Result<ZoneSeen, NotDone> {
    let zone = Zone::connect(&place.zone, request_timeout).await?;
    let sets = zone.records(&place.name).await?;
    let between = between(&zone, &sets, balancers).await?;
    let keepers = match extent {
        ReadScope::Everything => kept(&zone, &place.name, &sets).await.map_err(|not_done| not_done.why),
        ReadScope::Colors | ReadScope::Essentials { .. } => Ok(Vec::new()),
    };
    let health = match extent {
        ReadScope::Everything => health(&zone, &sets).await,
        ReadScope::Essentials { others } => timeout(others, health(&zone, &sets)).await.unwrap_or_default(),
        ReadScope::Colors => BTreeMap::new(),
    };
    Ok(ZoneSeen { zone, sets, keepers, health, between })
}

/// Whether the health checks of records pass.
async fn health(zone: &Zone, sets: &[RecordSet]) -> BTreeMap<String, Reading<bool>> {
    let ids: BTreeSet<&String> = sets.iter().filter_map(|set| set.health_check_id.as_ref()).collect();
    let mut health = BTreeMap::new();
    for id in ids.into_iter().take(CHECKS) {
        health.insert(id.clone(), zone.is_healthy(id).await.map_err(|not_done| not_done.why));
    }
    health
}

/// Names of the zone that records lead to instead of a load balancer.
async fn between(zone: &Zone, sets: &[RecordSet], balancers: &Balancers) -> Result<Vec<RecordSet>, NotDone> {
    let (mut between, mut known, mut followed) = (Vec::<RecordSet>::new(), balancers.clone(), BTreeSet::new());
    for _ in 0..ROUNDS {
        let all: Vec<RecordSet> = sets.iter().chain(&between).cloned().collect();
        let open = known.unknown(&all).into_iter().filter(|name| !name.as_str().contains(OF_AWS));
        let next: Vec<DnsName> = open.filter(|name| followed.insert(name.clone())).take(AT_ONCE).collect();
        if next.is_empty() {
            break;
        }
        for name in &next {
            between.extend(zone.records(name).await?);
        }
        known = balancers.clone().following(&between);
    }
    Ok(between)
}

async fn kept(zone: &Zone, name: &DnsName, sets: &[RecordSet]) -> Result<Vec<Keeper>, NotDone> {
    let mut texts = sets.to_vec();
    for other in registry_names(name).iter().filter(|other| *other != name) {
        texts.extend(zone.records(other).await?);
    }
    Ok(keepers(&texts))
}

/// What the records say of a Service.
pub fn decided(service: &Service, read: &Snapshot, (key, place): (Option<&str>, Place)) -> FoundRouter {
    let named = NamedRouter::of_records(place.clone());
    let unread = |why: &str| {
        let (route, why) = (named.to_string(), why.to_owned());
        FoundRouter::Unclear(RouterUnclear::Unread { route, why })
    };
    let zone = match read.records.get(&place) {
        Some(Ok(zone)) => zone,
        Some(Err(why)) => return unread(why),
        None => return unread("Route 53 was not asked"),
    };
    if let Err(why) = &read.neighbours {
        return unread(&format!("which colors the records lead to, for the Services of the namespace ({why})"));
    }
    let object = with_sets(json!(service), &zone.sets);
    let dns = Some(Arc::new(ByDns { place, balancers: balancers(read).following(&zone.between) }));
    let routes =
        [SeenRoute { kind: RouterKind::Route53, object: &object, moved_by: None, matched: None, recorded: None, dns }];
    find(&Sought {
        service,
        namespace: &read.namespace,
        neighbours: read.neighbours.as_deref().unwrap_or_default(),
        routes: &routes,
        rules: &[],
        bindings: &[],
        canaries: &read.canaries,
        key,
        named: Some(&named),
    })
}
