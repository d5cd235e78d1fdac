//! Reading one kubeconfig file.
//!
//! kubectl's reader is YAML 1.1 turned into JSON and then JSON by Go's rules
//! (`apimachinery/pkg/runtime/serializer/json`): the first document counts, the last of two equal
//! keys, null is nothing, unknown fields are passed over, and a number is no string.

use std::collections::HashSet;
use std::path::Path;

use anyhow::{Context as _, Result, anyhow, bail};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use serde_saphyr::options::DuplicateKeyPolicy;

use super::entries::{ClusterEntry, ContextEntry, UserEntry};

/// The entries of one file, in its order; the names in a list are unique.
#[derive(Default)]
pub(super) struct File {
    pub clusters: Vec<(String, ClusterEntry)>,
    pub users: Vec<(String, UserEntry)>,
    pub contexts: Vec<(String, ContextEntry)>,
    pub current_context: String,
}

/// Parses a file; paths in it are meant from its own folder.
///
/// # Errors
/// Where kubectl can't load it either. The text says where, and quotes nothing: a kubeconfig holds
/// secrets.
pub(super) fn parse(bytes: &[u8], path: &Path) -> Result<File> {
    let mut file = match first_document(&text_of(bytes)?)? {
        Value::Null => File::default(),
        Value::Object(document) => typed(&document)?,
        _ => bail!("it is not a mapping"),
    };
    let folder = std::path::absolute(path.parent().unwrap_or(Path::new("")).join(".")).context("its folder")?;
    file.clusters.iter_mut().for_each(|(_, cluster)| cluster.resolve_paths(&folder));
    file.users.iter_mut().for_each(|(_, user)| user.resolve_paths(&folder));
    Ok(file)
}

fn typed(document: &Map<String, Value>) -> Result<File> {
    expect_word(document, "kind", "Config")?;
    expect_word(document, "apiVersion", "v1")?;
    Ok(File {
        clusters: named(document, "clusters", "cluster")?,
        users: named(document, "users", "user")?,
        contexts: named(document, "contexts", "context")?,
        current_context: string(document, "current-context")?.to_owned(),
    })
}

fn expect_word(document: &Map<String, Value>, field: &str, word: &str) -> Result<()> {
    let found = string(document, field)?;
    if found.is_empty() || found == word { Ok(()) } else { Err(anyhow!("{field} is not {word}")) }
}

fn string<'v>(object: &'v Map<String, Value>, field: &str) -> Result<&'v str> {
    match object.get(field) {
        None => Ok(""),
        Some(value) => value.as_str().with_context(|| format!("{field}: expected a string")),
    }
}

/// The entries of a list such as `clusters: [{name: a, cluster: {…}}]`.
fn named<T: DeserializeOwned + Default>(
    document: &Map<String, Value>,
    list: &str,
    member: &str,
) -> Result<Vec<(String, T)>> {
    let Some(items) = document.get(list) else { return Ok(Vec::new()) };
    let items = items.as_array().with_context(|| format!("{list}: expected a list"))?;
    let mut names = HashSet::new();
    let entry = |(index, item): (usize, &Value)| {
        let (name, entry) = entry(item, member).with_context(|| format!("{list}[{index}]"))?;
        if !names.insert(name.clone()) {
            bail!("{list}: the name \"{}\" is there twice", name.escape_debug());
        }
        Ok((name, entry))
    };
    items.iter().enumerate().map(entry).collect()
}

fn entry<T: DeserializeOwned + Default>(item: &Value, member: &str) -> Result<(String, T)> {
    let Some(item) = item.as_object() else {
        return if item.is_null() { Ok(<_>::default()) } else { Err(anyhow!("expected a mapping")) };
    };
    let name = string(item, "name")?.to_owned();
    let entry = item.get(member).map(|entry| T::deserialize(entry)).transpose();
    Ok((name, entry.map_err(|e| anyhow!("{member}: {}", what_was_expected(&e)))?.unwrap_or_default()))
}

/// The end of an error like `invalid type: string "secret", expected a boolean`.
fn what_was_expected(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.rsplit_once("expected ").map_or("a field has another type".into(), |(_, what)| format!("expected {what}"))
}

/// The first YAML document as JSON, without its nulls.
///
/// # Errors
/// Where it is no YAML; only the place is told.
pub(crate) fn first_document(text: &str) -> Result<Value> {
    let mut document = documents(text)?.into_iter().next().unwrap_or_default();
    drop_nulls(&mut document);
    Ok(document)
}

/// All documents of a file.
///
/// # Errors
/// Where it is no YAML, with the place.
pub(crate) fn documents(text: &str) -> Result<Vec<Value>> {
    let options = serde_saphyr::options! { duplicate_keys: DuplicateKeyPolicy::LastWins, with_snippet: false };
    serde_saphyr::from_multiple_with_options(text, options).map_err(|e| match e.location() {
        Some(place) => anyhow!("no YAML at line {}, column {}", place.line(), place.column()),
        None => anyhow!("no YAML"),
    })
}

fn drop_nulls(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|_, member| !member.is_null());
            members.values_mut().for_each(drop_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(drop_nulls),
        _ => {}
    }
}

