//! How long a step pauses, as Argo's `IntOrString` writes it (`RolloutPause.DurationSeconds`).

use std::fmt;
use std::time::Duration;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer};

use crate::duration::go::go_duration;
use crate::release::document::Time;

/// As long as any time of ours may be.
const LONGEST: Duration = Duration::from_secs(30 * 24 * 3600);

/// `pause: {}`, or with a duration.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WrittenPause {
    pub duration: Option<PauseTime>,
}

/// `30` or `"30"` for seconds, or a time of Go's. What is below a second is nothing to Argo, and here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PauseTime(pub Time);

impl<'de> Deserialize<'de> for PauseTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Written)
    }
}

struct Written;

impl Visitor<'_> for Written {
    type Value = PauseTime;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("seconds, or a time like 30s, 5m or 1h30m")
    }

    fn visit_u64<E: Error>(self, seconds: u64) -> Result<PauseTime, E> {
        of_seconds(seconds).map_err(E::custom)
    }

    fn visit_i64<E: Error>(self, seconds: i64) -> Result<PauseTime, E> {
        u64::try_from(seconds).map_err(|_| E::custom("a pause is not negative")).and_then(|s| self.visit_u64(s))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<PauseTime, E> {
        let seconds = match text.parse::<i32>() {
            Ok(seconds) => i64::from(seconds),
            Err(_) => go_duration(text).map_err(E::custom)?.as_secs(),
        };
        // Less than a second below zero is none to Argo, and no slip of anybody's.
        self.visit_i64(seconds)
    }
}

fn of_seconds(seconds: u64) -> Result<PauseTime, String> {
    let time = Duration::from_secs(seconds);
    if time > LONGEST { Err("a pause is at most 30 days (720h)".to_owned()) } else { Ok(PauseTime(Time(time))) }
}
