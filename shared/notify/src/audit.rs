//! A file of the user's that gets a line of JSON a notice. It is written on a thread of its own: a disk, or what
//! stands in its place, may hang.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};

use tokio::sync::oneshot;

use crate::trouble::Trouble;

type Line = (String, oneshot::Sender<Result<(), Trouble>>);

/// A file that is appended to.
#[derive(Debug)]
pub struct Audit {
    lines: Sender<Line>,
}

impl Audit {
    /// Opens nothing yet: the first line does.
    pub fn of(path: PathBuf) -> Self {
        let (lines, inbox) = channel();
        // Where there is no thread to be had, lines are not written, and that is said.
        let _ = std::thread::Builder::new().name("audit".into()).spawn(move || write_all(&path, &inbox));
        Self { lines }
    }

    /// Appends a line.
    ///
    /// # Errors
    /// Where the file can't be opened or written.
    pub async fn append(&self, line: &str) -> Result<(), Trouble> {
        let (done, written) = oneshot::channel();
        let gone = || Trouble::File(std::io::ErrorKind::Other);
        self.lines.send((format!("{line}\n"), done)).map_err(|_| gone())?;
        written.await.map_err(|_| gone())?
    }
}

fn write_all(path: &Path, inbox: &Receiver<Line>) {
    let mut file = None;
    for (line, done) in inbox {
        let written = write(path, &mut file, &line).map_err(|error| Trouble::File(error.kind()));
        // The run may be over.
        let _ = done.send(written);
    }
}

/// In one write, so that lines of several processes don't mix.
fn write(path: &Path, file: &mut Option<File>, line: &str) -> std::io::Result<()> {
    let open = match file.take() {
        Some(open) => open,
        None => OpenOptions::new().create(true).append(true).open(path)?,
    };
    file.insert(open).write_all(line.as_bytes())
}
