//! A switch, a rollback or a taking back in a random state, in which something happens meanwhile: no
//! run may leave a Service empty while another color had ready pods, and exit code 0 is true.

pub mod echo;
pub mod judge;
pub mod picture;
pub mod random;
pub mod run;
pub mod scenario;
pub mod stage;
pub mod watched;
