//! What is asked of the pods of an idle color before the traffic moves, and whether it was answered well: pure.
//!
//! Three stages, one after the other: health checks of every pod, dependency checks of every pod, smoke tests of at
//! least one pod of each workload.

mod answer;
mod asked;
mod covered;
mod json;
mod of_document;
mod port;
mod streak;
mod test;
#[cfg(test)]
mod testing;

pub use answer::{Answer, judge};
pub use asked::{ForWorkload, asked};
pub use covered::{Covered, TestedPod, Turn};
pub use of_document::PodTests;
pub use port::named_in;
pub use streak::Streak;
pub use test::{Ask, Expected, PodTest, Stage};
