//! What has been put so far, for whoever presses Ctrl-C.

/// What has been written so far, for the last line of an interrupted run.
#[derive(Debug, Default)]
pub struct PutProgress {
    applied: Vec<String>,
    under_way: Vec<String>,
    left: usize,
}

impl PutProgress {
    /// So many policies are to be put.
    pub fn before(left: usize) -> Self {
        Self { left, ..Self::default() }
    }

    /// A policy is being put.
    pub fn began(&mut self, name: &str) {
        self.under_way.push(name.to_owned());
        self.left = self.left.saturating_sub(1);
    }

    /// ECR throttled it: nothing was written, and its turn comes again.
    pub fn waits(&mut self, name: &str) {
        self.under_way.retain(|other| other != name);
        self.left = self.left.saturating_add(1);
    }

    /// It is in force, or it isn't.
    pub fn ended(&mut self, name: &str, applied: bool) {
        self.under_way.retain(|other| other != name);
        if applied {
            self.applied.push(name.to_owned());
        }
    }

    /// The last line of a run that is interrupted now.
    pub fn in_words(&self) -> String {
        let names = |names: &[String]| if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        let open = if self.under_way.is_empty() {
            String::new()
        } else {
            format!("; may be applied, so look again: {}", self.under_way.join(", "))
        };
        format!("interrupted; applied: {}{open}; {} not begun", names(&self.applied), self.left)
    }
}

#[cfg(test)]
mod tests {
    use super::PutProgress;

    /// Whoever pressed Ctrl-C has to know which repositories are as they were.
    #[test]
    fn an_interrupted_run_says_what_is_written_what_may_be_and_what_is_not() {
        let mut progress = PutProgress::before(4);
        for name in ["a", "b", "c"] {
            progress.began(name);
        }
        progress.waits("b");
        assert!(progress.in_words().contains("2 not begun"), "{}", progress.in_words());
        progress.began("b");
        progress.ended("a", true);
        progress.ended("b", false);
        let words = progress.in_words();
        assert!(
            words.contains("applied: a;") && words.contains("look again: c;") && words.contains("1 not begun"),
            "{words}"
        );
    }
}
