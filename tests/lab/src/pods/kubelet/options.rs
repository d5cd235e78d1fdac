//! What a reader of a log asked for, as kubelets are told. Pure.

use jiff::{SignedDuration, Timestamp};

use super::super::log::Line;

/// `PodLogOptions`, as far as the API server passes them on.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Options {
    pub follow: bool,
    pub previous: bool,
    timestamps: bool,
    tail_lines: Option<usize>,
    since: Option<Timestamp>,
    pub limit_bytes: Option<usize>,
}

impl Options {
    /// From the query of a request made at `now`.
    pub fn parse(query: &str, now: Timestamp) -> Self {
        let mut options = Self::default();
        for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
            let yes = value == "true";
            match name {
                "follow" => options.follow = yes,
                "previous" => options.previous = yes,
                "timestamps" => options.timestamps = yes,
                "tailLines" => options.tail_lines = value.parse().ok(),
                "limitBytes" => options.limit_bytes = value.parse().ok(),
                "sinceSeconds" => options.since = value.parse().ok().map(|past| now - SignedDuration::from_secs(past)),
                "sinceTime" => options.since = value.replace("%3A", ":").parse().ok(),
                _ => {}
            }
        }
        options
    }

    /// Of the lines that are there, those that are wanted.
    pub fn wanted<'a>(&self, lines: &'a [Line]) -> &'a [Line] {
        let old = self.since.map_or(0, |since| lines.partition_point(|line| line.at < since));
        let lines = &lines[old..];
        &lines[self.tail_lines.map_or(0, |tail| lines.len().saturating_sub(tail))..]
    }

    /// How they are sent.
    pub fn text(&self, lines: &[Line]) -> String {
        let line = |line: &Line| {
            if self.timestamps { format!("{} {}\n", line.at, line.text) } else { format!("{}\n", line.text) }
        };
        lines.iter().map(line).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_lines_and_the_young_ones() {
        let line = |second: i64| Line { at: Timestamp::from_second(second).unwrap(), text: second.to_string() };
        let lines: Vec<Line> = (0..10).map(line).collect();
        let now = Timestamp::from_second(10).unwrap();
        let sent = |query: &str| {
            let options = Options::parse(query, now);
            options.text(options.wanted(&lines))
        };
        assert_eq!(sent("tailLines=2"), "8\n9\n");
        assert_eq!(sent("sinceSeconds=3&tailLines=5"), "7\n8\n9\n");
        assert_eq!(sent("sinceTime=1970-01-01T00%3A00%3A09Z&timestamps=true"), "1970-01-01T00:00:09Z 9\n");
        assert_eq!(sent("tailLines=0&follow=true"), "");
    }
}
