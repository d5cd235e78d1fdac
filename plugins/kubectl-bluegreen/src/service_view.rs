//! One Service with all that was found out about it: its colors, its record, its settings.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;
use k8s_openapi::api::core::v1::{Container, Service};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use release_aws::route53::{ChangeId, Zone};
use release_core::kube::service::{service_name, service_path};
use release_core::kube::{Labels, Pod, Workload};
use release_core::release::annotations::PREFIX;
use release_core::release::change::Op;
use release_core::release::hand::Hand;
use release_core::release::record::{Record as _, Recorded};
use release_core::traffic::alb::TargetGroupBinding;
use release_core::traffic::router::route53::CHANGE;
use release_core::traffic::router::{Route, RouterKind, service};
use release_core::traffic::selector::{NotSwitchable, Tracks, can_tell_colors, discover};
use release_core::traffic::service_ports::{serves, serving_ports};

use crate::cleanup_note::CleanupNote;
use crate::contracted::Contracted;
use crate::hand::{self, is_last_move};
use crate::record::Record;
use crate::settings::Settings;

/// One Service and what it can be switched between.
#[derive(Debug, Clone)]
pub struct ServiceView<'a> {
    pub service: &'a Service,
    pub recorded: Recorded<Record>,
    pub cleanup: CleanupNote,
    /// The last contract of a release.
    pub contracted: Option<Contracted>,
    pub settings: Settings,
    pub tracks: Result<Tracks, NotSwitchable>,
    /// Names of its ports behind which an endpoint has to be to serve.
    pub ports: BTreeSet<String>,
    /// The route that decides between the colors; its own selector does where there is none.
    pub route: Option<Arc<Route>>,
    /// The zone of the records that decide, where they do.
    pub zone: Option<Zone>,
    /// The target groups of load balancers that have pods of it, or of a Service of one of its colors.
    pub bindings: Vec<TargetGroupBinding>,
}

impl<'a> ServiceView<'a> {
    /// Finds the colors of a Service. The track key is, in this order, what the flag, the
    /// annotation or our record says, else what the labels show; the flag alone may name any label.
    #[must_use]
    pub fn of(service: &'a Service, workloads: &[Arc<Workload>], pods: &[Pod], key_flag: Option<&str>) -> Self {
        let mut settings = Settings::read(service);
        let annotations = service.metadata.annotations.as_ref();
        let selected =
            |record: &Record| service.spec.iter().flat_map(|spec| &spec.selector).find_map(|s| s.get(&record.key));
        let is_so = |record: &Record| match selected(record) {
            // Of records of DNS the Service's selector says nothing.
            _ if record.decided_by() != RouterKind::Service => true,
            Some(color) => *color == record.to,
            None => record.widens && record.result.is_none(),
        };
        let read = Recorded::<Record>::read(annotations);
        let mut recorded = believed((&service.metadata, RouterKind::Service), read, is_so);
        let key = key_flag.map(str::to_owned).or_else(|| followed_key(service, &mut settings, &mut recorded));
        let wide = wide(service, &recorded, key_flag);
        let tracks = match &wide {
            Some((as_narrow, key)) => discover(as_narrow, workloads, pods, Some(key)),
            None => discover(service, workloads, pods, key.as_deref()),
        };
        let ports = ports(service, tracks.as_ref().ok(), pods);
        let (cleanup, contracted) = (CleanupNote::read(annotations), Contracted::read(annotations));
        let (route, zone, bindings) = (None, None, Vec::new());
        Self { service, recorded, cleanup, contracted, settings, tracks, ports, route, zone, bindings }
    }

    /// True where it selects both colors of its last move, which was cut off on its way (`--widen`).
    #[must_use]
    pub fn is_wide(&self) -> bool {
        let is_of = |tracks: &Tracks| self.selector().is_some_and(|selector| !selector.contains_key(&tracks.key));
        self.route.is_none() && self.tracks.as_ref().is_ok_and(is_of)
    }

    /// The metadata of the object that decides between the colors, and that our record lies on.
    #[must_use]
    pub fn home(&self) -> &ObjectMeta {
        self.route.as_ref().map_or(&self.service.metadata, |route| &route.metadata)
    }

    /// Its kind.
    #[must_use]
    pub fn router_kind(&self) -> RouterKind {
        self.route.as_ref().map_or(RouterKind::Service, |route| route.kind)
    }

