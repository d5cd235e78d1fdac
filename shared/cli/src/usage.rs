//! Command lines that make no sense: told in clap's words, and as a document where one was asked for.

use std::ffi::OsString;

use clap::{Parser, ValueEnum};
use release_core::failure::{Exit, Failure};
use schemars::JsonSchema;
use serde::Serialize;

use crate::flags::Output;
use crate::output::note_loss;
use crate::print;
use crate::report::{Members, Origin, Report, Subject};

/// Short flags of all plugins that take no value: what may stand before `o` in one word.
const WITHOUT_VALUE: &str = "Ahwy";

/// The document of a command line that makes no sense: it says nothing beside what all say.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub struct UsageMembers {}

impl Members for UsageMembers {
    const KIND: &'static str = "UsageError";
    const SUBJECT: Subject = Subject::Service;
}

/// Reads the command line of this process.
///
/// # Errors
/// Where there is nothing to run: help was asked for, which is printed, or the words make no sense,
/// which is said.
pub fn parse<C: Parser>() -> Result<C, Exit> {
    let typed: Vec<OsString> = std::env::args_os().collect();
    C::try_parse_from(&typed).map_err(|error| {
        // Help and version are no errors.
        if !error.use_stderr() {
            let _ = error.print().map_err(note_loss);
            return print::written();
        }
        let output = asked_for(&typed);
        if !output.is_document() {
            let _ = error.print();
            return Exit::Usage;
        }
        say(&failure(&error), output)
    })
}

/// Says of this process's command line that it makes no sense, as it asked to be told.
pub fn refuse(failure: &Failure) -> Exit {
    let typed: Vec<OsString> = std::env::args_os().collect();
    say(failure, asked_for(&typed))
}

fn say(failure: &Failure, output: Output) -> Exit {
    print::report(&Report::<UsageMembers>::default(), output, &Origin::default(), Some(failure));
    failure.exit
}

/// Clap's paragraphs are what is wrong, what may have been meant, and how it is used.
fn failure(error: &clap::Error) -> Failure {
    let text = error.render().to_string();
    let mut paragraphs = text.split("\n\n").map(str::trim);
    let message = paragraphs.next().unwrap_or_default();
    let failure = Failure::usage(message.strip_prefix("error: ").unwrap_or(message));
    match paragraphs.find_map(|paragraph| paragraph.strip_prefix("tip: ")) {
        Some(tip) => failure.next(tip),
        None => failure,
    }
}

/// The format that the words ask for, whatever else is wrong with them; the last one wins.
fn asked_for(typed: &[OsString]) -> Output {
    let mut words = typed.iter().skip(1).map(|word| word.to_string_lossy()).take_while(|word| *word != "--");
    let mut asked = Output::default();
    while let Some(word) = words.next() {
        let value = match word.strip_prefix("--output") {
            Some("") => words.next().map(std::borrow::Cow::into_owned),
            Some(rest) => rest.strip_prefix('=').map(str::to_owned),
            None => match short_value(&word) {
                Some("") => words.next().map(std::borrow::Cow::into_owned),
                Some(value) => Some(value.to_owned()),
                None => None,
            },
        };
        asked = value.and_then(|value| Output::from_str(&value, false).ok()).unwrap_or(asked);
    }
    asked
}

/// What stands behind `-o` in the same word: `json` in `-ojson`, `-o=json` and `-yojson`.
fn short_value(word: &str) -> Option<&str> {
    let flags = word.strip_prefix('-').filter(|flags| !flags.starts_with('-'))?;
    let value = flags.trim_start_matches(|c| WITHOUT_VALUE.contains(c)).strip_prefix('o')?;
    Some(value.strip_prefix('=').unwrap_or(value))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    /// A script that asked for JSON would get clap's prose, and fail at reading it.
    #[test]
    fn the_format_is_found_in_words_that_make_no_sense() {
        for (words, output) in [
            ("-o json --nonsense", Output::Json),
            ("--nonsense -ojson", Output::Json),
            ("switch -o=yaml", Output::Yaml),
            ("x --output jsonl y", Output::Jsonl),
            ("x --output=json -y", Output::Json),
            ("-yojson", Output::Json),
            ("-yo json", Output::Json),
            ("-o json -o yaml", Output::Yaml),
            ("-o", Output::Table),
            ("-o jsn", Output::Table),
            ("-no json", Output::Table),
            ("--outputs json", Output::Table),
            ("-- -o json", Output::Table),
            ("", Output::Table),
        ] {
            let typed: Vec<OsString> = std::iter::once("plugin").chain(words.split(' ')).map(OsString::from).collect();
            assert_eq!(asked_for(&typed), output, "{words}");
        }
    }

    #[test]
    fn what_clap_says_is_parted_into_what_is_wrong_and_what_may_be_meant() {
        let command = clap::Command::new("x").arg(clap::Arg::new("yes").long("yes").action(clap::ArgAction::SetTrue));
        let mut refused = failure(&command.try_get_matches_from(["x", "--yess"]).unwrap_err());
        assert_eq!((refused.exit, refused.reason), (Exit::Usage, "BadUsage"));
        assert!(refused.message.contains("--yess") && !refused.message.contains("error: "), "{refused}");
        assert!(refused.next.take().is_some_and(|next| next.to_string().contains("--yes")));
    }

    #[test]
    fn its_document_is_as_the_schema_says() {
        let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/schema/usage-error.json");
        assert_eq!(crate::schema::check::<UsageMembers>(&kept), Ok(()));
    }
}
