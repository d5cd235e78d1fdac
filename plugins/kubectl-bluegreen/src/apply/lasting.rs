//! For how long something has been so without a break.

use std::time::Duration;

use tokio::time::Instant;

/// Since when it is so.
#[derive(Debug, Default)]
pub struct Lasting {
    since: Option<Instant>,
}

impl Lasting {
    /// True once it has been so for longer than is tolerated.
    pub fn longer_than(&mut self, tolerated: Duration, is_so: bool) -> bool {
        if !is_so {
            self.since = None;
            return false;
        }
        self.since.get_or_insert_with(Instant::now).elapsed() >= tolerated
    }

    /// True while it is so.
    pub fn is_so(&self) -> bool {
        self.since.is_some()
    }
}
