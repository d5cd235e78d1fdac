//! Commands that we print for people to paste.

use std::fmt::{self, Write};

use serde_json::{Value, json};

use crate::kube::Labels;
use crate::text::is_unseen;

/// A command line as a value: every word is quoted where a POSIX shell would read it otherwise.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Command {
    words: Vec<String>,
}

/// What a command must repeat to reach the same namespace of the same cluster as the run that
/// prints it. Never holds a token.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scope {
    namespace: Option<String>,
    connection: Vec<String>,
    own: Own,
}

/// What commands of the program itself repeat besides, and others don't know.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Own {
    /// `kubectl bluegreen`
    pub program: String,
    /// In one word with their values: `--track-key=role`.
    pub flags: Vec<String>,
}

impl Own {
    /// Those that a command of the program doesn't have already.
    fn missing_in(&self, command: &Command) -> Vec<String> {
        let program = self.program.split_whitespace();
        if self.program.is_empty() || !program.zip(&command.words).all(|(ours, word)| ours == word) {
            return Vec::new();
        }
        let name = |flag: &str| flag.split_once('=').map_or_else(|| flag.to_owned(), |(name, _)| name.to_owned());
        let has = |flag: &String| command.words.iter().any(|word| name(word) == name(flag));
        self.flags.iter().filter(|flag| !has(flag)).cloned().collect()
    }
}

impl Scope {
    /// Connection flags as words: `["--context", "prod"]`.
    #[must_use]
    pub fn new(connection: Vec<String>) -> Self {
        Self { connection, ..Self::default() }
    }

    /// The same, with what commands of the program repeat.
    #[must_use]
    pub fn with_own(self, own: Own) -> Self {
        Self { own, ..self }
    }

    /// The same cluster, with `-n NAMESPACE`.
    #[must_use]
    pub fn in_namespace(&self, namespace: &str) -> Self {
        Self { namespace: Some(namespace.to_owned()), ..self.clone() }
    }

    /// The same cluster, without a namespace.
    #[must_use]
    pub fn without_namespace(&self) -> Self {
        Self { namespace: None, ..self.clone() }
    }

    fn words(&self) -> impl Iterator<Item = String> {
        let namespace = self.namespace.iter().flat_map(|n| ["-n".to_owned(), n.clone()]);
        namespace.chain(self.connection.iter().cloned())
    }
}

impl Command {
    /// A program with fixed words of ours: `kubectl bluegreen switch`.
    #[must_use]
    pub fn new(words: &str) -> Self {
        Self { words: words.split_whitespace().map(str::to_owned).collect() }
    }

    /// Adds a word that is somebody's.
    #[must_use]
    pub fn arg(mut self, word: impl Into<String>) -> Self {
        self.words.push(word.into());
        self
    }

    /// Adds words that are somebody's.
    #[must_use]
    pub fn args<W: Into<String>>(mut self, words: impl IntoIterator<Item = W>) -> Self {
        self.words.extend(words.into_iter().map(Into::into));
        self
    }

    /// Adds a flag and its value, two words: `--to green`.
    #[must_use]
    pub fn flag(self, name: &str, value: impl Into<String>) -> Self {
        self.arg(name).arg(value)
    }

    /// Adds a flag that stands in one word with its value: `--force=gitops`.
    #[must_use]
    pub fn option(self, name: &str, value: &str) -> Self {
        self.arg(format!("{name}={value}"))
    }

    /// Adds what it takes to reach the same namespace of the same cluster.
    #[must_use]
    pub fn scope(self, scope: &Scope) -> Self {
        let own = scope.own.missing_in(&self);
        self.args(own).args(scope.words())
    }

    /// The words, unquoted: what an `exec` would get.
    #[must_use]
    pub fn words(&self) -> &[String] {
        &self.words
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quoted: Vec<String> = self.words.iter().map(|word| quoted(word)).collect();
        f.write_str(&quoted.join(" "))
    }
}

/// The bare kubectl command that gives a Service another selector, if it has still this one.
#[must_use]
pub fn selector_change_command(service: &str, scope: &Scope, from: &Labels, to: &Labels) -> Command {
    let still = json!({"op": "test", "path": "/spec/selector", "value": from});
    service_patch_command(service, scope, &json!([still, {"op": "replace", "path": "/spec/selector", "value": to}]))
}

/// The bare kubectl command that makes a JSON patch of an object (`deploy/api`).
#[must_use]
pub fn patch_command(reference: &str, scope: &Scope, patch: &Value) -> Command {
    Command::new("kubectl patch").arg(reference).scope(scope).arg("--type=json").flag("-p", patch.to_string())
}

/// The same of a Service.
#[must_use]
pub fn service_patch_command(service: &str, scope: &Scope, patch: &Value) -> Command {
    Command::new("kubectl patch service").arg(service).scope(scope).arg("--type=json").flag("-p", patch.to_string())
}

/// Of `--flag=value` only the value is quoted.
fn quoted(word: &str) -> String {
    match word.split_once('=') {
        Some((flag, value)) if flag.starts_with("--") && shell_quote(flag) == flag => {
            format!("{flag}={}", shell_quote(value))
        }
        _ => shell_quote(word),
    }
}

