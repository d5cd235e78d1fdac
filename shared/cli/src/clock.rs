//! The wall clock as people read it.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// The wall clock in the user's time zone: `03:12:04`.
#[must_use]
pub fn clock(at: Timestamp) -> String {
    at.to_zoned(TimeZone::system()).strftime("%H:%M:%S").to_string()
}
