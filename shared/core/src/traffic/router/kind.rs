//! Kinds of routers.

use crate::traffic::routes::{GATEWAY_API, ISTIO};

/// A kind of object that can decide between colors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RouterKind {
    Service,
    VirtualService,
    HttpRoute,
    GrpcRoute,
}

impl RouterKind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Service, Self::VirtualService, Self::HttpRoute, Self::GrpcRoute];

    /// As people type it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::VirtualService => "virtualservice",
            Self::HttpRoute => "httproute",
            Self::GrpcRoute => "grpcroute",
        }
    }

    /// As the API has it.
    #[must_use]
    pub fn kind(self) -> &'static str {
        match self {
            Self::Service => "Service",
            Self::VirtualService => "VirtualService",
            Self::HttpRoute => "HTTPRoute",
            Self::GrpcRoute => "GRPCRoute",
        }
    }

    /// The API group; empty for the core.
    #[must_use]
    pub fn group(self) -> &'static str {
        match self {
            Self::Service => "",
            Self::VirtualService => ISTIO,
            Self::HttpRoute | Self::GrpcRoute => GATEWAY_API,
        }
    }

    /// As paths and rights have it.
    #[must_use]
    pub fn plural(self) -> &'static str {
        match self {
            Self::Service => "services",
            Self::VirtualService => "virtualservices",
            Self::HttpRoute => "httproutes",
            Self::GrpcRoute => "grpcroutes",
        }
    }

    /// The member of the spec that a move writes into.
    #[must_use]
    pub fn member(self) -> &'static str {
        match self {
            Self::Service => "selector",
            Self::VirtualService => "http",
            Self::HttpRoute | Self::GrpcRoute => "rules",
        }
    }

    /// The same in `fieldsV1`.
    #[must_use]
    pub fn managed(self) -> &'static str {
        match self {
            Self::Service => "f:selector",
            Self::VirtualService => "f:http",
            Self::HttpRoute | Self::GrpcRoute => "f:rules",
        }
    }
}
