//! A notice as a message to a topic of Amazon SNS
//! (<https://docs.aws.amazon.com/sns/latest/api/API_Publish.html>), and which topic that is.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::json;

use super::{Notice, cut};
use crate::registry::ecr_reference::{is_account, is_region, partition_of};

/// Characters of a subject; SNS refuses the whole message with a hundred.
const SUBJECT_CHARS: usize = 99;
/// Characters of the group of a FIFO topic's message.
const GROUP_CHARS: usize = 128;
/// Characters of a topic's name.
const NAME_CHARS: usize = 256;
/// How the name of a FIFO topic ends (<https://docs.aws.amazon.com/sns/latest/dg/sns-fifo-topics.html>).
const FIFO: &str = ".fifo";

/// A topic, by its ARN: `arn:aws:sns:eu-west-1:123456789012:releases`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(into = "String")]
#[schemars(with = "String")]
pub struct Topic {
    arn: String,
    region: String,
}

impl Topic {
    /// Reads an ARN. One of a subscription, of an application's endpoint or of another service is none of a topic.
    ///
    /// # Errors
    /// Says what is wrong without a word of what was typed.
    pub fn typed(text: &str) -> Result<Self, String> {
        let expected = "an ARN is expected behind it: arn:aws:sns:REGION:ACCOUNT:TOPIC";
        let parts: Vec<&str> = text.split(':').collect();
        let ["arn", partition, "sns", region, account, name] = parts.as_slice() else {
            let is_longer = text.starts_with("arn:") && parts.len() > 6;
            let more = if is_longer { "; one of a subscription is none of a topic" } else { "" };
            return Err(format!("{expected}{more}"));
        };
        if !is_account(account) || !is_region(region) || partition_of(region) != *partition || !is_name(name) {
            return Err(expected.to_owned());
        }
        Ok(Self { arn: text.to_owned(), region: (*region).to_owned() })
    }

    /// As it was typed.
    #[must_use]
    pub fn arn(&self) -> &str {
        &self.arn
    }

    /// Where it is, and the only place from where it can be published to.
    #[must_use]
    pub fn region(&self) -> &str {
        &self.region
    }

    /// Its messages are in order, and each comes once.
    #[must_use]
    pub fn is_fifo(&self) -> bool {
        self.arn.ends_with(FIFO)
    }
}

/// Letters, digits, hyphens and underscores.
fn is_name(text: &str) -> bool {
    let bare = text.strip_suffix(FIFO).unwrap_or(text);
    let inner = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    !bare.is_empty() && text.len() <= NAME_CHARS && bare.chars().all(inner)
}

impl std::fmt::Display for Topic {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.arn)
    }
}

impl From<Topic> for String {
    fn from(topic: Topic) -> Self {
        topic.arn
    }
}

impl<'de> Deserialize<'de> for Topic {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::typed(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

/// What is published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Publication {
    /// What an e-mail has as its subject.
    pub subject: String,
    /// The notice as JSON; of a plain topic, by protocol.
    pub message: String,
    /// `message` says what each protocol gets (`MessageStructure: json`).
    pub by_protocol: bool,
    /// What a subscription's filter policy can ask for.
    pub attributes: BTreeMap<&'static str, String>,
    /// Of a FIFO topic: what is kept in order, and by what a repeated message is known.
    pub fifo: Option<Fifo>,
}

/// What each message of a FIFO topic needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fifo {
    pub group: String,
    pub deduplication: String,
}

/// The notice for this topic. Programs get its JSON, people who read e-mail or a telephone its words. A FIFO topic
/// has queues alone, which get the JSON.
#[must_use]
pub fn publication(notice: &Notice, topic: &Topic) -> Publication {
    let document = serde_json::to_string(notice).unwrap_or_default();
    let (message, by_protocol) = match topic.is_fifo() {
        true => (document, false),
        false => (json!({"default": document, "email": words(notice), "sms": subject(notice)}).to_string(), true),
    };
    let deduplication = notice.id.clone();
    let fifo = topic.is_fifo().then(|| Fifo { group: group(notice), deduplication });
    Publication { subject: subject(notice), message, by_protocol, attributes: attributes(notice), fifo }
}