    /// What decides between the colors, as people name it: `service/api`.
    #[must_use]
    pub fn decider(&self, namespace: &str) -> String {
        self.route.as_ref().map_or_else(|| format!("service/{}", self.name()), |route| route.seen_from(namespace))
    }

    /// The API path of the object that decides.
    #[must_use]
    pub fn home_path(&self, namespace: &str) -> String {
        let path = self.route.as_ref().map(|route| route.path());
        path.unwrap_or_else(|| service_path(namespace, self.name()))
    }

    /// Refuses a patch of it unless what decides is as it was read.
    #[must_use]
    pub fn still(&self, tracks: &Tracks) -> Vec<Op> {
        match &self.route {
            None if self.is_wide() => vec![service::still(&tracks.base)],
            None => vec![service::still(&tracks.selector_for(&tracks.active))],
            // What decides is not in the cluster: our record, which is beside this, has to be what it was.
            Some(route) if route.dns.is_some() => Vec::new(),
            Some(route) => {
                let rules = route.rules(&route.object).into_iter();
                rules.flat_map(|rule| rule.still()).collect()
            }
        }
    }

    /// Who moved it after our last record, as far as the API server keeps it. A route has more fields than weights: one
    /// that stands where we left it was not moved, as far as anybody knows.
    #[must_use]
    pub fn hand(&self) -> Option<Hand> {
        hand::hand_on(self.home(), self.router_kind()).filter(|_| !self.stands_as_left())
    }

    /// Who wrote to a route after our last record, and left its requests where they were.
    #[must_use]
    pub fn written_beside(&self) -> Option<Hand> {
        hand::hand_on(self.home(), self.router_kind()).filter(|_| self.stands_as_left())
    }

    fn stands_as_left(&self) -> bool {
        let (Some(route), Some(last)) = (&self.route, &self.recorded.current) else { return false };
        route.key == last.key && route.holds(&route.object, &last.to)
    }

    /// When the color that a record left may be cleaned up: no earlier than somebody else's writing tells.
    #[must_use]
    pub fn due(&self, record: &Record) -> Option<Timestamp> {
        let by_us = hand::due(record, self.home(), self.router_kind());
        by_us.or_else(|| Some(record.due_from(self.written_beside()?.by?.max(record.at))))
    }

    /// The Service whose endpoints a color's requests go to.
    #[must_use]
    pub fn backend<'b>(&'b self, color: &str) -> &'b str {
        self.route.as_ref().and_then(|route| route.backend(color)).unwrap_or_else(|| self.name())
    }

    /// How long resolvers keep the answers of the records that decide; 0 where none do.
    #[must_use]
    pub fn answered_seconds(&self) -> u64 {
        let records = self.route.as_ref().and_then(|route| route.records(&route.object));
        records.map_or(0, |records| u64::try_from(records.seconds()).unwrap_or(0))
    }

    /// From when on nobody who keeps to the TTL of DNS comes to the color that a record left. The record is a text: what
    /// the records have now, and when the API server says that it was written, count where they are later.
    #[must_use]
    pub fn answered_until(&self, record: &Record) -> Timestamp {
        let left = hand::moved_at(self.home(), self.router_kind()).map_or(record.at, |at| at.max(record.at));
        let answered_seconds = record.answered_seconds.max(self.answered_seconds());
        Record { answered_seconds, ..record.clone() }.answered_until(left)
    }

    /// What Route 53 calls the change that our last record is of.
    #[must_use]
    pub fn change_id(&self) -> Option<ChangeId> {
        let annotations = self.route.as_ref().filter(|route| route.dns.is_some())?.metadata.annotations.as_ref()?;
        annotations.get(CHANGE).map(|id| ChangeId(id.clone()))
    }

    /// True where its endpoints are those of all colors, and a route's subset chooses among them.
    #[must_use]
    pub fn is_by_subset(&self) -> bool {
        self.route.as_ref().is_some_and(|route| route.is_by_subset())
    }

    /// What it selects by now; nothing where it selects nothing.
    #[must_use]
    pub fn selector(&self) -> Option<&'a Labels> {
        self.service.spec.as_ref()?.selector.as_ref().filter(|selector| !selector.is_empty())
    }

    /// The containers of a workload that its ports lead to; where no port says which, its first.
    #[must_use]
    pub fn serving<'w>(&self, workload: &'w Workload) -> Vec<&'w Container> {
        let found: Vec<&Container> = workload.serving_containers().filter(|c| serves(self.service, c)).collect();
        if found.is_empty() { workload.serving_containers().take(1).collect() } else { found }
    }

    /// The newest record of ours that left the color, along the label that tells the colors apart.
    #[must_use]
    pub fn left_by(&self, tracks: &Tracks, color: &str) -> Option<&Record> {
        self.recorded.all().find(|record| record.key == tracks.key && record.from == color)
    }

    /// The Service's name.
    #[must_use]
    pub fn name(&self) -> &str {
        service_name(self.service)
    }
}

