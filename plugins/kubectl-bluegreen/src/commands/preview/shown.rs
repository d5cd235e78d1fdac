//! Which color a preview shows.

use release_core::command::{Command, Scope};
use release_core::failure::{Failure, Next, Outcome};
use release_core::traffic::selector::Tracks;

use crate::options::preview::PreviewOptions;
use crate::refusal::no_idle_color;
use crate::service_view::ServiceView;

/// The idle color that was named, or the only one that has anything to show.
///
/// # Errors
/// Exit 1 where there is none such, or where it isn't clear which.
pub fn shown(view: &ServiceView<'_>, tracks: &Tracks, options: &PreviewOptions, scope: &Scope) -> Outcome<String> {
    let idle = || tracks.others().filter(|color| color.is_run() || color.has_strays);
    if let Some(color) = &options.color {
        let is_there = idle().any(|other| other.name == *color);
        return if is_there { Ok(color.clone()) } else { Err(no_idle_color(view, tracks, color, scope)) };
    }
    let mut all = idle();
    match (all.next(), all.next()) {
        (Some(only), None) => Ok(only.name.clone()),
        (None, _) => {
            let text = format!("service/{} has no idle color to show", view.name());
            let status = Command::new("kubectl bluegreen status").arg(view.name()).scope(scope);
            Err(Failure::failed("NoSuchColor", text).look(status))
        }
        (Some(_), Some(_)) => {
            let names: Vec<&str> = idle().map(|color| color.name.as_str()).collect();
            let text = format!("service/{} has several idle colors: {}", view.name(), names.join(", "));
            let status = Command::new("kubectl bluegreen status").arg(view.name()).scope(scope);
            Err(Failure::failed("SeveralColors", text)
                .next(Next::Look(status, Some("then name one with --color".into()))))
        }
    }
}
