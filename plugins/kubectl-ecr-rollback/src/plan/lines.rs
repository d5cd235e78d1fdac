//! A planned rollback for a person: what is left, what is gone to, and why that.

use jiff::Timestamp;
use release_core::command::Command;
use release_core::registry::ecr_reference::same_repository;
use release_core::registry::image::short_digest;
use release_core::registry::push_history::{Candidate, Choice, Chosen, Why};
use release_core::text::printable;

use super::image_change::ImageChange;
use crate::listing;
use crate::record::RecordVerb;
use crate::refusal::passed_over;
use crate::words::{pinned_short, whole};

/// The lines below the heading; `unpin` is the command that undoes pinning.
#[must_use]
pub fn of_rollback(
    choice: &Choice<'_>,
    chosen: &Chosen,
    change: &ImageChange,
    unpin: &Command,
    now: Timestamp,
) -> Vec<String> {
    let names: Vec<String> = change.containers.iter().map(ToString::to_string).collect();
    let of = |digest: Option<&str>| choice.candidates.iter().find(|c| Some(c.image.digest.as_str()) == digest);
    let mut lines = vec![format!("{}: {}", names.join(", "), change.summary())];
    if let Some(left) = of(choice.left.digest.as_deref()) {
        lines.push(format!("from  {}", described(left, now)));
    }
    let ready = choice.left.ready_pods_run.iter().map(|image| pinned_short(image)).collect::<Vec<_>>();
    if !ready.is_empty() {
        lines.push(format!("ready pods still run {}", ready.join(", ")));
    }
    if let Some(moved) = &choice.left.tag_moved_to {
        lines.push(format!("its tag is on {} now", short_digest(moved)));
    }
    let to = of(chosen.digest.as_deref()).map_or_else(|| pinned_short(&chosen.image), |to| described(to, now));
    lines.push(format!("to    {to} ({})", why(chosen)));
    if !same_repository(change.from(), &change.to) {
        lines.push(format!("another repository: {} is left for {}", whole(change.from()), whole(&change.to)));
    }
    if change.record.verb == RecordVerb::Forward {
        lines.push("that was pushed later: this is a move forward, and no rollback".to_owned());
    }
    lines.extend(chosen.skipped.iter().map(|s| format!("passed over {}", passed_over(s))));
    if let Some(tag) = &change.record.unpin_to {
        lines.push(format!("pinned to the digest: pushing {tag} and restarting deploys nothing from now on"));
        lines.push(format!("  undone by: {unpin}"));
    }
    if let Some(digest) = &change.way_back.digest {
        lines.push(format!("undo and taking back go to {}, which runs now", short_digest(digest)));
    }
    lines
}

fn described(candidate: &Candidate<'_>, now: Timestamp) -> String {
    let tags: Vec<String> = candidate.image.tags.iter().map(|tag| printable(tag)).collect();
    let tags = if tags.is_empty() { String::new() } else { format!("{}  ", tags.join(",")) };
    format!("{tags}{}  {}", listing::pushed(candidate.image, now), short_digest(&candidate.image.digest))
}

fn why(chosen: &Chosen) -> String {
    let revision = chosen.revision.map(|r| format!(", revision {r}")).unwrap_or_default();
    let word = match chosen.why {
        Why::PushedBefore => "pushed before",
        Why::DeployedBefore => "deployed before",
        Why::PushedAndDeployedBefore => "pushed and deployed before",
        Why::Asked => "asked for",
    };
    format!("{word}{revision}")
}
