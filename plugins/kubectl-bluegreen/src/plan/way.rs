//! What a rollback finds, and how it is told.

use release_core::command::{Command, Scope};
use release_core::traffic::selector::Tracks;

use super::choice::Chosen;
use super::stay::StayState;
use crate::record::Record;
use crate::service_view::ServiceView;

/// What a rollback finds.
#[derive(Debug)]
pub enum WayBack {
    Color(Chosen),
    AlreadyBack { state: StayState, message: String, forward: Option<Command> },
}

/// The command that goes forward again; nothing for a color that was deleted, nor for an empty value of
/// the label, which can't be named.
#[must_use]
pub fn forward(view: &ServiceView<'_>, tracks: &Tracks, color: &str, scope: &Scope) -> Option<Command> {
    tracks.color(color).filter(|color| color.is_run() || color.has_strays)?;
    let command = Command::new("kubectl bluegreen switch").arg(view.name()).flag("--to", color).scope(scope);
    (!color.is_empty()).then_some(command)
}

/// A change, as people read it.
#[must_use]
pub fn describe(record: &Record) -> String {
    format!("the {} {} -> {} by {} at {:.0}", record.verb, record.from, record.to, record.by, record.at)
}
