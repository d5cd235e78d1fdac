//! Why somebody was not told, in words of ours: a client's error may hold the URL, and an answer may hold anything.

use std::time::Duration;

use http::{HeaderMap, StatusCode};
use release_aws::sns::PublishError;

/// What became of a request that was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// No connection could be made: a name, a port, a proxy or a certificate.
    Unreachable,
    /// The connection ended before the answer did.
    Broken,
    /// Nothing came in time.
    Silent,
    /// It answered with this, and when to come again.
    Refused { code: StatusCode, word: &'static str, after: Option<Duration> },
    /// It can't be asked.
    NoRequest,
    /// A file that can't be written.
    File(std::io::ErrorKind),
    /// SNS has not taken it.
    Unpublished(PublishError),
}

/// What Slack says in a body (<https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks#handling_errors>):
/// known words only, because a server may send back what it was sent.
const WORDS: [&str; 11] = [
    "action_prohibited",
    "channel_is_archived",
    "channel_not_found",
    "invalid_blocks",
    "invalid_payload",
    "invalid_token",
    "no_active_hooks",
    "no_service",
    "no_team",
    "no_text",
    "user_not_found",
];

/// Longer than this nobody is waited for.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

impl Trouble {
    /// What an answer means that is no yes.
    pub fn of(code: StatusCode, headers: &HeaderMap, body: &[u8]) -> Self {
        let said = std::str::from_utf8(body).unwrap_or_default().trim();
        let word = WORDS.into_iter().find(|known| *known == said).unwrap_or_default();
        let seconds = headers.get(http::header::RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
        Self::Refused { code, word, after: seconds.map(Duration::from_secs) }
    }

    /// How long to wait before it is sent again; nothing where that would change nothing.
    pub fn pause(&self, attempt: u32) -> Option<Duration> {
        let usual = Duration::from_millis(500).saturating_mul(2_u32.saturating_pow(attempt));
        let is_passing = |code: StatusCode| code.is_server_error() || matches!(code.as_u16(), 408 | 429);
        match self {
            Self::Unreachable | Self::Broken | Self::Silent => Some(usual),
            Self::Unpublished(error) => error.may_pass.then_some(usual),
            Self::Refused { code, after, .. } if is_passing(*code) => {
                Some(after.unwrap_or(usual)).filter(|pause| *pause <= LONGEST_PAUSE)
            }
            Self::Refused { .. } | Self::NoRequest | Self::File(_) => None,
        }
    }
}

impl std::fmt::Display for Trouble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unreachable => f.write_str("no connection"),
            Self::Broken => f.write_str("the connection ended before the answer"),
            Self::Silent => f.write_str("no answer in time"),
            Self::Refused { code, .. } if code.is_redirection() => {
                write!(f, "answered {}, which leads elsewhere and is not followed", code.as_u16())
            }
            Self::Refused { code, word: "", .. } => write!(f, "answered {}", code.as_u16()),
            Self::Refused { code, word, .. } => write!(f, "answered {} {word}", code.as_u16()),
            Self::NoRequest => f.write_str("nothing could be asked there"),
            Self::File(kind) => write!(f, "{kind}"),
            Self::Unpublished(error) => write!(f, "{error}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(code: u16, after: &'static str, body: &str) -> Trouble {
        let mut headers = HeaderMap::new();
        headers.insert(http::header::RETRY_AFTER, http::HeaderValue::from_static(after));
        Trouble::of(StatusCode::from_u16(code).unwrap(), &headers, body.as_bytes())
    }

    /// bitrise steps-slack-message issue 40: a server sent the URL back, and it stood in the log.
    #[test]
    fn an_answer_is_never_shown_beyond_words_that_are_known() {
        assert_eq!(answered(404, "", "no_service\n").to_string(), "answered 404 no_service");
        for body in ["https://hooks.slack.com/services/SECRET", "no_service SECRET", "\u{1b}[2J"] {
            assert_eq!(answered(400, "", body).to_string(), "answered 400");
        }
        assert!(answered(302, "", "").to_string().contains("not followed"));
    }

    #[test]
    fn only_what_may_pass_is_sent_again_and_within_bounds() {
        let seconds = |code, after| answered(code, after, "").pause(0).map(|pause| pause.as_millis());
        for (code, after, pause) in [
            (429, "2", Some(2000)),
            (429, "", Some(500)),
            (429, "Fri, 31 Dec 2027 23:59:59 GMT", Some(500)),
            (503, "0", Some(0)),
            (503, "86400", None),
            (400, "1", None),
            (404, "1", None),
            (302, "1", None),
        ] {
            assert_eq!(seconds(code, after), pause, "{code} {after}");
        }
        assert_eq!(Trouble::Silent.pause(2), Some(Duration::from_secs(2)));
        assert!(Trouble::Broken.pause(u32::MAX).is_some());
    }
}
