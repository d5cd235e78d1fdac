//! The holds of a set's moves: none ends before all may, or one would be left unwatched while others are not proven.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;

/// Which of them are at rest: watched for their time, and whole.
#[derive(Debug)]
pub struct Together {
    all: usize,
    at_rest: RefCell<BTreeSet<String>>,
    ended: Cell<bool>,
}

impl Together {
    /// So many moves.
    #[must_use]
    pub fn new(all: usize) -> Self {
        Self { all, at_rest: RefCell::default(), ended: Cell::new(false) }
    }

    /// True where nobody else is waited for.
    #[must_use]
    pub fn is_one(&self) -> bool {
        self.all == 1
    }

    /// Notes whether the move of a Service is at rest; true once all of them were at the same time, unless this one
    /// isn't by now: that shows within seconds.
    pub fn may_end(&self, service: &str, is_at_rest: bool) -> bool {
        let mut at_rest = self.at_rest.borrow_mut();
        if is_at_rest {
            at_rest.insert(service.to_owned());
        } else {
            at_rest.remove(service);
        }
        let is_over = self.ended.get() || at_rest.len() == self.all;
        self.ended.set(is_over);
        is_over && is_at_rest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn none_ends_while_another_is_behind_or_has_fallen_back() {
        let set = Together::new(2);
        assert!(!set.may_end("api", true));
        assert!(!set.may_end("web", false));
        assert!(!set.may_end("api", false), "its pods went while web was watched");
        assert!(!set.may_end("web", true));
        assert!(set.may_end("api", true));
        assert!(!set.may_end("web", false), "its pods went before it had ended");
        assert!(set.may_end("web", true), "api isn't asked again");
        assert!(Together::new(1).may_end("api", true), "a single one waits for nobody");
    }
}
