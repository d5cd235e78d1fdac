//! What no run may do, judged by how things stood and by its exit code.
//!
//! What the API server tells reaches the plugin and this test at different times: nothing is held
//! against a run that was so for less than [`BLINK`].

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use super::picture::Picture;

/// Between what is and what is seen of it, on a busy machine.
pub const BLINK: Duration = Duration::from_millis(1500);
/// Until a run has heard that its Service became empty. Shorter than the three seconds after which it is an
/// emergency: a run that has heard of it doesn't end before.
const NEWS: Duration = Duration::from_millis(800);
/// A Service may be empty for so long before it is moved away: 3 s by the plugin's promise, and the
/// time that the move itself and seeing it take.
pub const EMERGENCY: Duration = Duration::from_secs(3 + 7);

/// A run, as it was seen.
#[derive(Debug, Clone)]
pub struct Ran<'a> {
    pub began: Instant,
    pub ended: Instant,
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
    /// Pictures that were true at some time between these.
    fn between(&self, from: Instant, to: Instant) -> impl Iterator<Item = &Picture> {
        let ends = self.pictures.iter().skip(1).map(|next| next.at).chain(std::iter::once(to + BLINK));
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
    let seen: Vec<&Picture> = ran.between(ran.ended - BLINK, ran.ended + BLINK / 3).collect();
    let last = seen.last().map(|picture| shown(picture)).unwrap_or_default();
    (!seen.into_iter().any(serves)).then(|| format!("done, and {} did not serve with {}: {last}", ran.to, ran.promised))
}

/// Whatever is written leads to pods that are there.
fn blind(ran: &Ran<'_>) -> Option<String> {
    let mut moves = ran.moves().filter(|(at, to)| {
        if ran.insisted && *to == ran.to {
            return false;
        }
        let around = ran.between(*at - BLINK, *at + BLINK / 3);
        !around.into_iter().any(|picture| picture.ready_of(to) > 0)
    });
    moves.next().map(|(at, to)| format!("moved to {to} after {:?}, which had no pod", at - ran.began))
}

/// While it goes on, the Service isn't empty for long where another color could carry it.
fn too_long_empty(ran: &Ran<'_>) -> Option<String> {
    let (moved, _) = ran.moves().next()?;
    let (at, took) = longest_outage(ran, moved, ran.ended)?;
    (took > EMERGENCY)
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
    let is_left = |(at, took): &(Instant, Duration)| *at + *took >= ran.ended && ran.ended > *at + NEWS;
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
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// At so many milliseconds: what is selected, what serves, what is ready (`blue 2, green 1`).
    type Stood<'a> = (u64, &'a str, &'a str, &'a str);

    fn counts(text: &str) -> BTreeMap<String, usize> {
        let pairs = text.split(", ").filter_map(|pair| pair.split_once(' '));
        pairs.map(|(color, count)| (color.to_owned(), count.parse().unwrap())).collect()
    }

    /// Judges a run to green that began after 1 s.
    fn judged(code: u8, ended: u64, story: &[Stood<'_>]) -> Option<String> {
        judged_by_its_words("", code, ended, story)
    }

    fn judged_by_its_words(told: &str, code: u8, ended: u64, story: &[Stood<'_>]) -> Option<String> {
        let zero = Instant::now();
        let at = |millis| zero + Duration::from_millis(millis);
        let pictures: Vec<Picture> = story
            .iter()
            .map(|(millis, selected, serving, ready)| Picture {
                at: at(*millis),
                selected: (*selected).to_owned(),
                serving: counts(serving),
                reachable: counts(ready),
            })
            .collect();
        let (began, ended) = (at(1000), at(ended));
        complaint(&Ran {
            began,
            ended,
            code,
            from: "blue",
            to: "green",
            told,
            insisted: false,
            promised: 2,
            pictures: &pictures,
        })
    }

    const READY: &str = "blue 2, green 2";

    #[test]
    fn a_switch_as_it_should_be() {
        let story = [(0, "blue", "blue 2", READY), (2000, "green", "blue 2", READY), (2100, "green", "green 2", READY)];
        assert_eq!(judged(0, 5000, &story), None);
        let back = [(4000, "green", "", "blue 2"), (7200, "blue", "", "blue 2"), (7300, "blue", "blue 2", "blue 2")];
        assert_eq!(judged(5, 7500, &[&story[..], &back[..]].concat()), None);
    }

    #[test]
    fn done_is_held_against_what_serves() {
        let blue = (0, "blue", "blue 2", READY);
        for late in [
            (2000, "green", "blue 2", READY),
            (2000, "green", "green 1", READY),
            (2000, "green", "green 2, blue 1", READY),
            (2000, "green", "", READY),
            (2000, "blue", "blue 2", READY),
        ] {
            assert!(judged(0, 5000, &[blue, late]).is_some(), "{late:?}");
        }
    }

    #[test]
    fn a_move_to_nothing_is_seen() {
        let story =
            [(0, "blue", "blue 2", "blue 2"), (2000, "green", "", "blue 2"), (2900, "blue", "blue 2", "blue 2")];
        assert!(judged(5, 3000, &story).is_some_and(|why| why.contains("had no pod")));
        // So is a way back to nothing.
        let story = [
            (0, "blue", "blue 2", READY),
            (2000, "green", "green 2", READY),
            (3000, "green", "green 1", "green 1"),
            (6000, "blue", "", "green 1"),
        ];
        assert!(judged(5, 6100, &story).is_some_and(|why| why.contains("had no pod")));
    }

    #[test]
    fn a_service_that_is_left_empty_is_seen() {
        let empty = [(0, "blue", "blue 2", READY), (2000, "green", "green 2", READY), (3000, "green", "", "blue 2")];
        assert!(judged(4, 6000, &empty).is_some_and(|why| why.contains("left empty")));
        // It happened when the run was as good as over, or there was nowhere to go.
        assert_eq!(judged(4, 3700, &empty), None);
        let nowhere = [(0, "blue", "blue 2", READY), (2000, "green", "green 2", READY), (3000, "green", "", "")];
        assert_eq!(judged(1, 6000, &nowhere), None);
        // Nothing was written: the outage is nobody's.
        assert_eq!(judged(1, 6000, &[(0, "blue", "", "green 2")]), None);
    }

    #[test]
    fn a_third_color_is_named_and_not_gone_to() {
        let story =
            [(0, "blue", "blue 2", READY), (2000, "green", "green 2", "green 2, red 1"), (3000, "green", "", "red 1")];
        assert!(judged(1, 7000, &story).is_some_and(|why| why.contains("red")));
        assert_eq!(judged_by_its_words("Try: kubectl bluegreen switch api --to red", 1, 7000, &story), None);
    }

    #[test]
    fn an_emergency_is_no_wait() {
        let story = [
            (0, "blue", "blue 2", READY),
            (2000, "green", "green 2", READY),
            (3000, "green", "", "blue 2"),
            (15000, "blue", "", "blue 2"),
            (15100, "blue", "blue 2", "blue 2"),
        ];
        assert!(judged(5, 15200, &story).is_some_and(|why| why.contains("empty for 12")));
    }

    #[test]
    fn exit_codes_that_no_run_has_are_crashes() {
        for code in [2, 101, 134, 137] {
            assert!(judged(code, 5000, &[(0, "blue", "blue 2", READY)]).is_some(), "{code}");
        }
    }
}
