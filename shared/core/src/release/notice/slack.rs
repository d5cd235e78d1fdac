//! A notice as a message to a Slack incoming webhook
//! (<https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks>).

use serde_json::{Value, json};

use super::{Notice, cut};
use crate::release::notice::Stage;

/// Characters of a section's text that Slack takes are 3000; escapes count.
const SECTION_CHARS: usize = 2900;
/// Names that services which take Slack's messages call everybody by, without the brackets that Slack wants.
const EVERYBODY: [&str; 4] = ["@channel", "@everyone", "@here", "@all"];

/// The body of the request. `text` is what notifications show, and all that other services read.
#[must_use]
pub fn message(notice: &Notice) -> Value {
    let text = text(notice);
    let section = json!({"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": true}});
    json!({"text": text, "blocks": [section], "unfurl_links": false, "unfurl_media": false})
}

fn text(notice: &Notice) -> String {
    let mut lines = vec![format!("{} {}", mark(notice.stage), quiet(&notice.headline()))];
    lines.extend(notice.message.lines().map(quiet));
    let by = if notice.by.is_empty() { String::new() } else { format!("by {}", quiet(&notice.by)) };
    let why = if notice.reason.is_empty() { String::new() } else { format!("reason: {}", quiet(&notice.reason)) };
    let last: Vec<String> = [by, why].into_iter().filter(|part| !part.is_empty()).collect();
    lines.extend((!last.is_empty()).then(|| last.join(" · ")));
    whole_escapes(cut(&lines.join("\n"), SECTION_CHARS))
}

fn mark(stage: Stage) -> &'static str {
    match stage {
        Stage::Started | Stage::Checked | Stage::Prepared | Stage::Tested => ":arrow_forward:",
        Stage::Switched => ":twisted_rightwards_arrows:",
        Stage::Verified => ":white_check_mark:",
        Stage::RolledBack => ":leftwards_arrow_with_hook:",
        Stage::Failed => ":x:",
        Stage::CleanedUp => ":broom:",
    }
}

/// Words in which nothing calls anybody, links anywhere or begins markup
/// (<https://docs.slack.dev/messaging/formatting-message-text#escaping>).
fn quiet(text: &str) -> String {
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let mut quiet = String::with_capacity(escaped.len());
    for (at, c) in escaped.char_indices() {
        quiet.push(c);
        let rest = escaped.get(at..).unwrap_or_default();
        let calls = |name: &&str| rest.get(..name.len()).is_some_and(|word| word.eq_ignore_ascii_case(name));
        if c == '@' && EVERYBODY.iter().any(calls) {
            quiet.push(' ');
        }
    }
    quiet
}

/// A cut may have gone through an escape: half of one is taken away.
fn whole_escapes(text: String) -> String {
    let Some((before, tail)) = text.rsplit_once('&').filter(|_| text.ends_with('…')) else { return text };
    if tail.contains(';') { text } else { format!("{before}…") }
}
