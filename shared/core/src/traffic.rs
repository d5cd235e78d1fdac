//! What decides where requests go.

pub mod alb;
pub mod argo;
pub mod capacity;
pub mod color;
pub mod endpoints;
pub mod external_name;
pub mod ingress;
pub mod left_out;
pub mod nearest;
pub mod preview;
pub mod reference_grant;
pub mod router;
pub mod routes;
pub mod selector;
pub mod service_ports;
pub mod serving;
pub mod target_health;
pub mod track_key;
