//! A run as gauges on a Pushgateway (<https://github.com/prometheus/pushgateway#api>): of the last run of a verb on
//! a Service, with times, because a gateway keeps what was pushed last and counts nothing.

use std::fmt::Write;

use super::stage::{Deed, Stage};
use super::{Notice, Released};
use crate::failure::Exit;

const JOB: &str = "kubectl-release";

/// How a run ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Ended {
    pub exit: Exit,
    /// Seconds since the epoch.
    pub at: f64,
    /// Since the command began, without the time that a person took to answer.
    pub seconds: f64,
    /// When each stage was reached, in seconds since the command began.
    pub reached: Vec<(Stage, f64)>,
}

/// Whose gauges they are: one group a Service and verb.
#[must_use]
pub fn path(namespace: &str, service: &Released, verb: Deed) -> String {
    let labels = [("job", JOB), ("namespace", namespace), ("service", &service.name), ("verb", &verb.to_string())];
    let parts = labels.iter().map(|(name, value)| match plain(value) {
        true => format!("/{name}/{value}"),
        false => format!("/{name}@base64/{}", base64url(value)),
    });
    format!("/metrics{}", parts.collect::<String>())
}

/// That a run has begun: one that never ends is seen by its age.
#[must_use]
pub fn begun(notice: &Notice) -> String {
    let mut text = String::new();
    let at = seconds_of(notice.at.as_millisecond()) - notice.seconds;
    gauge(&mut text, "last_run_start_timestamp_seconds", "When the last run began to be planned.", at);
    text
}

/// How a run ended. The time of the last success is not among it where it was none: what isn't pushed stays.
#[must_use]
pub fn ended(run: &Ended) -> String {
    let mut text = String::new();
    let done = run.exit == Exit::Done;
    let is = |yes: bool| f64::from(u8::from(yes));
    gauge(&mut text, "last_run_success", "1 where the last run was done, else 0.", is(done));
    let rolled_back = is(run.exit == Exit::RolledBack);
    gauge(&mut text, "last_run_rolled_back", "1 where the last run failed and was taken back.", rolled_back);
    let code = f64::from(run.exit.code());
    gauge(&mut text, "last_run_exit_code", "The exit code of the last run.", code);
    gauge(&mut text, "last_run_duration_seconds", "How long the last run took.", run.seconds);
    gauge(
        &mut text,
        "last_run_start_timestamp_seconds",
        "When the last run began to be planned.",
        run.at - run.seconds,
    );
    gauge(&mut text, "last_run_end_timestamp_seconds", "When the last run ended.", run.at);
    if done {
        gauge(&mut text, "last_success_timestamp_seconds", "When a run was done last.", run.at);
    }
    stages(&mut text, &run.reached);
    text
}

fn stages(text: &mut String, reached: &[(Stage, f64)]) {
    if reached.is_empty() {
        return;
    }
    let name = "last_run_stage_seconds";
    head(text, name, "From the beginning of the last run until it reached the stage.");
    for (index, (stage, seconds)) in reached.iter().enumerate() {
        // Of several Services a stage may come more than once, and a series may not.
        if reached.iter().take(index).all(|(before, _)| before != stage) {
            // Into a String, which doesn't fail.
            let _ = writeln!(text, "kubectl_release_{name}{{stage=\"{}\"}} {seconds:.3}", stage.word());
        }
    }
}

fn head(text: &mut String, name: &str, help: &str) {
    let _ = writeln!(text, "# HELP kubectl_release_{name} {help}\n# TYPE kubectl_release_{name} gauge");
}

fn gauge(text: &mut String, name: &str, help: &str, value: f64) {
    head(text, name, help);
    let _ = writeln!(text, "kubectl_release_{name} {value:.3}");
}

fn seconds_of(millis: i64) -> f64 {
    std::time::Duration::from_millis(u64::try_from(millis).unwrap_or_default()).as_secs_f64()
}

/// What means itself in a path, and is no step of one.
fn plain(value: &str) -> bool {
    let means_itself = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    !value.is_empty() && value.chars().all(means_itself) && !value.chars().all(|c| c == '.')
}

/// Base64 with the alphabet for URLs (RFC 4648, section 5), padded: an empty value is `=`.
fn base64url(value: &str) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    if value.is_empty() {
        return "=".to_owned();
    }
    let mut text = String::new();
    for group in value.as_bytes().chunks(3) {
        let byte = |index: usize| u32::from(group.get(index).copied().unwrap_or_default());
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for (index, shift) in [18_u32, 12, 6, 0].into_iter().enumerate() {
            let letter = usize::try_from(bits >> shift & 63).ok().and_then(|at| ALPHABET.get(at));
            let is_padding = index > group.len();
            text.push(letter.filter(|_| !is_padding).map_or('=', |letter| char::from(*letter)));
        }
    }
    text
}
