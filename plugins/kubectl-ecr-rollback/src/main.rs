//! `kubectl ecr-rollback`: parse, run, print, exit.

fn main() {}
