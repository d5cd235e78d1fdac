//! Counting back, a step an image.

use super::answer::Skipped;

/// What comes before what is left by one way of counting, the nearest first, and no more than was asked for.
#[derive(Debug)]
pub(super) struct Before<T> {
    pub steps: Vec<T>,
    /// What was passed over on the way.
    pub skipped: Vec<Skipped>,
}

impl<T> Default for Before<T> {
    fn default() -> Self {
        Self { steps: Vec::new(), skipped: Vec::new() }
    }
}

impl<T> Before<T> {
    /// Where so many steps lead; nothing where there are not that many.
    pub fn last(&self, steps: usize) -> Option<&T> {
        self.steps.get(steps.checked_sub(1)?)
    }
}
