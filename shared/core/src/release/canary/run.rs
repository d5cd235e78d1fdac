//! A canary release as it goes: from what is to be and what is, the one thing that is done next.
//!
//! There is no controller and no process that remembers: whoever runs it looks, asks [`next`], does that one thing, and
//! looks again. A run that was killed between any two of them, and is begun again by somebody else, comes to the same.

mod act;
mod facts;
#[cfg(test)]
mod model;
mod next;
mod sizes;
mod state;
#[cfg(test)]
mod tests;

pub use act::{Act, End, Stop, Wait};
pub use facts::{Facts, Side, Version, Which};
pub use next::next;
pub use state::{Phase, SizesWritten, State, Weighed, Word};
