//! Printing a report: stdout is data, stderr is talk.

use kubectl_release::error::{Exit, Failure};
use kubectl_release::flags::Output;

use crate::report::Report;

/// Prints to stdout what the output format asks for, and to stderr what a person needs to know of
/// a failure.
pub fn report(report: &Report, output: Output, failed: Option<&Failure>) {
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
        failure(failed);
    }
}

/// kubectl's words stay kubectl's; ours begin with `error:`.
pub fn failure(failure: &Failure) {
    let theirs = ["Error from server", "Unable to connect"].iter().any(|start| failure.message.starts_with(start));
    let lead = match failure.exit {
        Exit::Interrupted => "\n",
        _ if theirs => "",
        _ => "error: ",
    };
    eprintln!("{lead}{}", failure.message);
    if let Some(next) = &failure.next {
        eprintln!("{}: {next}", label(next));
    }
}

/// A command that does something is tried, one that shows something is looked at.
fn label(next: &str) -> &'static str {
    let acts = ["switch", "rollback", "cleanup"].map(|verb| format!("kubectl bluegreen {verb}"));
    match next {
        _ if acts.iter().any(|act| next.starts_with(act)) => "Try",
        _ if next.starts_with("kubectl ") => "Look",
        _ => "Hint",
    }
}