/// One line of printable ASCII that begins with a letter, as the stage does.
fn subject(notice: &Notice) -> String {
    let plain = |c: char| if c.is_ascii_graphic() || c == ' ' { c } else { '?' };
    let headline: String = notice.headline().chars().map(plain).collect();
    if headline.len() <= SUBJECT_CHARS {
        return headline;
    }
    let kept: String = headline.chars().take(SUBJECT_CHARS.saturating_sub(3)).collect();
    format!("{kept}...")
}

fn words(notice: &Notice) -> String {
    let by = (!notice.by.is_empty()).then(|| format!("by {}", notice.by));
    let why = (!notice.reason.is_empty()).then(|| format!("reason: {}", notice.reason));
    let lines = [notice.headline(), String::new(), notice.message.clone()];
    lines.into_iter().chain(by).chain(why).collect::<Vec<_>>().join("\n")
}

/// SNS takes no empty value.
fn attributes(notice: &Notice) -> BTreeMap<&'static str, String> {
    let all = [
        ("stage", notice.stage.word().to_owned()),
        ("verb", notice.verb.to_string()),
        ("namespace", notice.namespace.clone()),
        ("context", notice.context.clone()),
    ];
    all.into_iter().filter(|(_, value)| !value.is_empty()).collect()
}

/// What is told of a Service stays in order, whichever run tells it.
fn group(notice: &Notice) -> String {
    let service = notice.services.first().map_or(notice.run.as_str(), |service| service.name.as_str());
    let named = format!("{}/{service}", notice.namespace);
    cut(&named.replace(|c: char| !c.is_ascii_graphic(), "_"), GROUP_CHARS).replace('…', "_")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hostile::hostile_word;
    use crate::release::notice::testing::notice;
    use crate::release::notice::{Released, Stage, message, word};

    const PLAIN: &str = "arn:aws:sns:eu-west-1:123456789012:releases";

    fn of(arn: &str, notice: &Notice) -> Publication {
        publication(notice, &Topic::typed(arn).unwrap())
    }

    /// boto/boto3 issues 646 and 1084, aws/aws-sdk-go issue 1714: a topic of another region is "Invalid parameter:
    /// TopicArn", which says nothing. sysdiglabs/terraform-aws-secure-for-cloud issue 105.
    #[test]
    fn a_topic_is_published_to_where_it_is() {
        for (arn, region, fifo) in [
            (PLAIN, "eu-west-1", false),
            ("arn:aws-cn:sns:cn-north-1:123456789012:a_b-C", "cn-north-1", false),
            ("arn:aws-us-gov:sns:us-gov-west-1:123456789012:a.fifo", "us-gov-west-1", true),
        ] {
            let topic = Topic::typed(arn).unwrap();
            assert_eq!((topic.region(), topic.is_fifo(), topic.to_string().as_str()), (region, fifo, arn));
        }
    }

    /// bluesentry/bucket-antivirus-function issue 99: an ARN of something else than a topic.
    #[test]
    fn what_is_no_topic_is_refused_and_not_repeated() {
        for typed in [
            "SECRET",
            "releases",
            "",
            "arn:aws:sqs:eu-west-1:123456789012:SECRET",
            "arn:aws:sns:eu-west-1:123456789012:",
            "arn:aws:sns:eu-west-1:12:SECRET",
            "arn:aws:sns:europe:123456789012:SECRET",
            "arn:aws-cn:sns:eu-west-1:123456789012:SECRET",
            "arn:aws:sns:eu-west-1:123456789012:SEC RET",
            "arn:aws:sns:eu-west-1:123456789012:SECRET.fifo.fifo",
            "arn:aws:sns:eu-west-1:123456789012:.fifo",
            "arn:aws:sns:eu-west-1:123456789012:SECRET\n",
            "https://sns.eu-west-1.amazonaws.com/SECRET",
        ] {
            let why = Topic::typed(typed).unwrap_err();
            assert!(why.contains("arn:aws:sns:REGION") && !why.contains("SECRET"), "{why}");
        }
        let subscription = format!("{PLAIN}:0b8c6a5e-1111-2222-3333-444455556666");
        assert!(Topic::typed(&subscription).unwrap_err().contains("subscription"));
    }

    /// flapjack/flapjack issue 865, runs-on/runs-on issue 340, panther-labs/panther issue 1947: a subject of a hundred
    /// characters, or with a line feed, and nothing is published at all.
    #[test]
    fn a_subject_is_one_that_sns_takes() {
        let long = |name: &str| Notice { services: vec![Released::named(name)], ..notice(Stage::RolledBack) };
        for named in [long(&"x".repeat(250)), long("東京\nservice\t"), long("api")] {
            let subject = of(PLAIN, &named).subject;
            assert!(subject.len() < 100 && subject.starts_with("rolled back: "), "{subject}");
            assert!(subject.chars().all(|c| c.is_ascii_graphic() || c == ' '), "{subject}");
        }
        assert_eq!(of(PLAIN, &notice(Stage::Verified)).subject.len(), 62);
    }

    /// awspring/spring-cloud-aws issue 1046, ansible-collections/community.aws issue 1718, erlcloud/erlcloud issue 785:
    /// a FIFO topic refuses what has no group, and what has nothing to tell a repeated message by.
    #[test]
    fn a_fifo_topic_gets_what_it_can_not_do_without() {
        let arn = format!("{PLAIN}.fifo");
        let told = notice(Stage::Switched);
        let fifo = of(&arn, &told).fifo.unwrap();
        assert_eq!((fifo.group.as_str(), fifo.deduplication.as_str()), ("shop/api", "0123-4"));
        assert_eq!(of(&arn, &told), of(&arn, &told), "the same message when it is sent again");
        assert!(of(PLAIN, &told).fifo.is_none());
        let nobody = of(&arn, &Notice { services: Vec::new(), namespace: "東 京".repeat(90), ..told }).fifo.unwrap();
        assert!(
            nobody.group.len() <= 128 && nobody.group.is_ascii() && !nobody.group.contains(' '),
            "{}",
            nobody.group
        );
    }

    /// Whoever reads e-mail would get a line of JSON; a queue would get words.
    #[test]
    fn people_get_words_and_programs_the_notice() {
        let told = notice(Stage::Verified);
        let document = serde_json::to_string(&told).unwrap();
        let plain = of(PLAIN, &told);
        let by: serde_json::Value = serde_json::from_str(&plain.message).unwrap();
        assert!(plain.by_protocol && by["default"] == document.as_str(), "{by:#}");
        let email = by["email"].as_str().unwrap();
        assert!(email.starts_with("verified: deploy of service/api: blue -> green (shop, prod-eu)\n\n"), "{email}");
        assert!(email.ends_with("is served by green\nby lee\nreason: faster"), "{email}");
        let fifo = of(&format!("{PLAIN}.fifo"), &told);
        assert!(!fifo.by_protocol && fifo.message == document);
        assert_eq!(plain.attributes["stage"], "verified");
    }

    /// An empty attribute is refused with the whole message.
    #[test]
    fn no_attribute_is_empty() {
        let bare = Notice { context: String::new(), namespace: String::new(), ..notice(Stage::Failed) };
        assert_eq!(of(PLAIN, &bare).attributes.keys().copied().collect::<Vec<_>>(), ["stage", "verb"]);
    }

    proptest::proptest! {
        /// SNS takes no control character in a subject, and e-mail shows what it is sent.
        #[test]
        fn nothing_unseen_is_published(text in hostile_word()) {
            let told = Notice { reason: word(&text), message: message(&text), services: vec![Released::named(&text)], ..notice(Stage::Failed) };
            let sent = of(PLAIN, &told);
            proptest::prop_assert!(sent.subject.len() < 100 && !sent.subject.chars().any(char::is_control));
            let by: serde_json::Value = serde_json::from_str(&sent.message).unwrap();
            let email = by["email"].as_str().unwrap_or_default();
            proptest::prop_assert!(!email.chars().any(|c| c != '\n' && crate::hostile::is_obeyed_or_unseen(c)), "{:?}", email);
        }
    }
}
