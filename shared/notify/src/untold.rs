//! Who was not told of what: a line each, once the run is over.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// What is owed to somebody, and why they have not had it yet.
#[derive(Debug)]
struct Owed {
    who: String,
    what: &'static str,
    /// Once it is known.
    why: Option<String>,
}

/// What is still owed; nothing in it is a secret.
#[derive(Debug, Default)]
pub struct Untold(Mutex<Vec<Owed>>);

impl Untold {
    fn owed(&self) -> MutexGuard<'_, Vec<Owed>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Somebody is to be told.
    pub fn expect(&self, who: &str, what: &'static str) {
        self.owed().push(Owed { who: who.to_owned(), what, why: None });
    }

    /// They were told.
    pub fn told(&self, who: &str, what: &'static str) {
        let mut owed = self.owed();
        if let Some(at) = owed.iter().position(|one| one.who == who && one.what == what) {
            owed.remove(at);
        }
    }

    /// They could not be, and nobody tries again.
    pub fn failed(&self, who: &str, what: &'static str, why: &str) {
        let mut owed = self.owed();
        match owed.iter_mut().find(|one| one.who == who && one.what == what) {
            Some(one) => one.why = Some(why.to_owned()),
            None => owed.push(Owed { who: who.to_owned(), what, why: Some(why.to_owned()) }),
        }
    }

    /// One line for each of those who were not told of something, with the last reason.
    pub fn lines(&self) -> Vec<String> {
        let owed = self.owed();
        let mut lines = Vec::new();
        for (index, one) in owed.iter().enumerate() {
            if owed.iter().take(index).any(|before| before.who == one.who) {
                continue;
            }
            let mut own: Vec<&Owed> = owed.iter().filter(|other| other.who == one.who).collect();
            let why = own.iter().filter_map(|one| one.why.clone()).next_back();
            let why = why.unwrap_or_else(|| "no answer in time".to_owned());
            own.dedup_by_key(|one| one.what);
            let what: Vec<&str> = own.iter().map(|one| one.what).collect();
            lines.push(format!("{} was not told of {}: {why}", one.who, what.join(", ")));
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Abilityai/trinity issue 1897: a message that never arrived counted as delivered.
    #[test]
    fn whoever_was_not_told_is_named_once_with_the_last_reason() {
        let untold = Untold::default();
        for what in ["started", "switched", "verified"] {
            untold.expect("slack=secret/a/b", what);
        }
        untold.expect("webhook=secret/a/c", "started");
        untold.told("webhook=secret/a/c", "started");
        untold.told("slack=secret/a/b", "switched");
        assert_eq!(untold.lines(), ["slack=secret/a/b was not told of started, verified: no answer in time"]);
        untold.failed("slack=secret/a/b", "started", "answered 500");
        assert_eq!(untold.lines(), ["slack=secret/a/b was not told of started, verified: answered 500"]);
        untold.failed("slack=secret/a/b", "verified", "answered 404");
        assert_eq!(untold.lines(), ["slack=secret/a/b was not told of started, verified: answered 404"]);
    }
}
