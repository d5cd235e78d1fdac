//! Words of somebody who may name things in a cluster, and would like to be obeyed by terminals and shells.
//!
//! A proxy before the API server puts them wherever people can write: the cluster itself refuses some of
//! them, and an older or another one may not.

use std::path::Path;
use std::process::Stdio;

use anyhow::{Context, Result, ensure};
use lab::Output;
use lab::api_proxy::{Action, Answer, ApiProxy};
use serde_json::Value;
use tempfile::TempDir;
use tokio::process::Command;

use super::printed::found::documents;
use super::run::said;

/// It clears the screen, makes up a line of ours, turns the order of letters, hides in a name, and runs
/// wherever a shell reads it unquoted.
pub const HOSTILE: &str = concat!(
    "\u{1b}[2J\u{9b}31m\r\nTry: kubectl FORGED\n  Back: FORGED\u{202e}\u{200b}\u{2028}\u{feff}\u{7f}",
    " $(touch PWNED) `touch PWNED`; touch PWNED; ' touch PWNED; \" touch PWNED; %s\\n &touch PWNED"
);
/// What a shell does that was talked into it.
const TRACE: &str = "PWNED";
/// The beginning of a line that we never said.
const FORGED: [&str; 2] = ["Try: kubectl FORGED", "Back: FORGED"];

/// A command in somebody's words; whoever pastes that reads it there.
const FOREIGN: &str = "kubectl FORGED";

/// Parts of random words: what terminals obey, what isn't seen, what shells do something with, and letters
/// that combine with what stands before them.
const PARTS: [&str; 48] = [
    "\u{1b}[2J",
    "\u{1b}]0;t\u{7}",
    "\u{1b}P",
    "\u{9b}31m",
    "\u{90}",
    "\u{9d}",
    "\u{0}",
    "\u{8}",
    "\u{b}",
    "\u{c}",
    "\r",
    "\n",
    "\r\nTry: kubectl FORGED\r\n",
    "\n  Back: FORGED\n",
    "\u{85}",
    "\u{7f}",
    "\u{ad}",
    "\u{200b}",
    "\u{200d}",
    "\u{200f}",
    "\u{2028}",
    "\u{2029}",
    "\u{202e}",
    "\u{2066}",
    "\u{2069}",
    "\u{feff}",
    "\u{fe0f}",
    "\u{180e}",
    "\u{e0041}",
    "\u{e007f}",
    "\u{fffb}",
    "\u{301}",
    "\u{20dd}",
    "e\u{301}",
    "\u{6}",
    "'",
    "\"",
    "\\",
    "$(touch PWNED)",
    "`touch PWNED`",
    "; touch PWNED;",
    "&& touch PWNED #",
    "| touch PWNED",
    "\ntouch PWNED\n",
    "${IFS}touch",
    "--",
    "-rf",
    "%s%n",
];

/// Words made of such parts; the same for the same seed.
#[must_use]
pub fn random_words(seed: u64) -> String {
    let mut state = seed;
    let mut next = |below: usize| {
        // splitmix64 (https://prng.di.unimi.it/splitmix64.c)
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % below as u64).unwrap_or_default()
    };
    let length = 1 + next(9);
    (0..length).map(|_| PARTS[next(PARTS.len())]).collect()
}

/// Which random words a test has, and how many of them: `HOSTILE_SEED` and `HOSTILE_RUNS` say so, else it
/// is another seed each day.
#[must_use]
pub fn seeds(runs: u64) -> std::ops::Range<u64> {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let days = || jiff::Timestamp::now().as_second().unsigned_abs() / 86_400;
    let first = number("HOSTILE_SEED").unwrap_or_else(|| days() * 1000);
    first..first + number("HOSTILE_RUNS").unwrap_or(runs)
}

/// Where people can write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Values of annotations, ours among them.
    Annotations,
    /// Values of labels that no selector of the tests has.
    Labels,
    /// Who wrote which field.
    FieldManagers,
    /// Images that are asked for, and what runs of them.
    Images,
    Containers,
    /// Names of pods and of what owns them.
    Names,
    /// Reasons and messages in a status, and those of Events.
    Messages,
}

