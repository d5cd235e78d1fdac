//! The words of a printed command, as a shell reads them, and what no printed command may have.

use anyhow::{Result, bail, ensure};

/// Flags whose value is somebody's own word, capitals and all.
const FREE: [&str; 6] = ["--reason", "--context", "--user", "--cluster", "--profile", "--kubeconfig"];
/// What stands for a word of somebody's in our own help.
const OPEN: [&str; 18] = [
    "NAME",
    "TAG",
    "DIGEST",
    "COLOR",
    "OTHER",
    "ID",
    "SERVICE",
    "REPOSITORY",
    "FILE",
    "TEXT",
    "TIME",
    "LABEL",
    "POD",
    "TYPE",
    "GLOB",
    "URL",
    "USER",
    "CONTEXT",
];

/// Splits a command into words as a POSIX shell does. What a shell would do more with (`$`, `|`,
/// `;`, `*`) must be quoted in what is printed.
///
/// # Errors
/// Where a shell would read more than one plain command.
pub fn split(command: &str) -> Result<Vec<String>> {
    let (mut words, mut word, mut quoted) = (Vec::new(), None::<String>, false);
    let mut letters = command.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\'' => {
                quoted = !quoted;
                word.get_or_insert_default();
            }
            _ if quoted => word.get_or_insert_default().push(letter),
            '\\' => word.get_or_insert_default().extend(letters.next()),
            ' ' => words.extend(word.take()),
            '$' | '|' | ';' | '&' | '*' | '?' | '<' | '>' | '(' | ')' | '`' | '"' | '#' | '~' | '{' | '[' => {
                bail!("a shell does something else with {letter:?}")
            }
            _ => word.get_or_insert_default().push(letter),
        }
    }
    ensure!(!quoted, "a quote is not closed");
    words.extend(word);
    Ok(words)
}

/// What a person would have to fill in before the command can be run.
#[must_use]
pub fn placeholder(words: &[String]) -> Option<String> {
    let mut behind = "";
    for word in words {
        let (flag, value) = word.split_once('=').filter(|_| word.starts_with("--")).unwrap_or((behind, word));
        if word.is_empty() || (word.starts_with("--") && word.ends_with('=')) {
            return Some("an empty word".to_owned());
        }
        if !FREE.contains(&flag) && is_open(value) {
            return Some(format!("{word:?} is to be filled in"));
        }
        behind = word;
    }
    None
}

fn is_open(value: &str) -> bool {
    let mut parts = value.split(|c: char| !(c.is_alphanumeric() || c == '_'));
    let is_json = value.starts_with(['[', '{']);
    let in_brackets = value.starts_with('<') && value.ends_with('>');
    !is_json && (in_brackets || value.contains('…') || parts.any(|part| OPEN.contains(&part)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(command: &str) -> Vec<String> {
        split(command).unwrap()
    }

    #[test]
    fn quotes_are_those_of_a_shell() {
        assert_eq!(words("a --b='c d' 'it'\\''s'  e"), ["a", "--b=c d", "it's", "e"]);
        assert_eq!(words("a ''"), ["a", ""]);
        for bad in ["a $(reboot)", "a; b", "a | b", "a 'b", "a > b", "a *"] {
            assert!(split(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_has_to_be_filled_in_is_seen() {
        for bad in [
            "kubectl delete pod NAME -n shop",
            "kubectl set image deploy/api api=registry.example.com/api:TAG",
            "kubectl get pods -l app=api,version=OTHER",
            "kubectl bluegreen switch api --to ''",
            "kubectl bluegreen switch api --to=",
            "kubectl bluegreen switch api --to '<COLOR>'",
        ] {
            assert!(placeholder(&words(bad)).is_some(), "{bad}");
        }
        for good in [
            "kubectl bluegreen switch api --to green -n shop --context PROD",
            "kubectl patch service api -p '[{\"op\":\"replace\",\"value\":{\"A\":\"NAME\"}}]'",
            "kubectl ecr-rollback deploy/api --reason='BAD BUILD' --to-tag=1.2-SNAPSHOT",
        ] {
            assert_eq!(placeholder(&words(good)), None, "{good}");
        }
    }
}
