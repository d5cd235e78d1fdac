//! What decides about a Service's moves beside its labels: typed as flags, or kept in annotations
//! on it.

use std::fmt;
use std::time::Duration;

use k8s_openapi::api::core::v1::Service;
use release_core::duration::duration;
use release_core::release::annotations::PREFIX;
use release_core::text::{is_label_key, printable};

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
            Self::Percent(percent) => active.saturating_mul(percent as usize).div_ceil(100).max(1),
        }
    }
}

impl fmt::Display for MinReady {
    /// As it is typed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pods(pods) => write!(f, "{pods}"),
            Self::Percent(percent) => write!(f, "{percent}%"),
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
    /// Reads our annotations.
    #[must_use]
    pub fn read(service: &Service) -> Self {
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
