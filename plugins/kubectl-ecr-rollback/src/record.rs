//! What was done to a workload's images, as it is kept on the workload.

pub mod way_here;

use std::fmt;

use jiff::Timestamp;
use release_core::registry::image::is_tag;
use release_core::release::record::{Record, Recorded, RunResult};
use release_core::text::{is_label_value, printable};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::container_image::ContainerImage;

/// What a workload's annotations say of our changes.
pub type RecordedImages = Recorded<ImageRecord>;

/// One change of a workload's images.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ImageRecord {
    /// Tells this write from any other.
    pub id: String,
    pub verb: RecordVerb,
    pub containers: Vec<Moved>,
    /// `sha256:…` of what was left, and of what was gone to, where they are known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_digest: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_digest: Option<String>,
    /// The tag that the template went by before it was pinned, where that one moves: `unpin` goes back
    /// to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unpin_to: Option<String>,
    /// The user as the API server knows them.
    pub by: String,
    pub at: Timestamp,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// Absent while running, or where the run was cut off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<RunResult>,
    /// Milliseconds from the start of the command to its result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub millis: Option<u64>,
}

/// What changed the images.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum RecordVerb {
    /// To an image that was pushed before.
    Rollback,
    /// To one that was pushed later.
    Forward,
    Unpin,
    /// Written by another version of ours, or by somebody's hand.
    #[serde(untagged)]
    Other(String),
}

impl fmt::Display for RecordVerb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Rollback => "rollback",
            Self::Forward => "forward",
            Self::Unpin => "unpin",
            Self::Other(text) => text,
        })
    }
}

impl RecordVerb {
    /// What was done, for a line that goes on with `to`: `rolled back`.
    #[must_use]
    pub fn past(&self) -> &'static str {
        match self {
            Self::Rollback | Self::Other(_) => "rolled back",
            Self::Forward => "moved forward",
            Self::Unpin => "unpinned",
        }
    }
}

/// One container's image before and after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Moved {
    pub name: String,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub init: bool,
    pub from: String,
    pub to: String,
}

impl ImageRecord {
    /// True where the template asks for all that the record went to.
    #[must_use]
    pub fn is_in(&self, containers: &[ContainerImage]) -> bool {
        self.stands(containers, |moved| &moved.to)
    }

    /// True where the template asks for all that the record came from.
    #[must_use]
    pub fn was_left_for(&self, containers: &[ContainerImage]) -> bool {
        self.stands(containers, |moved| &moved.from)
    }

    fn stands(&self, containers: &[ContainerImage], side: impl Fn(&Moved) -> &String) -> bool {
        let stands = |m: &Moved| containers.iter().any(|p| p.name == m.name && p.init == m.init && p.image == *side(m));
        !self.containers.is_empty() && self.containers.iter().all(stands)
    }

    /// True while nobody knows how it ended.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.result.is_none()
    }
}

impl Record for ImageRecord {
    const CURRENT: &'static str = "kubectl-release.dev/ecr-rollback";
    const HISTORY: &'static str = "kubectl-release.dev/ecr-rollback-history";

    fn checked(mut self) -> Result<Self, String> {
        if self.containers.is_empty() || self.containers.len() > 50 {
            return Err("it names no containers".into());
        }
        for moved in &self.containers {
            if !is_label_value(&moved.name) || moved.name.is_empty() {
                return Err("it names something that is no container".into());
            }
            if !is_reference(&moved.from) || !is_reference(&moved.to) {
                return Err("it holds something that is no image".into());
            }
        }
        for text in [&mut self.id, &mut self.by, &mut self.reason] {
            *text = printable(text);
        }
        if let RecordVerb::Other(text) = &mut self.verb {
            *text = printable(text);
        }
        self.result = self.result.map(RunResult::printable);
        self.from_digest = self.from_digest.filter(|digest| is_reference(digest));
        self.to_digest = self.to_digest.filter(|digest| is_reference(digest));
        self.unpin_to = self.unpin_to.filter(|tag| is_tag(tag));
        Ok(self)
    }

    fn id(&self) -> &str {
        &self.id
    }

    fn ended(&self, result: RunResult, millis: u64) -> Self {
        Self { result: Some(result), millis: Some(millis), ..self.clone() }
    }
}

/// What may stand in an image reference: enough to keep blanks and terminal commands out.
fn is_reference(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-/:@".contains(c);
    !text.is_empty() && text.len() <= 512 && text.chars().all(plain)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn record(from: &str, to: &str) -> ImageRecord {
        ImageRecord {
            id: "1".into(),
            verb: RecordVerb::Rollback,
            containers: vec![Moved { name: "app".into(), init: false, from: from.into(), to: to.into() }],
            from_digest: None,
            to_digest: None,
            unpin_to: None,
            by: "ci".into(),
            at: "2026-01-01T00:00:00Z".parse().unwrap(),
            reason: String::new(),
            result: Some(RunResult::Done),
            millis: None,
        }
    }

    fn read(raw: &str) -> RecordedImages {
        RecordedImages::read(Some(&BTreeMap::from([(ImageRecord::CURRENT.to_owned(), raw.to_owned())])))
    }

    #[test]
    fn a_record_survives_the_round_trip() {
        let written = record("r/api:2", "r/api@sha256:abc");
        assert_eq!(read(&serde_json::to_string(&written).unwrap()).current, Some(written));
    }

    #[test]
    fn edited_records_are_reported_and_not_used() {
        let named = |name: &str| {
            let mut bad = record("a:1", "a:2");
            bad.containers[0].name = name.into();
            serde_json::to_string(&bad).unwrap()
        };
        let image = serde_json::to_string(&record("a:1; rm -rf ~", "a:2")).unwrap();
        for bad in ["", "nonsense", "[]", "{}", &image, &named("a b"), &named(""), &"x".repeat(100_000)] {
            let recorded = read(bad);
            assert_eq!(recorded.current, None);
            assert!(recorded.unreadable.is_some());
        }
    }
}
