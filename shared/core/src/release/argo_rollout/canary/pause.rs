//! How long a step pauses, as Argo's `IntOrString` writes it (`RolloutPause.DurationSeconds`).

use std::time::Duration;

use serde::{Deserialize, Deserializer};

use crate::duration::go::go_duration;
use crate::number_or_text::{self, NumberOrText};
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
        number_or_text::deserialize(deserializer)
    }
}

impl NumberOrText for PauseTime {
    const EXPECTED: &'static str = "seconds, or a time like 30s, 5m or 1h30m";

    fn of_number(seconds: i128) -> Result<Self, String> {
        if seconds < 0 {
            return Err("a pause is not negative".to_owned());
        }
        let time = Duration::from_secs(u64::try_from(seconds).unwrap_or(u64::MAX));
        if time > LONGEST { Err("a pause is at most 30 days (720h)".to_owned()) } else { Ok(Self(Time(time))) }
    }

    fn of_text(text: &str) -> Result<Self, String> {
        let seconds = match text.parse::<i32>() {
            Ok(seconds) => i64::from(seconds),
            // Less than a second below zero is none to Argo, and no slip of anybody's.
            Err(_) => go_duration(text)?.as_secs(),
        };
        Self::of_number(seconds.into())
    }
}
