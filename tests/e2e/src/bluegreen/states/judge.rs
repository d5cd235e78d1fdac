//! What no run may do, judged by how things stood and by its exit code.
//!
//! What the API server tells reaches the plugin and this test at different times: nothing is held
//! against a run that was so for less than [`BLINK`], or longer where the machine took longer for each piece of news.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use super::picture::Picture;

/// Between what is and what is seen of it, where news comes at once.
const BLINK: Duration = Duration::from_millis(1500);
/// Until a run has heard that its Service became empty. Shorter than the three seconds after which it is an
/// emergency: a run that has heard of it doesn't end before.
const NEWS: Duration = Duration::from_millis(800);
/// A Service may be empty for so long before it is moved away: 3 s by the plugin's promise, and the
/// time that the move itself and seeing it take.
const EMERGENCY: Duration = Duration::from_secs(3 + 7);

/// A run, as it was seen.
#[derive(Debug, Clone)]
pub struct Ran<'a> {
    pub began: Instant,
    pub ended: Instant,
    /// The longest that a piece of news took meanwhile.
    pub lag: Duration,
    pub code: u8,
    /// The color that was left, and the one that was asked for. Nobody is sent to a third one, which
    /// nobody asked for: where only that is ready, the run has to name it.
    pub from: &'a str,
    pub to: &'a str,
    /// What it printed.
    pub told: &'a str,
    /// Somebody insisted on a color that can't serve.
    pub insisted: bool,
    /// Pods that the color asked for had to have in the end.
    pub promised: usize,
    /// One Service, from before the run to some time after it.
    pub pictures: &'a [Picture],
}

/// What was wrong with the run; nothing where it was right.
#[must_use]
pub fn complaint(ran: &Ran<'_>) -> Option<String> {
    crashed(ran).or_else(|| unproven(ran)).or_else(|| blind(ran)).or_else(|| too_long_empty(ran)).or_else(|| left(ran))
}

impl Ran<'_> {
    /// What takes so long may take longer here: once to be heard of and once to be answered.
    fn allowed(&self, time: Duration) -> Duration {
        time + 2 * self.lag
    }

    fn blink(&self) -> Duration {
        self.allowed(BLINK)
    }

    /// Pictures that were true at some time between these.
    fn between(&self, from: Instant, to: Instant) -> impl Iterator<Item = &Picture> {
        let ends = self.pictures.iter().skip(1).map(|next| next.at).chain(std::iter::once(to + self.blink()));
        self.pictures.iter().zip(ends).filter(move |(picture, end)| picture.at <= to && *end > from).map(|(p, _)| p)
    }

    /// Moves of the Service while the run went on: when, and to which color.
    fn moves(&self) -> impl Iterator<Item = (Instant, &str)> {
        let pairs = self.pictures.iter().zip(self.pictures.iter().skip(1));
        let moved = pairs.filter(|(before, after)| before.selected != after.selected && after.at >= self.began);
        moved.map(|(_, after)| (after.at, after.selected.as_str()))
    }
}

/// A run ends with an exit code of its own.
fn crashed(ran: &Ran<'_>) -> Option<String> {
    (![0, 1, 3, 4, 5].contains(&ran.code)).then(|| format!("it ended with {}", ran.code))
}

/// Exit code 0: what was asked for serves, with what was promised, and nothing else does.
fn unproven(ran: &Ran<'_>) -> Option<String> {
    if ran.code != 0 {
        return None;
    }
    let serves = |picture: &Picture| {
        let of_target = picture.serving.get(ran.to).copied().unwrap_or_default();
        picture.selected == ran.to && of_target >= ran.promised.max(1) && of_target == picture.served_by()
    };
    let seen: Vec<&Picture> = ran.between(ran.ended - ran.blink(), ran.ended + ran.blink() / 3).collect();
    let last = seen.last().map(|picture| shown(picture)).unwrap_or_default();
    (!seen.into_iter().any(serves)).then(|| format!("done, and {} did not serve with {}: {last}", ran.to, ran.promised))
}

