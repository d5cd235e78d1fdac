//! Commands in what a plugin printed, as a person would find them.

use lab::Output;
use serde_json::Value;

/// What a line promises of the command in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Promise {
    /// It does what was wanted: `Try`, `Back`, `Forward`.
    Goes,
    /// It puts things back to how they were before a write.
    Undoes,
    /// It works, in some state or other: a look, a hint, what would mend a finding.
    Works,
}

/// A command that was printed, and what its line promised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Printed {
    pub promise: Promise,
    /// As it would be copied from the screen.
    pub text: String,
}

/// What a command begins with.
const PROGRAMS: [&str; 2] = ["kubectl ", "aws "];
/// What stands before a command within a line: two blanks part columns.
const BEFORE: [&str; 9] = ["  ", ": ", "; ", "see ", "See ", "then ", "or ", "(", "`"];
/// What stands behind a command within a line.
const BEHIND: [&str; 6] = ["   ", "; ", ", ", ")", "`", "\u{1b}"];
/// What begins a line, or stands before a command, and what it promises.
const LABELS: [(&str, Promise); 9] = [
    ("Try:", Promise::Goes),
    ("Back:", Promise::Goes),
    ("Forward:", Promise::Goes),
    ("forward again:", Promise::Goes),
    ("or without ECR:", Promise::Goes),
    ("undone by:", Promise::Works),
    ("undo:", Promise::Undoes),
    ("undo ", Promise::Undoes),
    ("Look:", Promise::Works),
];
/// What takes a promise back, behind the command.
const NOT_NOW: &str = "not now";
/// What begins a synopsis; the rest of that text describes words, and is no command.
const SYNOPSIS: &str = "Usage: ";
/// How sentences about kubectl go on.
const SENTENCES: [&str; 3] = ["kubectl has ", "kubectl would ", "kubectl ("];

/// All commands on stdout and stderr; a document is read by its members.
#[must_use]
pub fn commands(output: &Output) -> Vec<Printed> {
    let mut found = Vec::new();
    match documents(&output.stdout) {
        Some(documents) => documents.iter().for_each(|document| in_value(document, "", &mut found)),
        None => in_text(&output.stdout, Promise::Works, &mut found),
    }
    in_text(&output.stderr, Promise::Works, &mut found);
    found
}

/// What is printed for programs, as JSON or YAML.
pub fn documents(stdout: &str) -> Option<Vec<Value>> {
    if stdout.starts_with("apiVersion: ") {
        return serde_saphyr::from_str(stdout).ok().map(|document| vec![document]);
    }
    serde_json::Deserializer::from_str(stdout).into_iter::<Value>().collect::<Result<_, _>>().ok()
}

