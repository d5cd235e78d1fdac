//! Freezes: times in which nothing is to be released, as annotations on an object say.
//!
//! `kubectl-release.dev/freeze: 2026-12-24T00:00Z why` holds until that time (`2026-12-24 00:00 Europe/Berlin why`, too);
//! without a time it holds until the annotation is taken off. `kubectl-release.dev/freeze-windows: Fri 16:00/Mon 08:00 Europe/Berlin` holds each week,
//! without days each day; several are separated by commas. What makes no sense holds, too: somebody meant something.

use std::fmt;

use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, Zoned};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::hand::last_hand_on_annotation;
use crate::text::printable;

/// Until when, and why.
pub const FREEZE: &str = "kubectl-release.dev/freeze";
/// Each week, or each day.
pub const FREEZE_WINDOWS: &str = "kubectl-release.dev/freeze-windows";

/// Why nothing is to be released.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frozen {
    /// Nothing where it ends with the annotation.
    pub until: Option<Timestamp>,
    /// In the words of who wrote it, each character printable.
    pub why: String,
    /// The field manager that wrote the annotation: `kubectl-annotate`.
    pub by: Option<String>,
}

impl fmt::Display for Frozen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.until {
            Some(until) => write!(f, "frozen until {until:.0}")?,
            None => f.write_str("frozen")?,
        }
        if !self.why.is_empty() {
            write!(f, ": {}", self.why)?;
        }
        self.by.as_ref().map_or(Ok(()), |by| write!(f, " (annotated by {by})"))
    }
}

/// Why an object is frozen at that time; nothing where it isn't.
#[must_use]
pub fn frozen(metadata: &ObjectMeta, now: Timestamp) -> Option<Frozen> {
    let said = |key: &str| metadata.annotations.as_ref()?.get(key).map(|text| text.trim());
    let by = |key: &str| last_hand_on_annotation(metadata, key).map(|hand| hand.manager);
    let once = said(FREEZE).and_then(|text| until(text, now)).map(|frozen| Frozen { by: by(FREEZE), ..frozen });
    let weekly = || said(FREEZE_WINDOWS).and_then(|text| in_windows(text, now));
    once.or_else(|| weekly().map(|frozen| Frozen { by: by(FREEZE_WINDOWS), ..frozen }))
}

fn until(text: &str, now: Timestamp) -> Option<Frozen> {
    if matches!(text.to_ascii_lowercase().as_str(), "false" | "no" | "off") {
        return None;
    }
    match moment_before(text) {
        Some((until, why)) => (now < until).then(|| Frozen { until: Some(until), why: printable(why), by: None }),
        None => Some(Frozen { until: None, why: printable(text), by: None }),
    }
}

/// The time that a text begins with, and what stands behind it. A date and a time are one also with a blank between
/// them; nothing where what looks like a time is none.
fn moment_before(text: &str) -> Option<(Timestamp, &str)> {
    let (first, rest) = next_word(text);
    let (second, behind) = next_word(rest);
    let is_time = second.starts_with(|c: char| c.is_ascii_digit()) && second.contains(':');
    if first.parse::<Date>().is_ok() && is_time {
        return zoned(&format!("{first}T{second}"), behind);
    }
    zoned(first, rest)
}

fn next_word(text: &str) -> (&str, &str) {
    let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    (word, rest.trim_start())
}

/// A time, of the zone that is named behind it where it has none itself.
fn zoned<'t>(word: &str, rest: &'t str) -> Option<(Timestamp, &'t str)> {
    let (name, behind) = next_word(rest);
    let zone = || TimeZone::get(name).ok().filter(|_| name.contains('/') || name == "UTC");
    let local = || word.parse::<DateTime>().ok().filter(|_| word.parse::<Timestamp>().is_err());
    match local().and_then(|local| Some((local, zone()?))) {
        Some((local, zone)) => Some((local.to_zoned(zone).ok()?.timestamp(), behind)),
        None => Some((instant(word)?, rest)),
    }
}

/// A time with its offset; a date, or a time without an offset, is of UTC.
fn instant(word: &str) -> Option<Timestamp> {
    let of_utc = |time: DateTime| time.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp());
    let timed = || word.parse::<DateTime>().ok().and_then(of_utc);
    let dated = || word.parse::<Date>().ok().and_then(|date| of_utc(date.at(0, 0, 0, 0)));
    word.parse::<Timestamp>().ok().or_else(timed).or_else(dated)
}