/// True for a Service that is called after a color, and so is meant to stay with it: `api-blue`.
#[must_use]
pub fn is_of_its_own(service: &str, color: &str) -> bool {
    service.split(['-', '.']).any(|part| part == color)
}

/// Names of the ports behind which an endpoint has to be to serve.
#[must_use]
pub fn ports(service: &Service, tracks: Option<&Tracks>, pods: &[Pod]) -> BTreeSet<String> {
    let colors = tracks.into_iter().flat_map(|tracks| &tracks.colors);
    let own = pods.iter().filter(|pod| tracks.is_some_and(|t| t.color_of(&pod.metadata.labels).is_some()));
    let own: Vec<&Pod> = own.filter(|pod| pod.is_ready()).collect();
    serving_ports(service, colors.flat_map(|color| &color.workloads).map(AsRef::as_ref), &own)
}

/// The Service as its last move would leave it, and the label of the colors, where that move was cut off while it
/// selected both. Our record says so, which anybody may have written: a label that says which application a pod is of
/// is not followed.
fn wide(service: &Service, recorded: &Recorded<Record>, key_flag: Option<&str>) -> Option<(Service, String)> {
    let last = recorded.current.as_ref().filter(|last| last.widens && last.result.is_none())?;
    let mut narrow = service.clone();
    let selector = narrow.spec.as_mut()?.selector.as_mut()?;
    if selector.is_empty() || selector.contains_key(&last.key) || key_flag.is_some_and(|key| key != last.key) {
        return None;
    }
    selector.insert(last.key.clone(), last.to.clone());
    let is_followed = can_tell_colors(selector, &last.key);
    is_followed.then(|| (narrow, last.key.clone()))
}

/// A record that says of another color that it is active, while the API server says that nobody moved the
/// Service after us, was edited.
#[must_use]
pub fn believed(
    (home, kind): (&ObjectMeta, RouterKind),
    mut recorded: Recorded<Record>,
    is_so: impl Fn(&Record) -> bool,
) -> Recorded<Record> {
    if is_last_move(home, kind)
        && let Some(record) = recorded.current.take_if(|record| !is_so(record))
    {
        let why = format!("it says that {} is active, which nobody has moved the Service from", record.to);
        recorded.unreadable.get_or_insert_with(|| format!("{}: {why}", Record::CURRENT));
    }
    recorded
}

/// The key of the annotation, else that of the record: of the selector as it is. Anybody may have written
/// them: a label that says which application a pod is of has to be typed, and is told here.
fn followed_key(service: &Service, settings: &mut Settings, recorded: &mut Recorded<Record>) -> Option<String> {
    let selector = service.spec.as_ref().and_then(|s| s.selector.clone()).unwrap_or_default();
    let has_to_be_typed = |key: &str| selector.contains_key(key) && !can_tell_colors(&selector, key);
    if let Some(key) = settings.track_key.clone() {
        if !has_to_be_typed(&key) {
            return Some(key);
        }
        settings.unusable.push((format!("{PREFIX}/track-key"), to_be_typed(&key)));
    }
    let key = recorded.current.as_ref().map(|record| record.key.clone()).filter(|key| selector.contains_key(key))?;
    if !has_to_be_typed(&key) {
        return Some(key);
    }
    recorded.unreadable.get_or_insert_with(|| format!("{}: {}", Record::CURRENT, to_be_typed(&key)));
    None
}

fn to_be_typed(key: &str) -> String {
    format!("its label \"{key}\" may tell applications apart, and is followed where it is typed: --track-key {key}")
}

/// How many of the pods are ready.
#[must_use]
pub fn ready_count(pods: &[&Pod]) -> usize {
    pods.iter().filter(|pod| pod.is_ready()).count()
}
