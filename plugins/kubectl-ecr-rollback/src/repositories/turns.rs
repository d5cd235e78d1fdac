//! Hundreds of repositories, so many at once, while ECR throttles.

use release_aws::error::RegistryError;
use release_aws::trouble::Trouble;
use release_core::failure::{Failure, Outcome};
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};

/// Why a piece of work was not done.
#[derive(Debug)]
pub enum Undone {
    /// ECR throttles it, also after several tries.
    Throttled(Failure),
    Failed(Failure),
}

impl Undone {
    fn failure(self) -> Failure {
        match self {
            Self::Throttled(failure) | Self::Failed(failure) => failure,
        }
    }
}

impl From<Failure> for Undone {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<RegistryError> for Undone {
    fn from(error: RegistryError) -> Self {
        let throttled = error.trouble == Trouble::Throttled;
        if throttled { Self::Throttled(error.into()) } else { Self::Failed(error.into()) }
    }
}

/// So many turns at once; who waits first is next.
#[derive(Debug)]
pub struct Turns {
    free: Semaphore,
    deadline: Instant,
}

impl Turns {
    #[must_use]
    pub fn new(at_once: usize, deadline: Instant) -> Self {
        Self { free: Semaphore::new(at_once), deadline }
    }

    /// When reading ends.
    #[must_use]
    pub fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Reads in turn. What is throttled waits again behind all others, until the deadline, which
    /// ends whatever is under way; `late` says so.
    ///
    /// # Errors
    /// What the work's are; after the deadline those of `late`.
    pub async fn read<T>(
        &self,
        work: impl AsyncFn() -> Result<T, Undone>,
        late: impl FnOnce() -> Failure,
    ) -> Outcome<T> {
        let read = async {
            loop {
                match self.one(&work).await {
                    Err(Undone::Throttled(_)) => {}
                    other => return other.map_err(Undone::failure),
                }
            }
        };
        timeout_at(self.deadline, read).await.unwrap_or_else(|_| Err(late()))
    }

    /// Writes in turn: as [`Self::read`], but what is under way is never broken off, and everything
    /// is tried once.
    ///
    /// # Errors
    /// What the work's are.
    pub async fn write<T>(&self, work: impl AsyncFn() -> Result<T, Undone>) -> Outcome<T> {
        loop {
            match self.one(&work).await {
                Err(Undone::Throttled(_)) if Instant::now() < self.deadline => {}
                other => return other.map_err(Undone::failure),
            }
        }
    }

    async fn one<T>(&self, work: &impl AsyncFn() -> Result<T, Undone>) -> Result<T, Undone> {
        // Nobody closes it: without a permit there is no more order, and nothing else is lost.
        let _turn = self.free.acquire().await.ok();
        work().await
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::time::Duration;

    use futures::future::join_all;
    use tokio::time::sleep;

    use super::*;

    fn throttled() -> Undone {
        Undone::Throttled(Failure::failed("Throttled", "slow down"))
    }

    fn late() -> Failure {
        Failure::failed("OutOfTime", "late")
    }

    fn within(millis: u64) -> Instant {
        Instant::now() + Duration::from_millis(millis)
    }

    /// One repository that ECR won't answer for would otherwise keep all others from being read.
    #[tokio::test]
    async fn what_is_throttled_lets_the_others_go_first_and_has_its_turn_again() {
        let (turns, log) = (Turns::new(1, within(60_000)), RefCell::new(Vec::new()));
        let read = |item: u32| {
            let (turns, log) = (&turns, &log);
            let work = async move || {
                log.borrow_mut().push(item);
                tokio::task::yield_now().await;
                let begun = log.borrow().iter().filter(|other| **other == item).count();
                if item == 1 && begun < 3 { Err(throttled()) } else { Ok(item * 10) }
            };
            async move { turns.read(work, late).await }
        };
        let done = join_all([1, 2, 3, 4].map(read)).await;
        assert_eq!(done.into_iter().map(Result::unwrap).collect::<Vec<_>>(), [10, 20, 30, 40]);
        assert_eq!(log.into_inner(), [1, 2, 3, 4, 1, 1]);
    }

    #[tokio::test]
    async fn the_deadline_ends_reading_and_a_failure_ends_it_at_once() {
        let turns = Turns::new(1, within(20));
        let busy = async || {
            sleep(Duration::from_millis(1)).await;
            Err::<(), _>(throttled())
        };
        let gone = async || Err::<(), _>(Undone::Failed(Failure::failed("NoSuchRepository", "gone")));
        let (gone, busy, stuck) =
            tokio::join!(turns.read(gone, late), turns.read(busy, late), turns.read(std::future::pending, late));
        assert_eq!(
            [gone, busy, stuck].map(|done: Outcome<()>| done.unwrap_err().reason),
            ["NoSuchRepository", "OutOfTime", "OutOfTime"]
        );
    }

    /// A write that is broken off may have been made.
    #[tokio::test]
    async fn a_write_is_tried_once_whatever_the_time_and_never_broken_off() {
        let turns = Turns::new(1, within(5));
        let slow = turns.write(async || {
            sleep(Duration::from_millis(20)).await;
            Ok::<_, Undone>("written")
        });
        let after = turns.write(async || Err::<&str, _>(throttled()));
        let (slow, after) = tokio::join!(slow, after);
        assert_eq!((slow.unwrap(), after.unwrap_err().reason), ("written", "Throttled"));
    }
}