fn in_windows(text: &str, now: Timestamp) -> Option<Frozen> {
    let mut windows = text.split([',', ';', '\n']).map(str::trim).filter(|word| !word.is_empty()).peekable();
    if windows.peek().is_none() {
        return Some(Frozen { until: None, why: "no window is named".to_owned(), by: None });
    }
    windows.find_map(|text| match Window::parse(text) {
        Some(window) => {
            let until = window.until(&now.to_zoned(window.zone.clone()))?;
            Some(Frozen { until: Some(until), why: printable(text), by: None })
        }
        None => Some(Frozen { until: None, why: format!("\"{}\" is no window", printable(text)), by: None }),
    })
}

/// A moment of the week, or of each day.
type Moment = (Option<i8>, Time);

#[derive(Debug)]
struct Window {
    from: Moment,
    to: Moment,
    zone: TimeZone,
}

impl Window {
    /// `Fri 16:00/Mon 08:00 Europe/Berlin`, `22:00/06:00`; UTC where no zone is named.
    fn parse(text: &str) -> Option<Self> {
        let (from, rest) = text.split_once('/')?;
        let (from, rest) = (moment(from.trim())?, rest.trim());
        let words: Vec<&str> = rest.split_whitespace().collect();
        let of_to = if from.0.is_some() { 2 } else { 1 };
        let (to, zone) = words.split_at_checked(of_to)?;
        let to = moment(&to.join(" ")).filter(|to| to.0.is_some() == from.0.is_some() && *to != from)?;
        let zone = match zone {
            [] => TimeZone::UTC,
            [name] => TimeZone::get(name).ok()?,
            _ => return None,
        };
        Some(Self { from, to, zone })
    }

    /// Its end, where it holds then.
    fn until(&self, now: &Zoned) -> Option<Timestamp> {
        let day = self.from.0.map(|_| now.weekday().to_monday_zero_offset());
        let here = (day, now.time());
        let holds =
            if self.from < self.to { self.from <= here && here < self.to } else { here >= self.from || here < self.to };
        if holds { self.next_end(now) } else { None }
    }

    fn next_end(&self, now: &Zoned) -> Option<Timestamp> {
        let ends = (0..=7_i64).filter_map(|days| {
            let date = now.date().checked_add(Span::new().try_days(days).ok()?).ok()?;
            let is_its_day = self.to.0.is_none_or(|day| day == date.weekday().to_monday_zero_offset());
            let end = date.to_datetime(self.to.1).to_zoned(self.zone.clone()).ok()?;
            (is_its_day && end > *now).then(|| end.timestamp())
        });
        ends.min()
    }
}

/// `Fri 16:00`, `Friday 16:00` or `16:00`.
fn moment(text: &str) -> Option<Moment> {
    let words: Vec<&str> = text.split_whitespace().collect();
    match words[..] {
        [time] => Some((None, clock(time)?)),
        [day, time] => Some((Some(weekday(day)?.to_monday_zero_offset()), clock(time)?)),
        _ => None,
    }
}

fn clock(text: &str) -> Option<Time> {
    let (hour, minute) = text.split_once(':')?;
    let is_two = |digits: &str| digits.len() == 2 && digits.bytes().all(|digit| digit.is_ascii_digit());
    if !is_two(hour) || !is_two(minute) {
        return None;
    }
    Time::new(hour.parse().ok()?, minute.parse().ok()?, 0, 0).ok()
}

fn weekday(text: &str) -> Option<Weekday> {
    let names = [
        ("monday", Weekday::Monday),
        ("tuesday", Weekday::Tuesday),
        ("wednesday", Weekday::Wednesday),
        ("thursday", Weekday::Thursday),
        ("friday", Weekday::Friday),
        ("saturday", Weekday::Saturday),
        ("sunday", Weekday::Sunday),
    ];
    let text = text.to_ascii_lowercase();
    names.into_iter().find(|(name, _)| *name == text || name[..3] == *text).map(|(_, day)| day)
}

#[cfg(test)]
mod tests;
