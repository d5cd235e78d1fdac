//! Every end-to-end test of `kubectl ecr-rollback` but the one under load, in one program.

mod annotations;
mod choices;
mod extremes;
mod faults;
mod forward;
mod held;
mod hostile;
mod kills;
mod kubectl;
mod lifecycle;
mod looks;
mod lost_output;
mod other_writers;
mod permissions;
mod pods_by_hand;
mod policy_files;
mod races;
mod rollouts;
mod scans;
mod scenario;
mod typed_words;
mod which_image;
mod writes;
