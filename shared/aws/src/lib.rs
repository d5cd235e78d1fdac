//! Talks to AWS: one connection with the SDK's own chain of credentials, and a feature for each
//! service. These are the only files that know the AWS SDK.

pub mod connect;
#[cfg(feature = "ecr")]
pub mod ecr;
pub mod error;
pub mod trouble;
