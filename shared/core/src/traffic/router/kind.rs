//! Kinds of routers.

use super::alb::action::ACTIONS;
use super::route53::CHANGE;
use crate::release::hand::Part;
use crate::traffic::routes::{GATEWAY_API, ISTIO};

/// A kind of object that can decide between colors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RouterKind {
    Service,
    VirtualService,
    HttpRoute,
    GrpcRoute,
    /// An Ingress of an AWS load balancer.
    Alb,
    /// Records of Amazon Route 53. What is written in the cluster is the Service.
    Route53,
}

impl RouterKind {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Service, Self::VirtualService, Self::HttpRoute, Self::GrpcRoute, Self::Alb, Self::Route53];

    /// As people type it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::VirtualService => "virtualservice",
            Self::HttpRoute => "httproute",
            Self::GrpcRoute => "grpcroute",
            Self::Alb => "alb",
            Self::Route53 => "route53",
        }
    }

    /// As kubectl takes it: `ingress`.
    #[must_use]
    pub fn resource(self) -> &'static str {
        match self {
            Self::Alb => "ingress",
            Self::Route53 => "service",
            _ => self.word(),
        }
    }

    /// As the API has it.
    #[must_use]
    pub fn kind(self) -> &'static str {
        match self {
            Self::Service | Self::Route53 => "Service",
            Self::VirtualService => "VirtualService",
            Self::HttpRoute => "HTTPRoute",
            Self::GrpcRoute => "GRPCRoute",
            Self::Alb => "Ingress",
        }
    }

    /// The API group; empty for the core.
    #[must_use]
    pub fn group(self) -> &'static str {
        match self {
            Self::Service | Self::Route53 => "",
            Self::VirtualService => ISTIO,
            Self::HttpRoute | Self::GrpcRoute => GATEWAY_API,
            Self::Alb => "networking.k8s.io",
        }
    }

    /// As paths and rights have it.
    #[must_use]
    pub fn plural(self) -> &'static str {
        match self {
            Self::Service | Self::Route53 => "services",
            Self::VirtualService => "virtualservices",
            Self::HttpRoute => "httproutes",
            Self::GrpcRoute => "grpcroutes",
            Self::Alb => "ingresses",
        }
    }

    /// What managers of fields hold once they have written what a move writes.
    #[must_use]
    pub fn held(self) -> Part<'static> {
        match self {
            Self::Service => Part::Field(["f:spec", "f:selector"]),
            Self::VirtualService => Part::Field(["f:spec", "f:http"]),
            Self::HttpRoute | Self::GrpcRoute => Part::Field(["f:spec", "f:rules"]),
            Self::Alb => Part::Annotations(ACTIONS),
            Self::Route53 => Part::Annotations(CHANGE),
        }
    }
}
