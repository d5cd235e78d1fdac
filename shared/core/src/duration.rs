//! Durations as people type and read them.

pub mod go;

use std::time::Duration;

use jiff::Timestamp;

/// Nobody waits longer, and no clock has trouble with it.
const LONGEST: Duration = Duration::from_secs(30 * 24 * 3600);

/// Parses `90`, `90s`, `5m`, `1h30m`; a bare number is seconds, as in kubectl.
///
/// # Errors
/// A message for clap where it is no duration, a negative one, or one of more than 30 days.
pub fn duration(text: &str) -> Result<Duration, String> {
    let long = || "at most 30 days (720h)".to_owned();
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let parsed = if digits {
        Duration::from_secs(text.parse().map_err(|_| long())?)
    } else {
        let parsed: jiff::SignedDuration = text.parse().map_err(|_| "a time like 30s, 5m or 1h30m".to_owned())?;
        Duration::try_from(parsed).map_err(|_| "a time can't be negative".to_owned())?
    };
    if parsed > LONGEST { Err(long()) } else { Ok(parsed) }
}

/// `1h30m`, `45s`, `300ms`: short for people.
#[must_use]
pub fn short_duration(duration: Duration) -> String {
    if duration < Duration::from_secs(1) && !duration.is_zero() {
        return format!("{}ms", duration.as_millis());
    }
    let seconds = duration.as_secs();
    let parts = [(seconds / 86400, 'd'), (seconds / 3600 % 24, 'h'), (seconds / 60 % 60, 'm'), (seconds % 60, 's')];
    let shown: String = parts.iter().filter(|(n, _)| *n > 0).take(2).map(|(n, unit)| format!("{n}{unit}")).collect();
    if shown.is_empty() { "0s".into() } else { shown }
}

/// The same, as it can be typed again without losing anything above a millisecond.
#[must_use]
pub fn typed_duration(exact: Duration) -> String {
    let short = short_duration(exact);
    if duration(&short) == Ok(exact) { short } else { format!("{}ms", exact.as_millis()) }
}

/// How long ago: `21m`, `2h5m`; nothing below zero, for clocks differ.
#[must_use]
pub fn age(at: Timestamp, now: Timestamp) -> String {
    let age = Duration::try_from(now.duration_since(at)).unwrap_or_default();
    short_duration(Duration::from_secs(age.as_secs()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_and_print_as_people_write_them() {
        assert_eq!(duration("90").unwrap(), Duration::from_secs(90));
        assert_eq!(duration("1h30m").unwrap(), Duration::from_secs(5400));
        assert!(duration("-5s").is_err() && duration("soon").is_err() && duration("").is_err());
        assert_eq!(duration("720h").unwrap(), LONGEST);
        for beyond in ["721h", "2592001", "18446744073709551615", "18446744073709551616", "9223372036854775807h"] {
            assert!(duration(beyond).is_err(), "{beyond}");
        }
        assert_eq!(short_duration(Duration::from_secs(5400)), "1h30m");
        assert_eq!(short_duration(Duration::from_secs(3600)), "1h");
        assert_eq!(short_duration(Duration::ZERO), "0s");
        for typed in ["90s", "5m", "1h1m1s", "1500ms", "26h", "0"] {
            let exact = duration(typed).unwrap();
            assert_eq!(duration(&typed_duration(exact)), Ok(exact), "{typed}");
        }
    }

    proptest::proptest! {
        /// Numbers come from flags, annotations and clocks that are wrong.
        #[test]
        fn no_text_and_no_time_is_too_much(
            text in "[-+]?[0-9]{0,25}(\\.[0-9]{0,3})?(ns|us|ms|s|m|h|d|w|y|e9)?|P[0-9TDHMS.]{0,12}",
            anything in proptest::prelude::any::<String>(),
            (seconds, nanos) in (proptest::prelude::any::<u64>(), 0_u32..1_000_000_000),
            (one, other) in (-377_705_023_201_i64..=253_402_207_200, -377_705_023_201_i64..=253_402_207_200),
        ) {
            for text in [&text, &anything] {
                if let Ok(parsed) = duration(text) {
                    proptest::prop_assert!(parsed <= LONGEST);
                    proptest::prop_assert_eq!(duration(&typed_duration(parsed)).map(|d| d.as_millis()), Ok(parsed.as_millis()));
                }
            }
            let long = Duration::new(seconds, nanos);
            proptest::prop_assert!(!short_duration(long).is_empty() && !typed_duration(long).is_empty());
            let at = |seconds| Timestamp::from_second(seconds).unwrap();
            proptest::prop_assert!(!age(at(one), at(other)).is_empty());
        }
    }

    #[test]
    fn the_ends_of_all_clocks_are_told_apart() {
        assert_eq!(age(Timestamp::MAX, Timestamp::MIN), "0s");
        assert!(
            age(Timestamp::MIN, Timestamp::MAX).ends_with('h') || age(Timestamp::MIN, Timestamp::MAX).contains('d')
        );
        assert!(!short_duration(Duration::MAX).is_empty());
    }
}
