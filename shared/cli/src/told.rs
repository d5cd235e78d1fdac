//! What was told lately, so that only news is.

use std::time::Duration;

use tokio::time::Instant;

/// After so long the same is told again: a sign of life.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// Texts remembered; what alternates has few.
const REMEMBERED: usize = 64;

/// Texts and when each was told last.
#[derive(Debug, Default)]
pub struct Told {
    texts: Vec<(String, Instant)>,
}

impl Told {
    /// True for a text that was not told within the last while; it counts as told then.
    pub fn is_news(&mut self, text: &str, now: Instant) -> bool {
        self.texts.retain(|(_, at)| now.duration_since(*at) < HEARTBEAT);
        if self.texts.iter().any(|(told, _)| told == text) {
            return false;
        }
        if self.texts.len() == REMEMBERED {
            self.texts.remove(0);
        }
        self.texts.push((text.to_owned(), now));
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Under a quota, two texts took turns four times a second.
    #[test]
    fn texts_that_take_turns_are_told_once_in_a_while() {
        let (mut told, begin) = (Told::default(), Instant::now());
        let lines = (0..1200_u32).filter(|look| {
            let now = begin + Duration::from_millis(250) * *look;
            told.is_news(if look % 2 == 0 { "0/3 ready" } else { "0/3 ready: exceeded quota" }, now)
        });
        let lines = lines.count();
        assert!((20..=42).contains(&lines), "{lines} lines in 5 min");
    }

    #[test]
    fn what_is_new_is_told_at_once() {
        let (mut told, now) = (Told::default(), Instant::now());
        let texts = ["1/3", "2/3", "2/3", "3/3"];
        assert_eq!(texts.map(|text| told.is_news(text, now)), [true, true, false, true]);
    }

    #[test]
    fn memory_is_bounded() {
        let (mut told, now) = (Told::default(), Instant::now());
        assert!((0..1000).all(|n| told.is_news(&n.to_string(), now)));
        assert_eq!(told.texts.len(), REMEMBERED);
    }
}
