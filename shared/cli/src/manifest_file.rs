//! Files of YAML documents, from disk or standard input, with the place of what is wrong in them.

mod parts;
mod problem;

use std::path::Path;
use std::time::Duration;

use release_core::failure::{Failure, Outcome};
use release_core::text::printable;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_saphyr::Options;
use serde_saphyr::options::DuplicateKeyPolicy;

use crate::bounded_file;
use parts::parts;
use problem::Problem;

/// A file of manifests for one release is never larger; the API server takes no larger object, either.
const LARGEST: u64 = 1024 * 1024;
/// Nor does it have more documents.
const MOST_DOCUMENTS: usize = 100;

/// One document of a file.
#[derive(Debug)]
pub struct Manifest {
    /// As JSON.
    pub value: Value,
    file: String,
    text: String,
    /// Lines of the file before it.
    before: u64,
}

impl Manifest {
    /// A word of its top level, empty where there is none.
    #[must_use]
    pub fn word(&self, field: &str) -> &str {
        self.value[field].as_str().unwrap_or_default()
    }

    /// `Service/api`, for people.
    #[must_use]
    pub fn reference(&self) -> String {
        let name = self.value["metadata"]["name"].as_str().unwrap_or_default();
        printable(&format!("{}/{name}", self.word("kind")))
    }

    /// It as what it is to be.
    ///
    /// # Errors
    /// Exit 2 with the place, and the nearest known name of a field that is none.
    pub fn read_as<T: DeserializeOwned>(&self) -> Outcome<T> {
        // A tag `1.10` would be cut to 1.1 by kubectl, and a name `on` be true.
        let quoted = serde_saphyr::options! {
            duplicate_keys: DuplicateKeyPolicy::Error, with_snippet: false, no_schema: true,
        };
        self.parsed(quoted)
    }

    /// As kubectl reads it: of YAML 1.1, with its octal numbers.
    fn as_value(&self) -> Outcome<Value> {
        let options = serde_saphyr::options! {
            duplicate_keys: DuplicateKeyPolicy::Error, with_snippet: false, legacy_octal_numbers: true,
        };
        self.parsed(options)
    }

    fn parsed<T: DeserializeOwned>(&self, options: Options) -> Outcome<T> {
        let read = serde_saphyr::from_str_with_options(&self.text, options);
        read.map_err(|error| Problem::of(&error, self.before).told(&self.file))
    }

    /// What is wrong with it as a whole, at its first line.
    #[must_use]
    pub fn wrong(&self, why: &str) -> Failure {
        Problem::at(self.line(), why).told(&self.file)
    }

    /// The first line of its own in the file.
    #[must_use]
    pub fn line(&self) -> u64 {
        let first = self.text.lines().take_while(|line| is_no_content(line)).count();
        self.before.saturating_add(first as u64).saturating_add(1)
    }
}

fn is_no_content(line: &str) -> bool {
    let line = line.trim();
    line.is_empty() || line.starts_with('#') || line == "---"
}

/// All documents of a file, `-` for standard input; empty ones are none.
///
/// # Errors
/// Exit 2 where it can't be read in that time, is too large, or is no YAML: with the place.
pub fn read(path: &Path, limit: Duration) -> Outcome<Vec<Manifest>> {
    let file = name(path);
    let bytes = bounded_file::read(path, LARGEST.saturating_add(1), limit);
    let bytes = bytes.map_err(|error| Failure::usage(format!("{file}: {error}")))?;
    of_text(&bytes, &file)
}

/// The file, for people.
#[must_use]
pub fn name(path: &Path) -> String {
    if path == Path::new("-") { "standard input".to_owned() } else { printable(&path.display().to_string()) }
}

fn of_text(bytes: &[u8], file: &str) -> Outcome<Vec<Manifest>> {
    if bytes.len() as u64 > LARGEST {
        return Err(Problem::at(line_behind(bytes), "the file is larger than 1 MiB").told(file));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let valid = bytes.get(..error.valid_up_to()).unwrap_or_default();
        let wide = bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff");
        let why = if wide { "this is UTF-16; save it as UTF-8" } else { "this is no UTF-8" };
        Problem::at(line_behind(valid), why).told(file)
    })?;
    // To YAML all three are a line's end (1.2.2, 5.4).
    let text = text.trim_start_matches('\u{feff}').replace("\r\n", "\n").replace('\r', "\n");
    let parts = parts(&text);
    if let Some((before, _)) = parts.get(MOST_DOCUMENTS) {
        let why = format!("the file has more than {MOST_DOCUMENTS} documents");
        return Err(Problem::at(before.saturating_add(1), why).told(file));
    }
    let mut manifests = Vec::new();
    for (before, text) in parts {
        let manifest = Manifest { value: Value::Null, file: file.to_owned(), text, before };
        match manifest.as_value()? {
            Value::Null => {}
            value @ Value::Object(_) => manifests.push(Manifest { value, ..manifest }),
            _ => return Err(manifest.wrong("a document is a mapping")),
        }
    }
    Ok(manifests)
}

/// The line that comes next.
fn line_behind(bytes: &[u8]) -> u64 {
    let breaks = bytes.iter().filter(|byte| **byte == b'\n').count() as u64;
    breaks.saturating_add(1)
}

#[cfg(test)]
mod tests;
