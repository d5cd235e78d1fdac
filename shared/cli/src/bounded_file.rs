//! Reading what somebody else may still be writing: a pipe that nobody ends would be waited for without end.

use std::fs::File;
use std::io::{Error, ErrorKind, Read, Result, stdin};
use std::path::Path;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use release_core::duration::short_duration;

/// Bytes of a file, or of standard input (`-`), and no more than `most` of them.
///
/// # Errors
/// Where it can't be read, or is not at its end after that time. A thread may then wait for it on, until the process
/// ends.
pub fn read(path: &Path, most: u64, limit: Duration) -> Result<Vec<u8>> {
    let (path, (answer, answered)) = (path.to_owned(), channel());
    std::thread::spawn(move || answer.send(whole(&path, most)));
    answered.recv_timeout(limit).unwrap_or_else(|error| {
        let late = || Error::new(ErrorKind::TimedOut, format!("not at its end after {}", short_duration(limit)));
        Err(if error == RecvTimeoutError::Timeout { late() } else { ErrorKind::Interrupted.into() })
    })
}

fn whole(path: &Path, most: u64) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if path == Path::new("-") {
        stdin().take(most).read_to_end(&mut bytes)?;
    } else {
        File::open(path)?.take(most).read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_and_cut() {
        let path = std::env::temp_dir().join(format!("bounded-{}", std::process::id()));
        std::fs::write(&path, "0123456789").unwrap();
        assert_eq!(read(&path, 4, Duration::from_secs(30)).unwrap(), b"0123");
        assert_eq!(read(&path, 40, Duration::from_secs(30)).unwrap(), b"0123456789");
        std::fs::remove_file(&path).unwrap();
        assert!(read(&path, 40, Duration::from_secs(30)).is_err());
    }
}
