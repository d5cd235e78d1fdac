//! What decides where requests go.

pub mod alb;
pub mod endpoints;
pub mod nearest;
pub mod routes;
pub mod selector;
pub mod service_ports;
