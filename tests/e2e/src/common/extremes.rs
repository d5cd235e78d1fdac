//! Numbers and times as no cluster has them, and as anybody may write them: zero, negative, and the ends of
//! what fits into 32 and 64 bits. A proxy before the API server puts them wherever numbers stand.

use std::path::Path;
use std::process::Stdio;

use anyhow::{Context, Result, ensure};
use lab::Output;
use lab::api_proxy::{Action, ApiProxy};
use serde_json::{Value, json};
use tokio::process::Command;

use super::run::said;

/// Times at the ends of what RFC 3339 and our clocks can say, and beside them.
const TIMES: [&str; 6] = [
    "9999-12-31T23:59:59Z",
    "0000-01-01T00:00:00Z",
    "-009999-01-02T01:59:59Z",
    "1970-01-01T00:00:00Z",
    "2026-02-30T25:61:61Z",
    "+010000-01-01T00:00:00Z",
];
/// Shares of something.
const SHARES: [&str; 6] = ["0%", "-1%", "101%", "2147483648%", "18446744073709551616%", "%"];
/// Times that something takes.
const DURATIONS: [&str; 5] = ["0s", "-1s", "18446744073709551615", "9223372036854775807h", "1e400s"];

fn numbers() -> [Value; 12] {
    [
        json!(0),
        json!(-1),
        json!(1),
        json!(i32::MAX),
        json!(i32::MIN),
        json!(i32::MAX - 1),
        json!(i32::MIN + 1),
        json!(i64::from(i32::MAX) + 1),
        json!(i64::MAX),
        json!(i64::MIN),
        json!(u64::MAX),
        json!(1e308),
    ]
}

/// Which leaves get which extreme; the same for the same seed.
#[derive(Debug, Clone, Copy)]
pub struct Extremes {
    seed: u64,
}

impl Extremes {
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { seed }
    }

    /// A number of its own for each name and salt.
    fn mixed(self, name: &str, salt: u64) -> usize {
        let bytes = name.bytes().chain(self.seed.to_le_bytes()).chain(salt.to_le_bytes());
        // FNV-1a, its high bits folded in.
        let hash =
            bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3));
        usize::try_from((hash >> 32) ^ (hash & 0xffff_ffff)).unwrap_or_default()
    }

    /// Most of a document stays as it is, so that what reads it gets far; numbers of one name are changed
    /// together.
    fn spares(self, name: &str) -> bool {
        !self.mixed(name, 1).is_multiple_of(3)
    }

    /// Changes what stands under `name`.
    pub fn put(self, name: &str, value: &mut Value) {
        match value {
            Value::Number(_) if !self.spares(name) => {
                // Most fields have 32 bits: others are refused as a whole, and nothing is reached behind them.
                let of = if self.mixed(name, 2).is_multiple_of(4) { 12 } else { 7 };
                *value = numbers()[self.mixed(name, 3) % of].clone();
            }
            Value::String(text) => self.put_into_text(name, text),
            Value::Array(items) => items.iter_mut().for_each(|item| self.put(name, item)),
            Value::Object(members) => members.iter_mut().for_each(|(name, member)| self.put(name, member)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn put_into_text(self, name: &str, text: &mut String) {
        let pick = |of: &[&str]| of[self.mixed(name, 4) % of.len()].to_owned();
        // Records of ours are documents in a text.
        if let Ok(mut inner @ (Value::Object(_) | Value::Array(_))) = serde_json::from_str::<Value>(text) {
            self.put(name, &mut inner);
            *text = inner.to_string();
        } else if self.spares(name) {
        } else if text.len() >= 20 && text.ends_with('Z') && text.as_bytes()[4] == b'-' {
            *text = pick(&TIMES);
        } else if text.ends_with('%') {
            *text = pick(&SHARES);
        } else if name.starts_with("kubectl-release.dev/") || name.ends_with("-seconds") {
            *text = pick(&DURATIONS);
        } else if name.ends_with("evision") || name == "resourceVersion" {
            *text = numbers()[self.mixed(name, 5) % 12].to_string();
        }
    }
}

/// From now on, what the proxy passes has extremes in it.
pub fn counts_wrongly(proxy: &ApiProxy, extremes: Extremes) {
    proxy.on(|call| !call.is_write(), Action::rewrite(move |document| extremes.put("", document)));
}

/// Which seeds a test has: `EXTREMES_SEED` and `EXTREMES_RUNS` say so, else it is another one each day.
#[must_use]
pub fn seeds(runs: u64) -> std::ops::Range<u64> {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let days = || jiff::Timestamp::now().as_second().unsigned_abs() / 86_400;
    let first = number("EXTREMES_SEED").unwrap_or_else(|| days() * 1000);
    first..first + number("EXTREMES_RUNS").unwrap_or(runs)
}

/// Runs one of our programs by way of the proxy.
///
/// # Errors
/// Where it panics, or is ended by a signal.
pub async fn bears(program: &Path, proxy: &ApiProxy, namespace: &str, words: &str) -> Result<()> {
    let began = std::time::Instant::now();
    let mut command = Command::new(program);
    command.args(words.split_whitespace()).args(["-n", namespace]).env("KUBECONFIG", proxy.kubeconfig());
    let ended = command.stdin(Stdio::null()).kill_on_drop(true).output().await?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let code = ended.status.code().and_then(|code| u8::try_from(code).ok()).context("it crashed")?;
    let output = Output { code, stdout: text(&ended.stdout), stderr: text(&ended.stderr), elapsed: began.elapsed() };
    let told = said(&output);
    ensure!(code != 101 && !told.contains("a fault of this program"), "a panic\n{told}");
    ensure!(!told.contains("panicked"), "a panic\n{told}");
    Ok(())
}
