//! A hook as it is typed.

use std::fmt;

use serde_json::json;

use crate::text::printable;

/// What is run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hook {
    /// The Job of a file.
    Manifest(String),
    /// A Job of this CronJob's template.
    CronJob(String),
    /// A program on this machine, and its arguments: never a shell's line.
    Command(Vec<String>),
}

impl Hook {
    /// `cronjob/NAME`, `["PROGRAM", "ARGUMENT"]`, else a file.
    ///
    /// # Errors
    /// What it lacks, in words.
    pub fn parse(typed: &str) -> Result<Self, String> {
        if typed.trim_start().starts_with('[') {
            let words: Vec<String> = serde_json::from_str(typed)
                .map_err(|_| "a command is a list of texts: [\"PROGRAM\", \"ARGUMENT\"]".to_owned())?;
            return Self::command(words);
        }
        for kind in ["cronjob/", "cronjobs/", "cj/"] {
            if let Some(name) = typed.strip_prefix(kind) {
                return Self::cron_job(name);
            }
        }
        if typed.starts_with("job/") || typed.starts_with("jobs/") {
            return Err("a Job that is there has run already: cronjob/NAME, or the file of a Job".to_owned());
        }
        if typed.is_empty() { Err("a hook without a word".to_owned()) } else { Ok(Self::Manifest(typed.to_owned())) }
    }

    /// A program with its arguments.
    ///
    /// # Errors
    /// Where it names none.
    pub fn command(words: Vec<String>) -> Result<Self, String> {
        if words.first().is_none_or(String::is_empty) {
            return Err("a command without a program".to_owned());
        }
        if words.iter().any(|word| word.contains('\0')) {
            return Err("a command with a zero byte in it".to_owned());
        }
        Ok(Self::Command(words))
    }

    /// A CronJob by its name.
    ///
    /// # Errors
    /// Where it can't be one's.
    pub fn cron_job(name: &str) -> Result<Self, String> {
        let is_inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.');
        let is_name = !name.is_empty() && name.len() <= 253 && name.chars().all(is_inner) && !name.starts_with('.');
        if is_name {
            Ok(Self::CronJob(name.to_owned()))
        } else {
            Err(format!("\"{}\" is no CronJob's name", name.escape_debug()))
        }
    }

    /// As it is typed.
    #[must_use]
    pub fn word(&self) -> String {
        match self {
            Self::Manifest(path) => path.clone(),
            Self::CronJob(name) => format!("cronjob/{name}"),
            Self::Command(words) => json!(words).to_string(),
        }
    }
}

impl fmt::Display for Hook {
    /// For people; arguments of a command may be secret, and are not said.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Manifest(path) => write!(f, "the Job of {}", printable(path)),
            Self::CronJob(name) => write!(f, "a Job of cronjob/{}", printable(name)),
            Self::Command(words) => {
                let program = words.first().map(|word| printable(word)).unwrap_or_default();
                let more = words.len().saturating_sub(1);
                write!(f, "{program} on this machine")?;
                if more > 0 { write!(f, " ({more} arguments)") } else { Ok(()) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hook_is_a_file_a_cron_job_or_a_list_of_words() {
        assert_eq!(Hook::parse("migrate.yaml"), Ok(Hook::Manifest("migrate.yaml".into())));
        assert_eq!(Hook::parse("./cronjob/x.yaml"), Ok(Hook::Manifest("./cronjob/x.yaml".into())));
        assert_eq!(Hook::parse("cj/migrate"), Ok(Hook::CronJob("migrate".into())));
        let words = vec!["./smoke.sh".to_owned(), "a b".to_owned(), "$(x)".to_owned()];
        let command = Hook::parse(r#"["./smoke.sh", "a b", "$(x)"]"#).unwrap();
        assert_eq!(command, Hook::Command(words));
        assert_eq!(Hook::parse(&command.word()), Ok(command.clone()));
        assert_eq!(command.to_string(), "./smoke.sh on this machine (2 arguments)");
    }

    /// A line of a shell would be run by one, with whatever is in its variables.
    #[test]
    fn what_is_none_is_refused() {
        for bad in [
            "",
            "[]",
            "[\"\"]",
            "[1]",
            "[\"a\"",
            "job/migrate",
            "cronjob/",
            "cronjob/../x",
            "cronjob/A",
            "[\"a\\u0000\"]",
        ] {
            assert!(Hook::parse(bad).is_err(), "{bad}");
        }
    }
}
