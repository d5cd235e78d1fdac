//! A test for unit tests.

use std::time::Duration;

use super::test::{Ask, Expected, PodTest, Stage};
use crate::release::document::Scheme;

/// A smoke test of a path.
pub fn smoke(path: &str) -> PodTest {
    let (method, path) = ("GET".to_owned(), path.to_owned());
    PodTest {
        stage: Stage::Smoke,
        name: "smoke".to_owned(),
        ask: Ask::Http { scheme: Scheme::Http, method, path, headers: Vec::new(), body: None },
        port: 8080,
        expected: Expected { status: (200, 299), body: None, json: None },
        timeout: Duration::from_secs(5),
        every: Duration::from_secs(1),
        successes: 1,
        failures: 3,
    }
}
