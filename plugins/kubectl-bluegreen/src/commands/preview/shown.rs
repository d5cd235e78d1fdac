//! Which color a preview shows.

use release_cli::run::Run;
use release_core::command::{Command, Scope};
use release_core::failure::{Failure, Next, Outcome};
use release_core::traffic::selector::Tracks;

use crate::options::preview::PreviewOptions;
use crate::refusal::{Asked, no_idle_color, not_switchable};
use crate::service_view::ServiceView;
use crate::snapshot::{Looking, ReadScope, Snapshot, load};

/// What has to be read for it.
///
/// # Errors
/// Where the Service can't be read.
pub async fn looked(run: &Run, options: &PreviewOptions) -> Outcome<Snapshot> {
    let (key, router) = (options.track_key.as_deref(), options.router.as_ref());
    let looking = Looking { key, router, extent: ReadScope::Colors, images: false };
    run.within(load(&run.cluster, std::slice::from_ref(&options.service), looking)).await
}

/// The colors of the Service, and the idle one that is shown.
///
/// # Errors
/// Exit 1 where it has none, or it isn't clear which.
pub fn shown<'v>(
    run: &Run,
    options: &PreviewOptions,
    (view, snapshot): (&'v ServiceView<'_>, &Snapshot),
) -> Outcome<(&'v Tracks, String)> {
    let asked = || Asked::about("preview", view.name());
    let tracks = view.tracks.as_ref().map_err(|why| not_switchable(view, why, snapshot, &asked()))?;
    Ok((tracks, idle_color(view, tracks, options, run.scope())?))
}

/// The one that was named, or the only one that has anything to show.
fn idle_color(view: &ServiceView<'_>, tracks: &Tracks, options: &PreviewOptions, scope: &Scope) -> Outcome<String> {
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
