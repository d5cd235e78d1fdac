//! Connections to pods that end badly.

use release_core::text::one_line;

use crate::exchange::cause;

/// What went wrong between us and the pod, without the names of our own parts.
pub fn broken(error: &hyper::Error) -> String {
    if error.is_parse() {
        return "answered something that is no HTTP".to_owned();
    }
    if error.is_incomplete_message() || error.is_closed() || error.is_canceled() {
        return "closed the connection before it had answered".to_owned();
    }
    format!("the connection broke: {}", one_line(&cause(error)))
}
