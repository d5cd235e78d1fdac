//! Seconds as a Rollout has them, found to be too many while their place is known.

use serde::de::Error;
use serde::{Deserialize, Deserializer};

/// A day: what takes longer is no step of a release.
const LONGEST: u32 = 24 * 3600;

pub fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    match Option::<u32>::deserialize(deserializer)? {
        Some(seconds) if seconds > LONGEST => Err(Error::custom(format!("{seconds} seconds are more than a day"))),
        seconds => Ok(seconds),
    }
}
