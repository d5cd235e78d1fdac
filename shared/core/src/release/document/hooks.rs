//! What is run around the move, as a team writes it down.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::release::hooks::Hook;

/// Jobs and commands around the switch.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Hooks {
    /// Once the color is ready and tested, before the traffic moves.
    pub before_switch: Option<HookSpec>,
    /// Once the traffic has arrived; where it fails, the release has failed.
    pub after_switch: Option<HookSpec>,
    /// Before the idle color's pods get the new version.
    pub migrate: Option<HookSpec>,
    /// What `cleanup --contract` runs once the color before is down; a deploy tells how.
    pub contract: Option<HookSpec>,
}

/// One of the three.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct HookSpec {
    /// The file of a Job, from where the document lies.
    pub manifest: Option<String>,
    /// The CronJob whose template a Job is made of.
    pub cron_job: Option<String>,
    /// A program of this machine, and its arguments: no shell reads them.
    pub command: Vec<String>,
}

impl HookSpec {
    /// What it says.
    ///
    /// # Errors
    /// Where it is not exactly one of the three, or none that can be run.
    pub fn hook(&self) -> Result<Hook, String> {
        match (&self.manifest, &self.cron_job, self.command.as_slice()) {
            (Some(path), None, []) if !path.is_empty() => Ok(Hook::Manifest(path.clone())),
            (None, Some(name), []) => Hook::cron_job(name),
            (None, None, [_, ..]) => Hook::command(self.command.clone()),
            _ => Err("one of manifest, cronJob and command has to be said".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hook_says_one_thing() {
        let of = |text: &str| serde_json::from_str::<HookSpec>(text).unwrap().hook();
        assert_eq!(of(r#"{"cronJob": "migrate"}"#), Ok(Hook::CronJob("migrate".into())));
        assert_eq!(of(r#"{"manifest": "jobs/migrate.yaml"}"#), Ok(Hook::Manifest("jobs/migrate.yaml".into())));
        assert_eq!(of(r#"{"command": ["a", "b c"]}"#), Ok(Hook::Command(vec!["a".into(), "b c".into()])));
        for none in [
            "{}",
            r#"{"cronJob": "a", "command": ["b"]}"#,
            r#"{"cronJob": "A"}"#,
            r#"{"manifest": ""}"#,
            r#"{"command": [""]}"#,
        ] {
            assert!(of(none).is_err(), "{none}");
        }
    }
}