fn in_value(value: &Value, key: &str, found: &mut Vec<Printed>) {
    match value {
        Value::String(text) => in_text(text, of_member(key), found),
        Value::Array(items) => items.iter().for_each(|item| in_value(item, key, found)),
        Value::Object(members) => members.iter().for_each(|(key, item)| in_value(item, key, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn of_member(key: &str) -> Promise {
    match key {
        "next" => Promise::Goes,
        "undo" => Promise::Undoes,
        _ => Promise::Works,
    }
}

/// Lines that begin with blanks go on with what the line before them said. What a member promises
/// holds for a command alone; in a sentence there is more to do first.
fn in_text(text: &str, of_member: Promise, found: &mut Vec<Printed>) {
    let mut promise = Promise::Works;
    for line in text.lines().take_while(|line| !line.starts_with(SYNOPSIS)) {
        if !line.starts_with("     ") {
            promise = Promise::Works;
        }
        if PROGRAMS.iter().any(|program| line.trim_start().starts_with(program)) && promise == Promise::Works {
            promise = of_member;
        }
        let mut from = 0;
        while let Some(start) = next_command(line, from) {
            let end = start + length(&line[start..]);
            promise = labelled(&line[..start]).unwrap_or(promise);
            let kept = if line[end..].contains(NOT_NOW) { Promise::Works } else { promise };
            found.push(Printed { promise: kept, text: line[start..end].trim_end().to_owned() });
            from = end.max(start + 1);
        }
    }
}

/// The label that stands nearest before a command.
fn labelled(before: &str) -> Option<Promise> {
    let nearest = LABELS.iter().filter_map(|(label, promise)| Some((before.rfind(label)?, *promise)));
    nearest.max_by_key(|(at, _)| *at).map(|(_, promise)| promise)
}

/// Where the next command begins. Words about kubectl in a sentence are no command.
fn next_command(line: &str, from: usize) -> Option<usize> {
    let starts = PROGRAMS.iter().flat_map(|program| line.match_indices(program)).map(|(at, _)| at);
    let begins = |at: &usize| {
        let before = &line[..*at];
        let stands_alone = before.trim().is_empty() || BEFORE.iter().any(|mark| before.ends_with(mark));
        stands_alone && !SENTENCES.iter().any(|sentence| line[*at..].starts_with(sentence))
    };
    starts.filter(|at| *at >= from).filter(begins).min()
}

/// How long a command is: to where a person would stop copying it.
fn length(text: &str) -> usize {
    let mut quoted = false;
    for (at, letter) in text.char_indices() {
        if letter == '\'' {
            quoted = !quoted;
        }
        if !quoted && BEHIND.iter().any(|mark| text[at..].starts_with(mark)) {
            return at;
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn found(stdout: &str, stderr: &str) -> Vec<(Promise, String)> {
        let output = Output { code: 1, stdout: stdout.into(), stderr: stderr.into(), elapsed: Duration::ZERO };
        commands(&output).into_iter().map(|printed| (printed.promise, printed.text)).collect()
    }

    fn one(line: &str) -> (Promise, String) {
        let all = found("", line);
        assert_eq!(all.len(), 1, "{line}: {all:?}");
        all[0].clone()
    }

    #[test]
    fn commands_are_found_behind_every_label() {
        let switch = "kubectl bluegreen switch api --to green -n shop".to_owned();
        for line in [
            format!("Try: {switch}"),
            format!("Try: {switch}   (after fixing, or knowing better)"),
            format!("Forward: {switch}     < 1 s, its pods are ready"),
            format!("  forward again: {switch}"),
            format!("error: x\nTry: {switch}"),
        ] {
            assert_eq!(one(&line), (Promise::Goes, switch.clone()), "{line}");
        }
        assert_eq!(one(&format!("Forward: {switch}     not now, 0 of 3 pods are ready")).0, Promise::Works);
        assert_eq!(one(&format!("Hint: deploy green again, then {switch}")), (Promise::Works, switch.clone()));
    }

    #[test]
    fn every_line_below_a_label_is_one_more_way() {
        let all = found(
            "",
            "Try: kubectl ecr-rollback deploy/a -c a\n     kubectl ecr-rollback deploy/a -c b\nnote: see kubectl get pods",
        );
        let promises: Vec<Promise> = all.iter().map(|(promise, _)| *promise).collect();
        assert_eq!(promises, [Promise::Goes, Promise::Goes, Promise::Works]);
    }

    #[test]
    fn undoing_is_found_in_steps_and_in_sentences() {
        let patch = r#"kubectl patch service api --type=json -p '[{"op": "x; y   z"}]'"#;
        assert_eq!(one(&format!("03:12:04  undo         {patch}")), (Promise::Undoes, patch.to_owned()));
        let scale = "kubectl scale deploy/api --replicas=0";
        assert_eq!(one(&format!("left scaled: deploy/api 0 -> 2; undo: {scale}")), (Promise::Undoes, scale.to_owned()));
    }

    #[test]
    fn fixes_of_findings_are_columns() {
        let line = "! pods-not-ready  2 pods crash (exit 1)          kubectl logs -p api-x -n shop";
        assert_eq!(one(line), (Promise::Works, "kubectl logs -p api-x -n shop".to_owned()));
        let sentence = "Hint: aws sso login, or set AWS_PROFILE; then check: aws sts get-caller-identity";
        let texts: Vec<String> = found("", sentence).into_iter().map(|(_, text)| text).collect();
        assert_eq!(texts, ["aws sso login", "aws sts get-caller-identity"]);
    }

    #[test]
    fn words_about_kubectl_are_no_commands() {
        for line in [
            "! kubectl-apply  the next kubectl apply puts it back",
            "error: kubectl has no auth-provider \"gcp\" any more",
            "error: can't use it: kubectl has no auth-provider \"gcp\" any more",
            "error: no such flag\n\nUsage: kubectl bluegreen switch --to <COLOR>\n\nFlags go: kubectl bluegreen",
            "somebody, and kubectl would ask for a password here",
        ] {
            assert!(found("", line).is_empty(), "{line}");
        }
    }

    #[test]
    fn documents_are_read_by_their_members() {
        let document = serde_json::json!({
            "message": "not scaled; undo: kubectl scale deploy/a --replicas=1",
            "next": "kubectl bluegreen switch api --to green\n     kubectl bluegreen switch api --to red",
            "findings": [{"fix": "kubectl rollout status deploy/a"}],
        });
        let all = found(&format!("{document:#}"), "");
        let promises: Vec<Promise> = all.iter().map(|(promise, _)| *promise).collect();
        assert_eq!(promises, [Promise::Works, Promise::Undoes, Promise::Goes, Promise::Goes], "{all:?}");
        let lines = format!("{{\"kind\": \"Step\", \"message\": \"x\"}}\n{{\"next\": \"{}\"}}", "kubectl get pods");
        assert_eq!(found(&lines, ""), [(Promise::Goes, "kubectl get pods".to_owned())]);
        let hint = r#"{"next": "deploy blue again, then kubectl bluegreen rollback api"}"#;
        assert_eq!(found(hint, ""), [(Promise::Works, "kubectl bluegreen rollback api".to_owned())]);
    }
}
