//! Talks to AWS: one connection with the SDK's own chain of credentials, and a feature for each
//! service. These are the only files that know the AWS SDK.

// Numbers come from annotations, clusters and registries: none may end a run in the middle of it.
#![cfg_attr(
    not(test),
    deny(
        clippy::arithmetic_side_effects,
        clippy::cast_possible_truncation,
        clippy::cast_possible_wrap,
        clippy::cast_sign_loss
    )
)]

mod bounded;
pub mod connect;
#[cfg(feature = "ecr")]
pub mod ecr;
#[cfg(feature = "elbv2")]
pub mod elbv2;
pub mod error;
#[cfg(feature = "route53")]
pub mod route53;
#[cfg(feature = "sns")]
pub mod sns;
pub mod trouble;