/// Quotes a word for a shell where it needs it: a POSIX one, or zsh, to which `=ls` is the path of `ls`. What isn't seen is written as `printf` reads it,
/// so that the command stays one line and shows what it says.
#[must_use]
pub fn shell_quote(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:@%+,".contains(c);
    if !word.is_empty() && !word.starts_with('=') && word.chars().all(plain) {
        word.to_owned()
    } else if word.chars().any(is_unseen) {
        printf_quote(word, plain)
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// Whatever isn't plain is written by its bytes, so that no reader of the line finds an end in it. A
/// command substitution takes newlines at the end away; nothing that is named in a cluster ends with one.
fn printf_quote(word: &str, is_plain: impl Fn(char) -> bool) -> String {
    let mut format = String::new();
    for (at, c) in word.chars().enumerate() {
        match c {
            // The first would be a flag of `printf`.
            '-' if at == 0 => octal(c, &mut format),
            '%' => format.push_str("%%"),
            _ if is_plain(c) => format.push(c),
            _ => octal(c, &mut format),
        }
    }
    format!("\"$(printf '{format}')\"")
}

fn octal(c: char, format: &mut String) {
    for byte in c.encode_utf8(&mut [0; 4]).bytes() {
        // Into a String, which doesn't fail.
        let _ = write!(format, "\\{byte:03o}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_of_the_program_repeat_what_was_typed_and_others_do_not() {
        let own = Own { program: "kubectl bluegreen".into(), flags: vec!["--track-key=role".into()] };
        let scope = Scope::default().with_own(own).in_namespace("shop");
        let printed = |command: Command| command.scope(&scope).to_string();
        let rollback = printed(Command::new("kubectl bluegreen rollback api"));
        assert_eq!(rollback, "kubectl bluegreen rollback api --track-key=role -n shop");
        let typed = printed(Command::new("kubectl bluegreen switch api --track-key tier"));
        assert_eq!(typed, "kubectl bluegreen switch api --track-key tier -n shop");
        assert_eq!(printed(Command::new("kubectl get pods")), "kubectl get pods -n shop");
    }

    #[test]
    fn a_command_reaches_the_same_cluster_and_survives_the_shell() {
        let scope = Scope::new(vec!["--context".into(), "prod eu".into()]).in_namespace("shop");
        let command = Command::new("kubectl bluegreen switch").arg("api").flag("--to", "$(reboot)").scope(&scope);
        assert_eq!(command.to_string(), "kubectl bluegreen switch api --to '$(reboot)' -n shop --context 'prod eu'");
        assert_eq!(command.words()[5], "$(reboot)");
        let because = Command::new("kubectl bluegreen switch api").option("--reason", "bad; really");
        assert_eq!(because.to_string(), "kubectl bluegreen switch api --reason='bad; really'");
    }

    /// What a shell makes of a word is asked of a shell.
    #[test]
    fn a_word_is_the_same_word_to_a_real_shell() {
        for word in
            ["a b", "$(id)", "`id`", "it's", "x\u{1b}[2Jy", "50%\n\\n'\u{202e}", "\u{e0041}\u{9b}é", "-n", "~", "a\tb"]
        {
            let quoted = shell_quote(word);
            assert!(!quoted.chars().any(is_unseen), "{quoted}");
            let script = format!("printf '%s' {quoted}");
            let heard = std::process::Command::new("sh").args(["-c", &script]).output().unwrap();
            assert_eq!(String::from_utf8(heard.stdout).unwrap(), word, "{quoted}");
        }
    }

    #[test]
    fn printed_words_survive_the_shell() {
        assert_eq!(shell_quote("prod-eu"), "prod-eu");
        assert_eq!(shell_quote("arn:aws:eks:eu-west-1:1:cluster/x"), "arn:aws:eks:eu-west-1:1:cluster/x");
        assert_eq!(shell_quote("a b'; rm -rf ~"), r"'a b'\''; rm -rf ~'");
        assert_eq!(shell_quote(""), "''");
    }

    /// The shells of this machine.
    fn shells() -> impl Iterator<Item = &'static str> {
        let runs = |shell: &&str| std::process::Command::new(shell).args(["-c", ":"]).output().is_ok();
        ["sh", "bash", "zsh"].into_iter().filter(runs)
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(200))]
        /// What is pasted would do something else than what it says.
        #[test]
        fn no_word_of_anybodys_is_another_word_to_a_shell(
            words in proptest::collection::vec(crate::hostile::hostile_word(), 1..6),
            flag in crate::hostile::hostile_word(),
        ) {
            // No argument holds a NUL, and no name in a cluster ends with a line break.
            let possible = |word: &String| word.replace('\0', "").trim_end_matches('\n').to_owned();
            let words: Vec<String> = words.iter().map(possible).collect();
            let command = Command::new("kubectl get").args(&words).option("--reason", &possible(&flag));
            let line = command.to_string();
            proptest::prop_assert!(!line.chars().any(crate::hostile::is_obeyed_or_unseen), "{:?}", line);
            for shell in shells() {
                let script = format!("kubectl() {{ printf '%s\\0' \"$@\"; }}\n{line}");
                let heard = std::process::Command::new(shell).args(["-c", &script]).output().unwrap();
                let heard = String::from_utf8(heard.stdout).unwrap();
                let heard: Vec<&str> = heard.split_terminator('\0').collect();
                proptest::prop_assert_eq!(&heard, &command.words()[1..], "{}: {}", shell, line);
            }
        }
    }
}