/// UTF-8, or what a byte order mark announces: PowerShell writes UTF-16.
fn text_of(bytes: &[u8]) -> Result<String> {
    let wide = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        let units: Vec<u16> = bytes.as_chunks().0.iter().copied().map(unit).collect();
        String::from_utf16(&units).map_err(|_| anyhow!("it is no UTF-16"))
    };
    match bytes {
        [0xFF, 0xFE, rest @ ..] => wide(rest, u16::from_le_bytes),
        [0xFE, 0xFF, rest @ ..] => wide(rest, u16::from_be_bytes),
        [0xEF, 0xBB, 0xBF, rest @ ..] | rest => String::from_utf8(rest.to_vec()).map_err(|_| anyhow!("it is no UTF-8")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<File> {
        parse(text.as_bytes(), Path::new("/home/dev/.kube/config"))
    }

    #[test]
    fn empty_strings_and_nulls_are_nothing() {
        let text = "
            clusters: [{name: a, cluster: {server: https://a, certificate-authority: '', tls-server-name: null}}]
            users: [{name: u, user: {token: '', tokenFile: '', client-certificate-data: '', exec: null}}]
            contexts: [{name: c, context: {cluster: a}}, {name: d, context: null}, {name: e}]
            preferences: null";
        let file = parsed(text).unwrap();
        assert!(file.clusters[0].1.certificate_authority.is_empty() && file.clusters[0].1.tls_server_name.is_empty());
        assert!(file.users[0].1 == UserEntry::default());
        assert!(file.contexts[2].1 == ContextEntry::default() && file.current_context.is_empty());
        assert!(parsed("").unwrap().clusters.is_empty());
        assert!(parsed("# nothing\n").unwrap().clusters.is_empty());
    }

    #[test]
    fn paths_are_meant_from_the_files_folder_and_plugins_from_path() {
        let text = "
            clusters: [{name: a, cluster: {certificate-authority: ca.crt}}]
            users:
            - {name: u, user: {tokenFile: ../token, client-key: /etc/key, exec: {command: aws}}}
            - {name: v, user: {exec: {command: bin/login}}}";
        let file = parsed(text).unwrap();
        assert_eq!(file.clusters[0].1.certificate_authority, "/home/dev/.kube/ca.crt");
        assert_eq!(file.users[0].1.token_file, "/home/dev/.kube/../token");
        assert_eq!(file.users[0].1.client_key, "/etc/key");
        let command = |index: usize| file.users[index].1.exec.as_ref().map(|exec| exec.command.as_str());
        assert_eq!(command(0), Some("aws"));
        assert_eq!(command(1), Some("/home/dev/.kube/bin/login"));
    }

    #[test]
    fn base64_may_be_wrapped() {
        let text = "users: [{name: u, user: {client-key-data: \"aGVs\\nbG8=\\n\"}}]";
        assert_eq!(parsed(text).unwrap().users[0].1.client_key_data, b"hello");
    }

    #[test]
    fn what_kubectl_cannot_load_is_refused_without_a_word_of_it() {
        for (text, told) in [
            ("clusters: hunter2", "clusters: expected a list"),
            ("hunter2", "it is not a mapping"),
            ("users: [{name: u, user: {token: 31337}}]", "users[0]: user: expected a string"),
            ("users: [{name: u, user: hunter2}]", "users[0]: user: expected a mapping"),
            ("users: [{name: u, user: {client-key-data: hunter2!}}]", "users[0]: user: expected base64"),
            ("clusters: [{name: a, cluster: {insecure-skip-tls-verify: 'hunter2'}}]", "expected a boolean"),
            ("contexts: [{name: 31337}]", "contexts[0]: name: expected a string"),
            ("clusters: [{name: a}, {name: b}, {name: a}]", "clusters: the name \"a\" is there twice"),
            ("kind: Hunter2", "kind is not Config"),
            ("apiVersion: v31337", "apiVersion is not v1"),
            ("users:\n- name: x\n  user: {token: hunter2\n clusters: [", "no YAML at line"),
        ] {
            let Err(error) = parsed(text) else { panic!("{text} was taken") };
            let error = format!("{error:#}");
            assert!(error.contains(told), "{error}");
            assert!(!error.contains("unter2") && !error.contains("31337"), "{error}");
        }
    }

    #[test]
    fn yaml_is_read_as_kubectl_reads_it() {
        let file = parsed("clusters: [{name: a, cluster: {insecure-skip-tls-verify: yes}}]").unwrap();
        assert!(file.clusters[0].1.insecure_skip_tls_verify, "YAML 1.1 has yes and no");
        assert_eq!(parsed("current-context: a\ncurrent-context: b\n").unwrap().current_context, "b");
        assert_eq!(parsed("current-context: a\n---\ncurrent-context: b\n").unwrap().current_context, "a");
        assert_eq!(parsed("{\"current-context\": \"a\"}").unwrap().current_context, "a");
        let utf16: Vec<u8> = "\u{feff}current-context: a".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(parse(&utf16, Path::new("config")).unwrap().current_context, "a");
    }
}
