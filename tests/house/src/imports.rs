//! Which file imports which, from `use` lines and from paths written out in the code.

use std::collections::{BTreeMap, BTreeSet};

use crate::sources::Source;

/// Edges from file to file, as indices into the sources.
pub type Imports = BTreeMap<usize, BTreeSet<usize>>;

/// Finds every edge. Declaring a module (`mod x;`) is none; handing on its names (`pub use x::Y`) is.
#[must_use]
pub fn imports(sources: &[Source]) -> Imports {
    let files: BTreeMap<&[String], usize> = sources.iter().enumerate().map(|(i, s)| (s.module.as_slice(), i)).collect();
    let mut edges = Imports::new();
    for (index, source) in sources.iter().enumerate() {
        let targets = named_paths(&source.text).into_iter().filter_map(|path| target(&files, source, &path));
        edges.insert(index, targets.filter(|target| *target != index).collect());
    }
    edges
}

/// The file that the longest beginning of a path names.
fn target(files: &BTreeMap<&[String], usize>, from: &Source, path: &[String]) -> Option<usize> {
    let absolute = absolute(files, from, path)?;
    (1..=absolute.len()).rev().find_map(|length| files.get(&absolute[..length]).copied())
}

fn absolute(files: &BTreeMap<&[String], usize>, from: &Source, path: &[String]) -> Option<Vec<String>> {
    let own = &from.module;
    let (first, rest) = path.split_first()?;
    let base = match first.as_str() {
        "crate" => own[..1].to_vec(),
        "self" => own.clone(),
        "super" => {
            let up = path.iter().take_while(|segment| *segment == "super").count();
            let base = own.get(..own.len().checked_sub(up)?)?.to_vec();
            return Some([base, path[up..].to_vec()].concat());
        }
        name if files.contains_key([name.to_owned()].as_slice()) => vec![name.to_owned()],
        name => {
            let child = [own.as_slice(), &[name.to_owned()]].concat();
            files.contains_key(child.as_slice()).then_some(child)?
        }
    };
    Some([base, rest.to_vec()].concat())
}

/// Paths of at least two segments in code, comments left out, groups taken apart.
fn named_paths(text: &str) -> Vec<Vec<String>> {
    let code: Vec<&str> = text.lines().map(|line| line.split("//").next().unwrap_or_default()).collect();
    let code = code.join("\n");
    let mut paths = Vec::new();
    let mut rest = code.as_str();
    while let Some(at) = rest.find("::") {
        let head = rest[..at].rfind(|c: char| !is_word(c)).map_or(0, |i| i + 1);
        let (path, length) = tree(&rest[head..]);
        paths.extend(path);
        rest = &rest[head + length.max(at + 2 - head)..];
    }
    paths
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// `a::b::{c, d::e}` at the beginning of the text, taken apart, and how much of the text it was.
fn tree(text: &str) -> (Vec<Vec<String>>, usize) {
    let mut prefix = Vec::new();
    let mut at = 0;
    loop {
        let word = text[at..].find(|c: char| !is_word(c)).map_or(&text[at..], |end| &text[at..at + end]);
        at += word.len();
        if !word.is_empty() {
            prefix.push(word.to_owned());
        } else if let Some(group) = text[at..].strip_prefix('{') {
            let (members, length) = members(group);
            let paths = members.into_iter().map(|member| [prefix.as_slice(), &member].concat());
            return (paths.collect(), at + 1 + length);
        }
        if !text[at..].starts_with("::") || word.is_empty() {
            return (vec![prefix], at);
        }
        at += 2;
    }
}

/// What stands between braces, up to and with the closing one.
fn members(text: &str) -> (Vec<Vec<String>>, usize) {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        match c {
            '}' => return (found, at + 1),
            c if is_word(c) => {
                let (paths, length) = tree(&text[at..]);
                found.extend(paths);
                at += length;
            }
            c => at += c.len_utf8(),
        }
    }
    (found, at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_taken_apart_and_comments_left_out() {
        let text = "use super::{a, b::{c, d}};\n// crate::not::this\nlet x = crate::kube::Pod::default();";
        let paths: Vec<String> = named_paths(text).into_iter().map(|p| p.join("::")).collect();
        assert_eq!(paths, ["super::a", "super::b::c", "super::b::d", "crate::kube::Pod::default"]);
    }
}
