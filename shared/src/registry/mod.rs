//! Talking to Amazon ECR: `read` and `apply` are the only files that know the AWS SDK.
