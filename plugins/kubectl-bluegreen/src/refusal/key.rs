//! A track key that was named, and that the Service doesn't select by.

use release_core::command::{Command, Scope};
use release_core::failure::{Failure, Next};
use release_core::kube::Labels;
use release_core::release::annotations::PREFIX;
use release_core::text::nearest_word;
use release_core::traffic::selector::as_label_selector;

use super::asked::Asked;
use crate::service_view::ServiceView;

/// Names the label that was probably meant, in the flag or in the Service's annotation.
pub fn not_in_selector(view: &ServiceView<'_>, key: &str, selector: &Labels, scope: &Scope, asked: &Asked) -> Failure {
    let name = view.name();
    let annotation = format!("{PREFIX}/track-key");
    let annotated = view.settings.track_key.as_deref() == Some(key);
    let by = if annotated { format!(", which its annotation {annotation} names") } else { String::new() };
    let meant = meant(key, selector);
    let (key, selected) = (key.escape_debug(), as_label_selector(selector));
    let text = format!("service/{name} does not select by \"{key}\"{by}: its selector is {selected}");
    let annotate = Command::new("kubectl annotate service").arg(name);
    let command = match meant {
        Some(meant) if annotated => annotate.arg(format!("{annotation}={meant}")).arg("--overwrite"),
        Some(meant) => return Failure::failed("NoTrackKey", text).try_next(asked.by(meant, scope)),
        None if annotated => annotate.arg(format!("{annotation}-")),
        None => return Failure::failed("NoTrackKey", text),
    };
    Failure::failed("NoTrackKey", text).next(Next::Try(vec![command.scope(scope)], None))
}

/// The label of that name under a prefix, or one that is spelt almost so.
fn meant<'s>(key: &str, selector: &'s Labels) -> Option<&'s str> {
    let mut keys = selector.keys().map(String::as_str);
    let prefixed = keys.clone().find(|known| known.rsplit_once('/').is_some_and(|(_, name)| name == key));
    prefixed.or_else(|| nearest_word(key, &mut keys))
}
