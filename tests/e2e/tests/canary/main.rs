//! `kubectl canary` through the lab's kubectl, against its API server.

mod forged;
mod hands;
mod kills;
mod permissions;
mod plan;
mod policies;
mod run;
mod words;
