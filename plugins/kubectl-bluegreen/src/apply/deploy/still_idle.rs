//! The last look before a color is made something else: a hook, a question or a clean-up took its time, and somebody may
//! have moved the Service to it meanwhile.

use release_cli::run::Run;
use release_core::failure::{Failure, Outcome};
use release_core::traffic::router::service;
use release_core::traffic::selector::as_label_selector;

use super::super::home::Home;
use super::super::in_progress::status;
use crate::plan::Move;
use crate::service_view::ServiceView;

/// Reads the Service, or the route before it, again.
///
/// # Errors
/// Exit 3 where it isn't as the plan found it; what the API server says where it can't be read.
pub async fn still_idle(run: &Run, view: &ServiceView<'_>, movement: &Move) -> Outcome<()> {
    let home = Home::read(run, movement).await.map_err(Failure::from)?;
    let last = home.recorded.current.as_ref();
    let is_new = last.map(|last| &last.id) != view.recorded.current.as_ref().map(|before| &before.id);
    if movement.is_untouched(&home.object) && !is_new {
        return Ok(());
    }
    let what = match last.filter(|_| is_new) {
        Some(last) => last.shown(),
        None if movement.route.is_some() => "its destinations are not what they were".to_owned(),
        None => format!("its selector is {} now", as_label_selector(&service::selector(&home.object))),
    };
    let text = format!(
        "{} was moved by someone else meanwhile: {what}; nothing was written to {}",
        movement.object(),
        movement.to
    );
    Err(Failure::changed(text).look(status(&movement.service, run.scope())))
}
