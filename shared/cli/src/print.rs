//! Printing a report: stdout is data, stderr is talk.

use release_core::failure::{Exit, Failure};
use release_core::text::one_line;
use serde_json::Value;

use crate::flags::Output;
use crate::output::{data_line, end_living, json, lost, talk, yaml};
use crate::report::{Manifest, Members, Origin, Report};

/// Prints to stdout what the output format asks for, and to stderr what a person needs to know of
/// a failure.
pub fn report<M: Members>(report: &Report<M>, output: Output, origin: &Origin, failed: Option<&Failure>) {
    end_living();
    // As a value, so that members stand in alphabetical order whatever they are made of.
    let document = || serde_json::to_value(report.document(origin, failed)).unwrap_or(Value::Null);
    match output {
        Output::Json => json(&document(), true),
        Output::Jsonl => json(&document(), false),
        _ if failed.is_none() && prints_manifests(report, output) => {
            for Manifest { comment, object } in &report.manifests {
                data_line(format_args!("---\n# {}", one_line(comment)));
                yaml(object);
            }
        }
        Output::Yaml => yaml(&document()),
        Output::Name => report.names.iter().for_each(data_line),
        Output::Table | Output::Wide if !report.text.is_empty() => data_line(&report.text),
        Output::Table | Output::Wide => {}
    }
    if let Some(failed) = failed
        && !output.is_document()
    {
        failure(failed);
    }
}

/// For those who commit them; to people they are shown where there is nothing else to show.
fn prints_manifests<M: Members>(report: &Report<M>, output: Output) -> bool {
    let is_for_people = matches!(output, Output::Table | Output::Wide);
    !report.manifests.is_empty() && (output == Output::Yaml || (is_for_people && report.text.is_empty()))
}

/// kubectl's words stay kubectl's; ours begin with `error:`.
pub fn failure(failure: &Failure) {
    let lead = match failure.exit {
        Exit::Interrupted => "\n",
        _ if failure.is_servers => "",
        _ => "error: ",
    };
    talk(format_args!("{lead}{}", failure.message));
    if let Some(next) = &failure.next {
        talk(format_args!("{}: {next}", next.label()));
    }
}

/// How a run ends whose output is all that it does: failed where that was lost, as kubectl and coreutils
/// do; a reader that had enough is none.
#[must_use]
pub fn written() -> Exit {
    let Some(why) = lost() else { return Exit::Done };
    talk(format_args!("error: the output could not be written: {why}"));
    Exit::Failed
}
