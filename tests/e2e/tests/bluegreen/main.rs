//! Every end-to-end test but the one under load, in one program.

mod bad_input;
mod cleanup;
mod discovery;
mod documents;
mod dry_run;
mod endpoints;
mod faults;
mod hands;
mod kills;
mod kubeconfigs;
mod kubectl;
mod lines;
mod looks;
mod lost_output;
mod manifests;
mod nightly;
mod permissions;
mod quota;
mod races;
mod rollback;
mod set;
mod sizes;
mod switch;
mod verify;
