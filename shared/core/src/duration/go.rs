//! Durations as Go's `time.ParseDuration` reads them: what Argo's files have.

use jiff::SignedDuration;

/// Units and what each is in nanoseconds. A day is none.
const UNITS: [(&str, u128); 8] = [
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000),
    ("μs", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

/// Parses `300ms`, `1.5h`, `2h45m`, `-5s`, and `0` without a unit.
///
/// # Errors
/// Why Go would not read it.
pub fn go_duration(text: &str) -> Result<SignedDuration, String> {
    let wrong = || format!("\"{}\" is no time like 30s, 5m or 1h30m", text.escape_debug());
    let (is_negative, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Ok(SignedDuration::ZERO);
    }
    if rest.is_empty() {
        return Err(wrong());
    }
    let mut all: u128 = 0;
    while !rest.is_empty() {
        let (nanoseconds, after) = part(rest).ok_or_else(wrong)?;
        all = all.saturating_add(nanoseconds);
        rest = after;
    }
    let whole = i64::try_from(all).map_err(|_| format!("\"{}\" is too long", text.escape_debug()))?;
    Ok(SignedDuration::from_nanos(if is_negative { whole.saturating_neg() } else { whole }))
}

/// One number with its unit, in nanoseconds, and what follows.
fn part(text: &str) -> Option<(u128, &str)> {
    let (whole, rest) = digits(text);
    let (fraction, rest) = match rest.strip_prefix('.') {
        Some(rest) => digits(rest),
        None => ("", rest),
    };
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let length = rest.find(|c: char| c == '.' || c.is_ascii_digit()).unwrap_or(rest.len());
    let (unit, rest) = rest.split_at_checked(length)?;
    let (_, nanoseconds) = UNITS.iter().find(|(name, _)| *name == unit)?;
    let number = |digits: &str| if digits.is_empty() { Some(0) } else { digits.parse::<u128>().ok() };
    let whole = number(whole)?.checked_mul(*nanoseconds)?;
    // What is below a nanosecond changes nothing.
    let fraction = fraction.get(..fraction.len().min(15))?;
    let scale = 10_u128.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    let part = number(fraction)?.checked_mul(*nanoseconds)?.checked_div(scale)?;
    Some((whole.checked_add(part)?, rest))
}

fn digits(text: &str) -> (&str, &str) {
    text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_what_they_are_to_go() {
        for (text, milliseconds) in [
            ("0", 0),
            ("-0", 0),
            ("5s", 5_000),
            ("300ms", 300),
            ("1.5h", 5_400_000),
            (".5s", 500),
            ("1.s", 1_000),
            ("2h45m", 9_900_000),
            ("+1m30s", 90_000),
            ("-5s", -5_000),
            ("1m1m", 120_000),
            ("1500us", 1),
        ] {
            assert_eq!(go_duration(text).unwrap().as_millis(), milliseconds, "{text}");
        }
        for bad in ["", "5", "1d", "1h 30m", "s", "-", ".s", "1x", "1h30", "PT1H", "5S", "9999999999h", "1e3s", "١s"] {
            assert!(go_duration(bad).is_err(), "{bad}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_ends_the_run(text in "[-+]?[0-9.hmsuµn]{0,30}", anything in "\\PC{0,20}") {
            let _ = (go_duration(&text), go_duration(&anything));
        }
    }
}
