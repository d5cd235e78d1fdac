//! The writes that take one color down.

use std::collections::BTreeSet;

use release_cli::run::Run;
use release_cli::verb::write_note;
use release_core::failure::Outcome;
use release_core::release::change::Change;

use super::refused;
use super::removal::Removal;

/// Makes them, but for those of objects that were written before. A note that nothing follows would say what is not
/// so: it is taken back.
///
/// # Errors
/// As those of [`refused::write`].
pub async fn write(run: &Run, removal: &Removal, written: &mut BTreeSet<String>) -> Outcome<()> {
    write_one(run, removal, (&removal.note, written)).await?;
    let mut followed = false;
    for change in &removal.changes {
        if written.contains(&change.path) {
            continue;
        }
        if let Err(failure) = write_one(run, removal, (change, written)).await {
            if !followed {
                let what = format!("the note on {} stays, although nothing was done", removal.note.object);
                write_note(run, &removal.withdrawal, &what).await;
            }
            return Err(failure);
        }
        followed = true;
    }
    Ok(())
}

async fn write_one(run: &Run, removal: &Removal, (change, written): (&Change, &mut BTreeSet<String>)) -> Outcome<()> {
    refused::write(run, removal, change).await?;
    written.insert(change.path.clone());
    run.progress.step("written", &format!("{} {}", change.object, change.summary));
    if let Some(undo) = &change.undo {
        run.progress.step("undo", &undo.to_string());
    }
    Ok(())
}
