//! One Service with all that was found out about it: its colors, its record, its settings.

use std::time::Duration;

use k8s_openapi::api::core::v1::Service;
use kubectl_release::flags::duration;
use kubectl_release::objects::Pod;
use kubectl_release::record::{PREFIX, Recorded, is_label_key, printable};
use kubectl_release::selector::{NotSwitchable, Tracks, discover};

use crate::snapshot::{Snapshot, service_name};

/// How many target pods must be ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MinReady {
    Pods(usize),
    /// Percent of the active color's ready pods, rounded up.
    Percent(u32),
}

impl MinReady {
    /// Pods demanded while the active color has `active` ready ones; never zero.
    #[must_use]
    pub fn of(self, active: usize) -> usize {
        match self {
            Self::Pods(n) => n.max(1),
            Self::Percent(percent) => (active * percent as usize).div_ceil(100).max(1),
        }
    }
}

/// Parses `3` or `75%`.
///
/// # Errors
/// A message for clap.
pub fn min_ready(text: &str) -> Result<MinReady, String> {
    let parsed = match text.strip_suffix('%') {
        Some(percent) => percent.parse().ok().filter(|p| (1..=1000).contains(p)).map(MinReady::Percent),
        None => text.parse().ok().filter(|n| *n > 0).map(MinReady::Pods),
    };
    parsed.ok_or_else(|| "a number of pods above zero, or a percentage like 75%".to_owned())
}

/// What annotations on the Service set, so that pipelines need no flags. A flag wins.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// `kubectl-release.dev/track-key`
    pub track_key: Option<String>,
    /// `kubectl-release.dev/verify-for`
    pub verify_for: Option<Duration>,
    /// `kubectl-release.dev/min-ready`
    pub min_ready: Option<MinReady>,
    /// `kubectl-release.dev/accept`: ids of findings that are known and accepted.
    pub accept: Vec<String>,
    /// Annotations of ours that make no sense: (key, why).
    pub unusable: Vec<(String, String)>,
}

impl Settings {
    fn read(service: &Service) -> Self {
        let mut settings = Self::default();
        let ours = service
            .metadata
            .annotations
            .iter()
            .flatten()
            .filter_map(|(k, v)| Some((k.strip_prefix(PREFIX)?.strip_prefix('/')?, v)));
        for (name, value) in ours {
            let outcome = match name {
                "track-key" if is_label_key(value) => {
                    settings.track_key = Some(value.clone());
                    Ok(())
                }
                "track-key" => Err("a label's name".to_owned()),
                "verify-for" => duration(value).map(|d| settings.verify_for = Some(d)),
                "min-ready" => min_ready(value).map(|m| settings.min_ready = Some(m)),
                "accept" => {
                    settings.accept =
                        value.split(',').map(|id| printable(id.trim())).filter(|id| !id.is_empty()).collect();
                    Ok(())
                }
                _ => Ok(()),
            };
            if let Err(why) = outcome {
                settings.unusable.push((format!("{PREFIX}/{name}"), format!("\"{}\" is not {why}", printable(value))));
            }
        }
        settings
    }
}

/// One Service and what it can be switched between.
#[derive(Debug, Clone)]
pub struct Subject<'a> {
    pub service: &'a Service,
    pub recorded: Recorded,
    pub settings: Settings,
    pub tracks: Result<Tracks, NotSwitchable>,
}

impl<'a> Subject<'a> {
    /// Finds the colors of a Service. The track key is, in this order, what the flag, the
    /// annotation or our record says, else what the labels show.
    #[must_use]
    pub fn of(service: &'a Service, snapshot: &Snapshot, key_flag: Option<&str>) -> Self {
        let settings = Settings::read(service);
        let recorded = Recorded::read(&service.metadata.annotations.clone().unwrap_or_default());
        let asked = key_flag.or(settings.track_key.as_deref());
        let remembered = recorded.current.as_ref().map(|r| r.key.as_str()).filter(|key| selects_by(service, key));
        let tracks = discover(service, &snapshot.workloads, asked.or(remembered));
        Self { service, recorded, settings, tracks }
    }

    /// The Service's name.
    #[must_use]
    pub fn name(&self) -> &str {
        service_name(self.service)
    }
}

/// A record's key is followed only while the selector still has it.
fn selects_by(service: &Service, key: &str) -> bool {
    service.spec.as_ref().and_then(|s| s.selector.as_ref()).is_some_and(|s| s.contains_key(key))
}

/// How many of the pods are ready.
#[must_use]
pub fn ready_count(pods: &[&Pod]) -> usize {
    pods.iter().filter(|pod| pod.is_ready()).count()
}
