//! Where a line goes that a library has for a person.
//!
//! Libraries don't write to a terminal: whoever opens a connection says where its lines go, and
//! what happens to them there is none of the library's business.

/// From this level of kubectl's `-v` on, requests are logged.
const REQUESTS: u8 = 6;

/// How much a person wants to hear, and how to tell them.
#[derive(Debug, Clone, Copy)]
pub struct Log {
    level: u8,
    tell: fn(&str),
}

impl Log {
    /// kubectl's `-v` as the level.
    #[must_use]
    pub fn new(level: u8, tell: fn(&str)) -> Self {
        Self { level, tell }
    }

    /// Whether requests are logged.
    #[must_use]
    pub fn has_requests(&self) -> bool {
        self.level >= REQUESTS
    }

    /// One line.
    pub fn tell(&self, line: &str) {
        (self.tell)(line);
    }
}

impl Default for Log {
    /// Tells nobody anything.
    fn default() -> Self {
        Self::new(0, |_| {})
    }
}
