//! Every end-to-end test of `kubectl ecr-rollback` but the one under load, in one program.

mod annotations;
mod faults;
mod kills;
mod lifecycle;
mod permissions;
mod races;
mod rollouts;
mod writes;
