//! Every end-to-end test of `kubectl ecr-rollback`, in one program.

mod ecr {
    mod annotations;
    mod faults;
    mod kills;
    mod permissions;
    mod races;
    mod rollouts;
    mod writes;
}
