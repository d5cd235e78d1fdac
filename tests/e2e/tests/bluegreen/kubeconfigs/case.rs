//! One kubeconfig, and how it is used.

use std::path::Path;

use anyhow::{Context, Result, bail};

/// How kubectl ends with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ends {
    /// It asks a server.
    Reached,
    /// It asks none.
    Refused,
}

/// A file of the folder `cases`.
#[derive(Debug)]
pub struct Case {
    pub name: String,
    pub ends: Ends,
    /// KUBECONFIG; `this` is the first file. None for no such variable.
    pub kubeconfig: Option<String>,
    pub flags: Vec<String>,
    /// Further variables, `NAME=VALUE`.
    pub env: Vec<String>,
    /// Whether it runs in a pod of the cluster.
    pub in_pod: bool,
    /// Names and contents of its files; the first is `this`.
    pub files: Vec<(String, String)>,
}

/// All cases, by name.
///
/// # Errors
/// Where one can't be read.
pub fn all(folder: &Path) -> Result<Vec<Case>> {
    let mut cases = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        cases.push(parse(&name, &std::fs::read_to_string(&path)?).with_context(|| name.clone())?);
    }
    cases.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(cases)
}

fn parse(name: &str, text: &str) -> Result<Case> {
    let mut case = Case {
        name: name.to_owned(),
        ends: Ends::Reached,
        kubeconfig: Some("this".to_owned()),
        flags: Vec::new(),
        env: Vec::new(),
        in_pod: false,
        files: vec![("this".to_owned(), String::new())],
    };
    for line in text.lines() {
        if let Some(next) = line.strip_prefix("# --- ") {
            case.files.push((next.to_owned(), String::new()));
        } else if let Some((word, value)) = line.strip_prefix("#! ").and_then(|said| said.split_once(": ")) {
            case.set(word, value)?;
        } else if let Some((_, content)) = case.files.last_mut() {
            content.push_str(line);
            content.push('\n');
        }
    }
    Ok(case)
}

impl Case {
    /// Whether a login of some kind stands in it, or beside it.
    pub fn is_about_credentials(&self) -> bool {
        const LOGINS: [&str; 8] = [
            "token",
            "username:",
            "exec:",
            "client-certificate",
            "client-key",
            "auth-provider",
            "proxy-url",
            "credentialPlugin",
        ];
        let texts = self.files.iter().map(|(_, text)| text).chain(&self.flags);
        self.in_pod || texts.into_iter().any(|text| LOGINS.iter().any(|login| text.contains(login)))
    }

    fn set(&mut self, word: &str, value: &str) -> Result<()> {
        let words = || value.split(' ').map(str::to_owned);
        match (word, value) {
            ("ends", "reached") => self.ends = Ends::Reached,
            ("ends", "refused") => self.ends = Ends::Refused,
            ("kubeconfig", "none") => self.kubeconfig = None,
            ("kubeconfig", "empty") => self.kubeconfig = Some(String::new()),
            ("kubeconfig", list) => self.kubeconfig = Some(list.to_owned()),
            ("flags", _) => self.flags.extend(words().map(|flag| flag.replace('~', " "))),
            ("env", _) => self.env.extend(words()),
            ("in", "a pod") => self.in_pod = true,
            _ => bail!("what is {word}: {value}?"),
        }
        Ok(())
    }
}
