//! Every end-to-end test of `kubectl ecr-rollback` but the one under load, in one program.

mod choices;
mod kubectl;
mod looks;
mod scenario;
mod which_image;