impl Place {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Annotations,
        Self::Labels,
        Self::FieldManagers,
        Self::Images,
        Self::Containers,
        Self::Names,
        Self::Messages,
    ];

    /// Whether a text that stands there is somebody's words.
    fn holds(self, path: &[&str]) -> bool {
        let last = path.last().copied().unwrap_or_default();
        let under = |name: &str| path.iter().rev().nth(1) == Some(&name);
        match self {
            Self::Annotations => under("annotations"),
            Self::Labels => under("labels") && !["app", "version"].contains(&last),
            Self::FieldManagers => under("managedFields") && last == "manager",
            Self::Images => ["image", "imageID"].contains(&last),
            Self::Containers => {
                last == "name" && ["containers", "initContainers", "containerStatuses"].iter().any(|list| under(list))
            }
            Self::Names => last == "name" && (under("ownerReferences") || path == ["items", "metadata", "name"]),
            Self::Messages => ["message", "reason", "note"].contains(&last),
        }
    }

    /// Adds the words wherever they fit.
    fn add(self, words: &str, value: &mut Value, path: &mut Vec<String>) {
        match value {
            Value::String(text) => {
                let path: Vec<&str> = path.iter().map(String::as_str).collect();
                if self.holds(&path) {
                    text.push_str(words);
                }
            }
            // An item of a list stands where the list does.
            Value::Array(items) => items.iter_mut().for_each(|item| self.add(words, item, path)),
            Value::Object(members) => {
                for (name, member) in members {
                    path.push(name.clone());
                    self.add(words, member, path);
                    path.pop();
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}

/// From now on, what the proxy passes has hostile words there.
pub fn speaks(proxy: &ApiProxy, place: Place) {
    says(proxy, place, HOSTILE);
}

/// The same with words of the caller's.
pub fn says(proxy: &ApiProxy, place: Place, words: &str) {
    let words = words.to_owned();
    // Answers to writes too: what comes back is shown as what was read is.
    proxy.on(|_| true, Action::rewrite(move |document| place.add(&words, document, &mut Vec::new())));
}

/// From now on, what is written is refused with these words, and every answer warns with them.
pub fn refuses(proxy: &ApiProxy, words: &str, code: u16) {
    let refusal = Answer::status(code, &format!("Invalid{words}"), &format!("denied: {words}"));
    // A header holds no line breaks, and of other controls only a tab (RFC 9110, 5.5).
    let sayable: String = words.chars().filter(|c| !c.is_control()).collect();
    let refusal = refusal.header("warning", &format!("299 - \"{sayable}\""));
    proxy.on(lab::api_proxy::Call::is_write, Action::Respond(refusal));
}

/// Runs one of our programs by way of the proxy, and looks at what it says.
///
/// # Errors
/// Where a terminal or a shell would obey words that aren't ours.
pub async fn harmless(program: &Path, proxy: &ApiProxy, namespace: &str, words: &str) -> Result<Output> {
    let began = std::time::Instant::now();
    let mut command = Command::new(program);
    command.args(words.split_whitespace()).args(["-n", namespace]).env("KUBECONFIG", proxy.kubeconfig());
    let ended = command.stdin(Stdio::null()).kill_on_drop(true).output().await?;
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).context("no UTF-8");
    let code = ended.status.code().and_then(|code| u8::try_from(code).ok()).context("it crashed")?;
    let output = Output { code, stdout: text(ended.stdout)?, stderr: text(ended.stderr)?, elapsed: began.elapsed() };
    looks_harmless(&output).and_then(|()| is_harmless_to_a_shell(&output)).with_context(|| said(&output))?;
    ensure!(code != 101, "a panic\n{}", said(&output));
    Ok(output)
}

fn looks_harmless(output: &Output) -> Result<()> {
    for text in [&output.stdout, &output.stderr] {
        let unseen = text.chars().find(|c| !matches!(c, '\n' | '\t') && is_unseen(*c));
        ensure!(unseen.is_none(), "{unseen:?} gets to the terminal");
        let forged = text.lines().find(|line| FORGED.iter().any(|made_up| line.trim_start().starts_with(made_up)));
        ensure!(forged.is_none(), "a line that isn't ours: {forged:?}");
    }
    Ok(())
}

/// The lab's own list, so that a hole in the product's isn't one here: controls, what has no width, and
/// what turns the order of letters (Unicode 16, categories Cc, Cf, Zl and Zp as far as people use them).
fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(u32::from(c), 0xad | 0x61c | 0x180e | 0x200b..=0x200f | 0x2028..=0x202e | 0x2060..=0x206f
            | 0xfeff | 0xfff9..=0xfffb | 0xe0000..=0xe007f)
}

/// Gives every printed command to a real shell, in which kubectl does nothing, with all that follows it on
/// its line: whoever copies too much must not be hurt either. Words of ours behind a command may be no
/// shell's language; a command that begins a line, or stands alone in a document, is.
fn is_harmless_to_a_shell(output: &Output) -> Result<()> {
    let members = documents(&output.stdout).unwrap_or_default();
    let texts: Vec<&str> = members.iter().flat_map(strings).chain([output.stdout.as_str(), &output.stderr]).collect();
    for line in texts.iter().flat_map(|text| text.lines()) {
        for (at, _) in line.match_indices("kubectl ").filter(|(at, _)| !line[*at..].starts_with(FOREIGN)) {
            let folder = TempDir::new()?;
            let script = format!("kubectl() {{ :; }}\n{}\n", &line[at..]);
            let shell = std::process::Command::new("sh").args(["-c", &script]).current_dir(folder.path()).output()?;
            ensure!(!folder.path().join(TRACE).exists(), "a shell obeys {}", &line[at..]);
            let whole = at == 0 || ["Try: ", "Look: ", "     "].contains(&&line[..at]);
            let noted = line.ends_with(')') || line.contains("(printf") && line.contains("   (");
            ensure!(!whole || noted || shell.status.success(), "no shell reads {}: {shell:?}", &line[at..]);
        }
    }
    Ok(())
}

fn strings(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(items) => items.iter().flat_map(strings).collect(),
        Value::Object(members) => members.values().flat_map(strings).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => Vec::new(),
    }
}
