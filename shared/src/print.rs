//! Printing a report: stdout is data, stderr is talk.

use crate::error::{Exit, Failure};
use crate::flags::Output;

use crate::report::Report;

/// Prints to stdout what the output format asks for, and to stderr what a person needs to know of
/// a failure.
///
/// `acts` are the beginnings of commands that change something, as `kubectl bluegreen switch`.
pub fn report(report: &Report, output: Output, failed: Option<&Failure>, acts: &[&str]) {
    match output {
        Output::Json => println!("{}", serde_json::to_string_pretty(&report.document(failed)).unwrap_or_default()),
        Output::Jsonl => println!("{}", report.document(failed)),
        Output::Yaml => print!("{}", serde_saphyr::to_string(&report.document(failed)).unwrap_or_default()),
        Output::Name => report.names.iter().for_each(|name| println!("{name}")),
        Output::Table | Output::Wide if !report.text.is_empty() => println!("{}", report.text),
        Output::Table | Output::Wide => {}
    }
    if let Some(failed) = failed
        && !matches!(output, Output::Json | Output::Jsonl | Output::Yaml)
    {
        failure(failed, acts);
    }
}

/// kubectl's words stay kubectl's; ours begin with `error:`.
pub fn failure(failure: &Failure, acts: &[&str]) {
    let theirs = ["Error from server", "Unable to connect"].iter().any(|start| failure.message.starts_with(start));
    let lead = match failure.exit {
        Exit::Interrupted => "\n",
        _ if theirs => "",
        _ => "error: ",
    };
    eprintln!("{lead}{}", failure.message);
    if let Some(next) = &failure.next {
        eprintln!("{}: {next}", label(next, acts));
    }
}

/// A command that does something is tried, one that shows something is looked at.
fn label(next: &str, acts: &[&str]) -> &'static str {
    match next {
        _ if acts.iter().any(|act| next.starts_with(act)) => "Try",
        _ if next.starts_with("kubectl ") => "Look",
        _ => "Hint",
    }
}
