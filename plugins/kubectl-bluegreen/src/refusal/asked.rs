//! What was asked for, to be said again with the label that tells the colors apart.

use release_core::command::{Command, Scope};

use crate::options::deploy::DeployOptions;
use crate::options::{MoveOptions, Target};

/// A verb as it was typed.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Verb and Services, without where to.
    command: Command,
    /// Its verb, where it is of one Service.
    verb: Option<String>,
    /// The flags that say how.
    again: Vec<String>,
    goes: Goes,
}

#[derive(Debug, Clone)]
enum Goes {
    /// `--to COLOR`
    To(String),
    /// `--to-image TAG`
    Image(String),
    /// To the other color, whichever that is.
    Anywhere,
    /// The verb finds that out itself, or moves nothing.
    Nowhere,
}

impl Asked {
    /// A verb that only looks at a Service, or takes its idle colors away.
    #[must_use]
    pub fn about(verb: &str, service: &str) -> Self {
        let command = Command::new("kubectl bluegreen").arg(verb).arg(service);
        Self { command, verb: Some(verb.to_owned()), again: Vec::new(), goes: Goes::Nowhere }
    }

    /// A switch to whichever color is the other one.
    #[must_use]
    pub fn to_switch(service: &str) -> Self {
        Self { goes: Goes::Anywhere, ..Self::about("switch", service) }
    }

    /// A deploy, which asks for no color that isn't named.
    #[must_use]
    pub fn to_deploy(options: &DeployOptions) -> Self {
        let command = Command::new("kubectl bluegreen deploy").arg(&options.service);
        let command = options.to.iter().fold(command, |command, color| command.flag("--to", color));
        Self { command, verb: None, again: options.again.clone(), goes: Goes::Nowhere }
    }

    /// A switch, a rollback or a preflight.
    #[must_use]
    pub fn of(options: &MoveOptions) -> Self {
        let word = if options.only_checks { "preflight".to_owned() } else { options.verb.recorded().to_string() };
        let command = Command::new("kubectl bluegreen").arg(&word).args(&options.services);
        let verb = (options.services.len() == 1).then_some(word);
        let goes = match &options.target {
            Target::Color(color) => Goes::To(color.clone()),
            Target::Image(tag) => Goes::Image(tag.clone()),
            Target::Other => Goes::Anywhere,
            Target::Back => Goes::Nowhere,
        };
        Self { command, verb, again: options.again.clone(), goes }
    }

    /// The same along this label, which has these colors besides the active one: where it isn't clear
    /// to which, once for each. Nothing where it has not the color that was asked for.
    #[must_use]
    pub fn along(&self, key: &str, others: &[&str], scope: &Scope) -> Vec<Command> {
        match &self.goes {
            Goes::To(color) if !others.contains(&color.as_str()) => Vec::new(),
            Goes::Anywhere => {
                let to = |color: &&str| Self { goes: Goes::To((*color).to_owned()), ..self.clone() };
                others.iter().map(|color| to(color).by(key, scope)).collect()
            }
            _ => vec![self.by(key, scope)],
        }
    }

    /// The same by this router, instead of the one that was named.
    #[must_use]
    pub fn by_router(&self, router: &str, scope: &Scope) -> Command {
        let command = match &self.goes {
            Goes::To(color) => self.command.clone().flag("--to", color),
            Goes::Image(tag) => self.command.clone().flag("--to-image", tag),
            Goes::Anywhere | Goes::Nowhere => self.command.clone(),
        };
        let again = self.again.iter().filter(|word| !word.starts_with("--router="));
        command.option("--router", router).args(again).scope(scope)
    }

    /// The same about another Service, of a verb that looks at one or moves one.
    #[must_use]
    pub fn of_service(&self, service: &str, scope: &Scope) -> Option<Command> {
        let command = Command::new("kubectl bluegreen").arg(self.verb.as_ref()?).arg(service);
        let command = match &self.goes {
            Goes::To(color) => command.flag("--to", color),
            Goes::Image(tag) => command.flag("--to-image", tag),
            Goes::Anywhere | Goes::Nowhere => command,
        };
        Some(command.args(&self.again).scope(scope))
    }

    /// The same along this label, instead of the one that was named.
    #[must_use]
    pub fn by(&self, key: &str, scope: &Scope) -> Command {
        let command = match &self.goes {
            Goes::To(color) => self.command.clone().flag("--to", color),
            Goes::Image(tag) => self.command.clone().flag("--to-image", tag),
            Goes::Anywhere | Goes::Nowhere => self.command.clone(),
        };
        let again = self.again.iter().filter(|word| !word.starts_with("--track-key="));
        command.flag("--track-key", key).args(again).scope(scope)
    }
}
