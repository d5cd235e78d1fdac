//! Two writers at once: exactly one wins, and the other says so and overwrites nothing.

mod cleanups;
mod moves;
