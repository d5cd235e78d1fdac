//! A mistake is found where it is, in the whole file's lines.

use serde::Deserialize;

use super::*;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "it is only read into")]
struct Pod {
    kind: String,
    replicas: Option<i32>,
}

fn place(text: &str) -> String {
    let read = of_text(text.as_bytes(), "f").and_then(|all| all.iter().try_for_each(|m| m.read_as::<Pod>().map(drop)));
    let failure = read.unwrap_err();
    assert_eq!(failure.exit, release_core::failure::Exit::Usage);
    failure.message
}

#[test]
fn lines_count_from_the_files_beginning() {
    let first = "# a\n---\nkind: A\n---\n# b\n";
    assert!(place(&format!("{first}kind: B\nreplica: 1\n")).starts_with("f: line 7, column 1: unknown field"));
    assert!(place(&format!("{first}kind: B\nreplicas: many\n")).starts_with("f: line 7, column 11: "));
    assert!(place(&format!("{first}kind: B\nkind: C\n")).starts_with("f: line 7, column 1: "));
    assert!(place(&format!("{first}kind: [\n")).starts_with("f: line "));
    assert!(place(&format!("{first}- a\n")).starts_with("f: line 6, column 1: "));
}

#[test]
fn the_nearest_known_name_is_told() {
    let manifests = of_text(b"kind: A\nreplica: 1\n", "f").unwrap();
    let failure = manifests[0].read_as::<Pod>().unwrap_err();
    assert!(failure.next.is_some_and(|next| next.to_string().contains("replicas")));
}

#[test]
fn documents_are_parted_as_yaml_does_and_empty_ones_are_none() {
    let text = "\u{feff}# c\n--- # first\nkind: A\n---\n---\n# nothing\n---\r\nkind: |\n  ---\n  B\n...\n";
    let manifests = of_text(text.as_bytes(), "f").unwrap();
    assert_eq!(manifests.iter().map(|m| m.word("kind")).collect::<Vec<_>>(), ["A", "---\nB\n"]);
    assert!(of_text(b"", "f").unwrap().is_empty());
}

#[test]
fn ends_and_directives_of_documents_are_none_of_them() {
    let text = "%YAML 1.1\n---\nkind: A\n...\n# between\n---\nkind: B\n...\n";
    let manifests = of_text(text.as_bytes(), "f").unwrap();
    assert_eq!(manifests.iter().map(|m| m.word("kind")).collect::<Vec<_>>(), ["A", "B"]);
    assert!(place("kind: A\n...\nkind: B\nreplica: 1\n").starts_with("f: line 4, column 1: "));
}

/// Windows' and old Macs' line ends, and what PowerShell makes of a redirection.
#[test]
fn lines_end_as_they_do_elsewhere() {
    for text in ["kind: A\r\n---\r\nkind: B\r\nreplica: 1\r\n", "kind: A\r---\rkind: B\rreplica: 1\r"] {
        assert!(place(text).starts_with("f: line 4, column 1: "), "{text:?}");
    }
    let wide = of_text(b"\xff\xfek\0", "f").unwrap_err();
    assert!(wide.message.contains("UTF-16"), "{wide}");
}

/// Numbers of YAML 1.1 are what kubectl sends.
#[test]
fn octal_numbers_are_octal() {
    let manifests = of_text(b"kind: A\nmode: 0644\non: yes\n", "f").unwrap();
    assert_eq!(manifests[0].value["mode"], 420);
}

/// A file that explodes would take the machine's memory before anybody saw an error.
#[test]
fn what_is_too_much_is_refused_early() {
    let mut bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for (last, next) in "abcdefgh".chars().zip("bcdefghi".chars()) {
        bomb.push_str(&format!("{next}: &{next} [{}]\n", vec![format!("*{last}"); 9].join(", ")));
    }
    assert!(place(&bomb).starts_with("f: line "));
    assert!(place(&"[".repeat(100_000)).starts_with("f: line "));
    assert!(place(&"a: 1\n".repeat(300_000)).contains("1 MiB"));
    assert!(place(&"---\nkind: A\n".repeat(101)).contains("line 201, "));
}
