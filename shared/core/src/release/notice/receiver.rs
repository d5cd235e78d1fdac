//! Who is told, and of what. Where they are is in a Secret: whoever types it would show it to everybody on the
//! machine, and no message here repeats what was typed in its place. A topic of SNS is no secret: who may publish to
//! it is IAM's to say.

use schemars::JsonSchema;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};

use super::Notice;
use super::sns::Topic;
use super::stage::{Deed, Stage};

/// The Secret of a namespace that is looked for where nobody says who is to be told.
pub const OF_NAMESPACE: &str = "kubectl-release-notify";
/// Its key with the stages that are told, separated by commas.
pub const STAGES_KEY: &str = "stages";

/// How a topic of SNS is typed, and its key in the namespace's own Secret.
pub const SNS: &str = "sns";

/// What language a receiver speaks that is asked for by its address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A Slack incoming webhook, or what takes its messages (Mattermost, Discord's `/slack`).
    Slack,
    /// A [`Notice`] as JSON.
    Webhook,
    /// PagerDuty's Events API v2.
    Pagerduty,
}

impl Kind {
    pub const ALL: [Self; 3] = [Self::Slack, Self::Webhook, Self::Pagerduty];

    /// As it is typed.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Slack => "slack",
            Self::Webhook => "webhook",
            Self::Pagerduty => "pagerduty",
        }
    }

    /// Whether this kind of receiver is told of it at all, whatever stages were chosen.
    #[must_use]
    pub fn hears(self, notice: &Notice) -> bool {
        self != Self::Pagerduty || is_for_pagers(notice)
    }
}

/// What was refused before it began has broken nothing, and an idle color that stays wakes nobody; an incident is
/// over once the Service is proven to be served.
fn is_for_pagers(notice: &Notice) -> bool {
    let is_move = notice.verb != Deed::Cleanup;
    is_move && notice.began && matches!(notice.stage, Stage::Failed | Stage::RolledBack | Stage::Verified)
}

/// A key of a Secret of the release's namespace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(into = "String")]
#[schemars(with = "String")]
pub struct SecretKey {
    pub name: String,
    pub key: String,
}

impl SecretKey {
    /// Reads `secret/NAME/KEY`.
    ///
    /// # Errors
    /// Says what is wrong without a word of what was typed.
    pub fn typed(text: &str) -> Result<Self, String> {
        let wrong = || {
            let never = if text.contains("://") { ", never the URL itself: anybody could read it there" } else { "" };
            format!("secret/NAME/KEY is expected behind the kind{never}")
        };
        let (name, key) = text.strip_prefix("secret/").and_then(|rest| rest.split_once('/')).ok_or_else(wrong)?;
        let is_of = |text: &str, other: &[char]| {
            let ok = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || other.contains(&c);
            !text.is_empty() && text.len() <= 253 && text.chars().all(ok)
        };
        let upper: Vec<char> = ('A'..='Z').chain(['-', '.', '_']).collect();
        // It becomes a step of a path.
        let is_whole = |part: &str| {
            let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
            edge(part.chars().next()) && edge(part.chars().last())
        };
        if !name.split('.').all(is_whole) || !is_of(name, &['-', '.']) || !is_of(key, &upper) {
            return Err(wrong());
        }
        Ok(Self { name: name.to_owned(), key: key.to_owned() })
    }
}

impl std::fmt::Display for SecretKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "secret/{}/{}", self.name, self.key)
    }
}

impl From<SecretKey> for String {
    fn from(key: SecretKey) -> Self {
        key.to_string()
    }
}

impl<'de> Deserialize<'de> for SecretKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::typed(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

/// Where somebody is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// Where a Secret says.
    Secret(Kind, SecretKey),
    /// At a topic of SNS.
    Topic(Topic),
}

impl Place {
    /// Whether they are told of it at all, whatever stages were chosen.
    #[must_use]
    pub fn hears(&self, notice: &Notice) -> bool {
        match self {
            Self::Secret(kind, _) => kind.hears(notice),
            Self::Topic(_) => true,
        }
    }
}

/// As it is typed.
impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Secret(kind, key) => write!(f, "{}={key}", kind.word()),
            Self::Topic(topic) => write!(f, "{SNS}={topic}"),
        }
    }
}

/// Somebody who is to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receiver {
    pub place: Place,
    /// The stages that were chosen; all where none was.
    pub on: Vec<Stage>,
}

impl Receiver {
    /// Reads `slack=secret/NAME/KEY` or `sns=ARN`.
    ///
    /// # Errors
    /// Says what is wrong without a word of what was typed.
    pub fn typed(text: &str, on: &[Stage]) -> Result<Self, String> {
        let (word, place) = text.split_once('=').unwrap_or(("", ""));
        let place = if word == SNS {
            Topic::typed(place).map(Place::Topic).map_err(|why| format!("{SNS}: {why}"))?
        } else {
            let known = Kind::ALL.map(Kind::word).join("|");
            let kind = Kind::ALL.into_iter().find(|kind| kind.word() == word);
            let kind = kind.ok_or_else(|| format!("{known}=secret/NAME/KEY or {SNS}=ARN is expected"))?;
            let key = SecretKey::typed(place).map_err(|why| format!("{}: {why}", kind.word()))?;
            Place::Secret(kind, key)
        };
        Ok(Self { place, on: on.to_vec() })
    }

    /// As it is typed.
    #[must_use]
    pub fn words(&self) -> String {
        self.place.to_string()
    }

    /// Whether it is told of this.
    #[must_use]
    pub fn hears(&self, notice: &Notice) -> bool {
        (self.on.is_empty() || self.on.contains(&notice.stage)) && self.place.hears(notice)
    }
}

/// An entry of the document's `notify`: exactly one kind, and the stages that are told.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Entry {
    /// `secret/NAME/KEY`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slack: Option<SecretKey>,
    /// `secret/NAME/KEY`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub webhook: Option<SecretKey>,
    /// `secret/NAME/KEY`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pagerduty: Option<SecretKey>,
    /// A topic's ARN: `arn:aws:sns:REGION:ACCOUNT:TOPIC`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sns: Option<Topic>,
    /// The stages that are told; all where none is said. (`on` is a truth value to YAML 1.1.)
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub stages: Vec<Stage>,
}

/// Reads the document's `notify`.
///
/// # Errors
/// Where an entry is for nobody, or for more than one.
pub fn entries<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Entry>, D::Error> {
    let entries = Option::<Vec<Entry>>::deserialize(deserializer)?.unwrap_or_default();
    match entries.iter().find(|entry| entry.receivers().len() != 1) {
        Some(_) => Err(D::Error::custom("each entry is for one of slack, webhook, pagerduty and sns")),
        None => Ok(entries),
    }
}

impl Entry {
    /// Who is told by it.
    #[must_use]
    pub fn receivers(&self) -> Vec<Receiver> {
        let on = |place| Receiver { place, on: self.stages.clone() };
        let of = |kind, key: &Option<SecretKey>| key.clone().map(|key| on(Place::Secret(kind, key)));
        let secrets =
            [of(Kind::Slack, &self.slack), of(Kind::Webhook, &self.webhook), of(Kind::Pagerduty, &self.pagerduty)];
        let topic = self.sns.clone().map(|topic| on(Place::Topic(topic)));
        secrets.into_iter().flatten().chain(topic).collect()
    }
}
