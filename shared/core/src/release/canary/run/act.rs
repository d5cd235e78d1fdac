//! What can be done next.

use jiff::Timestamp;

use super::facts::Which;

/// One conditional write, or none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// Make the canary, of this size.
    Create {
        replicas: u32,
    },
    /// Bring one of the two to another size.
    Scale {
        which: Which,
        to: u32,
    },
    /// The step is in effect from now on: its clock starts.
    Begin,
    /// Go on to the next step.
    Advance,
    /// Give the stable workload the template of the canary, which has all requests.
    Promote,
    /// Give the stable workload back the template and the size that it had.
    Restore,
    /// The canary has no requests any more: delete it.
    Remove,
    /// The release is over.
    Finish(End),
    /// It failed: everything goes back.
    Abort(String),
    Wait(Wait),
    /// What is there is not what the run left: a person has to look.
    Stop(Stop),
    /// It is over already.
    Nothing,
}

/// How a release ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    Promoted,
    TakenBack,
}

/// What is waited for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wait {
    /// Pods of one of the two that are to take requests.
    Ready { which: Which, have: u32, want: u32 },
    /// Pods of one of the two that are to take none any more.
    Leaving { which: Which, have: u32, want: u32 },
    /// The end of a pause.
    Pause { until: Timestamp },
    /// Somebody who promotes a step without an end.
    Somebody,
    /// Whoever paused it.
    Resume,
}

/// Why nothing can be done that the run would answer for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stop {
    /// Somebody scaled one of the two.
    Scaled { which: Which, from: u32, to: u32 },
    /// Somebody gave the stable workload another template.
    Template,
    /// The stable workload's pods do not get ready, whichever template they have; the canary goes on serving.
    StableStuck(String),
}
