//! The lab's ECR as a test sees it: repositories of its own, what is pushed to them, and what goes
//! wrong with them. [`crate::ecr`] is the process behind it.
//!
//! ```no_run
//! # async fn test(ns: lab::Namespace) -> anyhow::Result<()> {
//! use lab::fixtures::Behavior;
//! use lab::registry::{Fault, Image, When};
//! let repository = ns.repository("ms-account-management").await?;
//! let good = repository.push(Image::new("latest-release-1.0.5").pushed_at("2026-03-01T10:00:00Z".parse()?)).await?;
//! repository.push(Image::new("latest-release-1.0.6").behavior(Behavior::CrashLoop)).await?;
//! repository.set(&good, serde_json::json!({"imageStatus": "ARCHIVED"})).await?;
//!
//! repository.wire().fail("DescribeImages", 2, Fault::throttling()).await?;
//! let held = repository.wire().hold("DescribeImages", When::Before).await?;
//! // … a plugin runs and calls …
//! held.reached(std::time::Duration::from_secs(5)).await?;
//! held.release().await?;
//! assert!(repository.calls().await?.iter().any(|call| call.operation == "DescribeImages"));
//! # Ok(()) }
//! ```

mod front;
mod image;
mod preview;
mod recording;
mod repository;
mod wire;

pub use crate::ecr::orders::{Call, Fault};
pub use crate::ecr::{ACCESS_KEY, ACCOUNT, REGION, SECRET_KEY, endpoint};
pub use crate::gate::When;
pub use front::{Front, Refused};
pub use image::{Image, Status};
pub use preview::Preview;
pub use recording::Recorded;
pub use repository::Repository;
pub use wire::{AccessKey, Hold, Wire};
