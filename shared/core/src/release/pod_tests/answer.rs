//! Whether an answer is the expected one. Whatever a pod says is somebody's text: it is cut here and cleaned where it
//! is shown.

use super::json::lacks;
use super::test::{Expected, PodTest};

/// Characters of a body that are shown.
const SHOWN: usize = 80;
/// `SERVING` of `grpc.health.v1.HealthCheckResponse.ServingStatus`.
const SERVING: u64 = 1;

/// What a pod answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    Http {
        status: u16,
        body: Vec<u8>,
        /// False where the body goes on: no more of it was taken.
        is_whole: bool,
    },
    Grpc {
        /// gRPC's own status; 0 is OK.
        code: u32,
        /// The health, where it was told.
        health: Option<u64>,
    },
}

impl Answer {
    /// As a table has it: `200`, `SERVING`.
    #[must_use]
    pub fn status(&self) -> String {
        match self {
            Self::Http { status, .. } => status.to_string(),
            Self::Grpc { code: 0, health } => health_name(*health).to_owned(),
            Self::Grpc { code, .. } => grpc_status(*code),
        }
    }
}

/// Holds an answer against what is expected.
///
/// # Errors
/// Where it is another one: what it is, and what was expected.
pub fn judge(test: &PodTest, answer: &Answer) -> Result<(), String> {
    match answer {
        Answer::Http { status, body, is_whole } => http(&test.expected, *status, (body, *is_whole)),
        Answer::Grpc { code: 0, health: Some(SERVING) } => Ok(()),
        answer @ Answer::Grpc { .. } => Err(format!("answered {}, expected SERVING", answer.status())),
    }
}

fn http(expected: &Expected, status: u16, (body, is_whole): (&[u8], bool)) -> Result<(), String> {
    let (least, most) = expected.status;
    if !(least..=most).contains(&status) {
        let wanted = if least == most { least.to_string() } else { format!("{least} to {most}") };
        let body = beginning(body);
        return Err(format!("answered {status}, expected {wanted}{body}"));
    }
    if !expected.reads_body() {
        return Ok(());
    }
    if !is_whole {
        return Err(format!("answered {status} with more than is read of a body ({} KiB)", body.len() >> 10));
    }
    if let Some(text) = expected.body.as_ref().filter(|text| !String::from_utf8_lossy(body).contains(text.as_str())) {
        return Err(format!("answered {status} without {text:?}{}", beginning(body)));
    }
    let Some(wanted) = &expected.json else { return Ok(()) };
    let found =
        serde_json::from_slice(body).map_err(|_| format!("answered {status} without JSON{}", beginning(body)))?;
    lacks(wanted, &found).map_or(Ok(()), |why| Err(format!("answered {status}, and {why}")))
}

/// The begin of a body: with most servers the reason.
fn beginning(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let text = text.trim();
    match text.char_indices().nth(SHOWN) {
        _ if text.is_empty() => String::new(),
        Some((end, _)) => format!(": {}…", &text[..end]),
        None => format!(": {text}"),
    }
}

fn health_name(health: Option<u64>) -> &'static str {
    match health {
        Some(SERVING) => "SERVING",
        Some(2) => "NOT_SERVING",
        Some(3) => "SERVICE_UNKNOWN",
        _ => "UNKNOWN",
    }
}

/// The statuses that health servers give (<https://grpc.io/docs/guides/status-codes/>).
fn grpc_status(code: u32) -> String {
    match code {
        4 => "DEADLINE_EXCEEDED".to_owned(),
        5 => "NOT_FOUND".to_owned(),
        7 => "PERMISSION_DENIED".to_owned(),
        12 => "UNIMPLEMENTED".to_owned(),
        13 => "INTERNAL".to_owned(),
        14 => "UNAVAILABLE".to_owned(),
        16 => "UNAUTHENTICATED".to_owned(),
        other => format!("gRPC status {other}"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::release::pod_tests::testing::smoke;

    fn told(expected: Value, status: u16, body: &str, is_whole: bool) -> Result<(), String> {
        let mut test = smoke("/");
        test.expected.body = expected["body"].as_str().map(str::to_owned);
        test.expected.json = expected.get("json").cloned();
        if let Some(status) = expected["status"].as_u64() {
            test.expected.status = (u16::try_from(status).unwrap(), u16::try_from(status).unwrap());
        }
        judge(&test, &Answer::Http { status, body: body.as_bytes().to_vec(), is_whole })
    }

    #[test]
    fn status_text_and_json_all_have_to_be_right() {
        assert_eq!(told(json!({}), 204, "", true), Ok(()));
        assert_eq!(told(json!({}), 302, "", true), Err("answered 302, expected 200 to 299".into()));
        assert_eq!(told(json!({"status": 401}), 401, "", true), Ok(()));
        assert_eq!(
            told(json!({"status": 401}), 200, "welcome", true),
            Err("answered 200, expected 401: welcome".into())
        );
        assert_eq!(told(json!({"body": "ok"}), 200, "it is ok", true), Ok(()));
        assert_eq!(told(json!({"body": "ok"}), 200, "no", true), Err("answered 200 without \"ok\": no".into()));
        assert_eq!(told(json!({"json": {"a": 1}}), 200, "{\"a\": 1}", true), Ok(()));
        assert!(told(json!({"json": {"a": 1}}), 200, "<html>", true).is_err());
        assert!(told(json!({"body": "ok", "json": {"a": 1}}), 200, "{\"a\": 1}", true).is_err());
    }

    /// What wasn't read says nothing.
    #[test]
    fn of_a_body_that_goes_on_only_the_status_is_known() {
        assert_eq!(told(json!({}), 200, "ok", false), Ok(()));
        assert!(told(json!({"body": "ok"}), 200, "ok", false).is_err());
        assert!(told(json!({"json": {}}), 200, "{}", false).is_err());
    }

    #[test]
    fn a_body_is_shown_in_part() {
        let why = told(json!({}), 500, &"ä".repeat(5000), true).unwrap_err();
        assert!(why.chars().count() < 200, "{why}");
        assert!(told(json!({}), 500, "\u{0}\u{fffd}", true).is_err());
    }

    #[test]
    fn only_serving_is_healthy() {
        let told = |code, health| judge(&smoke("/"), &Answer::Grpc { code, health });
        assert_eq!(told(0, Some(1)), Ok(()));
        for (code, health, status) in
            [(0, Some(2), "NOT_SERVING"), (0, None, "UNKNOWN"), (5, Some(1), "NOT_FOUND"), (77, None, "gRPC status 77")]
        {
            assert_eq!(told(code, health), Err(format!("answered {status}, expected SERVING")));
        }
    }
}
