//! Commands that go to a color: in the words of the verb that was asked for, so that one that only checks
//! never has one printed that moves traffic.

use release_core::command::{Command, Scope};
use release_core::failure::{Failure, Next};
use release_core::text::nearest_word;
use release_core::traffic::selector::{Color, Tracks};

use crate::options::MoveOptions;
use crate::service_view::ServiceView;

/// The ways from where a Service stands.
#[derive(Debug, Clone, Copy)]
pub struct Ways<'a> {
    pub view: &'a ServiceView<'a>,
    pub tracks: &'a Tracks,
    pub scope: &'a Scope,
    /// `switch`, or `preflight`
    pub word: &'static str,
}

impl<'a> Ways<'a> {
    /// Those that a verb may print.
    #[must_use]
    pub fn of(view: &'a ServiceView<'a>, tracks: &'a Tracks, scope: &'a Scope, options: &MoveOptions) -> Self {
        Self { view, tracks, scope, word: if options.only_checks { "preflight" } else { "switch" } }
    }

    /// The same for a person who asked for no move.
    #[must_use]
    pub fn by_switch(view: &'a ServiceView<'a>, tracks: &'a Tracks, scope: &'a Scope) -> Self {
        Self { view, tracks, scope, word: "switch" }
    }

    fn command(&self, word: &str, color: &str) -> Command {
        let command = Command::new("kubectl bluegreen").arg(word).arg(self.view.name());
        command.flag("--to", color).scope(self.scope)
    }

    /// The command that goes to a color.
    #[must_use]
    pub fn to(&self, color: &str) -> Command {
        self.command(self.word, color)
    }

    /// To each of these colors that can be named and isn't active.
    #[must_use]
    pub fn to_each<'c>(self, colors: impl Iterator<Item = &'c Color>) -> Vec<Command> {
        // An empty value of the label can't be named.
        let others = colors.filter(|color| !color.name.is_empty() && color.name != self.tracks.active);
        others.map(|color| self.to(&color.name)).collect()
    }

    /// To the other colors, where there are any: only for who has to say to which.
    #[must_use]
    pub fn with_others(&self, failure: Failure) -> Failure {
        let others = self.to_each(self.tracks.others().filter(|color| color.is_run()));
        if others.is_empty() { failure } else { failure.next(Next::Try(others, None)) }
    }

    /// What shows the colors that there are; and for a name that is spelt almost like one of them, what a
    /// move there would meet. Any other color is one that nobody asked for.
    #[must_use]
    pub fn instead_of(&self, typed: &str) -> Next {
        let known = self.tracks.others().filter(|color| color.is_run() && !color.name.is_empty());
        match nearest_word(typed, known.map(|color| color.name.as_str())) {
            Some(near) => Next::Look(self.command("preflight", near), Some(format!("if {near} is meant"))),
            None => Next::Look(self.status(), None),
        }
    }

    /// The command that shows where the Service stands.
    #[must_use]
    pub fn status(&self) -> Command {
        Command::new("kubectl bluegreen status").arg(self.view.name()).scope(self.scope)
    }
}
