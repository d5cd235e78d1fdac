//! What the tests of every plugin use.

pub mod calls;
pub mod claims;
pub mod completion;
pub mod damage;
pub mod events;
pub mod extremes;
pub mod faults;
pub mod filled;
pub mod hostile;
pub mod kill_points;
pub mod load;
pub mod lost_output;
pub mod mutating;
pub mod nodes;
pub mod paste;
pub mod peak;
pub mod permissions;
pub mod pods;
pub mod printed;
pub mod run;
pub mod snapshot;
pub mod stopped_run;
pub mod terminal;
