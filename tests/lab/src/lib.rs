//! A real Kubernetes on one machine, and what tests need to use it.
//!
//! `lab run -- COMMAND` starts the cluster in namespaces of its own and runs the command inside;
//! tests find it with [`Lab::from_env`].

pub mod addons;
pub mod annotations;
pub mod api_proxy;
pub mod bridge;
pub mod cluster;
pub mod crds;
pub mod ecr;
pub mod ended_run;
pub mod environment;
pub mod fixtures;
pub mod hold_point;
pub mod host;
pub mod identity;
pub mod init;
pub mod kubectl;
pub mod layout;
pub mod mailbox;
pub mod namespace;
pub mod pods;
pub mod process_id;
pub mod recorder;
pub mod registry;
pub mod sandbox;
pub mod session;
pub mod tls_server;
pub mod toolchain;
pub mod topic;
pub mod traffic;

pub use crds::Crd;
pub use identity::Identity;
pub use kubectl::{Kubectl, Output, Running};
pub use namespace::Namespace;
pub use session::{Lab, eventually};