/// Whatever is written leads to pods that are there.
fn blind(ran: &Ran<'_>) -> Option<String> {
    let mut moves = ran.moves().filter(|(at, to)| {
        if ran.insisted && *to == ran.to {
            return false;
        }
        let around = ran.between(*at - ran.blink(), *at + ran.blink() / 3);
        !around.into_iter().any(|picture| picture.ready_of(to) > 0)
    });
    moves.next().map(|(at, to)| format!("moved to {to} after {:?}, which had no pod", at - ran.began))
}

/// While it goes on, the Service isn't empty for long where another color could carry it.
fn too_long_empty(ran: &Ran<'_>) -> Option<String> {
    let (moved, _) = ran.moves().next()?;
    let (at, took) = longest_outage(ran, moved, ran.ended)?;
    (took > ran.allowed(EMERGENCY))
        .then(|| format!("empty for {took:?} from {:?} on, while another color was ready", at - ran.began))
}

/// A run that moved a Service doesn't leave it empty where another color could carry it.
fn left(ran: &Ran<'_>) -> Option<String> {
    let (moved, _) = ran.moves().next()?;
    if ran.code == 0 {
        return None;
    }
    let last = ran.pictures.last()?;
    let until = last.at.max(ran.ended);
    let is_left = |(at, took): &(Instant, Duration)| *at + *took >= ran.ended && ran.ended > *at + ran.allowed(NEWS);
    if let Some((at, _)) = longest_outage(ran, moved, until).filter(is_left) {
        return Some(format!(
            "left empty {:?} before its end (exit code {}), while another color was ready: {}",
            ran.ended - at,
            ran.code,
            shown(last)
        ));
    }
    let unnamed = thirds(ran).into_iter().find(|color| {
        let outage = longest(ran, |picture| is_third_alone(ran, picture, color), moved, until);
        outage.as_ref().is_some_and(is_left) && !ran.told.contains(&format!("--to {color}"))
    });
    unnamed.map(|color| format!("left empty without a word of {color}, which alone was ready: {}", shown(last)))
}

/// Colors besides the two of the move.
fn thirds<'r>(ran: &Ran<'r>) -> BTreeSet<&'r str> {
    let all = ran.pictures.iter().flat_map(|picture| picture.reachable.keys()).map(String::as_str);
    all.filter(|color| *color != ran.from && *color != ran.to).collect()
}

fn is_third_alone(ran: &Ran<'_>, picture: &Picture, third: &str) -> bool {
    let others = picture.ready_of(ran.from) + picture.ready_of(ran.to);
    picture.served_by() == 0 && others == 0 && picture.ready_of(third) > 0
}

/// The longest time between these for which nothing served and the other color was ready, with its
/// beginning.
fn longest_outage(ran: &Ran<'_>, from: Instant, to: Instant) -> Option<(Instant, Duration)> {
    let outages = [ran.from, ran.to].into_iter().filter_map(|color| {
        let is_so =
            |picture: &Picture| picture.served_by() == 0 && picture.selected != color && picture.ready_of(color) > 0;
        longest(ran, is_so, from, to)
    });
    outages.max_by_key(|(_, took)| *took)
}

fn longest(ran: &Ran<'_>, is_so: impl Fn(&Picture) -> bool, from: Instant, to: Instant) -> Option<(Instant, Duration)> {
    let (mut worst, mut since): (Option<(Instant, Duration)>, Option<Instant>) = (None, None);
    let mut end = |since: &mut Option<Instant>, at: Instant| {
        let Some(began) = since.take() else { return };
        let took = at.saturating_duration_since(began);
        if worst.is_none_or(|(_, longest)| took > longest) {
            worst = Some((began, took));
        }
    };
    for picture in ran.between(from, to) {
        if is_so(picture) {
            since.get_or_insert(picture.at.max(from));
        } else {
            end(&mut since, picture.at);
        }
    }
    end(&mut since, to);
    worst
}

fn shown(picture: &Picture) -> String {
    format!("{} selected, {:?} serving, {:?} ready", picture.selected, picture.serving, picture.reachable)
}

#[cfg(test)]
mod tests;
