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
//! repository.interceptor().fail("DescribeImages", 2, Fault::throttling()).await?;
//! let held = repository.interceptor().hold("DescribeImages", When::Before).await?;
//! // … a plugin runs and calls …
//! held.arrived(std::time::Duration::from_secs(5)).await?;
//! held.release().await?;
//! assert!(repository.calls().await?.iter().any(|call| call.operation == "DescribeImages"));
//! # Ok(()) }
//! ```

mod client;
mod image;
mod interceptor;
mod preview;
mod recording;
mod repository;

pub use crate::ecr::instructions::{Call, Fault};
pub use crate::ecr::{ACCESS_KEY, ACCOUNT, REGION, SECRET_KEY, endpoint};
pub use crate::hold_point::When;
pub use client::{EcrClient, Refused};
pub use image::{Image, Status};
pub use interceptor::{AccessKey, Hold, Interceptor};
pub use preview::Preview;
pub use recording::Recorded;
pub use repository::Repository;
