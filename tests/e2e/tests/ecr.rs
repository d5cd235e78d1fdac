//! Every end-to-end test about ECR, in one program.

mod lifecycle;
